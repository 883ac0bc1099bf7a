"""How much a fingerprint may read: decided by size, so that the same data gives the same result on every machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from ..errors import BadValueError
from .finding import Finding

#: Bytes for each second of the limit: a third to a fifth of what SHA-256 does on today's processors.
BYTES_PER_S: Final = 192 * 2**20
#: What opening a file, or looking at one Python object, costs, in bytes read.
FILE_COST: Final = 32 * 2**10
OBJECT_COST: Final = 256


class OutOfTimeError(Exception):
    """Reading takes longer than the limit, although the size promised otherwise: a slow disk or a busy machine."""


class Budget:
    """What one fingerprint may still read.

    What fits is read whole, what does not is sampled. That is decided by size alone. The clock is only the last resort:
    when the limit has passed, reading stops and there is no digest.

    Attributes:
        full: everything is read, whatever it takes.
    """

    def __init__(self, fingerprint: Callable[[Any, Budget], Finding], *, full: bool, limit_s: float | None) -> None:
        _check_limit(limit_s)
        self.full = full or limit_s is None
        self._limit_s = limit_s or 0.0
        self._left = int(self._limit_s * BYTES_PER_S)
        self._started = time.monotonic()
        self._fingerprint = fingerprint
        self._depth = 0

    def of(self, data: Any) -> Finding:
        """Return the fingerprint of a part (an array, a file, a table, a list of such) within this budget."""
        self._depth += 1
        try:
            if self._depth > 64:
                raise BadValueError("the data is nested deeper than 64 levels, or holds itself: pass its parts")
            return self._fingerprint(data, self)
        finally:
            self._depth -= 1

    def take(self, cost: int) -> bool:
        """Return whether so many bytes may be read, and count them if so."""
        if self.full:
            return True
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def sample(self, chunk: int) -> int:
        """Return how many chunks of so many bytes a sample may have, 2 to 64, and count them."""
        count = max(2, min(64, self._left // chunk))
        self._left = max(0, self._left - count * chunk)
        return count

    def look_at_clock(self) -> None:
        """Go on.

        Raises:
            OutOfTimeError: the limit has passed.
        """
        if not self.full and time.monotonic() - self._started > self._limit_s:
            raise OutOfTimeError(f"reading took longer than limit_s = {self._limit_s:g} s: ask for a full fingerprint")


def _check_limit(limit_s: Any) -> None:
    if limit_s is not None and (not isinstance(limit_s, (int, float)) or not limit_s > 0):
        raise BadValueError(f"limit_s is {limit_s!r}: take a number of seconds above 0, or None for no limit")
