"""CPU time and memory of a process and of all that it has started."""

from __future__ import annotations

import os
import time
from typing import Final, NamedTuple

from .. import processes

_TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
#: Descendants beyond this number are not counted: looking at them would cost more than the figure is worth.
_MOST: Final = 1000


class Usage(NamedTuple):
    """What one process has used.

    Attributes:
        cpu_s: CPU time so far, in seconds.
        rss: resident bytes, those shared with other processes included.
    """

    cpu_s: float
    rss: int


class ProcessTree:
    """Samples a process and its descendants; CPU shares are taken between one sample and the next."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before: dict[tuple[int, int], float] = {}
        self._before_at: float | None = None

    def sample(self) -> dict[str, float]:
        """Return `cpu` (percent of one core since the last sample) and `rss_bytes`; empty when the process is gone."""
        now = time.monotonic()
        usage = dict(_usages(self._pid))
        if not usage:
            return {}
        found = {"rss_bytes": float(sum(one.rss for one in usage.values()))}
        if self._before_at is not None and now > self._before_at:
            used = sum(one.cpu_s - self._before.get(key, 0.0) for key, one in usage.items())
            found["cpu"] = 100.0 * used / (now - self._before_at)
        self._before = {key: one.cpu_s for key, one in usage.items()}
        self._before_at = now
        return found


def _usages(pid: int) -> list[tuple[tuple[int, int], Usage]]:
    pids, at = [pid], 0
    while at < len(pids) < _MOST:
        pids += _children(pids[at])
        at += 1
    found = []
    for one in pids:
        usage = _usage(one)
        if usage is not None:
            found.append(usage)
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                children += map(int, file.read().split())
    except FileNotFoundError:
        if not os.path.exists("/proc/self/task") or not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
            return _children_by_psutil(pid)
    except (OSError, ValueError):
        pass
    return children


def _children_by_psutil(pid: int) -> list[int]:
    import psutil

    try:
        return [child.pid for child in psutil.Process(pid).children()]
    except psutil.Error:
        return []


def _usage(pid: int) -> tuple[tuple[int, int], Usage] | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
        fields = stat[stat.rindex(b")") + 2 :].split()
        cpu = (int(fields[11]) + int(fields[12])) / _TICKS
        return (pid, int(fields[19])), Usage(cpu, int(fields[21]) * _PAGE)
    except (OSError, ValueError, IndexError):
        if os.path.exists("/proc/self/stat"):
            return None
    import psutil

    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return (pid, processes.start_time(pid) or 0), Usage(times.user + times.system, process.memory_info().rss)
    except psutil.Error:
        return None
