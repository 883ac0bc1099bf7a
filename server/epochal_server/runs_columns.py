"""Which columns there are to choose from, and what each of them holds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

import numpy as np

from .runs_column import FEW, Column, Ints
from .runs_table import FIELDS, RunsTable
from .runs_values import shown
from .runs_view import sorted_places

#: The table is held for about so long at a time, and then given to others for so long, in seconds: a lock that is taken
#: again at once is got by nobody else.
_HELD_S: Final = 0.01
_GIVEN_S: Final = 0.0005
#: So often the description begins anew where the table has changed under it.
_TRIES: Final = 3


class Described:
    """The columns of a table, described; what has not changed is not looked at again."""

    def __init__(self, table: RunsTable) -> None:
        self._table = table
        self._kept: dict[tuple[str | None, str], tuple[tuple[int, int], dict[str, Any]]] = {}

    def columns(
        self, project: str | None, rows: Callable[[], Ints], lock: AbstractContextManager[Any]
    ) -> list[dict[str, Any]]:
        """Return what is to be said of each column that any of the rows has a value in, and of all fields.

        Args:
            project: whose runs the rows are.
            rows: gives those of the table; called with the lock held.
            lock: keeps the table as it is. It is given back every now and then, for those who ask for less.
        """
        for _ in range(_TRIES):
            with lock:
                stamp = self._table.stamp
                if len(self._kept) > 20_000:
                    self._kept.clear()
                pieces = self._pieces(project, rows())
            found = self._together(pieces, stamp, lock)
            if found is not None:
                return _told(found)
        with lock:  # there is always something new: what has been described before is not described again
            return _told(list(self._pieces(project, rows())))

    def _together(
        self, pieces: Iterator[dict[str, Any]], stamp: int, lock: AbstractContextManager[Any]
    ) -> list[dict[str, Any]] | None:
        """Return what the pieces say, None where the table has changed in between."""
        found: list[dict[str, Any]] = []
        while True:
            end = time.monotonic() + _HELD_S
            with lock:
                if self._table.stamp != stamp:
                    return None
                for piece in pieces:
                    found.append(piece)
                    if time.monotonic() > end:
                        break
                else:
                    return found
            time.sleep(_GIVEN_S)

    def _pieces(self, project: str | None, rows: Ints) -> Iterator[dict[str, Any]]:
        table = self._table
        for name in FIELDS:
            yield self._described(project, name, table.column(name), "field", rows)
        spread = table.spread()
        for name in sorted(spread, key=_place):
            yield self._described(project, name, spread[name], name.partition(".")[0], rows)

    def _described(
        self, project: str | None, name: str, column: Column | None, source: str, rows: Ints
    ) -> dict[str, Any]:
        assert column is not None
        state = column.stamp, self._table.membership
        kept = self._kept.get((project, name))
        if kept is None or kept[0] != state or name == "duration":
            kept = self._kept[project, name] = state, _described(column, source, rows)
        return kept[1]


def _told(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for each in found if each["count"] or each["source"] == "field"]


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
