"""Fewer points for a line: in each stretch of the axis that is a pixel wide the last, the lowest and the highest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from epochal.journal.points import Floats, Ints, Values

from .curves_series import Places, Series

_INT64: Final = np.iinfo(np.int64)


class Window(NamedTuple):
    """What of the axis is drawn.

    Attributes:
        low, high: its ends.
        width: pixels, and at most so many stretches.
        log: stretches are equally wide in the logarithm of x; what is not positive has no place.
        zoomed: the ends were chosen: a point beyond each is drawn too, since the line goes on. Else all points are.
        whole: lines of up to so many points come whole, however few pixels there are.
    """

    low: float
    high: float
    width: int
    log: bool
    zoomed: bool
    whole: int = 0


class Reduced(NamedTuple):
    """The points that are drawn of a line.

    Attributes:
        kept: their indices in the order of `Series.places`.
        points: how many points the line has within the window.
        low, high: the lowest and highest finite value of the stretch that ends at each, NaN where it has none; None
            where every point is kept.
    """

    kept: Ints
    points: int
    low: Floats | None
    high: Floats | None

    @property
    def reduced(self) -> bool:
        """Whether points are missing."""
        return self.low is not None

    @property
    def nbytes(self) -> int:
        """What it holds, in bytes."""
        return sum(array.nbytes for array in (self.kept, self.low, self.high) if array is not None)


def extent(lines: Iterable[Series], *, log: bool) -> tuple[float, float] | None:
    """Return the first and last place of all lines, None where no line has a point."""
    low, high = np.inf, -np.inf
    for line in lines:
        places = line.places
        first = int(places.searchsorted(0, "right")) if log else 0
        if first < len(places):
            low, high = min(low, float(places[first])), max(high, float(places[-1]))
    return None if low > high else (low, high)


def reduce(series: Series, window: Window) -> Reduced:
    """Return what is drawn of a line; kept for the next time."""
    found: Reduced = series.memo("reduced", window, lambda: _reduce(series, window))
    return found


def _reduce(series: Series, window: Window) -> Reduced:
    places = series.places
    least = int(places.searchsorted(0, "right")) if window.log else 0
    first, stop = least, len(places)
    if window.zoomed:
        first = max(least, int(places.searchsorted(typed(np.ceil, window.low, places), "left")[0]))
        stop = max(first, int(places.searchsorted(typed(np.floor, window.high, places), "right")[0]))
    before, behind = first, stop
    if window.zoomed:
        before, behind = max(first - 1, least), min(stop + 1, len(places))
    points = stop - first
    if points <= max(window.width, window.whole):
        return Reduced(np.arange(before, behind), points, None, None)
    starts = _starts(places, first, stop, window)
    if before < first:
        starts = np.concatenate([[before], starts])
    if behind > stop:
        starts = np.concatenate([starts, [stop]])
    kept = np.append(starts[1:], behind) - 1
    low, high = _extremes(series, starts, behind)
    return Reduced(kept, points, low, high)


def _starts(places: Places, first: int, stop: int, window: Window) -> Ints:
    """Return the index of the first point of each stretch that has any."""
    number = np.arange(float(window.width))
    if window.log:
        low, high = np.log(window.low), np.log(window.high)
        edges = np.exp(low + (high - low) * number / window.width)
    else:
        # in halves, since the distance between two large numbers may be none
        edges = 2 * (window.low / 2 + (window.high / 2 - window.low / 2) * number / window.width)
    starts = np.clip(places.searchsorted(typed(np.ceil, edges, places), "left"), first, stop)
    starts[0] = first
    starts = np.maximum.accumulate(starts)
    return starts[np.append(starts[1:], stop) > starts]


def typed(rounded: np.ufunc, edges: Floats | float, places: Places) -> Values:
    """Return edges in the type of the places: comparing integers with floats would copy all of them, and round."""
    edges = np.atleast_1d(np.asarray(edges, np.float64))
    if places.dtype.kind == "f":
        return edges
    whole: Floats = rounded(edges)
    # 2**63 is no int64, and the largest float below it is 1024 less
    found: Ints = np.clip(whole, -(2.0**63), 2.0**63 - 1024).astype(np.int64)
    found[whole >= 2.0**63] = _INT64.max
    return found


def _extremes(series: Series, starts: Ints, stop: int) -> tuple[Floats, Floats]:
    values = series.drawn[:stop]
    if series.finite is None:
        return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    known = np.where(np.isfinite(values[starts[0] :]), values[starts[0] :], np.nan)
    return np.fmin.reduceat(known, starts - starts[0]), np.fmax.reduceat(known, starts - starts[0])
