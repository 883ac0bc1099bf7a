"""Which of two copies of a file holds all that the other does: the later one, of files that only ever grow."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Final, NamedTuple

#: Bytes that are compared at once.
_PIECE: Final = 1 << 20


class Order(NamedTuple):
    """How two files stand to one another; both hold where they are equal, neither where each has what the other lacks.

    Attributes:
        within: the right one holds all of the left one.
        beyond: the left one holds all of the right one.
    """

    within: bool
    beyond: bool


def compare(left: str, right: str, *, journal: bool) -> Order:
    """Return how two files stand to one another.

    Of most files one holds the other if the other is its beginning. A journal also grows within: its blocks claim
    ranges of zeros, and every byte is written once. So one journal holds another if it is no shorter and equals it
    wherever the other is not zero. Either is a partial order, which is why merging gives the same in any order.

    Raises:
        OSError: one of them cannot be read.
    """
    with open(left, "rb", buffering=0) as one, open(right, "rb", buffering=0) as other:
        return _compare(one.fileno(), other.fileno(), journal=journal)


def _compare(left: int, right: int, *, journal: bool) -> Order:
    sizes = os.fstat(left).st_size, os.fstat(right).st_size
    within, beyond = sizes[0] <= sizes[1], sizes[1] <= sizes[0]
    stop = min(sizes)
    at = 0
    while at < stop and (within or beyond):
        at = min(_next_data(left, at, stop), _next_data(right, at, stop))
        length = min(_PIECE, stop - at)
        here, there = (os.pread(fd, length, at).ljust(length, b"\0") for fd in (left, right))
        if here != there:
            if not journal:
                return Order(within=False, beyond=False)
            more_left, more_right = _written(here, there)
            within, beyond = within and not more_left, beyond and not more_right
        at += length
    return Order(within, beyond)


def _written(here: bytes, there: bytes) -> tuple[bool, bool]:
    """Return whether `here` has bytes that `there` lacks, and the other way round; what contradicts counts for both."""
    import numpy as np

    left, right = np.frombuffer(here, np.uint8), np.frombuffer(there, np.uint8)
    differ = left != right
    return bool(left[differ].any()), bool(right[differ].any())


def _next_data(fd: int, at: int, stop: int) -> int:
    """Return the next place, from `at` on, that is not in a hole; `stop` where all the rest is one."""
    for start, _ in data_ranges(fd, at, stop):
        return start
    return stop


def data_ranges(fd: int, at: int, stop: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the ranges of a file that are not holes; all of it where holes cannot be told."""
    while at < stop:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
            end = os.lseek(fd, start, os.SEEK_HOLE)
        except AttributeError:  # no such thing on this system
            start, end = at, stop
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but holes from here on
                return
            start, end = at, stop
        if start >= stop:
            return
        yield start, min(end, stop)
        at = end
