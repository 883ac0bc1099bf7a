"""How a companion is started, and what that leaves behind in the trainer: nothing."""

from __future__ import annotations

import os
import re
import stat
import sys
import time
from pathlib import Path

import pytest

from epochal.companion import spawn
from epochal.hookspecs import RunInfo
from epochal.journal.writer import JournalWriter
from epochal.processes import facts
from tests.core.watched import Watched, records, wait_until

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

CHILDREN = """
    def children():
        return [pid for task in os.listdir("/proc/self/task")
                for pid in open(f"/proc/self/task/{task}/children").read().split()]
"""


@linux
@pytest.mark.parametrize(
    "handler",
    [
        "pass",
        "signal.signal(signal.SIGCHLD, lambda *_: os.waitpid(-1, os.WNOHANG))",
        "signal.signal(signal.SIGCHLD, lambda *_: 1 / 0)",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))",
    ],
)
def test_the_trainer_has_no_child_and_no_zombie_after_the_start(handler: str, tmp_path: Path) -> None:
    script = f"{handler}\ntry: begin()\nexcept ZeroDivisionError: pass\nassert children() == [], children()\n"
    script += "signal.signal(signal.SIGCHLD, signal.SIG_DFL)\nwait_for(started)"
    training = Watched(
        tmp_path, "import threading\n" + "\n".join(line[4:] for line in CHILDREN.splitlines()) + "\n" + script
    )
    training.succeeds()
    assert training.companion_ends().frame("end")["exit_code"] == 0


@linux
def test_the_trainer_gets_no_thread_and_one_descriptor(tmp_path: Path) -> None:
    script = """
        begin()
        assert len(os.listdir("/proc/self/task")) == 1
        kinds = [os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in os.listdir("/proc/self/fd")
                 if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}")]
        assert kinds.count("pipe") == 1, kinds
    """
    Watched(tmp_path, script).succeeds()


def test_a_trainer_with_all_streams_closed_gets_its_companion(tmp_path: Path) -> None:
    script = "for fd in (0, 1, 2): os.close(fd)\n" + "begin(); wait_for(started); " + "run.finish()"
    Watched(tmp_path, script).succeeds().companion_ends()


# ---- where it cannot be started, or not in the usual way


class Opened:
    """A journal of this very process, and the companion that was started for it."""

    def __init__(self, folder: Path) -> None:
        run = folder / "epochal-runs" / "test" / "run"
        (run / "journal").mkdir(parents=True)
        self.folder = run
        self.writer = JournalWriter(run, role="main", rank=0, ordinal=1, clock=time.time, report=print)
        self.writer.record("open", {"run": "run", "role": "main", "rank": 0, "ordinal": 1})
        self.companion = spawn.start(
            run=RunInfo("run", "test", "name", run, folder), journal=self.writer.path, writer=self.writer.hex,
            rank=0, ordinal=1,
        )  # fmt: skip

    def finish(self) -> None:
        self.writer.record("finish", {"state": "finished", "exit_code": 0, "error": None, "atexit": False})
        self.writer.close()
        self.companion.finished()

    def companion_pid(self) -> int:
        wait_until(lambda: any(self.folder.glob("journal/system-*.epochal")))
        (path,) = self.folder.glob("journal/system-*.epochal")
        wait_until(lambda: bool(records(path)))
        return int(records(path)[0]["pid"])


def test_without_a_shell_it_starts_all_the_same_and_is_nobodys_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spawn, "_SHELL", "/no/such/shell")
    opened = Opened(tmp_path)
    assert opened.companion.problem is None
    pid = opened.companion_pid()
    assert pid and opened.companion.alive()
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    opened.finish()
    wait_until(lambda: (found := facts(pid)) is None or found.dead)
    assert not opened.companion.alive()


def test_a_forked_child_cannot_tell_it_that_the_run_is_finished(tmp_path: Path) -> None:
    opened = Opened(tmp_path)
    pid = opened.companion_pid()
    child = os.fork()
    if child == 0:
        opened.companion.finished()
        os._exit(1 if opened.companion.alive() else 0)
    assert os.waitpid(child, 0)[1] == 0
    assert opened.companion.alive()
    opened.finish()
    opened.companion.finished()
    wait_until(lambda: (found := facts(pid)) is None or found.dead)


@pytest.mark.parametrize("word", ["off", "OFF", "0", "no"])
def test_it_can_be_switched_off(word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", word)
    companion = Opened(tmp_path).companion
    assert companion.problem == f"the companion is off, as EPOCHAL_COMPANION={word} says"
    assert not companion.alive()
    companion.finished()


def pipes() -> int:
    """Return how many pipe ends this process holds."""
    ends = [fd for fd in range(1024) if (mode := _mode(fd)) is not None and stat.S_ISFIFO(mode)]
    return len(ends)


def _mode(fd: int) -> int | None:
    try:
        return os.fstat(fd).st_mode
    except OSError:
        return None


def _no_more_processes(*_: object, **__: object) -> int:
    raise BlockingIOError(11, "Resource temporarily unavailable")


@pytest.mark.parametrize(
    ("place", "name", "value", "words"),
    [
        (sys, "executable", "", "sys.executable is empty"),
        (sys, "executable", "/usr/bin/blender", "/usr/bin/blender is no plain Python"),
        (sys, "frozen", True, "no plain Python"),
        (sys, "platform", "win32", "needs Linux or macOS"),
        (sys, "executable", "/no/python", "shell|not be started|^$"),
        (spawn, "_BOOT", "/in/a.zip/boot.py", "not a file"),
        (os, "posix_spawn", _no_more_processes, "Resource temporarily unavailable"),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_one_sentence(
    place: object, name: str, value: object, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = pipes()
    monkeypatch.setattr(place, name, value, raising=False)
    opened = Opened(tmp_path)
    monkeypatch.undo()
    problem = opened.companion.problem or ""
    assert re.search(words, problem) and "\n" not in problem
    opened.finish()
    assert pipes() == before
    wait_until(lambda: not opened.companion.alive())


def test_a_companion_that_was_switched_off_is_recorded_without_a_warning(tmp_path: Path) -> None:
    training = Watched(tmp_path, "begin().log({'loss': 1.0})", env={"EPOCHAL_COMPANION": "off"})
    status, text = training.ended()
    assert status == 0 and "EPOCHAL_COMPANION" not in text
    assert [frame["text"] for frame in training.frames("main") if frame["k"] == "notice"] == [
        "the companion is off, as EPOCHAL_COMPANION=off says"
    ]
    assert training.state().name == "finished"
