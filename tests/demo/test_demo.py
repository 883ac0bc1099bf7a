"""`epochal demo`, whole: trains with what is installed, kills and resumes a training, shows what was recorded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import epochal
from epochal.demo.trainings import frameworks
from tests.needs import required

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Return what two demos in a row print (the second one's), and their runs folder."""
    folder = tmp_path_factory.mktemp("demo")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("EPOCHAL_")}
    variables.update(
        PYTHONPATH=os.pathsep.join(filter(None, sys.path)), COLUMNS="140", EPOCHAL_CACHE_DIR=str(folder / "cache")
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "epochal", "demo"],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, folder / "epochal-runs"


def test_every_framework_that_tox_asks_for_is_trained_with() -> None:
    found = {training.name for training in frameworks()[0]}
    assert required() & {"lightning", "keras", "transformers"} <= found


def test_each_training_is_recorded_to_its_end(played: tuple[str, Path]) -> None:
    _, root = played
    expected = ["plain-fast", "plain-slow", "plain-killed", *(training.name for training in frameworks()[0])]
    runs = epochal.runs(root, project="demo")
    assert sorted(run.name for run in runs) == sorted(expected * 2)
    assert {run.state for run in runs} == {"finished"}
    for run in runs:
        assert [name for name in run.metrics if len(run.history(name).steps) > 1], run.name


def test_nothing_that_was_acknowledged_before_the_kill_is_lost(played: tuple[str, Path]) -> None:
    out, _ = played
    acknowledged = re.search(r"log calls that had returned +(\d+)", out)
    read_back = re.search(r"of these read back afterwards +(\d+) +lost 0", out)
    assert acknowledged is not None, out
    assert read_back is not None, out
    assert int(acknowledged[1]) == int(read_back[1]) > 1000
    assert "state then killed, now finished" in out


def test_the_resumed_run_has_each_step_once_and_keeps_what_was_done_again(played: tuple[str, Path]) -> None:
    _, root = played
    for run in epochal.runs(root, project="demo"):
        if run.name == "plain-killed":
            assert list(run.history("loss").steps) == list(range(3000))
            assert len(run.history("loss", abandoned=True, duplicates=True).steps) > 3000


def test_it_shows_a_table_a_comparison_and_a_plot(played: tuple[str, Path]) -> None:
    out, _ = played
    assert "$ epochal ls --project demo" in out
    assert re.search(r"\$ epochal compare \S+ \S+ \S+", out)
    assert re.search(r"\n +lr +0\.1 +0\.005 +0\.02\n", out)
    assert re.search(r"\n +val/acc .*★ 0\.\d", out)
    assert "$ epochal plot" in out


def test_what_is_not_installed_is_named_with_the_way_to_get_it(played: tuple[str, Path]) -> None:
    out, _ = played
    for line in frameworks()[1]:
        assert f"left out: {line}" in out
        assert "pip install" in line
