"""Trainings in processes of their own, so that they can end in every way a training can end."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

SIGKILLED: Final = -signal.SIGKILL
#: Python that takes longer hangs, in seconds.
_LIMIT_S: Final = 300.0


class Training(NamedTuple):
    """A training that was started.

    Attributes:
        trainings: who started it.
        pid: its process.
        folder: where its runs, checkpoints and output are.
        what: what was to happen to it.
    """

    trainings: Trainings
    pid: int
    folder: Path
    what: str

    @property
    def runs(self) -> Path:
        """Its runs folder."""
        return self.folder / "runs"

    def wait(self) -> int:
        """Return its exit status, minus the signal's number if one ended it."""
        return int(self.trainings.ask("wait", self.pid))

    def output(self) -> str:
        """Return what it printed."""
        return (self.folder / f"{self.what}.log").read_text(encoding="utf-8", errors="replace")

    def reported(self) -> list[str]:
        """Return the metrics that the framework reported there."""
        names: list[str] = json.loads((self.folder / "reported.json").read_text(encoding="utf-8"))
        return names


class Trainings:
    """Starts trainings of one suite: a process imports the framework once, and forks for each.

    Args:
        suite: the suite's class; it is found by its file.
    """

    def __init__(self, suite: type) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "epochal.testing.worker", inspect.getfile(suite), suite.__qualname__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def start(self, what: str, folder: Path) -> Training:
        """Start a training.

        Args:
            what: `none`, or what happens in the middle: `raise`, `interrupt`, `kill`; or `resume`.
            folder: where runs, checkpoints and output go.
        """
        folder.mkdir(parents=True, exist_ok=True)
        return Training(self, int(self.ask("start", what, os.fspath(folder))), folder, what)

    def ask(self, *words: Any) -> Any:
        """Send a request and return the answer.

        Raises:
            AssertionError: the process has ended; its own output says why.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the process that trains has ended with status {self._process.poll()}"
        return json.loads(answer)

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=_LIMIT_S)


def run_python(*arguments: str) -> str:
    """Return what a new interpreter prints, stripped.

    Raises:
        AssertionError: it failed.
    """
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=_LIMIT_S, env=environment()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def environment() -> dict[str, str]:
    """Return this process's environment, with its import path for children."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
