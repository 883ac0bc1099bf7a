"""Trainings in processes of their own, and folders that cannot be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from epochal.testing.processes import environment

_TRAINING = """
import sys, time
import epochal
root, name, steps, pause = sys.argv[1:]
run = epochal.init("live", dir=root, name=name, config={"lr": 0.1})
print(run.folder, flush=True)
for step in range(int(steps)):
    run.log({"loss": 1 / (step + 1)}, step=step)
    time.sleep(float(pause))
run.finish()
"""


class Training:
    """A training that runs in another process.

    Attributes:
        folder: its run's.
    """

    def __init__(self, root: Path, name: str = "training", *, steps: int = 100_000, pause: float = 0.05) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TRAINING, str(root), name, str(steps), str(pause)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.folder = Path(self.process.stdout.readline().strip())

    @property
    def key(self) -> str:
        """Its run's."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    def kill(self) -> None:
        """End it as the kernel does when memory is short."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """End it and all that it started."""
        with suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextmanager
def training(root: Path, name: str = "training", **options: float) -> Iterator[Training]:
    """Train until the block ends."""
    found = Training(root, name, **options)  # type: ignore[arg-type]
    try:
        yield found
    finally:
        found.close()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Let this process be one whose permissions count, root or not."""
    root = os.geteuid() == 0
    try:
        if root:
            os.setreuid(0, 65534)
        yield
    finally:
        if root:
            os.setreuid(0, 0)


@contextmanager
def forbidden(folder: Path, *, told: bool) -> Iterator[None]:
    """Let this process be one that may not write into a folder, root or not.

    With `told`, asking for permission tells so; without, as on a disk that somebody else has just mounted read-only,
    only trying does.
    """
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    root = os.geteuid() == 0
    try:
        if root:  # root may write everywhere: be nobody for a while
            os.setreuid(*((65534, 0) if told else (0, 65534)))
        yield
    finally:
        if root:
            os.setreuid(0, 0)
        folder.chmod(mode)
