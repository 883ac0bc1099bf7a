"""A small writer of journals, made of format.py's primitives alone: deterministic, and independent of the real one."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from epochal.journal import format as layout
from epochal.records import encode

T0 = 1_700_000_000.0
LETTERS = {float: "d", int: "q", bool: "b"}


class Place(NamedTuple):
    """Where something stands in the file."""

    offset: int
    length: int


class _Rows:
    def __init__(self, table: int, names: tuple[str, ...], types: str, offset: int, capacity: int, body: int) -> None:
        self.table, self.names, self.types = table, names, types
        self.offset, self.capacity, self.next = offset, capacity, body
        self.stride = 8 * (len(names) + 3)


class Maker:
    """Builds one journal in memory.

    Attributes:
        rows: (seq, step, time, values) of every row that was committed, in tables and in frames.
        places: of every row in a table, by seq.
        frames: of every frame, by seq.
        headers: of every block's header with its declaration.
    """

    def __init__(self, role: str = "main", rank: int = 0, ordinal: int = 1, *, writer: bytes | None = None) -> None:
        self.writer = writer or bytes(range(7 * ordinal + 31 * rank, 7 * ordinal + 31 * rank + 16))
        self.role, self.rank, self.ordinal = role, rank, ordinal
        self.data = bytearray(layout.pack_file_header(self.writer, T0))
        self.end = len(self.data)
        self.seq = 0
        self.rows: list[tuple[int, int, float, dict[str, Any]]] = []
        self.places: dict[int, Place] = {}
        self.frames: dict[int, Place] = {}
        self.headers: list[Place] = []
        self._tables: dict[tuple[tuple[str, ...], str], _Rows] = {}
        self._ids: dict[tuple[tuple[str, ...], str], int] = {}
        self._record_at = self._record_end = 0

    @property
    def hex(self) -> str:
        return self.writer.hex()

    def opening(self, *, time: float = T0, **fields: Any) -> int:
        """Write the first frame."""
        given = {
            "run": "run1", "project": "digits", "role": self.role, "rank": self.rank, "world": None,
            "ordinal": self.ordinal, "parent": None, "host": "box", "boot": "no such boot", "pidns": None,
            "pid": 1, "pid_start": 1, "lock": None, "software": "journal_maker",
        }  # fmt: skip
        return self.record("open", time=time, **{**given, **fields})

    def claim(self, size: int) -> int:
        """Take a range of the file; nothing is written in it."""
        at, self.end = self.end, self.end + layout.aligned(size)
        return at

    def write(self, at: int, data: bytes) -> None:
        if len(self.data) < at + len(data):
            self.data += bytes(at + len(data) - len(self.data))
        self.data[at : at + len(data)] = data

    def block(self, kind: int, capacity: int, *, table: int = 0, stride: int = 0, declaration: bytes = b"") -> int:
        """Begin a block and return where its rows or frames start."""
        body = layout.aligned(layout.BLOCK_HEADER.size + len(declaration))
        at = self.claim(max(capacity, body))
        header = layout.pack_block_header(
            self.writer, at, kind=kind, table=table, stride=stride,
            capacity=layout.aligned(max(capacity, body)), declaration=declaration,
        )  # fmt: skip
        self.write(at, header)
        self.headers.append(Place(at, layout.BLOCK_HEADER.size + len(declaration)))
        return at + body

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def record(self, kind: str, /, *, time: float | None = None, **fields: Any) -> int:
        """Write a frame and return its seq."""
        seq = self.next_seq()
        stamp = {} if kind == "checksum" else {"t": T0 + seq if time is None else time}
        return self.frame(encode({"k": kind, **stamp, **fields}), seq)

    def frame(self, payload: bytes, seq: int | None = None) -> int:
        """Write a frame with any payload."""
        seq = self.next_seq() if seq is None else seq
        size = layout.frame_size(len(payload))
        if self._record_at + size > self._record_end:
            capacity = max(512, layout.aligned(layout.BLOCK_HEADER.size + size))
            self._record_at = self.block(layout.RECORDS, capacity)
            self._record_end = self.end
        self.write(self._record_at, layout.pack_frame(self.writer, self._record_at, seq, payload))
        self.frames[seq] = Place(self._record_at, layout.FRAME_HEADER.size + len(payload))
        self._record_at += size
        return seq

    def frame_row(self, step: int, values: Mapping[str, Any], *, time: float | None = None) -> int:
        """Write a row as a frame."""
        seq = self.next_seq()
        time = T0 + seq if time is None else time
        self.rows.append((seq, step, time, dict(values)))
        return self.frame(encode({"k": "row", "t": time, "step": step, "values": dict(values)}), seq)

    def row(self, step: int, values: Mapping[str, Any], *, time: float | None = None, slots: int = 8) -> int:
        """Write a row into its table, which has blocks of so many slots."""
        seq = self.next_seq()
        time = T0 + seq if time is None else time
        self.rows.append((seq, step, time, dict(values)))
        place = self.slot(values, slots=slots)
        types = "".join(LETTERS[type(value)] for value in values.values())
        mark = layout.mark_tag(self.writer) << layout.SEQ_BITS | seq
        cells = struct.pack("<q" + types.replace("b", "q") + "dq", step, *values.values(), time, mark)
        self.write(place.offset, cells)
        self.places[seq] = place
        return seq

    def slot(self, values: Mapping[str, Any], *, slots: int = 8) -> Place:
        """Take the next slot of a table and leave it empty."""
        key = tuple(values), "".join(LETTERS[type(value)] for value in values.values())
        rows = self._tables.get(key)
        if rows is None or rows.next + rows.stride > rows.offset + rows.capacity:
            declaration = encode({"names": list(key[0]), "types": key[1]})
            stride = 8 * (len(values) + 3)
            table = self._ids.setdefault(key, len(self._ids) + 1)
            start = self.end
            size = layout.aligned(layout.BLOCK_HEADER.size + len(declaration)) + slots * stride
            body = self.block(layout.ROWS, size, table=table, stride=stride, declaration=declaration)
            rows = self._tables[key] = _Rows(table, *key, start, self.end - start, body)
        at, rows.next = rows.next, rows.next + rows.stride
        return Place(at, rows.stride)

    def checksums(self) -> list[dict[str, Any]]:
        """Return the fields of a `checksum` record for each block, over all that has been written in it."""
        found = []
        for key, place in ((None, place) for place in self.headers):
            header = layout.unpack_block_header(bytes(self.data[place.offset :]), place.offset, self.writer)
            assert header is not None, key
            inside = [
                one for one in (*self.places.values(), *self.frames.values()) if header.body <= one.offset < header.end
            ]
            if inside:
                last = max(inside)
                stop = last.offset + (header.stride or last.length)
                data = bytes(self.data[header.body : stop])
                rows = len(data) // header.stride if header.stride else len(data)
                found.append({"writer": self.hex, "block": header.offset, "rows": rows, "crc": zlib.crc32(data)})
        return found

    def points(self, metric: str) -> list[tuple[int, int, float, Any]]:
        """Return (seq, step, time, value) of every number of a metric, in the order of seq."""
        found = [(seq, step, time, values[metric]) for seq, step, time, values in self.rows if metric in values]
        return [point for point in found if not isinstance(point[3], str)]

    def save(self, folder: Path) -> Path:
        """Write the file into a run's folder and return its path."""
        (folder / "journal").mkdir(parents=True, exist_ok=True)
        path = folder / "journal" / f"{self.role}-{self.rank}-{self.ordinal}-{self.hex[:8]}.epochal"
        path.write_bytes(self.data)
        return path


def loop(maker: Maker, steps: Sequence[int], **values: float) -> None:
    """Log the same metrics at each step."""
    for step in steps:
        maker.row(step, {name: value + step for name, value in values.items()})
