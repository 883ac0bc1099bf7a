"""File descriptors under high numbers, where programs that tidy up the low ones seldom reach, and whose they are."""

from __future__ import annotations

import contextlib
import os
from typing import Final

try:
    import fcntl
except ImportError:  # Windows: reading only, which keeps no descriptor for long
    fcntl = None  # type: ignore[assignment]

_LOWEST_FD: Final = 200


def high(fd: int) -> int:
    """Return `fd` under a high number, closed on exec, where the limits allow it."""
    if fcntl is None:
        return fd
    try:
        moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _LOWEST_FD)
    except OSError:
        return fd
    os.close(fd)
    return moved


def identity(fd: int) -> tuple[int, int] | None:
    """Return which file a descriptor stands for, by device and inode; None where it is closed."""
    try:
        facts = os.fstat(fd)
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def close_own(fd: int, file: tuple[int, int] | None) -> None:
    """Close a descriptor, unless a program that closes what it does not know has given its number to another file."""
    if file is not None and identity(fd) == file:
        with contextlib.suppress(OSError):
            os.close(fd)
