"""The trainer as its companion sees it."""

from __future__ import annotations

import os
import platform
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from epochal.companion import cgroups
from epochal.companion.main import Watch
from epochal.companion.trainer import Ending, Trainer, signal_name
from epochal.processes import start_time
from tests.core.watched import wait_until


class Seen:
    """A process that waits, and the pipe by which it would speak."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self.start = start_time(self.process.pid)
        self.read, self.write = os.pipe()

    def trainer(self, started: int | None = None) -> Trainer:
        return Trainer(self.process.pid, self.start if started is None else started, self.read)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def seen() -> Iterator[Seen]:
    seen = Seen()
    yield seen
    seen.end()


@pytest.fixture(params=["pidfd", "polling"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "polling":
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    return str(request.param)


def test_a_death_is_seen_with_and_without_a_pidfd(way: str, seen: Seen) -> None:
    trainer = seen.trainer()
    assert (trainer.pidfd is not None) == (way == "pidfd" and sys.platform == "linux")
    assert not trainer.gone()
    seen.process.kill()
    wait_until(trainer.gone)
    if sys.platform == "linux":
        assert trainer.ending() == Ending(None, signal.SIGKILL)


def test_a_later_process_of_the_same_pid_is_not_the_trainer(way: str, seen: Seen) -> None:
    trainer = seen.trainer((seen.start or 0) - 1)
    assert trainer.gone()
    assert trainer.ending() == Ending(None, None)


def _tells_how_reaped_processes_ended() -> bool:
    release = platform.release().split("-")[0].split(".")
    return sys.platform == "linux" and [int(part) for part in release[:2] if part.isdigit()] >= [6, 15]


@pytest.mark.skipif(not _tells_how_reaped_processes_ended(), reason="needs Linux 6.15")
def test_how_a_reaped_process_ended_is_learned_by_its_pidfd(seen: Seen) -> None:
    trainer = seen.trainer()
    seen.end()
    assert trainer.gone()
    assert trainer.ending() == Ending(None, signal.SIGKILL)


def test_how_a_reaped_process_ended_is_unknown_without_a_pidfd(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    trainer = seen.trainer()
    seen.end()
    assert trainer.gone()
    assert trainer.ending() == Ending(None, None)


def test_a_pipe_that_everybody_has_closed_proves_nothing(way: str, seen: Seen) -> None:
    trainer, poll = seen.trainer(), select.poll()
    trainer.register(poll)
    trainer.listen(poll)
    os.close(seen.write)
    trainer.listen(poll)
    assert trainer.pipe is None and not trainer.said_finished and not trainer.gone()
    trainer.listen(poll)


def test_a_byte_in_the_pipe_means_finished(seen: Seen) -> None:
    trainer, poll = seen.trainer(), select.poll()
    trainer.register(poll)
    os.write(seen.write, b"F")
    assert seen.read in {fd for fd, _ in poll.poll(1000)}
    trainer.listen(poll)
    assert trainer.said_finished
    os.close(seen.write)


def test_signals_have_names_where_the_system_has_them() -> None:
    assert (signal_name(9), signal_name(250)) == ("SIGKILL", "signal 250")


# ---- out of memory: the kernel's counts are made up here, no test may fill this machine's memory


def watch(folder: Path, before: str, after: str) -> Watch:
    events = folder / "memory.events"
    made = Watch.__new__(Watch)
    made._groups = cgroups.MemoryGroups(-1)
    made._groups._version, made._groups._folders = 2, [os.fspath(folder)]
    made.durability = type("Durability", (), {"finish": None})()  # type: ignore[assignment]
    events.write_text(before)
    made._kills = made._kills_before = made._count_kills()
    events.write_text(after)
    return made


def test_a_kill_by_the_kernel_for_want_of_memory_is_told_from_another(tmp_path: Path) -> None:
    killed = Ending(None, signal.SIGKILL)
    assert watch(tmp_path, "oom_kill 3\n", "oom_kill 4\n")._judged(killed) == ("killed", "out of memory")
    assert watch(tmp_path, "oom_kill 3\n", "oom_kill 3\n")._judged(killed) == ("killed", "ended by SIGKILL")
    crashed = Ending(None, signal.SIGSEGV)
    assert watch(tmp_path, "oom_kill 3\n", "oom_kill 4\n")._judged(crashed) == ("killed", "ended by SIGSEGV")
