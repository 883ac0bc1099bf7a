"""Tables that a run has logged, page by page and sorted; what was read last is kept, since pages follow one another."""

from __future__ import annotations

import json
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from epochal.errors import BadValueError
from epochal.media import Table
from epochal.media.table_file import Column, decode_table

from .detail_blobs import Blob, blob_of, open_blob, read_blob
from .detail_media import item, logged, media_inputs
from .detail_open import Asked, Later, json_answer
from .detail_table_csv import csv_answer
from .inputs import refused
from .problems import Problem, not_found

if TYPE_CHECKING:
    from epochal.media import LoggedMedia, Media
    from epochal.recorded import RecordedRun

#: A table is not read when its file, or the JSON in it, is larger, in bytes.
_LARGEST_FILE: Final = 128 << 20
_LARGEST_JSON: Final = 256 << 20
#: Cells of the tables that are kept.
_KEPT_CELLS: Final = 4_000_000
_STEPS: Final = {"least": -(1 << 63), "most": (1 << 63) - 1}


class _Page(NamedTuple):
    offset: int
    limit: int
    sort: str | None
    descending: bool


class Tables:
    """Reads tables, and keeps the last ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, list[Column]] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Later:
        """Answer with rows: `…/table?key=&step=&index=&rank=&abandoned=&sort=&descending=&offset=&limit=&format=`."""
        inputs = asked.inputs
        key, rank, abandoned = media_inputs(inputs)
        step = inputs.whole("step", **_STEPS) if "step" in inputs else None
        index = inputs.whole("index", 0, least=0, most=10_000)
        offset = inputs.whole("offset", 0, least=0, most=1 << 40)
        limit = inputs.whole("limit", 100, least=1, most=5000)
        sort, descending = inputs.text("sort"), inputs.flag("descending")
        as_csv = inputs.choice("format", ("json", "csv"), "json") == "csv"
        inputs.done()
        entries = [
            (entry, entry.items[index])
            for entry in logged(asked.run, key, rank=rank, abandoned=abandoned)
            if step in {None, entry.step} and index < len(entry.items) and isinstance(entry.items[index], Table)
        ]
        if not entries:
            raise not_found(f"no table stands under {key!r} at this step")
        entry, media = entries[-1]
        page = _Page(offset, limit, sort, descending)
        if as_csv:
            return lambda: csv_answer(key, *self._whole(asked, media, page), media.fields.get("media"))
        return lambda: json_answer({"key": key, **self._rows(asked, entry, media, page)})

    def _whole(self, asked: Asked, media: Media, page: _Page) -> tuple[list[Column], Sequence[int]]:
        """Return the columns of a table, and its rows in the order that is asked for."""
        blob = blob_of("table", "", media.fields.get("file"))
        if blob is None:
            raise Problem(409, "damaged", detail="the record of the table's file is damaged")
        columns = self._columns(asked.run, blob)
        return columns, _order(columns, page.sort, descending=page.descending)

    def _rows(self, asked: Asked, entry: LoggedMedia, media: Media, page: _Page) -> dict[str, Any]:
        columns, order = self._whole(asked, media, page)
        shown = order[page.offset : page.offset + page.limit]
        files: dict[int, int] = {}
        data = [_cells(column, shown, files) for column in columns]
        return {
            "step": entry.step, "time": entry.time, "rank": entry.rank, "caption": media.caption,
            "columns": [{"name": column.name, "type": column.type} for column in columns],
            "rows": len(order), "offset": page.offset, "data": data, "media": _media(asked, media.fields, files),
        }  # fmt: skip

    def _columns(self, run: RecordedRun, blob: Blob) -> list[Column]:
        with self._lock:
            found = self._kept.get(blob.sha256)
            if found is not None:
                self._kept.move_to_end(blob.sha256)
        if found is not None:
            open_blob(run, blob).close()  # by its hash it is the same table, but its file must be in this run still
            return found
        found = _decoded(read_blob(run, blob, _LARGEST_FILE))
        with self._lock:
            self._kept[blob.sha256] = found
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > _KEPT_CELLS:
                self._kept.popitem(last=False)
        return found


def _size(columns: list[Column]) -> int:
    return sum(len(column.cells) for column in columns)


def _decoded(data: bytes) -> list[Column]:
    """Return a table's columns; one that would fill the memory is looked at no further.

    Raises:
        Problem: it is too large, or no table.
    """
    stream, size, left = zlib.decompressobj(31), 0, data
    try:
        while left and not stream.eof:
            size += len(stream.decompress(left, 1 << 20))
            left = stream.unconsumed_tail
            if size > _LARGEST_JSON:
                raise Problem(413, "too large to show", detail="the table is too large for a page: export it instead")
        return decode_table(data)
    except (zlib.error, BadValueError) as error:
        raise Problem(409, "damaged", detail=f"the table's file is damaged: {error}") from None


def _order(columns: list[Column], sort: str | None, *, descending: bool) -> Sequence[int]:
    """Return the places of the rows in the order that is asked for; rows without a value stand last in any case."""
    rows = len(columns[0].cells) if columns else 0
    if sort is None:
        return range(rows)
    cells = next((column.cells for column in columns if column.name == sort), None)
    if cells is None:
        raise refused("sort", f"is no column of this table: {sort!r}")
    present = [at for at in range(rows) if cells[at] is not None and cells[at] == cells[at]]
    absent = [at for at in range(rows) if cells[at] is None or cells[at] != cells[at]]
    return sorted(present, key=lambda at: _sortable(cells[at]), reverse=descending) + absent


def _sortable(cell: Any) -> tuple[int, Any]:
    if isinstance(cell, (int, float)):
        return 0, cell
    return (1, cell.casefold()) if isinstance(cell, str) else (2, json.dumps(cell, sort_keys=True))


def _cells(column: Column, shown: Sequence[int], files: dict[int, int]) -> list[Any]:
    """Return the cells of some rows; those of media as places among `files`, which gains what is new."""
    cells = [column.cells[at] for at in shown]
    if column.type != "media":
        return cells
    return [files.setdefault(cell, len(files)) if type(cell) is int else None for cell in cells]


def _media(asked: Asked, fields: Mapping[str, Any], files: Mapping[int, int]) -> list[dict[str, Any]]:
    """Return the items that cells refer to."""
    listed = fields.get("media")
    items = [listed[at] if isinstance(listed, list) and 0 <= at < len(listed) else None for at in files]
    return [item(asked, each if isinstance(each, Mapping) else {"kind": "unknown"}) for each in items]
