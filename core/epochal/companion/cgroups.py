"""What Linux's control groups, version 1 and 2, say of a process's memory: limit, usage, kills."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

_MOUNT: Final = "/sys/fs/cgroup"
#: "No limit" of version 1 is a page-rounded 2^63; nothing real is near.
_NO_LIMIT: Final = 1 << 60


class Memory(NamedTuple):
    """Memory of the tightest group that a process is in, in bytes."""

    limit: int
    used: int


class MemoryGroups:
    """The memory control groups of one process: its own first, then the ones around it."""

    def __init__(self, pid: int) -> None:
        self._version, self._folders = _folders(pid)

    def memory(self) -> Memory | None:
        """Return limit and usage of the group with the smallest limit; None where nothing limits the process.

        Usage leaves out file cache that the kernel gives back before it kills anything.
        """
        names = ("memory.max", "memory.current") if self._version == 2 else _VERSION_1
        tightest: tuple[int, str] | None = None
        for folder in self._folders:
            limit = _number(f"{folder}/{names[0]}")
            if limit is not None and limit < _NO_LIMIT and (tightest is None or limit < tightest[0]):
                tightest = limit, folder
        if tightest is None:
            return None
        limit, folder = tightest
        used = _number(f"{folder}/{names[1]}")
        if used is None:
            return None
        cache = _field(f"{folder}/memory.stat", "inactive_file" if self._version == 2 else "total_inactive_file")
        return Memory(limit, max(used - (cache or 0), 0))

    def kills(self) -> int | None:
        """Return how many processes of the process's own group the kernel has killed for want of memory so far."""
        if not self._folders:
            return None
        name = "memory.events" if self._version == 2 else "memory.oom_control"
        return _field(f"{self._folders[0]}/{name}", "oom_kill")


_VERSION_1: Final = ("memory.limit_in_bytes", "memory.usage_in_bytes")


def machine_kills() -> int | None:
    """Return how many processes of this machine the kernel has killed for want of memory so far."""
    return _field("/proc/vmstat", "oom_kill")


def _folders(pid: int) -> tuple[int, list[str]]:
    """Return the version and the folders of the memory groups, the process's own first."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return 0, []
    unified = next((parts[2] for parts in lines if len(parts) == 3 and parts[0] == "0"), None)
    single = next((parts[2] for parts in lines if len(parts) == 3 and "memory" in parts[1].split(",")), None)
    if single is not None:
        return 1, _existing(f"{_MOUNT}/memory", single, _VERSION_1[1])
    if unified is not None:
        return 2, _existing(_MOUNT, unified, "memory.current")
    return 0, []


def _existing(mount: str, path: str, file: str) -> list[str]:
    """Return the folders from `path` up to the mount that hold `file`; within a container only the mount may."""
    found = []
    parts = [part for part in path.split("/") if part not in {"", ".."}]
    for length in range(len(parts), -1, -1):
        folder = "/".join([mount, *parts[:length]])
        if os.path.exists(f"{folder}/{file}"):
            found.append(folder)
    return found


def _number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):  # "max" is no number: no limit
        return None


def _field(path: str, name: str) -> int | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            for line in file:
                words = line.split()
                if len(words) == 2 and words[0] == name:
                    return int(words[1])
    except (OSError, ValueError):
        pass
    return None
