"""Small real trainings beside whose journals a companion writes, and what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from epochal.journal.blocks import BlockScan
from epochal.liveness import State, WriterFacts, state
from epochal.processes import facts

#: Nothing here takes this long unless it hangs, in seconds.
PATIENCE_S = 60.0

PRELUDE = """
import os, signal, sys, time
import epochal

def begin(**more):
    global run
    run = epochal.init("test", id="run", **more)
    return run

def companion():
    return run._session.companion

def wait_for(what):
    deadline = time.monotonic() + 40
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)

def started():
    return any(run.folder.glob("journal/system-*.epochal"))

def ready():
    print("ready", flush=True)
    sys.stdin.readline()

"""


class Watched:
    """One training process; its run is `<folder>/epochal-runs/test/run`."""

    def __init__(self, folder: Path, script: str, **options: Any) -> None:
        """Start a script, in which all of `PRELUDE` is at hand.

        Args:
            folder: where it runs.
            script: Python source.
            options: for `subprocess.Popen`; `env` is added to this process's own.
        """
        path = folder / "train.py"
        path.write_text(PRELUDE + dedent(script), encoding="utf-8")
        path_variable = os.pathsep.join(entry for entry in sys.path if entry)
        env = {**os.environ, "PYTHONPATH": path_variable, **options.pop("env", {})}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = [sys.executable, str(path)]
        self.run = folder / "epochal-runs" / "test" / "run"
        self.process: subprocess.Popen[Any] = subprocess.Popen(command, **{"cwd": folder, **pipes, **options}, env=env)

    def ready(self) -> Watched:
        """Wait until the script says that it is ready."""
        assert self.process.stdout.readline() == "ready\n", self.process.communicate()[1]
        return self

    def go_on(self) -> Watched:
        """Let a script that said it was ready go on."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self

    def ended(self) -> tuple[int, str]:
        """Wait for the training's end and return its status and what it wrote to both streams."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, (out or "") + (err or "")

    def succeeds(self) -> Watched:
        """Wait for the training's end, which must be a good one."""
        status, text = self.ended()
        assert status == 0, text
        return self

    def companion_pid(self) -> int:
        """Return the companion's pid."""
        return int(self.frame("open")["pid"])

    def companion_ends(self) -> Watched:
        """Wait until the companion is gone."""
        pid = self.companion_pid()
        wait_until(lambda: (found := facts(pid)) is None or found.dead)
        return self

    def frames(self, role: str = "system") -> list[dict[str, Any]]:
        """Return the records of all journals of a role."""
        return [frame for path in self.journals(role) for frame in records(path)]

    def frame(self, kind: str, role: str = "system") -> dict[str, Any]:
        """Return the newest record of a kind, once there is one."""
        wait_until(lambda: any(frame["k"] == kind for frame in self.frames(role)))
        return [frame for frame in self.frames(role) if frame["k"] == kind][-1]

    def notices(self) -> list[str]:
        """Return the texts of the companion's notices."""
        return [frame["text"] for frame in self.frames() if frame["k"] == "notice"]

    def journals(self, role: str) -> list[Path]:
        """Return the journals of a role."""
        return sorted(self.run.glob(f"journal/{role}-*.epochal"))

    def state(self) -> State:
        """Return the run's state."""
        return state(self.run, [writer_facts(path) for path in self.run.glob("journal/*.epochal")])


def records(path: Path) -> list[dict[str, Any]]:
    """Return all sound records of a journal; none while its header is being written."""
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size < 64:
            return []
        return [frame.payload for frame in BlockScan(file.fileno()).frames()]


def writer_facts(path: Path) -> WriterFacts:
    """Return what the state depends on in one journal."""
    newest = {frame["k"]: frame for frame in records(path)}
    return WriterFacts(path, newest["open"], newest.get("finish"), newest.get("end"), path.stat().st_mtime)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def process_facts(pid: int) -> Mapping[str, int]:
    """Return sizes and counts that /proc/<pid>/status names, in its own units."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        lines = [line.split() for line in file]
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1 and words[1].isdigit()}
