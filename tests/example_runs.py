"""Runs an example as a user does: in a process of its own, started from an empty folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import epochal
from epochal.recorded import RecordedRun
from epochal.testing.processes import environment

EXAMPLES = Path(__file__).parents[1] / "examples"
#: The config groups that every adapter writes.
GROUPS = {"model", "optimizer", "trainer", "datasets", "environment"}


def printed_by(name: str, folder: Path) -> str:
    """Return what `examples/<name>` prints.

    Raises:
        AssertionError: it failed; its own checks of what it recorded are assertions too.
    """
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=folder,
        env={**environment(), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def runs_of(name: str, folder: Path) -> list[RecordedRun]:
    """Return the runs that `examples/<name>` recorded, in their order; it has printed each one's name."""
    output = printed_by(name, folder)
    runs = list(epochal.runs(sort="started"))
    for run in runs:
        assert run.name in output
        assert run.state == "finished"
        assert run.notices == []
    return runs


def steps(run: RecordedRun, metric: str) -> list[int]:
    """Return the steps of a metric."""
    return [int(step) for step in run.history(metric).steps]
