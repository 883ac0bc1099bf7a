"""What the tests of companions rest on: a process is seen in every moment of its life."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.core.hard.process_table import described, parent, with_task

#: Becomes itself again and again, so that most looks fall near an `execve`.
_AGAIN = """
import os, sys
left = int(sys.argv[3])
if left:
    os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", sys.orig_argv[4], *sys.argv[1:3], str(left - 1)])
"""


def test_a_process_that_becomes_another_program_is_seen_all_the_while() -> None:
    """Of plain reads of /proc, about one in a thousand finds such a process without a command."""
    name, value = "EPOCHAL_TEST_TABLE", str(os.getpid())
    command = [sys.executable, "-I", "-S", "-c", _AGAIN, "boot.py", "main", "150"]
    looks = []
    with subprocess.Popen(command, env={**os.environ, name: value}) as process:
        while process.poll() is None:
            looks.append(described(process.pid))
    assert process.returncode == 0
    while not all(looks[-1]):  # on its way out
        looks.pop()
    assert len(looks) > 150
    assert all(b"boot.py\0main\0" in command for command, _ in looks)
    assert all(f"{name}={value}\0".encode() in environment for _, environment in looks)


def test_a_process_is_found_by_task_and_variable_and_no_other_is() -> None:
    name, value = "EPOCHAL_TEST_TABLE", str(os.getpid())
    mark = f"{name}={value}"
    command = [sys.executable, "-I", "-S", "-c", "input()", "boot.py", "main", "x"]
    with subprocess.Popen(command, env={**os.environ, name: value}, stdin=subprocess.PIPE) as process:
        assert with_task("main", mark) == [process.pid]
        assert with_task("deliver", mark) == []
        assert with_task("main", mark[:-1]) == []
        assert with_task("main", mark[1:]) == []
        assert parent(process.pid) == os.getpid()
        process.communicate(b"\n")
    assert with_task("main", mark) == []
    assert described(process.pid) == (b"", b"")
    assert parent(process.pid) is None


def test_a_process_without_an_environment_is_described_too() -> None:
    with subprocess.Popen(["/bin/cat"], env={}, stdin=subprocess.PIPE) as process:
        assert described(process.pid) == (b"/bin/cat\0", b"")
        process.communicate(b"")
