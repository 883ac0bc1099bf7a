"""The examples for the Trainer and for accelerate run as a user runs them, and are judged by what they recorded."""

from __future__ import annotations

from pathlib import Path

from tests.example_runs import GROUPS, runs_of, steps
from tests.needs import need

need("transformers")


def test_transformers_text_records_logs_evaluations_and_checkpoints(tmp_path: Path) -> None:
    (run,) = runs_of("transformers_text.py", tmp_path)
    assert {"loss", "learning_rate", "grad_norm", "eval_loss", "train_loss", "epoch"} <= set(run.metrics)
    assert steps(run, "loss") == steps(run, "learning_rate") == list(range(5, 112, 5))
    assert steps(run, "eval_loss") == [28, 56, 84, 112]
    assert {each.step for each in run.checkpoints()} == {28, 56, 84, 112}
    assert set(run.config) >= GROUPS
    assert run.config["model"]["class"] == "GPT2LMHeadModel"
    assert set(run.datasets) == {"train", "validation"}
    assert {data["coverage"] for data in run.datasets.values()} == {"full"}


def test_accelerate_loop_records_a_loop_that_goes_back_to_a_saved_state(tmp_path: Path) -> None:
    need("accelerate")
    need("sklearn")
    (run,) = runs_of("accelerate_loop.py", tmp_path)
    assert steps(run, "train/loss") == list(range(1, 85))
    assert steps(run, "val/accuracy") == [21, 42, 63, 84]
    assert run.summary["val/accuracy"] > 0.9
    assert len(run.history("train/loss", abandoned=True, duplicates=True)) == 84 + 21
    assert set(run.config) >= {*GROUPS, "lr", "epochs"}
    assert run.config["trainer"]["framework"] == "accelerate"
    assert run.config["model"]["class"] == "Sequential"
    assert {name: data["rows"] for name, data in run.datasets.items()} == {"train": 1347, "validation": 450}
    assert {data["coverage"] for data in run.datasets.values()} == {"full"}
