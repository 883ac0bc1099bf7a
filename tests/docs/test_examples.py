"""The examples without a framework: each runs as a user runs it, and is judged by what it recorded."""

from __future__ import annotations

from pathlib import Path

import epochal
from tests.example_runs import printed_by, runs_of, steps
from tests.needs import need


def test_quickstart_records_and_finds_a_run(tmp_path: Path) -> None:
    (run,) = runs_of("quickstart.py", tmp_path)
    assert set(run.metrics) == {"loss", "acc", "val/loss"}
    assert steps(run, "loss") == list(range(1_000))
    assert steps(run, "val/loss") == list(range(99, 1_000, 100))
    assert run.config == {"lr": 0.1, "optimizer": "sgd"}
    assert run.summary["verdict"] == "converged"
    assert run.summary["val/loss"] == min(run.history("val/loss").values)


def test_plain_loop_records_steps_epochs_and_data(tmp_path: Path) -> None:
    need("sklearn")
    (run,) = runs_of("plain_loop.py", tmp_path)
    assert steps(run, "train/loss") == steps(run, "train/accuracy") == list(range(1, 231))
    assert steps(run, "val/accuracy") == list(range(23, 231, 23))
    assert run.history("epoch").values.tolist() == list(range(10))
    assert run.summary["val/accuracy"] == max(run.history("val/accuracy").values) > 0.9
    assert run.config["optimizer"] == {"class": "SGD", "learning_rate": 0.5}
    train, validation = run.datasets["train"], run.datasets["validation"]
    assert (train["rows"], train["coverage"], validation["rows"]) == (1437, "full", 360)
    assert train["sha256"] != validation["sha256"]
    (weights,) = run.media("weights")
    assert weights.step == 230
    assert isinstance(weights.items[0], epochal.Histogram)


def test_plain_loop_is_the_same_each_time(tmp_path: Path) -> None:
    need("sklearn")
    for _ in range(2):
        printed_by("plain_loop.py", tmp_path)
    first, second = epochal.runs(project="plain loop")
    assert first.history("train/loss").values.tolist() == second.history("train/loss").values.tolist()
    assert first.datasets == second.datasets


def test_checkpoint_and_resume_hides_what_was_trained_twice(tmp_path: Path) -> None:
    assert "50 more were abandoned" in printed_by("checkpoint_and_resume.py", tmp_path)
    (run,) = epochal.runs()
    assert steps(run, "weight") == list(range(400))
    assert len(run.history("weight", abandoned=True, duplicates=True).steps) == 450
