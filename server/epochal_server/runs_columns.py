"""Which columns there are to choose from, and what each of them holds."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .runs_column import FEW, Column, Ints
from .runs_table import FIELDS, RunsTable
from .runs_values import shown
from .runs_view import sorted_places


class Described:
    """The columns of a table, described; what has not changed is not looked at again."""

    def __init__(self, table: RunsTable) -> None:
        self._table = table
        self._kept: dict[tuple[str | None, str], tuple[tuple[int, int], dict[str, Any]]] = {}

    def columns(self, project: str | None, rows: Ints) -> list[dict[str, Any]]:
        """Return what is to be said of each column that any of the rows has a value in, and of all fields.

        Args:
            project: whose runs the rows are.
            rows: of the table.
        """
        table = self._table
        if len(self._kept) > 20_000:
            self._kept.clear()
        found = [self._described(project, name, table.column(name), "field", rows) for name in FIELDS]
        spread = table.spread()
        names = sorted(spread, key=_place)
        found += [self._described(project, name, spread[name], name.partition(".")[0], rows) for name in names]
        return [each for each in found if each["count"] or each["source"] == "field"]

    def _described(
        self, project: str | None, name: str, column: Column | None, source: str, rows: Ints
    ) -> dict[str, Any]:
        assert column is not None
        state = column.stamp, self._table.membership
        kept = self._kept.get((project, name))
        if kept is None or kept[0] != state or name == "duration":
            kept = self._kept[project, name] = state, _described(column, source, rows)
        return kept[1]


def _place(name: str) -> tuple[Any, ...]:
    """Return where a column stands: settings before results, names as people sort them, layer 2 before layer 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return (
        not name.startswith("config."),
        [(part, 0) if at % 2 == 0 else ("", int(part)) for at, part in enumerate(parts)],
        name,
    )


def _described(column: Column, source: str, rows: Ints) -> dict[str, Any]:
    count = int((~column.missing[rows]).sum())
    found: dict[str, Any] = {"key": column.name, "source": source, "kind": column.kind, "count": count}
    if column.kind in ("number", "time") and column.exact_integers:
        numbers = column.numbers[rows]
        known = np.unique(numbers[~np.isnan(numbers)])
        if len(known):
            found |= {"min": _whole(known[0]), "max": _whole(known[-1])}
        distinct = len(known) + (count > int((~np.isnan(numbers)).sum()))  # NaN is a value too
        values = [_whole(number) for number in known[: FEW + 1]] + ["NaN"] * (distinct - len(known))
    else:
        codes = column.codes
        present = np.unique(codes.codes[rows]).tolist()
        few = [codes.values[code] for code in present if codes.values[code] is not None]
        distinct = len(few)
        listed = Column(column.name, few if distinct <= FEW else [])
        values = listed.at(sorted_places(listed.order, descending=False).tolist())
    found |= {"distinct": distinct, "differs": distinct > 1 or 0 < count < len(rows)}
    if 0 < distinct <= FEW:
        found["values"] = values
    return found


def _whole(number: float) -> Any:
    """Return a number for JSON, whole ones without a fraction."""
    number = float(number)
    return int(number) if number.is_integer() else shown(number)
