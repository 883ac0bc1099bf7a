"""The example for Hugging Face's Trainer runs as a user runs it, and is judged by what it recorded."""

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
