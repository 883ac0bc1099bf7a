"""The example: logs that TensorBoard's writer has left become runs, and event files again."""

from __future__ import annotations

from pathlib import Path

import epochal
from tests.example_runs import printed_by, steps
from tests.needs import need

need("tensorboard")
need("sklearn")


def test_tensorboard_logs_are_imported_and_given_back(tmp_path: Path) -> None:
    printed = printed_by("tensorboard_logs.py", tmp_path)
    runs = list(epochal.runs())
    assert sorted(run.name for run in runs) == ["rate-0.0001", "rate-0.01", "rate-1"]
    assert all(f"{run.name} new: 2 metrics, 20 points" in printed for run in runs)
    for run in runs:
        assert run.metrics == ["train/accuracy", "val/accuracy"]
        assert steps(run, "val/accuracy") == list(range(10))
    assert max(run.summary["val/accuracy"] for run in runs) > 0.9
    assert len(list((tmp_path / "back").rglob("*tfevents*"))) == 3
