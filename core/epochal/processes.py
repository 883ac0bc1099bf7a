"""Who is who among processes: this boot, this pid namespace, this host, and when a process started."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple


class ProcessFacts(NamedTuple):
    """What the system says about one process.

    Attributes:
        state: the letter of /proc/<pid>/stat (`Z` and `X` are dead), or `R` where only its existence is known.
        start_time: a number that differs between two processes of the same pid in one boot (Linux: clock ticks
            since boot; elsewhere microseconds since the epoch).
        exit_code: the raw wait status of a zombie, where the system shows it; else 0.
    """

    state: str
    start_time: int
    exit_code: int

    @property
    def dead(self) -> bool:
        """True for a zombie: it runs no more and only waits to be reaped."""
        return self.state in "ZXx"


def boot_id() -> str | None:
    """Return an id that changes with every boot of this machine; None where the system has none."""
    if sys.platform.startswith("linux"):
        try:
            with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as file:
                return file.read().decode("ascii").strip() or None
        except (OSError, ValueError):
            return None
    if sys.platform == "darwin":
        return _sysctl_text(b"kern.bootsessionuuid")
    return None


def pid_namespace() -> str | None:
    """Return the name of the namespace that our pids live in (`pid:[4026531836]`); None where there are none."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except (OSError, ValueError):
        return None


def host() -> str:
    """Return this machine's host name; `unknown` where it has none."""
    try:
        return (os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")) or "unknown"
    except OSError:
        return "unknown"


def facts(pid: int) -> ProcessFacts | None:
    """Return what is known about the process; None if there is none, or if this user may not see it."""
    if pid <= 0:
        return None
    if sys.platform.startswith("linux"):
        return _linux_facts(pid)
    return _psutil_facts(pid)


def start_time(pid: int) -> int | None:
    """Return when the process started, in a unit that only compares equal (see `ProcessFacts`); None if unknown."""
    found = facts(pid)
    return None if found is None else found.start_time


def lives(pid: int, started: int | None) -> bool | None:
    """Return whether the process of this pid and start time runs; None if that is hidden from this user.

    A zombie does not run. Without a start time the pid alone counts.
    """
    found = facts(pid)
    if found is not None:
        return not found.dead and (started is None or found.start_time == started)
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return None  # os.kill would end the process there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return None  # it exists, hidden (hidepid), and may be another one with the same pid
    return None


def _linux_facts(pid: int) -> ProcessFacts | None:
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            stat = file.read()
        # The name stands in brackets and may hold spaces and brackets itself: fields count from behind the last one.
        fields = stat[stat.rindex(b")") + 2 :].split()
        exit_code = int(fields[49]) if len(fields) > 49 else 0
        return ProcessFacts(fields[0].decode("ascii", "replace"), int(fields[19]), exit_code)
    except (OSError, ValueError, IndexError):
        return None


def _psutil_facts(pid: int) -> ProcessFacts | None:
    try:
        import psutil

        process = psutil.Process(pid)
        state = "Z" if process.status() == psutil.STATUS_ZOMBIE else "R"
        return ProcessFacts(state, round(process.create_time() * 1e6), 0)
    except Exception:  # psutil's errors, and whatever an odd platform throws: unknown either way
        return None


def _sysctl_text(name: bytes) -> str | None:
    try:
        import ctypes

        library = ctypes.CDLL(None)
        size = ctypes.c_size_t(128)
        buffer = ctypes.create_string_buffer(size.value)
        if library.sysctlbyname(name, buffer, ctypes.byref(size), None, ctypes.c_size_t(0)) != 0:
            return None
        return buffer.value.decode("ascii", "replace") or None
    except Exception:
        return None
