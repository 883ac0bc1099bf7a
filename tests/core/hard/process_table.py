"""Looks processes up in /proc, also those that are just becoming another program."""

from __future__ import annotations

import os
import time
from pathlib import Path

#: How often a process that becomes another program is asked again, once each millisecond.
_TRIES = 1000


def pids() -> list[int]:
    """Return the pids of all processes."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def with_task(task: str, variable: str) -> list[int]:
    """Return the pids of the processes that `boot.py` has made a task of, and that have a variable (`NAME=value`)."""
    command, environment = f"boot.py\0{task}\0".encode(), f"\0{variable}\0".encode()
    found = []
    for pid in pids():
        its_command, its_environment = described(pid)
        if command in its_command and environment in b"\0" + its_environment + b"\0":
            found.append(pid)
    return found


def described(pid: int) -> tuple[bytes, bytes]:
    """Return command line and environment of a process as the kernel shows them, empty where it is gone or has none.

    Within `execve` the kernel shows both empty for some microseconds. A test that took such a process for one that
    has ended would go on before a companion has begun.
    """
    for _ in range(_TRIES):
        command, environment = _shown(pid, "cmdline"), _shown(pid, "environ")
        if (command and (environment or b"boot.py" not in command)) or not _has_program(pid):
            break
        time.sleep(0.001)
    return command, environment


def parent(pid: int) -> int | None:
    """Return the pid of a process's parent, None where it is gone."""
    behind_name = _shown(pid, "stat").rpartition(b") ")[2].split()
    return int(behind_name[1]) if behind_name else None


def _has_program(pid: int) -> bool:
    """Return whether a process runs a program file: threads of the kernel and the dead do not."""
    try:
        return bool(os.readlink(f"/proc/{pid}/exe"))
    except OSError:
        return False


def _shown(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
