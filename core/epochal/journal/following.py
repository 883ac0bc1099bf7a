"""Follows one growing journal: gives each row and record once, nearly in the order of seq, in bounded memory.

Only the standard library and `records` are needed: what follows a run beside its training must stay small.
"""

from __future__ import annotations

import heapq
import os
import stat
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ..errors import JournalError
from .format import (
    BLOCK_HEADER,
    BLOCK_MAGIC,
    FILE_HEADER,
    FRAME_HEADER,
    RECORDS,
    ROWS,
    SEQ_BITS,
    SEQ_MASK,
    BlockHeader,
    block_header_length,
    mark_tag,
    unpack_block_header,
    unpack_file_header,
)
from .frames import RecordBlock
from .row_rooms import RowRooms
from .tables import Table, read_declaration
from .window import CHUNK, Window, pread

#: A block that has room, but gave nothing for so long while later ones did, is looked at no more, in seconds.
_PATIENCE_S: Final = 600.0
#: Bytes of unsound frames that one look checks.
_FRAME_PATIENCE: Final = 1 << 26
#: What was written in the same tick of a file system's clock as the last look does not show as a change, in seconds.
_TICK_S: Final = 0.05


class Entry(NamedTuple):
    """One row, or one record.

    Attributes:
        seq: its place among what the writer recorded.
        table: of a row; None for a record.
        row: the row's bytes.
        payload: the record, with its kind under `k`; empty for a row of a table.
    """

    seq: int
    table: Table | None
    row: bytes
    payload: dict[str, Any]


class _Rows:
    """One row block; `found` holds what was read of it and not yet taken, the smallest seq last."""

    def __init__(self, block: BlockHeader, table: Table, tag: int) -> None:
        self.key = block.table
        self.found: list[Entry] = []
        self.useful_at = time.monotonic()
        self._table = table
        self._rooms = RowRooms(block, tag)

    def first_seq(self, fd: int) -> int:
        return self._rooms.first_seq(fd)

    def fill(self, fd: int, size: int, passed: Callable[[int], bool], *, deep: bool) -> None:
        while not self.found:
            rows = self._rooms.next_rows(fd, size, deep=deep)
            if not rows:
                break
            rows.sort(reverse=True)
            self.found = [Entry(seq, self._table, row, {}) for seq, row in rows if not passed(seq)]

    @property
    def full(self) -> bool:
        return self._rooms.full


class _Records:
    """One record block."""

    key = 0

    def __init__(self, block: BlockHeader, writer: bytes) -> None:
        self.found: list[Entry] = []
        self.useful_at = time.monotonic()
        self._body = block.body
        self._block = RecordBlock(block, writer)

    def first_seq(self, fd: int) -> int:
        head = pread(fd, FRAME_HEADER.size, self._body)
        length, seq, _ = FRAME_HEADER.unpack(head) if len(head) == FRAME_HEADER.size else (0, 0, 0)
        return seq & SEQ_MASK if length else 0

    def fill(self, fd: int, size: int, passed: Callable[[int], bool], *, deep: bool) -> None:  # noqa: ARG002
        self._block.look(Window(fd), size, _FRAME_PATIENCE, second=False)
        frames = sorted(self._block.frames, key=lambda frame: -frame.seq)
        # what has been passed is given all the same: a restarted follower needs the run's name and rules
        self.found = [Entry(frame.seq, None, b"", frame.payload) for frame in frames]
        self._block.frames.clear()

    @property
    def full(self) -> bool:
        return not self._block.has_room


class Follower:
    """What is new in one journal, each time it is asked.

    Attributes:
        writer: the writer's id, 32 hexadecimal digits.
        modified: when the file last changed, seconds since the epoch.
    """

    def __init__(self, path: str, passed: Callable[[str], Callable[[int], bool]]) -> None:
        """Read the file header; `passed` gives, for a writer id, what tells which seqs of rows are to be left out.

        Raises:
            JournalError: the file is not a readable journal, or not yet.
            OSError: it cannot be opened.
        """
        self.path = path
        fd = self._open()
        try:
            header = unpack_file_header(pread(fd, FILE_HEADER.size, 0))
            self.modified = os.fstat(fd).st_mtime
        finally:
            os.close(fd)
        if header is None:
            raise JournalError(f"{path} has no file header")
        self.writer = header.writer.hex()
        self._id = header.writer
        self._passed = passed(self.writer)
        self._next = FILE_HEADER.size
        self._gaps: list[tuple[int, int]] = []
        self._ahead: list[tuple[int, int, _Rows | _Records]] = []
        self._waiting: list[_Rows | _Records] = []
        self._newest: dict[int, _Rows | _Records] = {}
        self._count = 0
        self._seen: tuple[int, ...] = ()

    def read(self, most: int, most_bytes: int, *, deep: bool = False) -> list[Entry]:
        """Return the next entries, none where nothing is new.

        Args:
            most: how many.
            most_bytes: about how many bytes of rows; at least one entry is given where there is one.
            deep: also look behind empty slots, and at a file that seems unchanged.

        Raises:
            OSError: the file is gone or cannot be read.
        """
        fd = self._open()
        try:
            status = os.fstat(fd)
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if not self._ahead and not deep and state == self._seen:
                return []
            self.modified = status.st_mtime
            if not self._ahead:
                self._look(fd, status.st_size, deep=deep)
                self._seen = state if abs(time.time() - status.st_mtime) > _TICK_S else ()
            return self._take(fd, status.st_size, most, most_bytes)
        finally:
            os.close(fd)

    @property
    def more(self) -> bool:
        """Whether the last `read` left something that it saw."""
        return bool(self._ahead)

    def _open(self) -> int:
        fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise JournalError(f"{self.path} is no regular file")
        return fd

    def _take(self, fd: int, size: int, most: int, most_bytes: int) -> list[Entry]:
        taken: list[Entry] = []
        while self._ahead and len(taken) < most and most_bytes > 0:
            _, number, block = self._ahead[0]
            if block.found:
                entry = block.found.pop()
                most_bytes -= len(entry.row) or 200
                taken.append(entry)
            if not block.found:
                block.fill(fd, size, self._passed, deep=False)
            if block.found:
                block.useful_at = time.monotonic()
                heapq.heapreplace(self._ahead, (block.found[-1].seq, number, block))
            else:
                heapq.heappop(self._ahead)
                if not block.full:
                    self._waiting.append(block)
        return taken

    def _look(self, fd: int, size: int, *, deep: bool) -> None:
        """Find new blocks, and what is new in those that were looked at before."""
        waiting, self._waiting = self._waiting, []
        self._find_blocks(fd, size)
        now = time.monotonic()
        for block in waiting:
            block.fill(fd, size, self._passed, deep=deep)
            if block.found:
                block.useful_at = now
                self._push(block.found[-1].seq, block)
            elif not block.full and (self._newest[block.key] is block or now - block.useful_at < _PATIENCE_S):
                self._waiting.append(block)

    def _push(self, seq: int, block: _Rows | _Records) -> None:
        self._count += 1
        heapq.heappush(self._ahead, (seq, self._count, block))

    def _find_blocks(self, fd: int, size: int) -> None:
        gaps: list[tuple[int, int]] = []
        for start, stop in self._gaps:
            end = self._walk(fd, start, min(stop, size), gaps)
            if end < stop:
                gaps.append((end, stop))
        self._gaps = gaps
        self._next = self._walk(fd, self._next, size, self._gaps)

    def _walk(self, fd: int, at: int, stop: int, gaps: list[tuple[int, int]]) -> int:
        """Take the blocks from `at` on; return where the next one is expected."""
        while at + BLOCK_HEADER.size <= stop:
            block = self._block(fd, at)
            if block is None:
                behind = self._next_header(fd, at, stop)
                if behind is None:
                    break
                gaps.append((at, behind))
                at = behind
                continue
            at = block.end
        return at

    def _block(self, fd: int, at: int) -> BlockHeader | None:
        """Take the block whose sound header stands at `at`."""
        block = self._header(fd, at)
        if block is None:
            return None
        followed: _Rows | _Records
        if block.kind == RECORDS:
            followed = _Records(block, self._id)
        else:
            table = read_declaration(block.table, block.declaration) if block.kind == ROWS else None
            if table is None or table.stride != block.stride:
                return block
            followed = _Rows(block, table, mark_tag(self._id) << SEQ_BITS)
        self._newest[followed.key] = followed
        seq = followed.first_seq(fd)
        if seq:
            self._push(seq, followed)
        else:
            self._waiting.append(followed)
        return block

    def _header(self, fd: int, at: int) -> BlockHeader | None:
        length = block_header_length(pread(fd, BLOCK_HEADER.size, at))
        if length is None or length > CHUNK << 6:
            return None
        block = unpack_block_header(pread(fd, length, at), at, self._id)
        sound = block is not None and block.offset < block.body <= block.end and not block.capacity % 64
        return block if sound else None

    def _next_header(self, fd: int, at: int, stop: int) -> int | None:
        """Return the place of the first sound header behind `at`: its thread overtook that of the one before."""
        at += 64
        while at + BLOCK_HEADER.size <= stop:
            data = pread(fd, min(CHUNK, stop - at), at)
            place = data.find(BLOCK_MAGIC)
            while place >= 0:
                if not (at + place) % 64 and self._header(fd, at + place) is not None:
                    return at + place
                place = data.find(BLOCK_MAGIC, place + 1)
            at += max(len(data) // 64 * 64, 64)
        return None
