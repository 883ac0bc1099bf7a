"""The examples for Lightning: each runs as a user runs it, and is judged by what it recorded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.example_runs import GROUPS, runs_of, steps
from tests.needs import need

need("lightning")
need("sklearn")
if find_spec("lightning") is None:
    pytest.skip("the examples are written for lightning.pytorch", allow_module_level=True)


def test_lightning_digits_records_metrics_data_and_checkpoints(tmp_path: Path) -> None:
    (run,) = runs_of("lightning_digits.py", tmp_path)
    assert {"train/loss", "train/acc", "val/loss", "val/acc", "test/acc", "lr-Adam", "epoch"} <= set(run.metrics)
    assert steps(run, "train/loss") == list(range(4, 100, 5))
    assert steps(run, "val/acc") == [19, 39, 59, 79, 99]
    assert set(run.config) >= {*GROUPS, "hidden", "lr"}
    assert run.config["optimizer"]["class"] == "Adam"
    assert run.config["model"]["parameters"] == 64 * 64 + 64 + 64 * 10 + 10
    rows = {name: data["rows"] for name, data in run.datasets.items()}
    assert rows == {"train": 1258, "validation": 270, "test": 269}
    assert {data["coverage"] for data in run.datasets.values()} == {"full"}
    assert len({data["sha256"] for data in run.datasets.values()}) == 3
    best = max(run.history("val/acc").values)
    assert [each.metrics["val/acc"] for each in run.checkpoints() if each.state == "present"] == [pytest.approx(best)]


def test_interrupted_and_resumed_is_one_run_without_a_seam(tmp_path: Path) -> None:
    (run,) = runs_of("interrupted_and_resumed.py", tmp_path)
    assert steps(run, "loss") == list(range(80))
    everything = [int(step) for step in run.history("loss", abandoned=True, duplicates=True).steps]
    assert sorted(set(everything)) == list(range(80))
    assert sorted(step for step in set(everything) if everything.count(step) == 2) == list(range(40, 50))
    assert set(run.config) >= GROUPS


def test_ddp_two_processes_make_one_run(tmp_path: Path) -> None:
    (run,) = runs_of("ddp_two_processes.py", tmp_path)
    assert steps(run, "train_loss") == steps(run, "train_accuracy") == list(range(3, 96, 4))
    assert steps(run, "val_loss") == [23, 47, 71, 95]
    assert run.config["trainer"]["world_size"] == 2
    assert {data["rows"] for data in run.datasets.values()} == {1536, 261}
    assert set(run.config) >= GROUPS
