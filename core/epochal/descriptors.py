"""File descriptors under high numbers, where programs that tidy up the low ones seldom reach them."""

from __future__ import annotations

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
