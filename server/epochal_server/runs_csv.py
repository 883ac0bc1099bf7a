"""Runs as a CSV file: every run that a query means, with its columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import Any, Final

from .runs_column import Column, Ints
from .runs_table import TIMES, RunsTable
from .runs_values import shown

#: How many rows are written at once.
_ROWS: Final = 500


def picked(table: RunsTable, rows: Ints, names: Sequence[str]) -> list[list[Any]]:
    """Return the cells of some rows, column by column: what the table holds afterwards may change."""
    places = rows.tolist()
    columns = [table.column(name) or Column(name, [None] * len(table)) for name in names]
    return [_cells(column, places) for column in columns]


def csv_lines(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield the file in pieces: a line of names, then a line for each run (RFC 4180, UTF-8).

    Numbers are written so that they read back exactly, times in UTC, lists and mappings as JSON; what is missing is
    an empty cell.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(map(shown, names))
    lines = zip(*columns, strict=True)
    while piece := list(islice(lines, _ROWS)):
        writer.writerows(piece)
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _cells(column: Column, places: Sequence[int]) -> list[Any]:
    values = [column.values[place] for place in places]
    if column.exact and column.kind in ("text", "number"):
        return values  # as the writer writes them: floats with all their digits
    return [_cell(value, time=column.name in TIMES) for value in values]


def _cell(value: Any, *, time: bool) -> Any:
    if value is None:
        return ""
    if time and isinstance(value, float) and abs(value) < 1e11:
        return datetime.fromtimestamp(value, timezone.utc).isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(shown(value), ensure_ascii=False)
    return shown(value)
