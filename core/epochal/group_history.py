"""The histories that one metric has in several runs, on one grid, and their statistics at each place of it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .errors import BadValueError
from .history import load_pandas, unknown_metric

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]

    from .history import History
    from .journal.points import Floats, Ints, Values
    from .recorded import RecordedRun

#: More values than this (runs times places) are not put on a grid unasked: 256 MB.
MOST_VALUES: Final = 1 << 25


@dataclass(frozen=True, eq=False)
class GroupHistory:
    """One metric of several runs on one grid. NaN stands where a run has no value.

    Attributes:
        name: the metric.
        axis: what the grid is on: `step`, `time`, `relative`, or the name of a metric.
        x: the grid, ascending, shape (m,); int64 for steps, float64 where it was given so or on another axis.
        values: float64, shape (runs, m): each run's values, in the order of `runs`.
        runs: the ids of the runs that have the metric.
        missing: the ids of those that do not.
    """

    name: str
    axis: str
    x: Values
    values: Floats
    runs: tuple[str, ...]
    missing: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return f"<GroupHistory of {self.name!r}: {len(self.runs)} runs at {len(self):,} places of {self.axis!r}>"

    @property
    def steps(self) -> Values:
        """The grid, whatever its axis."""
        return self.x

    @cached_property
    def n(self) -> Ints:
        """How many runs have a value, at each place; int64, shape (m,)."""
        return np.asarray((~np.isnan(self.values)).sum(axis=0), dtype=np.int64)

    @cached_property
    def mean(self) -> Floats:
        """The mean over the runs that have a value; NaN where none has; shape (m,)."""
        with np.errstate(all="ignore"):
            return np.asarray(np.nansum(self.values, axis=0) / np.where(self.n > 0, self.n, np.nan))

    @cached_property
    def std(self) -> Floats:
        """The sample standard deviation (n - 1 in the denominator); NaN where n < 2; shape (m,)."""
        with np.errstate(all="ignore"):
            squares = np.nansum((self.values - self.mean) ** 2, axis=0)
            found = np.sqrt(squares / np.where(self.n > 1, self.n - 1, np.nan))
        found[~np.isfinite(self.mean)] = np.nan
        return np.asarray(found)

    @cached_property
    def sem(self) -> Floats:
        """The standard error of the mean, std / sqrt(n); shape (m,)."""
        return np.asarray(self.std / np.sqrt(np.maximum(self.n, 1)))

    @cached_property
    def min(self) -> Floats:
        """The least value; NaN where there is none; shape (m,)."""
        with np.errstate(all="ignore"):
            return np.asarray(np.fmin.reduce(self.values, axis=0, initial=np.nan))

    @cached_property
    def max(self) -> Floats:
        """The greatest value; NaN where there is none; shape (m,)."""
        with np.errstate(all="ignore"):
            return np.asarray(np.fmax.reduce(self.values, axis=0, initial=np.nan))

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with the grid as its index: mean, std, sem, min, max, n, then a column for each run.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        pandas = load_pandas()
        columns: dict[str, Any] = {name: getattr(self, name) for name in ("mean", "std", "sem", "min", "max", "n")}
        columns |= {run: self.values[at] for at, run in enumerate(self.runs)}
        return pandas.DataFrame(columns, index=pandas.Index(self.x, name=self.axis))


def group_history(
    runs: Iterable[RecordedRun],
    metric: str,
    *,
    x: str = "step",
    grid: str | int | Sequence[float] | np.ndarray[Any, Any] | None = None,
    interpolate: bool = True,
) -> GroupHistory:
    """Return one metric of several runs on one grid; see `Group.history`.

    Raises:
        BadValueError: no run has the metric, or an argument that cannot be used.
    """
    found: list[tuple[str, History]] = []
    missing: list[str] = []
    why: BadValueError | None = None
    names: set[str] = set()
    for run in runs:
        try:
            found.append((run.id, run.history(metric, x=x)))
        except BadValueError as error:
            names.update(run.metrics)
            missing.append(run.id)
            # a run that has the metric tells what else is wrong
            why = error if why is None or metric in run.metrics else why
    if not found:
        raise why if why is not None and metric in names else BadValueError(unknown_metric(metric, names))
    curves = [_curve(history) for _, history in found]
    places = _grid([xs for xs, _ in curves], grid)
    values = np.empty((len(curves), len(places)))
    for row, (xs, ys) in zip(values, curves, strict=True):
        row[:] = at_places(xs, ys, places, interpolate=interpolate)
    axis = found[0][1].axis
    return GroupHistory(found[0][1].name, axis, places, values, tuple(id for id, _ in found), tuple(missing))


def at_places(xs: Values, ys: Floats, places: Values, *, interpolate: bool = True) -> Floats:
    """Return a curve's values at places: its own where a point stands, on a straight line between two, NaN outside.

    Args:
        xs: ascending, each once, shape (n,).
        ys: shape (n,); beside a NaN there is no line.
        places: shape (m,).
        interpolate: False leaves NaN between points.
    """
    found = np.full(len(places), np.nan)
    if not len(xs):
        return found
    at = np.searchsorted(xs, places)
    within = at < len(xs)
    near = np.minimum(at, len(xs) - 1)
    exact = within & (xs[near] == places)
    found[exact] = ys[near[exact]]
    if not interpolate:
        return found
    between = within & ~exact & (at > 0)
    high = at[between]
    low = high - 1
    x0, x1, x = (array.astype(np.float64) for array in (xs[low], xs[high], places[between]))
    y0, y1 = ys[low], ys[high]
    with np.errstate(all="ignore"):
        share = np.where(x1 > x0, (x - x0) / (x1 - x0), 0.0)
        rise = y1 - y0
        # where the difference of two large numbers is no float, their parts are
        found[between] = np.where(np.isinf(rise), y0 * (1 - share) + y1 * share, y0 + share * rise)
    return found


def _curve(history: History) -> tuple[Values, Floats]:
    """Return x and values of a history: x ascending and each once, the latest step's value where several share one."""
    xs, ys = history.x, history.values.astype(np.float64)  # noqa: PD011 - no data frame
    if xs.dtype.kind == "f":
        known = np.isfinite(xs)
        xs, ys = xs[known], ys[known]
    if xs.dtype == np.bool_:
        xs = xs.astype(np.int64)
    if len(xs) > 1 and not (xs[1:] > xs[:-1]).all():
        order = np.argsort(xs, kind="stable")
        xs, ys = xs[order], ys[order]
        last = np.append(xs[1:] != xs[:-1], [True])
        xs, ys = xs[last], ys[last]
    return xs, ys


def _grid(parts: Sequence[Values], grid: Any) -> Values:
    if grid is None or (isinstance(grid, str) and grid in ("union", "intersection")):
        if all(np.array_equal(part, parts[0]) for part in parts[1:]):
            return parts[0]
        if grid == "intersection":
            return np.asarray(reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), parts))
        places = np.unique(np.concatenate(parts))
        if len(places) * len(parts) > MOST_VALUES:
            raise BadValueError(
                f"the {len(parts)} runs have values at {len(places):,} different places: give grid=1000 for so many "
                "evenly spaced ones, or grid='intersection'"
            )
        return places
    if isinstance(grid, int) and not isinstance(grid, bool) and grid > 0:
        some = [part for part in parts if len(part)]
        if not some:
            return np.empty(0)
        low, high = min(float(part[0]) for part in some), max(float(part[-1]) for part in some)
        return np.unique(np.linspace(low, high, grid))
    return _given(grid)


def _given(grid: Any) -> Values:
    try:
        with warnings.catch_warnings():  # NumPy before 1.24 warns of lists of different lengths
            warnings.simplefilter("ignore")
            places = np.asarray(grid)
    except ValueError:
        places = np.empty((), object)
    if isinstance(grid, (str, int, float)) or places.ndim != 1 or places.dtype.kind not in "iuf":
        raise BadValueError(
            f"grid {grid!r:.80} cannot be used: take None, 'union', 'intersection', a number of places, or the places"
        )
    if not np.isfinite(places).all():
        raise BadValueError("grid holds NaN or an infinity: give finite places")
    return np.unique(places.astype(np.int64 if places.dtype.kind in "iu" else np.float64))
