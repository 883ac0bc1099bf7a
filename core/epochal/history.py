"""The history of a metric: its points, sorted by step, over the axis that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .downsample import downsample
from .errors import BadValueError, MissingDependencyError
from .journal.points import Bools, Columns, Floats, Ints, Values, join

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]

    from .journal.reader import Journal
    from .segments import Visibility

#: Axes that every metric has; a metric of such a name is reached as `metric:step`.
AXES = ("step", "time", "relative")


@dataclass(frozen=True)
class History:
    """Points of one metric, sorted by step.

    Attributes:
        name: the metric.
        steps: int64, shape (n,).
        values: int64 when every point is an int, bool when every point is a bool, float64 otherwise; shape (n,).
        times: float64, seconds since the epoch, shape (n,).
        axis: what `x` is: `step`, `time`, `relative`, or the name of a metric.
        x: where each point stands on the axis, shape (n,); NaN where that metric had no value yet.
        ranks: the rank of each point, where all ranks were asked for.
        abandoned: which points a later resume or rewind has abandoned, where these were asked for.
    """

    name: str
    steps: Ints
    values: Values
    times: Floats
    axis: str
    x: Values
    ranks: Ints | None = None
    abandoned: Bools | None = None

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        if not len(self):
            return f"<History of {self.name!r}: no points>"
        return f"<History of {self.name!r}: {len(self):,} points, steps {self.steps[0]} to {self.steps[-1]}>"

    def sampled(self, samples: int) -> History:
        """Return at most `samples` of the points, with the lowest and highest of each stretch among them.

        Raises:
            BadValueError: `samples` is not a positive integer.
        """
        kept = downsample(self.values, samples)
        return self if len(kept) == len(self) else self._take(kept)

    def _take(self, which: Ints) -> History:
        return replace(
            self,
            steps=self.steps[which],
            values=self.values[which],
            times=self.times[which],
            x=self.x[which],
            ranks=None if self.ranks is None else self.ranks[which],
            abandoned=None if self.abandoned is None else self.abandoned[which],
        )

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with a row for each point: step, the metric, time, and what else was asked for.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        columns: dict[str, Any] = {"step": self.steps, self.name: self.values, "time": self.times}
        extra = {self.axis: self.x, "rank": self.ranks, "abandoned": self.abandoned}
        columns.update((name, array) for name, array in extra.items() if array is not None and name not in columns)
        return load_pandas().DataFrame(columns)


def load_pandas() -> Any:
    """Return the pandas module.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingDependencyError("pandas", "pandas") from error
    return pd


@dataclass(frozen=True)
class Gathered:
    """All points of a metric from several journals, in order.

    Attributes:
        columns: the points; their seqs are of different writers.
        order: ascending; the same for all metrics of a row, among what was gathered together.
        ranks: the rank of each.
        hidden: which of them are abandoned, None where none is.
    """

    columns: Columns
    order: Ints
    ranks: Ints
    hidden: Bools | None

    @property
    def values(self) -> Values:
        """The points' values."""
        return self.columns.values  # noqa: PD011 - no data frame

    def take(self, which: Any) -> Gathered:
        """Return the points that an index or mask picks."""
        hidden = None if self.hidden is None else self.hidden[which]
        return Gathered(self.columns.take(which), self.order[which], self.ranks[which], hidden)

    def visible(self) -> Gathered:
        """Return the points that are not abandoned."""
        return self if self.hidden is None else replace(self.take(~self.hidden), hidden=None)


def gather(
    journals: Sequence[Journal], visibility: Visibility, metrics: Iterable[str], *, shift: int | None = None
) -> dict[str, Gathered]:
    """Return the points of each metric from journals that stand in order.

    With a `shift`, the order of a point is its seq plus its journal's place times 2**shift, whatever is gathered.
    """
    names = list(dict.fromkeys(metrics))
    found = [(journal, journal.read(names)) for journal in journals]
    last = max((int(some.seqs[-1]) for _, columns in found for some in columns.values() if len(some)), default=0)
    by = last.bit_length() if shift is None else shift
    return {
        name: _gather([(journal, columns[name]) for journal, columns in found], visibility, name, by) for name in names
    }


def _gather(parts: Sequence[tuple[Journal, Columns]], visibility: Visibility, name: str, shift: int) -> Gathered:
    orders, ranks, hidden = [], [], []
    for at, (journal, columns) in enumerate(parts):
        orders.append(columns.seqs + (at << shift) if at else columns.seqs)
        ranks.append(np.broadcast_to(np.int64(journal.rank), (len(columns),)))
        hidden.append(visibility.hidden(journal, name, columns))
    some = [at for at, (_, columns) in enumerate(parts) if len(columns)]
    columns = join([parts[at][1] for at in some])
    if len(some) == 1:
        return Gathered(columns, orders[some[0]], ranks[some[0]], hidden[some[0]])
    masks = None
    if any(mask is not None for mask in hidden):
        masks = np.concatenate(
            [
                np.zeros(len(part), np.bool_) if mask is None else mask
                for (_, part), mask in zip(parts, hidden, strict=True)
            ]
        )
    if not some:
        return Gathered(columns, columns.seqs, columns.seqs, None)
    return Gathered(columns, np.concatenate(orders), np.concatenate(ranks), masks)


def make_history(
    name: str,
    points: Gathered,
    *,
    axis: str,
    place: Callable[[Gathered], Values],
    duplicates: bool,
    abandoned: bool,
    all_ranks: bool,
) -> History:
    """Return the history of a metric.

    Args:
        name: the metric.
        points: all of it.
        axis: the name of the x axis.
        place: gives where points stand on the axis.
        duplicates: keep all points of a step instead of the latest in order.
        abandoned: keep what later segments have abandoned; the latest of a step is kept of each kind.
        all_ranks: the latest of a step is kept of each rank.
    """
    if not abandoned:
        points = points.visible()
    kept = chosen(points, duplicates=duplicates)
    if kept is not None:
        points = points.take(kept)
    hidden = points.hidden if points.hidden is not None else np.zeros(len(points.columns), np.bool_)
    return History(
        name=name,
        steps=points.columns.steps,
        values=points.values,
        times=points.columns.times,
        axis=axis,
        x=points.columns.steps if axis == "step" else place(points),
        ranks=points.ranks if all_ranks else None,
        abandoned=hidden if abandoned else None,
    )


def chosen(points: Gathered, *, duplicates: bool) -> Ints | None:
    """Return the indices of the points to keep, by step; None for all as they are."""
    steps, ranks, hidden = points.columns.steps, points.ranks, points.hidden
    if (steps[1:] > steps[:-1]).all():
        return None
    if duplicates:
        return np.argsort(steps, kind="stable")
    keys = (ranks, steps) if hidden is None else (~hidden, ranks, steps)
    one_rank = ranks[0] == ranks[-1]  # the points stand in the order of rank
    order = np.argsort(steps, kind="stable") if hidden is None and one_rank else np.lexsort(keys)
    last = np.ones(len(order), np.bool_)
    last[:-1] = False
    for key in keys:
        in_order = key[order]
        last[:-1] |= in_order[1:] != in_order[:-1]
    return order[last]


def place_on_metric(points: Gathered, axis: Gathered) -> Values:
    """Return for each point the axis metric's value in the same row, else its latest visible one before, else NaN."""
    visible = axis.visible()
    known, dtype = _with_nan(visible)
    at = np.searchsorted(visible.order, points.order, side="right") - 1
    ours = (at >= 0) & (np.append(visible.ranks, -1)[at] == points.ranks)
    found = known[np.where(ours, at, len(known) - 1)]
    if axis.hidden is not None and points.hidden is not None:  # an abandoned row stands where it stood
        same = np.searchsorted(axis.order, points.order)
        in_row = points.hidden & (np.append(axis.order, -1)[same] == points.order)
        found[in_row] = _with_nan(axis)[0][same[in_row]]
    return found if dtype.kind == "f" or np.isnan(found).any() else found.astype(dtype)


def _with_nan(points: Gathered) -> tuple[Floats, np.dtype[Any]]:
    """Return the values as float64 with a NaN behind them, and the type that they had."""
    values = points.values  # noqa: PD011 - no data frame
    return np.append(values.astype(np.float64), np.nan), values.dtype


def axis_metric(x: str, names: Iterable[str]) -> str:
    """Return the metric that an axis names.

    Raises:
        BadValueError: there is no such metric.
    """
    known = set(names)
    name = x.removeprefix("metric:")
    for candidate in (x, name):
        if candidate in known:
            return candidate
    raise BadValueError(unknown_metric(x, known) + f"; other axes are {', '.join(AXES)}")


def unknown_metric(name: str, known: Iterable[str]) -> str:
    """Return the text of an error about a metric that a run does not have."""
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(name, names, 3)
    if near:
        return f"there is no metric {name!r}: did you mean {' or '.join(map(repr, near))}? The run has {len(names)}"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    has = f"has {', '.join(map(repr, names[:8]))}{more}" if names else "has none yet"
    return f"there is no metric {name!r}: the run {has}"
