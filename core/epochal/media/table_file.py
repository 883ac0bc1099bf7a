"""The file of a table: gzip over JSON, column by column, with a type for each column."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from ..errors import BadValueError
from ..json_values import NOT_FINITE, float_word

#: What a table's JSON may have at most, in bytes.
MOST_BYTES: Final = 1 << 30
#: Measured on tables of floats and text: level 1 takes a seventh of the time of level 6, and 6 % more room.
_LEVEL: Final = 1


class Column(NamedTuple):
    """One column.

    Attributes:
        name: its heading.
        type: int, float, bool, text, media (cells are numbers of the record's media) or json (anything else, mixed).
        cells: plain values, None where there is none.
    """

    name: str
    type: str
    cells: list[Any]


def column_type(cells: Sequence[Any]) -> str:
    """Return the type of a column of plain cells."""
    kinds = set(map(type, cells)) - {type(None)}
    if len(kinds) == 1:
        return {int: "int", float: "float", bool: "bool", str: "text"}.get(kinds.pop(), "json")
    return "float" if kinds == {int, float} else "json"


def encode_table(columns: Sequence[Column], rows: int) -> tuple[bytes, int]:
    """Return (the file's bytes, how many bytes its JSON has).

    Raises:
        BadValueError: it is too large.
    """
    made = {
        "columns": [{"name": column.name, "type": column.type} for column in columns],
        "rows": rows,
        "data": [_written(column) for column in columns],
    }
    try:
        data = msgspec.json.encode(made)  # a tenth of the time of json.dumps
    except (OverflowError, UnicodeEncodeError):  # integers beyond 64 bits, half a pair of UTF-16
        data = json.dumps(made, separators=(",", ":"), allow_nan=False).encode()
    if len(data) > MOST_BYTES:
        raise BadValueError(f"a table of {len(data):,} bytes is too large: log fewer rows, or save it as a file")
    return gzip.compress(data, _LEVEL, mtime=0), len(data)


def decode_table(data: bytes) -> list[Column]:
    """Return the columns of a table's file.

    Raises:
        BadValueError: it is no such file.
    """
    try:
        stream = zlib.decompressobj(31)
        raw = stream.decompress(data, MOST_BYTES)
        if not stream.eof:
            raise ValueError("it is cut, or too large")
        found = json.loads(raw)
        heads, cells = found["columns"], found["data"]
        columns = [
            Column(str(head["name"]), str(head["type"]), list(each)) for head, each in zip(heads, cells, strict=True)
        ]
        if any(len(column.cells) != found["rows"] for column in columns):
            raise ValueError("its columns are not of one length")
    except (zlib.error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadValueError(f"a damaged table: {error!r}") from error
    return [_read(column) for column in columns]


def _written(column: Column) -> list[Any]:
    if column.type == "float" and None not in column.cells and all(map(math.isfinite, column.cells)):
        return column.cells
    if column.type in ("float", "json"):
        return [_finite(cell) for cell in column.cells]
    return column.cells


def _finite(cell: Any) -> Any:
    """Return a cell with NaN and infinities, which JSON has not, as words."""
    if type(cell) is float and not math.isfinite(cell):
        return float_word(cell)
    if isinstance(cell, dict):
        return {name: _finite(each) for name, each in cell.items()}
    return [_finite(each) for each in cell] if isinstance(cell, list) else cell


def _read(column: Column) -> Column:
    if column.type != "float":
        return column
    return column._replace(cells=[_number(cell) for cell in column.cells])


def _number(cell: Any) -> float | None:
    if cell is None or type(cell) is float:
        return cell
    if isinstance(cell, str):
        return NOT_FINITE.get(cell)
    return float(cell) if isinstance(cell, (int, float)) else None
