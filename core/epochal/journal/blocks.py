"""Finds the blocks and frames of one journal file, also while it grows, shrinks or is damaged.

Only the standard library and `records` are needed: the companion, which must stay small, reads with it too.
"""

from __future__ import annotations

import bisect
import os
import time
from operator import attrgetter
from typing import Final

from ..errors import JournalError, JournalVersionError
from .format import (
    ALIGNMENT,
    BLOCK_HEADER,
    BLOCK_MAGIC,
    FILE_HEADER,
    FILE_MAGIC,
    MAJOR,
    RECORDS,
    ROWS,
    BlockHeader,
    FileHeader,
    block_header_length,
    unpack_block_header,
    unpack_file_header,
)
from .frames import Damage, Frame, RecordBlock
from .repair import nearly_header, repair_block_header, repair_file_header
from .tables import Table, read_declaration
from .window import Window

__all__ = ["BlockScan", "Damage", "Frame", "Table"]

#: A frame's length has 32 bits, so no honest block is larger than this, in bytes.
_LARGEST_BLOCK: Final = 1 << 33
#: Bytes of unsound headers and frames that one refresh checks, so that crafted files cannot hold a reader up.
_PATIENCE: Final = 1 << 30
#: What an attempt to repair a header takes from that.
_REPAIR_COST: Final = 1 << 22
#: A reader can catch a header or frame half written: it looks again after this many seconds.
_SECOND_LOOK_S: Final = 0.002
#: The first read of a file fetches this much, which is all that a small journal holds, in bytes.
_FIRST_READ: Final = 1 << 15


class BlockScan:
    """What is known of one open journal; `refresh` adds what was written since.

    Not for use by several threads at once. Holes and damage are looked at again at each refresh, since a slow
    writer may fill a range that it claimed long ago.

    Attributes:
        header: the file header.
        blocks: every sound block header, by offset.
        damages: what is damaged in headers and frames, repaired headers included, by offset.
        size: length of the file at the last refresh, in bytes.
    """

    def __init__(self, fd: int) -> None:
        """Read the file header and everything behind it.

        Raises:
            JournalError: the file does not begin with a journal's header.
            JournalVersionError: a newer major version of the format is needed.
        """
        self._window = Window(fd)
        self._notes: list[Damage] = []
        self.header: FileHeader = self._file_header()
        self._start_over()
        self.refresh()

    @property
    def fd(self) -> int:
        """The open file; may be replaced by another descriptor of the same file."""
        return self._window.fd

    @fd.setter
    def fd(self, fd: int) -> None:
        self._window.fd = fd

    def _start_over(self) -> None:
        self.blocks: list[BlockHeader] = []
        self.damages: list[Damage] = []
        self.size = 0
        self._modified = 0
        self._end = FILE_HEADER.size  # where the next block is expected
        self._gaps: list[tuple[int, int]] = []  # ranges between blocks in which no sound header stands
        self._dirt: dict[int, int] = {}  # gaps that hold bytes, also at a second look: start to stop
        self._repaired: list[Damage] = []
        self._records: dict[int, RecordBlock] = {}
        self._tables: dict[tuple[int, bytes], Table | None] = {}
        self._frames: list[Frame] | None = None

    def _file_header(self) -> FileHeader:
        header, head = None, b""
        for wait in (0.0, _SECOND_LOOK_S):
            time.sleep(wait) if wait else None
            self._window.forget()
            head = self._window.read(0, FILE_HEADER.size, ahead=_FIRST_READ)
            header = unpack_file_header(head)
            if header is not None:
                break
        if header is None:
            header = repair_file_header(head)
            if header is None:
                raise JournalError(_what_is_wrong(head, self._window.problem))
            self._notes.append(Damage(0, FILE_HEADER.size, "file header: one flipped bit, repaired"))
        if header.major > MAJOR:
            raise JournalVersionError(
                f"written in version {header.major}.{header.minor} of the journal format, this Epochal reads {MAJOR}.x:"
                f" install a newer Epochal, one that reads version {header.major}"
            )
        return header

    def refresh(self) -> bool:
        """Look for what was written since the last time; return True if anything may be new.

        New rows in known blocks show as a change of the file's length or time stamp alone.
        """
        status = os.fstat(self.fd)
        before = self._state()
        if status.st_size < self.size:
            what = f"the file became {self.size - status.st_size} bytes shorter while it was read"
            self._notes.append(Damage(status.st_size, self.size - status.st_size, what))
            self._start_over()
        self.size, self._modified = status.st_size, status.st_mtime_ns
        self._patience = _PATIENCE
        self._window.problem = None
        if self._look(second=False):
            time.sleep(_SECOND_LOOK_S)
            self._window.forget()
            self._look(second=True)
        self._window.forget()
        self._collect_damages()
        return before != self._state()

    def _state(self) -> tuple[int, ...]:
        frames = sum(len(records.frames) for records in self._records.values())
        return self.size, self._modified, len(self.blocks), frames, len(self.damages)

    def frames(self) -> list[Frame]:
        """Return all sound frames so far, by offset."""
        if self._frames is None:
            self._frames = [frame for offset in sorted(self._records) for frame in self._records[offset].frames]
        return self._frames

    def table(self, block: BlockHeader) -> Table | None:
        """Return the table that a row block declares; None where the declaration is unsound."""
        key = block.table, block.declaration
        if key not in self._tables:
            self._tables[key] = read_declaration(*key)
        return self._tables[key]

    def _look(self, *, second: bool) -> bool:
        """Search gaps, tail and record blocks; return True if something unsound was found for the first time."""
        doubt = self._find_blocks(second=second)
        for records in self._records.values():
            if records.has_room:
                count = len(records.frames)
                self._patience = records.look(self._window, self.size, self._patience, second=second)
                doubt |= records.in_doubt
                if len(records.frames) != count:
                    self._frames = None
        return doubt

    def _find_blocks(self, *, second: bool) -> bool:
        doubt = False
        gaps: list[tuple[int, int]] = []
        for start, stop in self._gaps:
            doubt |= self._walk(start, min(stop, self.size), stop, gaps, second=second)
        inner = len(gaps)
        doubt |= self._walk(self._end, self.size, None, gaps, second=second)
        # what lies behind the last block may yet become one: it is walked again from its start
        self._end = self.blocks[-1].end if self.blocks else FILE_HEADER.size
        self._gaps = gaps[:inner] + [gap for gap in gaps[inner:] if gap[0] != self._end]
        return doubt

    def _walk(self, at: int, stop: int, limit: int | None, gaps: list[tuple[int, int]], *, second: bool) -> bool:
        """Take the blocks from `at` on; append what lies between them to `gaps`; return True if bytes there are new.

        `limit` is where the next known block stands, which no block may reach beyond.
        """
        doubt = False
        while at < stop:
            block = self._block(at, self._window.read(at, BLOCK_HEADER.size), limit, second=second)
            if block is None:
                block, behind, dirty = self._next_block(at, stop, limit, second=second)
                gaps.append((at, behind))
                doubt |= dirty and at not in self._dirt and not second
                if dirty and (second or at in self._dirt):
                    self._dirt[at] = behind
                else:
                    self._dirt.pop(at, None)
                if block is None:
                    break
            self._dirt.pop(block.offset, None)
            bisect.insort(self.blocks, block, key=attrgetter("offset"))
            if block.kind == RECORDS:
                self._records[block.offset] = RecordBlock(block, self.header.writer)
            at = block.end
        return doubt

    def _next_block(
        self, at: int, stop: int, limit: int | None, *, second: bool
    ) -> tuple[BlockHeader | None, int, bool]:
        """Return the first block behind `at`, where the gap before it ends, and whether the gap holds bytes."""
        dirty = False
        for base, data in self._window.chunks(at, stop):
            index = data.find(BLOCK_MAGIC)
            while index >= 0:
                place = base + index
                if place % ALIGNMENT == 0 and place > at:
                    head = data[index : index + BLOCK_HEADER.size]
                    block = self._block(place, head, limit, second=second)
                    if block is not None:
                        return block, place, dirty or data[:index] != bytes(index)
                index = data.find(BLOCK_MAGIC, index + 1)
            dirty = dirty or data != bytes(len(data))
        return None, stop if limit is None else limit, dirty

    def _block(self, at: int, head: bytes, limit: int | None, *, second: bool) -> BlockHeader | None:
        """Return the sound block whose first bytes are `head`; at a second look, one flipped bit is undone."""
        block = None
        length = block_header_length(head)
        known = head[16:24] == at.to_bytes(8, "little")
        if length is not None and known and length - BLOCK_HEADER.size <= self._patience and at + length <= self.size:
            data = head if length == len(head) else self._window.read(at, length)
            block = unpack_block_header(data, at, self.header.writer)
            if block is None:
                self._patience -= length - BLOCK_HEADER.size
        if block is None and second and self._patience > 0 and nearly_header(head, at, self.header.writer):
            self._patience -= _REPAIR_COST
            block = repair_block_header(lambda length: self._window.read(at, length), at, self.header.writer)
            if block is not None and self._plausible(block, limit):
                self._repaired.append(Damage(at, block.body - at, "block header: one flipped bit, repaired"))
        return block if block is not None and self._plausible(block, limit) else None

    def _plausible(self, block: BlockHeader, limit: int | None) -> bool:
        """Tell whether what a header with a sound checksum says can be."""
        distance = block.body - block.offset
        if block.capacity % ALIGNMENT or distance % ALIGNMENT or block.capacity > _LARGEST_BLOCK:
            return False
        if not BLOCK_HEADER.size + len(block.declaration) <= distance <= block.capacity:
            return False
        if limit is not None and block.end > limit:
            return False
        if block.kind != ROWS:
            return True
        table = self.table(block)
        return table is not None and table.stride == block.stride

    def _collect_damages(self) -> None:
        found = self._notes + self._repaired
        for start, stop in self._dirt.items():
            found.append(Damage(start, stop - start, "bytes without a sound block header"))
        for records in self._records.values():
            found += records.damages()
        if self._window.problem:
            found.append(Damage(0, 0, self._window.problem))
        self.damages = sorted(found)


def _what_is_wrong(head: bytes, problem: str | None) -> str:
    if problem:
        return problem
    if len(head) < FILE_HEADER.size:
        return f"not a journal: {len(head)} bytes, where the file header alone takes {FILE_HEADER.size}"
    if head.startswith(FILE_MAGIC):
        return "a journal whose file header is damaged beyond repair: the checksum of its first 64 bytes does not hold"
    return f"not a journal: it begins with {head[:8]!r} instead of {FILE_MAGIC!r}"
