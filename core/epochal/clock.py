"""The clock of a run: wall time at its start plus a clock that nobody sets back."""

from __future__ import annotations

import time
from collections.abc import Callable

#: The clock that also runs while the machine sleeps; monotonic where there is none.
_CLOCK_ID: int = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", 1))


def run_clock() -> Callable[[], float]:
    """Return a clock that gives seconds since the epoch and never goes backwards, whoever sets the wall clock."""
    gettime, clock = time.clock_gettime, _CLOCK_ID
    offset = time.time() - gettime(clock)

    def now() -> float:
        return offset + gettime(clock)

    return now
