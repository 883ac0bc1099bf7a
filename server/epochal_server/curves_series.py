"""`Series`: all points of one line as arrays, in the order of steps and in the order in which they are drawn."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np

from epochal.history import History
from epochal.journal.arithmetic import Arithmetic, Steps
from epochal.journal.points import Bools, Floats, Ints, Values

from .curves_smoothing import Smoother

#: Where points stand on an axis: an array, or integers in three numbers.
Places: TypeAlias = Values | Arithmetic
#: How many results of each kind are kept for the next request: sliders and zooms go back and forth.
_KEPT: Final = 3


@dataclass(eq=False)
class Series:
    """All points of one line. Its arrays are not to be changed.

    Attributes:
        steps: int64, shape (n,), ascending; an array, or three numbers where it is an arithmetic sequence.
        values: float64, shape (n,).
        times: float64, seconds since the epoch, shape (n,).
        x: where each point stands on the axis, int64 or float64, shape (n,); NaN for a point that has no place there.
        ghosts: what later segments have abandoned, each stretch a line of its own.
        joined: of a formula, how its metrics came together: `same steps`, or `latest` where each has its own.
        serial: no two series of this process have the same.
    """

    steps: Steps
    values: Floats
    times: Floats
    x: Places
    ghosts: tuple[Series, ...] = ()
    joined: str | None = None
    serial: int = field(default_factory=itertools.count().__next__, repr=False)
    _memo: dict[str, OrderedDict[Hashable, Any]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def finite(self) -> Bools | None:
        """Which values are neither NaN nor infinite; None for all of them."""
        # a sum is finite where all are, unless it overflows
        with np.errstate(all="ignore"):
            if np.isfinite(self.values.sum()):
                return None
        known = np.isfinite(self.values)
        return None if known.all() else known

    @cached_property
    def order(self) -> Ints | None:
        """The indices of the points by their place on the axis, without those that have none; None for all as they are.

        Points of one place stand in the order of their steps.
        """
        x = self.x
        if x is self.steps or isinstance(x, Arithmetic):
            return None
        known = np.isfinite(x) if x.dtype.kind == "f" else np.ones(len(x), np.bool_)
        everything = bool(known.all())
        if everything and (x[1:] >= x[:-1]).all():
            return None
        there = np.flatnonzero(known)
        return there[np.argsort(x[there], kind="stable")]

    @cached_property
    def places(self) -> Places:
        """Where the points stand, ascending and finite, shape (m,)."""
        found: Places = self.x if self.order is None else self.x[self.order]
        return found

    @cached_property
    def drawn(self) -> Floats:
        """The values in the order of `places`, shape (m,)."""
        return self.values if self.order is None else self.values[self.order]

    def index(self, places: Ints) -> Ints:
        """Return the indices in the order of steps for indices in the order of `places`."""
        return places if self.order is None else self.order[places]

    def smoothed(self, weight: float, index: Ints) -> Floats:
        """Return the smoothed values of some points, given by their indices in the order of steps."""
        smoother: Smoother = self.memo("smoother", weight, lambda: Smoother(self.values, weight, self.finite))
        return smoother.at(index)

    def memo(self, kind: str, key: Hashable, make: Any) -> Any:
        """Return what was made for a key lately, else make it."""
        with self._lock:
            found = self._memo.setdefault(kind, OrderedDict())
            if key in found:
                found.move_to_end(key)
                return found[key]
        made = make()
        with self._lock:
            found[key] = made
            while len(found) > _KEPT:
                found.popitem(last=False)
        return made

    @property
    def nbytes(self) -> int:
        """What the series holds beside arrays that belong to its journal, in bytes; what is kept for later included."""
        later = [self.__dict__.get(name) for name in ("finite", "order", "places", "drawn")]
        arrays = [
            each for each in (self.steps, self.values, self.times, self.x, *later) if isinstance(each, np.ndarray)
        ]
        own = {id(array): array.nbytes for array in arrays if array.base is None}
        with self._lock:
            own |= {id(made): int(made.nbytes) for found in self._memo.values() for made in found.values()}
        return int(sum(own.values())) + sum(ghost.nbytes for ghost in self.ghosts)


def same_steps(one: Steps, other: Steps) -> bool:
    """Tell whether two series stand at the same steps."""
    if isinstance(one, Arithmetic) and isinstance(other, Arithmetic):
        return one == other
    return len(one) == len(other) and np.array_equal(np.asarray(one), np.asarray(other))


def as_series(history: History, everything: History | None = None) -> Series:
    """Return a history as a series.

    Args:
        history: the points that count.
        everything: all points, with those that were abandoned marked, where these are wanted.
    """
    ghosts = () if everything is None else tuple(_ghosts(everything))
    return Series(history.steps, _floats(history.values), history.times, _places(history), ghosts)


def _floats(values: Values) -> Floats:
    return values if values.dtype == np.float64 else values.astype(np.float64)


def _places(history: History) -> Values:
    x = history.x
    return x if x.dtype.kind in "if" else x.astype(np.int64)


def _ghosts(everything: History) -> list[Series]:
    """Return each stretch of abandoned points: what was recorded in a row, with steps that go on."""
    abandoned = everything.abandoned
    if abandoned is None or not abandoned.any():
        return []
    order = np.argsort(everything.times, kind="stable")
    hidden, steps = abandoned[order], everything.steps[order]
    starts = hidden & ~np.append([False], hidden[:-1])
    starts[1:] |= hidden[1:] & (steps[1:] < steps[:-1])
    stretch = np.cumsum(starts)
    values, x = _floats(everything.values), _places(everything)
    found = []
    for number in range(1, int(stretch[-1]) + 1):
        which = order[hidden & (stretch == number)]
        at = everything.steps[which]
        # of one step the latest counts
        which = which[np.append(at[1:] != at[:-1], [True])]
        found.append(Series(everything.steps[which], values[which], everything.times[which], x[which]))
    return found
