"""The example for Keras runs as a user runs it, and is judged by what it recorded."""

from __future__ import annotations

from pathlib import Path

from tests.example_runs import GROUPS, runs_of, steps
from tests.needs import need

need("keras")
need("sklearn")


def test_keras_digits_records_epochs_batches_schedule_and_data(tmp_path: Path) -> None:
    (run,) = runs_of("keras_digits.py", tmp_path)
    metrics = {"loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy", "learning_rate", "epoch"}
    assert metrics <= set(run.metrics)
    assert steps(run, "loss") == steps(run, "accuracy") == list(range(5, 101, 5))
    assert steps(run, "val_loss") == steps(run, "learning_rate") == [20, 40, 60, 80, 100]
    assert steps(run, "test_accuracy") == [100]
    rates = run.history("learning_rate").values.tolist()
    assert rates == sorted(rates, reverse=True)
    assert rates[0] < 0.01
    assert set(run.config) >= GROUPS
    assert run.config["optimizer"]["class"] == "Adam"
    assert run.config["model"]["parameters"] == 64 * 64 + 64 + 64 * 10 + 10
    assert run.datasets["train"]["coverage"] == "full"
    assert len(run.datasets["train"]["sha256"]) == 64
