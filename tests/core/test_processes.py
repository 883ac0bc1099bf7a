"""Who is who among processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from epochal import processes


def test_a_start_time_is_the_same_whenever_it_is_asked_and_differs_between_processes() -> None:
    mine = processes.start_time(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        theirs = processes.start_time(other.pid)
        assert mine == processes.start_time(os.getpid())
        assert theirs is not None and theirs != mine
        assert processes.lives(other.pid, theirs) is True
        assert processes.lives(other.pid, theirs - 1) is False
        other.kill()
    assert processes.lives(other.pid, theirs) is False


def test_a_zombie_does_not_live_and_shows_how_it_ended() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"])
    deadline = time.monotonic() + 20
    while not ((found := processes.facts(child.pid)) and found.dead) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found is not None and found.dead
    if sys.platform == "linux":
        assert os.WTERMSIG(found.exit_code) == 9
    assert processes.lives(child.pid, found.start_time) is False
    child.wait()
    assert processes.facts(child.pid) is None


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 12345])
def test_a_pid_that_nobody_has_lives_not(pid: int) -> None:
    assert processes.facts(pid) is None
    assert processes.start_time(pid) is None
    assert processes.lives(pid, 1) is False


def test_a_name_with_spaces_and_brackets_does_not_confuse(tmp_path: Path) -> None:
    odd = tmp_path / "a) R 1 ("
    odd.symlink_to(sys.executable)
    with subprocess.Popen([odd, "-S", "-I", "-c", "input()"], stdin=subprocess.PIPE) as child:
        ours = processes.start_time(os.getpid())
        started = processes.start_time(child.pid)
        child.kill()
    assert started is not None and ours is not None and started > ours


def test_boot_namespace_and_host_stay_the_same() -> None:
    assert processes.boot_id() == processes.boot_id()
    assert processes.pid_namespace() == processes.pid_namespace()
    assert processes.host() == processes.host() != ""
    if sys.platform == "linux":
        assert processes.boot_id() and str(processes.pid_namespace()).startswith("pid:[")
