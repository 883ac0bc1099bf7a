"""Runs in groups: which values make them, how many runs each has, and the statistics of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .runs_column import Column, Floats, Ints
from .runs_query import Query
from .runs_table import RunsTable
from .runs_values import shown, token
from .runs_view import sorted_places


class Grouped(NamedTuple):
    """Rows in groups.

    Attributes:
        rows: those of a group beside one another, in their order within it.
        starts: where each group begins in `rows`.
        counts: how many rows each has.
        groups: of each of `rows`, the number of its group.
        columns: what they are grouped by.
    """

    rows: Ints
    starts: Ints
    counts: Ints
    groups: Ints
    columns: list[Column]

    @property
    def first(self) -> Ints:
        """The first row of each group."""
        return self.rows[self.starts]


def grouped(table: RunsTable, rows: Ints, names: Sequence[str]) -> Grouped:
    """Return rows in groups of equal values, in the order of these values."""
    columns = [_column(table, name) for name in names]
    codes = np.zeros(len(rows), np.int64)
    for column in columns:
        both = codes * (len(column.codes.values) or 1) + column.codes.codes[rows]
        codes = np.unique(both, return_inverse=True)[1].reshape(-1).astype(np.int64)
    order = np.argsort(codes, kind="stable")
    found = _made(rows[order], np.bincount(codes).astype(np.int64), columns)
    places = np.argsort(order[found.starts], kind="stable")  # as they first come
    for column in reversed(columns):
        values = column.order[found.first]
        unknown = np.isnan(values) & ~column.missing[found.first]
        places = places[np.argsort(unknown[places], kind="stable")]  # of what stands last, NaN behind nothing at all
        places = places[sorted_places(values[places], descending=False)]
    return picked(found, places)


def picked(found: Grouped, places: Ints) -> Grouped:
    """Return some of the groups, in the order of `places`."""
    starts, counts = found.starts[places], found.counts[places]
    pieces = [found.rows[start : start + count] for start, count in zip(starts, counts, strict=True)]
    return _made(np.concatenate(pieces) if pieces else np.zeros(0, np.int64), counts, found.columns)


def _made(rows: Ints, counts: Ints, columns: list[Column]) -> Grouped:
    starts = (np.cumsum(counts) - counts).astype(np.int64)
    return Grouped(rows, starts, counts, np.repeat(np.arange(len(counts)), counts), columns)


def sorted_groups(table: RunsTable, found: Grouped, query: Query) -> Grouped:
    """Return groups in the order of a query: by their values, by `count`, or by the mean of another column."""
    places = np.arange(len(found.counts))
    for name, descending in reversed(query.sort):
        if name == "count":
            order = found.counts.astype(np.float64)
        elif name in query.group:
            order = found.columns[query.group.index(name)].order[found.first]
        else:
            order = statistics(_column(table, name), found)["mean"]
        places = places[sorted_places(order[places], descending)]
    return picked(found, places) if query.sort else found


def statistics(column: Column, found: Grouped) -> dict[str, Floats]:
    """Return n, mean, std (of samples: n - 1), min and max of a column's numbers in each group; NaN for none.

    A truth value counts as 0 or 1; NaN does not count.
    """
    numbers, starts = column.numbers[found.rows], found.starts
    if not len(starts):
        return dict.fromkeys(("n", "mean", "std", "min", "max"), np.zeros(0))
    unknown = np.isnan(numbers)
    some = bool(unknown.any())
    n = np.add.reduceat(~unknown, starts, dtype=np.float64) if some else found.counts.astype(np.float64)
    with np.errstate(all="ignore"):
        least, most = np.fmin.reduceat(numbers, starts), np.fmax.reduceat(numbers, starts)
        exponent = _exponents(least, most)
        scaled = numbers if exponent is None else np.ldexp(numbers, -exponent[found.groups])
        scaled = np.where(unknown, 0.0, scaled) if some else scaled
        mean = np.add.reduceat(scaled, starts) / n
        apart = scaled - mean[found.groups]
        # what rounding left of the mean is added to it: of equal numbers it is that number
        left = np.where(np.isfinite(apart), apart, 0.0)
        mean = mean + np.add.reduceat(np.where(unknown, 0.0, left) if some else left, starts) / n
        apart = scaled - mean[found.groups]
        squares = np.where(unknown, 0.0, apart * apart) if some else apart * apart
        std = np.sqrt(np.add.reduceat(squares, starts) / (n - 1))
        std[n < 2] = np.nan
        if exponent is not None:
            mean, std = np.ldexp(mean, exponent), np.ldexp(std, exponent)
    return {"n": n, "mean": mean, "std": std, "min": least, "max": most}


def _exponents(least: Floats, most: Floats) -> Ints | None:
    """Return by which powers of two groups are scaled so that neither sums nor squares leave the floats; None for 0."""
    size = np.maximum(np.abs(least), np.abs(most))
    far = (size > 1e150) | ((size < 1e-140) & (size > 0))
    if not bool(far.any()):
        return None
    return np.where(np.isfinite(size), np.frexp(size)[1], 0).astype(np.int64)


def members(found: Grouped, within: Sequence[Any]) -> Ints:
    """Return the rows, in no order, of the groups whose first columns have these values, as the API gives them."""
    wanted = [token(value) for value in within]
    places = [
        place
        for place, row in enumerate(found.first.tolist())
        if all(token(shown(column.values[row])) == each for column, each in zip(found.columns, wanted, strict=False))
    ]
    return picked(found, np.array(places, np.int64)).rows


def group_records(table: RunsTable, found: Grouped, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return groups for JSON: values, count, states, and statistics of the columns that have numbers."""
    states = table.column("state")
    assert states is not None
    records: list[dict[str, Any]] = []
    for start, count, first in zip(found.starts.tolist(), found.counts.tolist(), found.first.tolist(), strict=True):
        inside = [states.values[row] for row in found.rows[start : start + count].tolist()]
        records.append(
            {
                "values": [shown(column.values[first]) for column in found.columns],
                "count": count,
                "states": {state: inside.count(state) for state in sorted(set(inside))},
                "stats": {},
            }
        )
    for name in names:
        column = table.column(name)
        if column is None or column.kind not in ("number", "time", "bool", "mixed"):
            continue
        parts = statistics(column, found)
        lists = [part.tolist() for part in parts.values()]
        for record, n, mean, std, least, most in zip(records, *lists, strict=True):
            if n:
                record["stats"][name] = {
                    "n": int(n), "mean": shown(mean), "std": None if n < 2 else shown(std),
                    "min": shown(least), "max": shown(most),
                }  # fmt: skip
    return records


def _column(table: RunsTable, name: str) -> Column:
    return table.column(name) or Column(name, [None] * len(table))
