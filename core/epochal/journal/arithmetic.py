"""Integers at equal distances, such as the steps of most trainings, kept as three numbers instead of an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .points import Ints, Values


@dataclass(frozen=True)
class Arithmetic:
    """What `start + stride * np.arange(count)` holds; read by index, slice or mask like an array.

    Attributes:
        start: the first.
        stride: the distance from one to the next, positive.
        count: how many.
    """

    start: int
    stride: int
    count: int

    def __len__(self) -> int:
        return self.count

    @property
    def dtype(self) -> np.dtype[np.int64]:
        """As that of an array."""
        return np.dtype(np.int64)

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, (int, np.integer)):
            at = int(which) + (self.count if which < 0 else 0)
            if not 0 <= at < self.count:
                raise IndexError(f"index {which} of {self.count}")
            return np.int64(self.start + self.stride * at)
        if isinstance(which, slice):
            first, stop, step = which.indices(self.count)
            return np.arange(first, stop, step) * self.stride + self.start
        index = np.asarray(which)
        return (np.flatnonzero(index) if index.dtype == np.bool_ else index) * self.stride + self.start

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Values:
        return np.asarray(self[:], dtype)

    def searchsorted(self, values: Any, side: str = "left") -> Any:
        """Return what `np.searchsorted` does, for int64 values."""
        found, last = np.asarray(values), self.start + self.stride * (self.count - 1)
        inside = np.clip(found, self.start, last) - self.start
        at, over = inside // self.stride, inside % self.stride
        before = at + (over > 0 if side == "left" else 1)
        return np.where(found < self.start, 0, np.where(found > last, self.count, before))


#: Integers as an array, or as less.
Steps: TypeAlias = Ints | Arithmetic


def arithmetic(values: Ints) -> Arithmetic | None:
    """Return integers as an arithmetic sequence; None where they are none that ascends, too few, or too far apart."""
    if len(values) < 2:
        return None
    start, stride, last = int(values[0]), int(values[1]) - int(values[0]), int(values[-1])
    if stride <= 0 or last != start + stride * (len(values) - 1) or last - start >= 1 << 63:
        return None
    return Arithmetic(start, stride, len(values)) if (values[1:] - values[:-1] == stride).all() else None


def goes_on(sequence: Arithmetic, values: Ints) -> bool:
    """Tell whether integers are what follows a sequence."""
    if not len(values):
        return True
    first = sequence.start + sequence.stride * sequence.count
    if int(values[0]) != first or int(values[-1]) != first + sequence.stride * (len(values) - 1):
        return False
    return bool((values[1:] - values[:-1] == sequence.stride).all())
