"""Trainings in processes of their own, so that they can end in every way a training can end."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from .reading import Reported

SIGKILLED: Final = -signal.SIGKILL
#: Python that takes longer hangs, in seconds.
LIMIT_S: Final = 300.0


class Training(NamedTuple):
    """A training that was started.

    Attributes:
        trainings: who started it.
        pid: its process.
        folder: where its checkpoints and output are.
        runs: its runs folder.
        what: what was to happen to it.
    """

    trainings: Trainings
    pid: int
    folder: Path
    runs: Path
    what: str

    def wait(self) -> int:
        """Return its exit status, minus the signal's number if one ended it."""
        return self.trainings.wait(self.pid)

    def output(self) -> str:
        """Return what it printed."""
        return (self.folder / f"{self.what}.log").read_text(encoding="utf-8", errors="replace")

    def reported(self) -> Reported:
        """Return what the framework reported there."""
        told = self._told()["reported"]
        return {name: {int(step): value for step, value in points.items()} for name, points in told.items()}

    def warnings(self) -> list[str]:
        """Return what Epochal warned of there."""
        texts: list[str] = self._told()["warnings"]
        return texts

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / f"{self.what}.json").read_text(encoding="utf-8"))
        return told


class Trainings:
    """Starts trainings of one suite: a process imports the framework once, and forks for each.

    Args:
        suite: the suite's class; it is found by its file.
    """

    def __init__(self, suite: type) -> None:
        self._codes: dict[int, int] = {}
        file = os.path.abspath(inspect.getfile(suite))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "epochal.testing.worker", file, suite.__qualname__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def start(
        self,
        what: str,
        folder: Path,
        *,
        runs: Path | None = None,
        processes: int = 1,
        environ: Mapping[str, str] | None = None,
    ) -> Training:
        """Start a training.

        Args:
            what: `none`, or what happens in the middle: `raise`, `interrupt`, `kill`, or `full` for a disk that takes
                nothing more; or `resume`; or `rank<n>` for one of several processes.
            folder: where checkpoints and output go.
            runs: the runs folder; by default within `folder`.
            processes: in how many processes this training takes place.
            environ: variables to set before it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        runs = runs or folder / "runs"
        asked = {"what": what, "folder": str(folder), "runs": str(runs), "processes": processes}
        pid = int(self.ask("start", {**asked, "environ": dict(environ or {})}))
        return Training(self, pid, folder, runs, what)

    def wait(self, pid: int) -> int:
        """Return a training's exit status, also when asked again."""
        if pid not in self._codes:
            self._codes[pid] = int(self.ask("wait", pid))
        return self._codes[pid]

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
        self._process.communicate(timeout=LIMIT_S)


def run_python(*arguments: str) -> str:
    """Return what a new interpreter prints, stripped.

    Raises:
        AssertionError: it failed.
    """
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=LIMIT_S, env=environment()
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def environment() -> dict[str, str]:
    """Return this process's environment, with its import path for children."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
