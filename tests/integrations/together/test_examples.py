"""The example that trains one thing in three frameworks: the runs are of the same data, words and results."""

from __future__ import annotations

from pathlib import Path

import pytest

import epochal
from tests.example_runs import GROUPS, printed_by
from tests.needs import need

need("lightning")
need("keras")
need("transformers")
need("sklearn")

COMMON = {"train/loss", "val/loss", "val/accuracy", "test/loss", "test/accuracy", "epoch"}


def test_three_frameworks_record_the_same_under_the_same_words(tmp_path: Path) -> None:
    output = printed_by("three_frameworks.py", tmp_path)
    runs = list(epochal.runs(project="three frameworks", where='group == "digits"', sort="started"))
    assert [run.config["trainer"]["framework"] for run in runs] == ["lightning", "keras", "transformers"]
    for run in runs:
        assert run.state == "finished"
        assert run.notices == []
        assert set(run.metrics) >= COMMON
        assert set(run.config) >= GROUPS
        assert len(run.history("val/loss").steps) == len(run.history("train/loss").steps) == 8
        assert run.config["model"]["parameters"] == 64 * 32 + 32 + 32 * 10 + 10
        assert run.config["optimizer"]["class"] == "Adam"
        assert run.config["optimizer"]["learning_rate"] == pytest.approx(0.01)
        assert run.config["trainer"]["epochs"] == 8
        assert run.config["trainer"]["batch_size"] == 64
    for name in ("train", "validation", "test"):
        assert len({run.datasets[name]["sha256"] for run in runs}) == 1
    for metric in COMMON - {"epoch"}:
        values = [run.history(metric).values[-1] for run in runs]
        assert values == pytest.approx([values[0]] * 3, abs=1e-3)
    assert "differs by" in output
    assert "a lightning · val/loss" in output, "the chart of all three"
