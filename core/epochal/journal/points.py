"""The points of one metric as arrays, whatever their types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .format import BOOL, FLOAT, INT

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Values: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class Columns:
    """Points of one metric, in the order of their seq.

    Attributes:
        steps: int64.
        times: float64, seconds since the epoch.
        seqs: int64.
        cells: the eight bytes of each value as they were written, int64.
        kinds: for each point the type letter of format.py that tells how to read its cell, as uint8.
    """

    steps: Ints
    times: Floats
    seqs: Ints
    cells: Ints
    kinds: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def values(self) -> Values:
        """The values: int64 when every point is an int, bool when every point is a bool, float64 otherwise."""
        kind = self._one_kind()
        if kind == FLOAT:
            return self.cells.view(np.float64)
        if kind == INT:
            return self.cells
        if kind == BOOL:
            return np.not_equal(self.cells, 0)
        return np.where(self.kinds == ord(FLOAT), self.cells.view(np.float64), self.cells.astype(np.float64))

    def _one_kind(self) -> str | None:
        if not len(self.kinds):
            return FLOAT
        first = self.kinds[0]
        return chr(first) if self.kinds.strides == (0,) or (self.kinds == first).all() else None

    def take(self, which: Any) -> Columns:
        """Return the points that an index, slice or mask picks."""
        steps = self.steps[which]
        same = self.kinds.strides == (0,) and len(self.kinds)
        kinds = np.broadcast_to(self.kinds[0], steps.shape) if same else self.kinds[which]
        return Columns(steps, self.times[which], self.seqs[which], self.cells[which], kinds)


def uniform(kind: str, count: int) -> NDArray[np.uint8]:
    """Return `kinds` for points of one type, which take no memory."""
    return np.broadcast_to(np.uint8(ord(kind)), (count,))


def empty() -> Columns:
    """Return no points."""
    nothing = np.empty(0, np.int64)
    return Columns(nothing, np.empty(0, np.float64), nothing, nothing, uniform(FLOAT, 0))


def join(parts: Sequence[Columns]) -> Columns:
    """Return the points of all parts, one part behind the other."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return empty()
    if len(parts) == 1:
        return parts[0]
    return Columns(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("steps", "times", "seqs", "cells", "kinds")
        )
    )


def by_seq(columns: Columns) -> Columns:
    """Return the points in the order of their seq."""
    if (columns.seqs[1:] > columns.seqs[:-1]).all():
        return columns
    return columns.take(np.argsort(columns.seqs, kind="stable"))
