"""Runs in groups: the mean of each at every place, and a band that says how far its runs are apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from epochal.catalog_entry import Entry, flat
from epochal.errors import BadValueError
from epochal.group_history import MOST_VALUES, GroupHistory, group_history
from epochal.history import History
from epochal.journal.points import Floats
from epochal.json_values import float_word

from .curves_series import Series

#: What a band can show.
BANDS: Final = ("std", "sem", "minmax", "none")
#: Places of the grid on which runs meet that have too many different ones.
_PLACES: Final = 20_000
_FIELDS: Final = ("name", "id", "project", "state", "reason", "group", "job_type", "notes", "host", "ranks", "tags")


class Band(NamedTuple):
    """The mean of a group as a series, and what is drawn around it.

    Attributes:
        mean: its values are the means.
        low, high: the band's edges, on the same axis; None without a band.
        n: how many runs have a value at each place, float64.
        runs: how many runs the group has points of.
    """

    mean: Series
    low: Series | None
    high: Series | None
    n: Floats
    runs: int

    @property
    def nbytes(self) -> int:
        """What it holds, in bytes."""
        return self.n.nbytes + sum(series.nbytes for series in (self.mean, self.low, self.high) if series is not None)


def value_of(entry: Entry, column: str) -> Any:
    """Return what a run has in a column: a field, `config.<dotted name>` or `summary.<name>`; None where nothing.

    Raises:
        BadValueError: there is no such column.
    """
    source, _, name = column.partition(".")
    if source == "config" and name:
        config = entry.config
        return config[name] if name in config and not isinstance(config[name], dict) else flat(config).get(name)
    if source == "summary" and name:
        return entry.summary.get(name)
    if column not in _FIELDS:
        raise BadValueError(
            f"there is no column {column!r}: take {', '.join(_FIELDS)}, config.<name> or summary.<name>"
        )
    return getattr(entry, column)


def plain(value: Any) -> str | float | int | bool | None:
    """Return a column's value as one that JSON and a mapping can hold: lists, mappings and NaN as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return float_word(value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def band_of(members: Sequence[Series], band: str, x: str) -> Band:
    """Return the mean and the band of runs; worked out once as long as their series stay what they are.

    Args:
        members: a series of each run, at least one.
        band: one of `BANDS`. `std` and `sem` go that far to both sides of the mean, and are as narrow as nothing where
            only one run has a value.
        x: the axis.
    """
    first, *others = members
    found: Band = first.memo("group", (band, *others), lambda: _band(members, band, x))
    return found


class _Member:
    """A series as `group_history` asks for runs."""

    metrics = ("line",)

    def __init__(self, series: Series, number: int) -> None:
        self._series, self.id = series, str(number)

    def history(self, metric: str, *, x: str) -> History:
        series = self._series
        return History(metric, np.asarray(series.steps), series.values, series.times, x, np.asarray(series.x))


def _band(members: Sequence[Series], band: str, x: str) -> Band:
    runs: Any = [_Member(series, number) for number, series in enumerate(members)]
    places = sum(len(series) for series in members)
    first = np.asarray(members[0].x)
    same = all(np.array_equal(np.asarray(series.x), first) for series in members[1:])
    # where runs have no places in common, all of them are looked at before core refuses a grid that is too large
    most = MOST_VALUES * (1 if same else 4)
    coarse = min(_PLACES, MOST_VALUES // len(members))
    try:
        group = group_history(runs, "line", x=x, grid=coarse if places * (1 if same else len(members)) > most else None)
    except BadValueError:
        group = group_history(runs, "line", x=x, grid=coarse)
    low, high = _edges(group, band)
    return Band(
        _line(group, group.mean, x),
        None if low is None else _line(group, low, x),
        None if high is None else _line(group, high, x),
        group.n.astype(np.float64),
        len(members),
    )


def _edges(group: GroupHistory, band: str) -> tuple[Floats | None, Floats | None]:
    if band == "none":
        return None, None
    if band == "minmax":
        return group.min, group.max
    spread = group.std if band == "std" else group.sem
    spread = np.where(group.n < 2, 0.0, spread)
    with np.errstate(all="ignore"):
        return group.mean - spread, group.mean + spread


def _line(group: GroupHistory, values: Floats, x: str) -> Series:
    places = group.x
    if x == "step" and places.dtype.kind == "i":
        return Series(places, values, np.full(len(places), np.nan), places)
    return Series(np.arange(len(places)), values, np.full(len(places), np.nan), places)
