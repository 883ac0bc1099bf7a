"""What sinks are given: each row and record of a run as one mapping that JSON can hold."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from ..journal.following import Entry
from ..journal.format import BOOL, INT
from ..json_values import json_safe

#: Records that concern the file alone, and are no news to anybody else.
INTERNAL: Final = frozenset({"checksum", "sync", "position"})


class Source(NamedTuple):
    """Whose rows and records they are.

    Attributes:
        run, project, name: the run's id, project, and name at this moment.
        rank, role, writer: of the journal.
    """

    run: str
    project: str
    name: str
    rank: int
    role: str
    writer: str


def message(source: Source, entry: Entry) -> dict[str, Any]:
    """Return what a sink is given for a row or a record; docs/sinks.md says what the keys mean."""
    head: dict[str, Any] = {"key": f"{source.writer}:{entry.seq}", "kind": "row", **source._asdict(), "seq": entry.seq}
    if entry.table is not None or entry.payload.get("k") == "row":
        step, time, values = row_of(entry)
        return {
            **head,
            "time": json_safe(time),
            "step": step,
            "values": {key: json_safe(value) for key, value in values},
        }
    fields = {str(key): json_safe(value) for key, value in entry.payload.items() if key not in ("k", "t")}
    return {**head, "kind": str(entry.payload["k"]), "time": json_safe(entry.payload.get("t")), "fields": fields}


def row_of(entry: Entry) -> tuple[Any, Any, Iterable[tuple[str, Any]]]:
    """Return step, time and (name, value) pairs of a row, whether it stands in a table or in a frame."""
    if entry.table is None:
        values = entry.payload.get("values")
        return (
            entry.payload.get("step"),
            entry.payload.get("t"),
            values.items() if isinstance(values, dict) else (),
        )
    types = entry.table.types
    step, *cells, time, _ = struct.unpack("<q" + types.replace(BOOL, INT) + "dq", entry.row)
    if BOOL in types:
        cells = [bool(cell) if kind == BOOL else cell for cell, kind in zip(cells, types, strict=True)]
    return step, time, zip(entry.table.names, cells, strict=True)


def line(message: Mapping[str, Any]) -> bytes:
    """Return a message as JSON in UTF-8, without a line break in it."""
    text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
