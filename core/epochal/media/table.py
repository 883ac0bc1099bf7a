"""`Table`: rows and columns; cells may be media too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..config_values import jsonlike
from ..errors import BadValueError
from ..redaction import redact, redact_text
from .item import Media, Piece, Remark
from .kinds import recorded_media
from .table_file import Column, column_type, decode_table, encode_table

_PLAIN = frozenset((int, float, bool, str, type(None)))


class Table(Media):
    """Rows and columns, with a caption. Cells are numbers, text, None, lists and mappings of these, and media."""

    kind: ClassVar[str] = "table"

    def __init__(self, data: Any, *, columns: Iterable[str] | None = None, caption: str | None = None) -> None:
        """Take a table; nothing is looked at before it is logged.

        Args:
            data: a DataFrame of pandas, a table of Arrow, a mapping of names to columns, a list of rows (each a list,
                tuple or mapping), or an array of shape (rows, columns).
            columns: the names of the columns, for rows and arrays; by default 0, 1, 2, …
            caption: a sentence to it.
        """
        super().__init__(data, caption=caption)
        self._names = columns

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        media: list[dict[str, Any]] = []
        columns = [_encoded(name, cells, media, remark) for name, cells in self._given()]
        rows = len(columns[0].cells) if columns else 0
        data, size = encode_table(columns, rows)
        fields = {
            "file": Piece("table", "json.gz", data),
            "rows": rows, "columns": [column.name for column in columns], "size": size,
        }  # fmt: skip
        return {**fields, "media": media} if media else fields

    @property
    def columns(self) -> list[str]:
        """The names of the columns.

        Raises:
            StorageError: its file is gone or was changed.
        """
        return [column.name for column in self._columns()]

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows; a cell of media is one of its class.

        Raises:
            StorageError: its file is gone or was changed.
        """
        return list(zip(*(column.cells for column in self._columns()), strict=True))

    def column(self, name: str) -> list[Any]:
        """Return the cells of a column.

        Raises:
            BadValueError: there is no such column.
            StorageError: its file is gone or was changed.
        """
        columns = self._columns()
        for column in columns:
            if column.name == name:
                return column.cells
        raise BadValueError(f"the table has no column {name!r}: it has {', '.join(each.name for each in columns)}")

    def _columns(self) -> list[Column]:
        if self._run is None:
            return [Column(name, "", list(cells)) for name, cells in self._given()]
        return [
            column._replace(cells=[self._cell(cell) for cell in column.cells]) if column.type == "media" else column
            for column in decode_table(self._read())
        ]

    def _cell(self, number: Any) -> Media | None:
        media = self._fields.get("media")
        if self._run is None or not isinstance(media, list) or type(number) is not int or not 0 <= number < len(media):
            return None
        return recorded_media(self._run, media[number])

    def _given(self) -> list[tuple[str, list[Any]]]:
        """Return the columns as they were given, by name.

        Raises:
            BadValueError: it is no table.
        """
        data, names = self._data, None if self._names is None else [str(name) for name in self._names]
        if hasattr(data, "iloc") and hasattr(data, "columns"):
            columns = _of_pandas(data)
        elif callable(getattr(data, "to_pydict", None)):
            columns = [(str(name), list(cells)) for name, cells in data.to_pydict().items()]
        elif isinstance(data, Mapping):
            columns = [(str(name), _listed(cells)) for name, cells in data.items()]
        else:
            columns = _of_rows(_listed(data), names)
        if names is not None and names != [name for name, _ in columns]:
            columns = _chosen(columns, names)
        lengths = {name: len(cells) for name, cells in columns}
        if len(set(lengths.values())) > 1:
            raise BadValueError(f"the columns of a table have different lengths: {_few(lengths)}")
        return columns


def _of_pandas(frame: Any) -> list[tuple[str, list[Any]]]:
    if frame.index.name is not None or type(frame.index).__name__ != "RangeIndex":
        frame = frame.reset_index()
    return [(str(name), _of_series(frame.iloc[:, at])) for at, name in enumerate(frame.columns)]


def _of_series(series: Any) -> list[Any]:
    """Return a column's cells, with None where one is missing; a column of floats keeps its NaN."""
    cells: list[Any] = series.tolist()
    if type(series.dtype).__module__.startswith("numpy") and series.dtype.kind in "biuf":
        return cells
    return [None if missing else cell for cell, missing in zip(cells, series.isna().tolist(), strict=True)]


def _of_rows(rows: list[Any], names: list[str] | None) -> list[tuple[str, list[Any]]]:
    if rows and all(isinstance(row, Mapping) for row in rows):
        found = dict.fromkeys(str(name) for row in rows for name in row)
        texts = [{str(name): cell for name, cell in row.items()} for row in rows]
        return [(name, [row.get(name) for row in texts]) for name in (names or found)]
    width = len(names) if names is not None else len(_listed(rows[0])) if rows else 0
    listed = [_listed(row) for row in rows]
    wrong = next((at for at, row in enumerate(listed) if len(row) != width), None)
    if wrong is not None:
        raise BadValueError(f"row {wrong} of the table has {len(listed[wrong])} cells where there are {width} columns")
    return [(name, [row[at] for row in listed]) for at, name in enumerate(names or map(str, range(width)))]


def _chosen(columns: list[tuple[str, list[Any]]], names: list[str]) -> list[tuple[str, list[Any]]]:
    known = dict(columns)
    missing = [name for name in names if name not in known]
    if missing:
        raise BadValueError(f"the table has no column {missing[0]!r}: it has {_few(known)}")
    return [(name, known[name]) for name in names]


def _listed(values: Any) -> list[Any]:
    if hasattr(values, "detach") or (hasattr(values, "__array__") and not hasattr(values, "tolist")):
        from .arrays import numbers

        values = numbers(values, "a table")
    if callable(getattr(values, "tolist", None)):
        values = values.tolist()
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        kind = type(values).__qualname__
        raise BadValueError(f"a Table takes a DataFrame, a mapping of names to columns, or rows, not a {kind}")
    return list(values)


def _encoded(name: str, cells: Sequence[Any], media: list[dict[str, Any]], remark: Remark) -> Column:
    if any(isinstance(cell, Media) for cell in cells):
        return Column(name, "media", [_media_cell(name, cell, media, remark) for cell in cells])
    plain = list(cells) if set(map(type, cells)) <= _PLAIN else [_plain(cell) for cell in cells]
    kind = column_type(plain)
    if kind == "text":
        plain = [cell if cell is None else _text(cell) for cell in plain]
    elif kind == "json":
        plain = redact(plain)
    return Column(name, kind, plain)


def _media_cell(name: str, cell: Any, media: list[dict[str, Any]], remark: Remark) -> int | None:
    if not isinstance(cell, Media) or isinstance(cell, Table):
        if cell is not None:
            remark(f"a {type(cell).__qualname__} in column {name!r}, which holds media, was left out")
        return None
    try:
        media.append(cell.describe(remark))
    except Exception as error:  # whatever a foreign picture raises costs this cell
        remark(f"a cell of column {name!r} was left out: {error}")
        return None
    return len(media) - 1


def _plain(cell: Any) -> Any:
    if type(cell) in _PLAIN:
        return cell
    if type(cell).__name__ in ("NaTType", "NAType"):
        return None
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat())
    if hasattr(cell, "item") and getattr(cell, "size", 0) == 1:
        cell = cell.item()
    return cell if type(cell) in _PLAIN else jsonlike(cell)


def _text(cell: str) -> str:
    # the shapes of secrets are all longer than that
    return redact_text(cell) if len(cell) >= 8 else cell


def _few(names: Mapping[str, Any]) -> str:
    shown = ", ".join(f"{name} {value}" if isinstance(value, int) else name for name, value in list(names.items())[:10])
    return shown + (", …" if len(names) > 10 else "")
