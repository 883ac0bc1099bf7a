"""A table that a run has logged as a CSV file, to be saved: all its rows in the order that is asked for."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import StreamingResponse

from epochal.json_values import json_safe

from .detail_bytes import Served, disposition

if TYPE_CHECKING:
    from epochal.media.table_file import Column

#: How many rows are written at once.
_ROWS: Final = 500


def csv_answer(key: str, columns: Sequence[Column], order: Sequence[int], media: Any) -> StreamingResponse:
    """Return a table as a file to save.

    Args:
        key: the name under which it was logged.
        columns: the columns.
        order: places of its rows.
        media: what its cells refer to, as recorded; such a cell holds the SHA-256 of its file.
    """
    how = Served("text/csv; charset=utf-8", f"{key.rpartition('/')[2] or 'table'}.csv")
    headers = {"Content-Disposition": disposition(how), "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(csv_lines(columns, order, media), 200, headers, how.type)


def csv_lines(columns: Sequence[Column], order: Sequence[int], media: Any) -> Iterator[str]:
    """Yield the file in pieces: a line of names, then one for each row (RFC 4180); what is missing is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_text(column.name) for column in columns])
    for first in range(0, len(order), _ROWS):
        places = order[first : first + _ROWS]
        cells = [[_cell(column, at, media) for at in places] for column in columns]
        writer.writerows(zip(*cells, strict=True))
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()


def _cell(column: Column, at: int, media: Any) -> Any:
    value = column.cells[at]
    if value is None:
        return ""
    if column.type == "media":
        return _sha256(media[value]) if isinstance(media, list) and value in range(len(media)) else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return _text(json.dumps(json_safe(value), ensure_ascii=False))
    return _text(json_safe(value))


def _sha256(item: Any) -> str:
    file = item.get("file") if isinstance(item, Mapping) else None
    return str(file.get("sha256") or "") if isinstance(file, Mapping) else ""


def _text(value: Any) -> Any:
    """Return a value that UTF-8 can hold: halves of surrogate pairs are written out."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
