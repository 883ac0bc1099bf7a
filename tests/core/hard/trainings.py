"""Starts real training processes, hears through a pipe what they acknowledge, and ends them by force."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import epochal
from tests.core.hard.process_table import parent, with_task

if TYPE_CHECKING:
    from typing_extensions import Self

#: Nothing here takes this long unless it hangs, in seconds.
PATIENCE_S = 60.0

_ACK = struct.Struct("<qq")
#: Read before the tests' own settings take its place.
_KILLS = float(os.environ.get("EPOCHAL_KILLS") or 1)

#: What each training script begins with: `ack(who, n)` tells the test that call n of writer `who` has returned.
_PRELUDE = """
import faulthandler, os, signal, struct, sys, time
faulthandler.enable()  # the test sends SIGABRT to one that hangs

def ack(n, who=0, _fd=int(os.environ["TEST_ACKS"]), _pack=struct.Struct("<qq").pack):
    os.write(_fd, _pack(who, n))

def value(n):
    return (n * 2654435761 % 4294967296) / 7.0

import epochal
"""


def value(n: int) -> float:
    """Return the float that training scripts log as number n; the prelude has the same."""
    return (n * 2654435761 % 4294967296) / 7.0


class Training:
    """One script in a process and process group of its own."""

    def __init__(
        self,
        folder: Path,
        script: str,
        *arguments: object,
        environment: Mapping[str, str | None] | None = None,
        companion: bool = False,
        interpreter: list[str] | None = None,
    ) -> None:
        """Start the script in `folder`.

        Args:
            folder: working folder; script and standard streams lie there, runs in its `epochal-runs`.
            script: Python source; `ack`, `value`, `epochal`, `os`, `signal`, `sys` and `time` are at hand.
            arguments: become `sys.argv[1:]`.
            environment: on top of the test's own; None takes a variable out.
            companion: whether the companion may start.
            interpreter: what runs the script, by default this Python.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.acks: list[tuple[int, int]] = []
        self._ended = (
            False  # nobody holds the other end of the pipe any more: neither the process nor one forked from it
        )
        self._rest = b""
        path = folder / "train.py"
        path.write_text(_PRELUDE + dedent(script), encoding="utf-8")
        self._read, write = os.pipe()
        os.set_blocking(self._read, False)
        variables = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
            "EPOCHAL_DIR": str(folder / "epochal-runs"),
            "TEST_ACKS": str(write),
            **({} if companion else {"EPOCHAL_COMPANION": "off"}),
        }
        if "RLIMIT_FSIZE" in script:
            # CPython leaves a cut .pyc behind when it may write no more, and every later import fails over it.
            variables["PYTHONDONTWRITEBYTECODE"] = "1"
        for name, text in (environment or {}).items():
            if text is None:
                variables.pop(name, None)
            else:
                variables[name] = text
        with open(folder / "stdout.txt", "ab") as out, open(folder / "stderr.txt", "ab") as err:
            self.process = subprocess.Popen(
                [*(interpreter or [sys.executable]), str(path), *map(str, arguments)],
                cwd=folder, env=variables, pass_fds=[write], start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            )  # fmt: skip
        os.close(write)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def hear(self, seconds: float = 0.0, until: Callable[[], bool] | None = None) -> None:
        """Take in acknowledgements for some time, or until something holds.

        Raises:
            AssertionError: it did not come to hold within `PATIENCE_S`, or before all processes of the training ended.
        """
        deadline = time.monotonic() + (seconds if until is None else PATIENCE_S)
        while until is None or not until():
            left = deadline - time.monotonic()
            if left <= 0:
                assert until is None, f"waited {PATIENCE_S} s in vain\n{self.errors}"
                break
            if not self._take_in(min(left, 0.05)) and self._ended and until is not None:
                self.process.wait()
                assert until(), f"it ended too early\n{self.errors}"
                break
        while self._take_in(0.0):
            pass

    def wait(self) -> int:
        """Wait for the process to end, and return its exit status.

        Raises:
            AssertionError: it hangs.
        """
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            self._take_in(0.05)
            if time.monotonic() > deadline:
                os.killpg(self.process.pid, signal.SIGABRT)  # for its stacks
                self.process.wait(5)
                raise AssertionError(f"the training hangs\n{self.errors}")
        while self._take_in(0.0):
            pass
        return self.process.returncode

    def succeed(self) -> Training:
        """Wait for the process to end by itself, with status 0."""
        status = self.wait()
        assert status == 0, f"status {status}\n{self.errors}"
        return self

    def kill(self, number: int = signal.SIGKILL, *, group: bool = False) -> int:
        """Send a signal to the process, or to all of its group, and wait for its end."""
        if self.process.poll() is None:
            (os.killpg if group else os.kill)(self.process.pid, number)
        return self.wait()

    def reap_late(self) -> int:
        """Wait until the process has ended and its companions have said how; only then take its exit status away."""
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        journals = [folder / "journal" for folder in self.run_folders()]
        until(lambda: all(any(journal.glob("system-*.epochal")) for journal in journals), "the companion's journal")
        until(lambda: not self.companions(), "the companion's end")
        return self.wait()

    def end(self) -> None:
        """Leave nothing of its process group behind."""
        if self._read < 0:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for pid in self.companions():
            kill(pid)
        os.close(self._read)
        self._read = -1

    def companions(self) -> list[int]:
        """Return the pids of the companions that serve its runs now."""
        found = with_task("main", f"EPOCHAL_DIR={self.root}")
        # what a companion starts, such as git, looks like itself until it has become another program
        return [pid for pid in found if parent(pid) not in found]

    def acknowledged(self, who: int = 0) -> list[int]:
        """Return the numbers that one writer of the training has acknowledged, in its order."""
        return [n for writer, n in self.acks if writer == who]

    @property
    def errors(self) -> str:
        """What it has printed on standard error."""
        return (self.folder / "stderr.txt").read_text(encoding="utf-8", errors="replace")

    @property
    def output(self) -> str:
        """What it has printed on standard output."""
        return (self.folder / "stdout.txt").read_text(encoding="utf-8", errors="replace")

    @property
    def root(self) -> Path:
        """Its runs folder."""
        return self.folder / "epochal-runs"

    def run_folders(self) -> list[Path]:
        """Return the run folders it has made, in the order of time."""
        return sorted(path.parent for path in self.root.glob("*/*/journal"))

    def recorded(self, id: str | None = None) -> epochal.RecordedRun:
        """Return its run, read from its folder: the only one, or that of an id."""
        folders = [path for path in self.run_folders() if id is None or path.name == id]
        assert len(folders) == 1, f"{len(folders)} run folders\n{self.errors}"
        return epochal.get_run(folders[0])

    def _take_in(self, seconds: float) -> bool:
        """Read what is in the pipe; return whether there was anything."""
        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return False
        try:
            data = os.read(self._read, 1 << 16)
        except BlockingIOError:
            return False
        self._rest += data
        whole = len(self._rest) - len(self._rest) % _ACK.size
        self.acks.extend(_ACK.iter_unpack(self._rest[:whole]))
        self._rest = self._rest[whole:]
        self._ended = not data
        if self._ended:
            time.sleep(seconds)
        return bool(data)


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds that another process brings about.

    Raises:
        AssertionError: it does not within `PATIENCE_S`.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain: {what}"
        time.sleep(0.02)


def points(run: epochal.RecordedRun, metric: str, **which: object) -> list[tuple[int, float]]:
    """Return (step, value) of each recorded point of a metric, those of one step in order too."""
    history = run.history(metric, duplicates=True, **which)  # type: ignore[arg-type]
    return list(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def kills(default: int) -> int:
    """Return how many kills a test does: its default, times EPOCHAL_KILLS."""
    return max(1, round(default * _KILLS))


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process that may be gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
