"""The writer of one journal: rows and frames, each with one `pwrite`, without a lock on any path."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..forks import process_byte
from ..layout import journal_name
from ..records import encode
from . import format as layout
from .claims import Claims
from .storage import Storage

if TYPE_CHECKING:
    import numpy as np

Key = tuple[Any, ...]

_SMALLEST: Final = 1 << 10
_LARGEST_RECORDS: Final = 1 << 16
#: A key set goes into frames until it is seen for the third time.
_SIGHTINGS: Final = 2
#: Names and types remembered of key sets that have no table yet, and of those that have one.
_SIGHTED_CELLS: Final = 200_000
_TABLE_CELLS: Final = 2_000_000
#: Where a column's values are packed: exact Python types only, others are converted first.
_LETTERS: Final[dict[type, str]] = {float: layout.FLOAT, int: layout.INT, bool: layout.BOOL}
#: A row is looked at for vanished files and storage that refused at most this often, in seconds.
CHECK_S: Final = 5.0

_HEADER: Final = layout.BLOCK_HEADER.size


class Table:
    """One set of names with their types, and where its next row goes.

    `slots` is replaced as a whole: (next slot, end of the block). Whoever reads it sees one block or the next.
    """

    __slots__ = ("declaration", "id", "pack", "size", "slots", "stride")

    def __init__(self, id: int, names: tuple[str, ...], types: str) -> None:
        row = struct.Struct("<q" + types.replace(layout.BOOL, layout.INT) + "dq")
        self.id = id
        self.pack: Callable[..., bytes] = row.pack
        self.stride = row.size
        self.declaration = encode({"names": names, "types": types})
        self.size = _SMALLEST
        self.slots: tuple[Callable[[], int], int] = (lambda: 0, 0)

    def next_capacity(self) -> int:
        """Return the size of the next block, in bytes: twice the last one, at least eight rows, at most about 1 MiB."""
        body = layout.aligned(_HEADER + len(self.declaration))
        least = body + max(
            layout.LEAST_ROWS * self.stride, min(4 * body, layout.LARGEST_BLOCK) if body > _SMALLEST else 0
        )
        capacity = layout.aligned(max(self.size, least))
        self.size = min(2 * capacity, layout.LARGEST_BLOCK)
        return capacity


class _RecordBlock(NamedTuple):
    claims: Claims
    end: int
    capacity: int


class JournalWriter:
    """Writes one journal of one process.

    Guarantees: what `row`, `record` or `extend` returned from while the storage was healthy is in the page cache, so
    that no death of a process can lose it. Any thread, signal handler or re-entrant call may write at any time; every
    seq is used once. Nothing raises OSError: see `Storage`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        role: str,
        rank: int,
        ordinal: int,
        clock: Callable[[], float],
        report: Callable[[str, str], None],
    ) -> None:
        """Create `folder/journal/<name>`; the caller's first record is the `open` frame.

        Raises:
            OSError: the file cannot be created.
        """
        self.id = os.urandom(16)
        self.role, self.rank, self.ordinal = role, rank, ordinal
        self.clock = clock
        self.path = os.fspath(folder / "journal" / journal_name(role, rank, ordinal, self.id))
        self.storage = Storage(self.path, report)
        #: Item 0 is true in the process that opened this writer until it is closed, and nowhere else.
        self.here: Any = process_byte()
        #: Stays the same while the program leaves it alone: `Storage` moves other files under the number.
        self.fd = self.storage.fd
        self.tables: dict[Key, Table] = {}
        #: When `check` is due, on the run's clock.
        self.check_at = clock() + CHECK_S
        self._report = report
        self._space = Claims(layout.ALIGNMENT)
        self._marks = count((layout.mark_tag(self.id) << layout.SEQ_BITS) + 1)
        #: The next commit mark: the writer's tag above, the seq below.
        self.next_mark: Callable[[], int] = self._marks.__next__
        self._table_ids = count(1)
        self._sighted: dict[Key, int] = {}
        self._sighted_cells = self._table_cells = 0
        self._record_block = _RecordBlock(Claims(0), 0, _SMALLEST // 2)
        self.storage.write(layout.pack_file_header(self.id, clock()), 0)

    @property
    def hex(self) -> str:
        """The writer id as text."""
        return self.id.hex()

    @property
    def last_seq(self) -> int:
        """The greatest seq that has been handed out."""
        # itertools.count offers no other way to look at it without taking a number
        return (int(repr(self._marks)[6:-1]) & layout.SEQ_MASK) - 1

    def table(self, key: Key) -> Table | None:
        """Return the table of a key (names, then exact types), or None while a frame is to be written instead."""
        table = self.tables.get(key)
        if table is not None:
            return table
        half = len(key) // 2
        letters = "".join(_LETTERS.get(kind, " ") for kind in key[half:])
        if not half or " " in letters or self._table_cells > _TABLE_CELLS:
            return None
        seen = self._sighted.get(key, 0)
        if seen < _SIGHTINGS:
            if self._sighted_cells > _SIGHTED_CELLS:
                self._sighted.clear()
                self._sighted_cells = 0
            self._sighted[key] = seen + 1
            self._sighted_cells += len(key)
            return None
        self._sighted.pop(key, None)
        self._table_cells += len(key)
        return self.tables.setdefault(key, Table(next(self._table_ids), key[:half], letters))

    def column_table(self, names: tuple[str, ...], types: tuple[type, ...]) -> Table:
        """Return the table of columns of float, int and bool, made anew where there is none."""
        key = (*names, *types)
        letters = "".join(_LETTERS[kind] for kind in types)
        return self.tables.get(key) or self.tables.setdefault(key, Table(next(self._table_ids), names, letters))

    def grow(self, table: Table) -> int:
        """Begin a new block for a table and return its first slot; -1 while storage refuses.

        Of threads that get here at once each begins a block: the last one is filled, the others keep one row.
        """
        if not self.storage.accepts:
            return -1
        self.check_at = 0.0  # a new block is an occasion to look whether the file is still there
        capacity = table.next_capacity()
        body, rows = self.begin_rows(table, capacity)
        slot = count(body, table.stride).__next__
        first = slot()
        table.slots = (slot, body + rows * table.stride)
        return first

    def row(self, values: Mapping[str, Any], step: int, time: float, mark: int | None = None) -> None:
        """Write one row of plain values (float, int within 64 bits, bool, text), as a table row or a frame.

        Args:
            values: name to value.
            step: within 64 bits.
            time: seconds since the epoch.
            mark: one that was taken already and must be used up.
        """
        key = (*values, *map(type, values.values()))
        table = self.table(key)
        if mark is None:
            mark = self.next_mark()
        if table is None:
            self._frame({"k": "row", "t": time, "step": step, "values": dict(values)}, mark & layout.SEQ_MASK)
            return
        slot, end = table.slots
        at = slot()
        if at >= end:
            at = self.grow(table)
        if at < 0:
            self.storage.drop(mark & layout.SEQ_MASK)
        else:
            self.storage.write(table.pack(step, *values.values(), time, mark), at, mark & layout.SEQ_MASK)

    def take_marks(self, count: int) -> int:
        """Take so many consecutive marks, at least one, and return the first of them."""
        # one C call, which nothing interrupts: the marks are consecutive, and the last one tells them all
        return next(islice(self._marks, count - 1, None)) - count + 1

    def extend(
        self, columns: Mapping[str, np.ndarray], steps: np.ndarray, times: np.ndarray, marks: np.ndarray | None = None
    ) -> None:
        """Write many rows: blocks that hold exactly them, each with one `pwrite`.

        Args:
            columns: name to an array of shape (n,), float64, int64 or bool.
            steps: int64, shape (n,).
            times: float64 seconds since the epoch, shape (n,).
            marks: that were taken already, ascending, int64, shape (n,): rows of several calls stand in their order.
        """
        from .column_blocks import write_columns

        write_columns(self, columns, steps, times, marks)

    def record(
        self, kind: str, fields: Mapping[str, Any], *, time: float | None = None, mark: int | None = None
    ) -> int:
        """Write a frame and return its seq; `mark` is one that was taken already."""
        seq = (self.next_mark() if mark is None else mark) & layout.SEQ_MASK
        self._frame({"k": kind, "t": self.clock() if time is None else time, **fields}, seq)
        return seq

    def check(self, now: float, *, last: bool = False) -> None:
        """Look after what a row has no time for: a lost descriptor, storage that refused, a file that was deleted."""
        if self.storage.displaced() and self.storage.reopen():
            self.fd = self.storage.fd
        self.check_at = now + (CHECK_S if self.storage.healthy else 1.0)
        self.settle(now=last)
        if self.storage.vanished() and self.role == "main":
            restored = self.storage.restore()
            if restored:
                self._report("restored", f"{self.path} was deleted while the run was going on: it was written anew")

    def settle(self, *, now: bool = False) -> None:
        """Write what waits in memory, if storage lets it, and record what is missing."""
        missing = self.storage.retry(now=now)
        if missing is not None:
            self.record("missing", missing._asdict())

    def close(self) -> None:
        """Write what waits and close the file."""
        self.here = b"\0"
        self.settle(now=True)
        if not self.storage.healthy:
            self._report(
                "lost", f"{self.path} got no room until the end: what was logged since it was full is not all recorded"
            )
        self.storage.close()

    def begin_rows(self, table: Table, capacity: int) -> tuple[int, int]:
        """Claim a row block, write its header, and return (offset of the first row, rows that fit)."""
        start, header = self.claim_rows(table, capacity)
        self.storage.write(header, start)
        return start + len(header), (capacity - len(header)) // table.stride

    def claim_rows(self, table: Table, capacity: int) -> tuple[int, bytes]:
        """Claim a row block, and return its offset and its header, which the caller writes; its rows follow that."""
        start = self._space.take(capacity)
        header = layout.pack_block_header(
            self.id, start, kind=layout.ROWS, table=table.id, stride=table.stride, capacity=capacity,
            declaration=table.declaration,
        )  # fmt: skip
        return start, header

    def _frame(self, payload: Mapping[str, Any], seq: int) -> None:
        data = encode(payload)
        size = layout.frame_size(len(data))
        block = self._record_block
        at = block.claims.take(size)
        if at + size > block.end:
            if not self.storage.accepts:
                self.storage.drop(seq)
                return
            block, at = self._begin_records(size, block.capacity)
        self.storage.write(layout.pack_frame(self.id, at, seq, data), at, seq)

    def _begin_records(self, size: int, last: int) -> tuple[_RecordBlock, int]:
        """Begin a record block with room for `size`, publish it, and return it with the place of the first frame."""
        capacity = max(layout.aligned(_HEADER + size), min(2 * last, _LARGEST_RECORDS))
        start = self._space.take(capacity)
        header = layout.pack_block_header(
            self.id, start, kind=layout.RECORDS, table=0, stride=0, capacity=capacity, declaration=b""
        )
        self.storage.write(header, start)
        block = _RecordBlock(Claims(start + _HEADER), start + capacity, min(capacity, _LARGEST_RECORDS))
        at = block.claims.take(size)
        self._record_block = block
        return block, at
