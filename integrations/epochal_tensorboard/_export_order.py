"""Everything that one journal holds in the order in which it was recorded, rows and records, in bounded memory."""

from __future__ import annotations

import heapq
import os
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from epochal.journal.format import BOOL, FLOAT, INT, ROWS, SEQ_BITS, SEQ_MASK, mark_tag
from epochal.journal.points import Columns, uniform
from epochal.journal.window import Window

if TYPE_CHECKING:
    from epochal.journal.format import BlockHeader
    from epochal.journal.points import Bools
    from epochal.journal.reader import Journal
    from epochal.journal.tables import Table

#: Bytes of a block's rows that are held at once.
_PIECE: Final = 1 << 14
_DOUBLE: Final = struct.Struct("<d")
_CELL: Final = struct.Struct("<q")
_INT64: Final = range(-(1 << 63), 1 << 63)


class Row(NamedTuple):
    """What one call of `log` recorded.

    Attributes:
        seq: its place.
        step, time: of it; the time in seconds since the epoch.
        names: the metrics.
        types: for each the letter of journal/format.py, or `t` for a text.
        cells: for each the eight bytes of its value as an int64, or the text.
        hidden: a later segment has abandoned it.
    """

    seq: int
    step: int
    time: float
    names: tuple[str, ...]
    types: str
    cells: tuple[Any, ...]
    hidden: bool


class Record(NamedTuple):
    """A record that is no row."""

    seq: int
    kind: str
    fields: dict[str, Any]


def in_order(journal: Journal, hidden: Callable[[Columns], Bools | None] = lambda _: None) -> Iterator[Row | Record]:
    """Yield the rows and records of a journal by seq.

    What several threads recorded at once comes nearly in order. Of a journal that still grows, what was there at the
    last look is given.

    Args:
        journal: as the last look found it.
        hidden: tells which rows are abandoned, from columns whose cells mean nothing.

    Raises:
        OSError: the file cannot be opened.
    """
    frames = sorted(journal.frames, key=lambda frame: frame.seq)
    fd = os.open(journal.path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        rows = _rows(journal, fd, hidden)
        row = next(rows, None)
        for frame in frames:
            while row is not None and row.seq < frame.seq:
                yield row
                row = next(rows, None)
            found = _of_frame(frame.seq, frame.payload, hidden)
            if found is not None:
                yield found
        if row is not None:
            yield row
            yield from rows
    finally:
        os.close(fd)


def _rows(journal: Journal, fd: int, hidden: Callable[[Columns], Bools | None]) -> Iterator[Row]:
    """Yield the rows of all blocks; a block is opened when its first row's turn has come."""
    tag = mark_tag(bytes.fromhex(journal.writer))
    heap: list[tuple[int, int, _Block, Iterator[Row] | None, Row | None]] = []
    for number, block in enumerate(journal.blocks):
        table = journal.tables.get(block.table) if block.kind == ROWS else None
        if table is not None:
            opened = _Block(fd, block, table, tag, journal.size, hidden)
            first = opened.first_seq()
            if first is not None:
                heap.append((first, number, opened, None, None))
    heapq.heapify(heap)
    while heap:
        _, number, opened, rows, row = heap[0]
        if rows is None:
            rows = iter(opened)
        elif row is not None:
            yield row
        row = next(rows, None)
        if row is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (row.seq, number, opened, rows, row))


class _Block:
    """The rows of one block."""

    def __init__(
        self, fd: int, block: BlockHeader, table: Table, tag: int, size: int,
        hidden: Callable[[Columns], Bools | None],
    ) -> None:  # fmt: skip
        self._window = Window(fd)
        self._table, self._tag, self._hidden = table, tag, hidden
        self._body, self._end = block.body, min(block.end, size)

    def first_seq(self) -> int | None:
        """Return the least seq of the first rows; None where there is no row at all."""
        return next((row.seq for row in self), None)

    def __iter__(self) -> Iterator[Row]:
        stride = self._table.stride
        step = max(1, _PIECE // stride) * stride
        for begin, end in self._window.data_ranges(self._body, self._end):
            at = self._body + (begin - self._body) // stride * stride
            while at < end:
                # Twice: a row can be caught half written, but once its mark is seen all of it is there.
                seen = self._words(at, step)[:, -1].copy()
                words = self._words(at, step)[: len(seen)]
                seen = seen[: len(words)]
                yield from self._sound(words[(seen >> SEQ_BITS) == self._tag])
                at += step

    def _words(self, at: int, step: int) -> np.ndarray:
        stride = self._table.stride
        self._window.forget()
        data = self._window.read(at, min(step, self._end - at))
        return np.frombuffer(data, np.int64, len(data) // stride * stride // 8).reshape(-1, stride // 8)

    def _sound(self, words: np.ndarray) -> Iterator[Row]:
        if not len(words):
            return
        seqs = words[:, -1] & SEQ_MASK
        if not (seqs[1:] > seqs[:-1]).all():
            order = np.argsort(seqs, kind="stable")
            words, seqs = words[order], seqs[order]
        times = words[:, -2].view(np.float64) if words.flags.c_contiguous else words[:, -2].copy().view(np.float64)
        gone = self._hidden(Columns(words[:, 0], times, seqs, seqs, uniform(INT, len(seqs))))
        marks = gone.tolist() if gone is not None else [False] * len(seqs)
        names, types = self._table.names, self._table.types
        cells = map(tuple, words[:, 1:-2].tolist())
        for seq, step, when, row, mark in zip(
            seqs.tolist(), words[:, 0].tolist(), times.tolist(), cells, marks, strict=True
        ):
            yield Row(seq, step, when, names, types, row, mark)


def _of_frame(seq: int, payload: dict[str, Any], hidden: Callable[[Columns], Bools | None]) -> Row | Record | None:
    kind = payload["k"]
    if kind != "row":
        return Record(seq, kind, payload)
    step, time, values = payload.get("step"), payload.get("t"), payload.get("values")
    if type(step) is not int or step not in _INT64 or not isinstance(values, dict):
        return None
    when = float(time) if isinstance(time, (int, float)) else 0.0
    found = [(name, *cell) for name, value in values.items() if isinstance(name, str) and (cell := _cell(value))]
    if not found:
        return None
    names, types, cells = zip(*found, strict=True)
    place = np.array([seq])
    gone = hidden(Columns(np.array([step]), np.array([when]), place, place, uniform(INT, 1)))
    return Row(seq, step, when, names, "".join(types), cells, gone is not None and bool(gone[0]))


def _cell(value: Any) -> tuple[str, Any] | None:
    """Return (letter, cell) of a value in a frame; None where it cannot be."""
    if isinstance(value, str):
        return "t", value
    if type(value) is bool:
        return BOOL, int(value)
    if type(value) is int and value in _INT64:
        return INT, value
    if type(value) not in (int, float):
        return None
    try:
        value = float(value)
    except OverflowError:
        value = float("inf") if value > 0 else float("-inf")
    return FLOAT, _CELL.unpack(_DOUBLE.pack(value))[0]
