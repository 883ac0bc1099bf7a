"""Follows one growing journal and says which of its bytes are sound and final: a length and a CRC-32 for each block.

It keeps no frames and no rows, so that a run of any size costs the companion a few hundred bytes a block.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ..journal.format import (
    ALIGNMENT,
    BLOCK_HEADER,
    BLOCK_MAGIC,
    FILE_HEADER,
    FRAME_ALIGNMENT,
    FRAME_HEADER,
    ROWS,
    SEQ_BITS,
    BlockHeader,
    block_header_length,
    frame_size,
    mark_tag,
    unpack_block_header,
    unpack_file_header,
    unpack_frame,
)
from ..records import decode

_PIECE: Final = 1 << 16
_SMALL_PIECE: Final = 1 << 12
#: A record block is left alone after so many looks without a new frame, once a later one is there.
_LONG_IDLE: Final = 3
_FINISH: Final = b"\xa1k\xa6finish"
_CHECKPOINT: Final = b"\xa1k\xaacheckpoint"


class Covered(NamedTuple):
    """What one block holds: `rows` slots (or bytes, in record blocks) from the first on, with their CRC-32."""

    block: int
    rows: int
    crc: int


class _Block:
    """How far one block has been read. `size` counts bytes from the block's first row or frame."""

    __slots__ = ("body", "crc", "end", "idle", "offset", "size", "stride")

    def __init__(self, header: BlockHeader) -> None:
        self.offset, self.body, self.stride = header.offset, header.body, header.stride
        self.end = header.end
        if header.kind == ROWS:
            self.end = header.body + (header.end - header.body) // max(header.stride, 1) * header.stride
        self.size = self.crc = self.idle = 0

    @property
    def full(self) -> bool:
        """Nothing more will come: no room is left, or frames have long gone into a later block."""
        return self.idle > _LONG_IDLE or self.body + self.size + (self.stride or FRAME_HEADER.size) > self.end

    def covered(self) -> Covered:
        return Covered(self.offset, self.size // self.stride if self.stride else self.size, self.crc)


class Coverage:
    """One journal of another process, read through a descriptor of our own.

    Attributes:
        writer: its writer id.
        finish: its newest `finish` record, if there is one.
        checkpoints: seq and record of each `checkpoint` that was met; whoever looks after them takes them out.
    """

    def __init__(self, fd: int) -> None:
        """Read the file header.

        Raises:
            ValueError: the file does not begin with one (it may not have been written yet).
        """
        header = unpack_file_header(os.pread(fd, FILE_HEADER.size, 0))
        if header is None:
            raise ValueError("no journal header")
        self.fd = fd
        self.writer = header.writer
        self.finish: dict[str, Any] | None = None
        self.checkpoints: list[tuple[int, dict[str, Any]]] = []
        self._lowest_mark = mark_tag(header.writer) << SEQ_BITS
        self._open: list[_Block] = []
        self._gaps: list[int] = []
        self._end = FILE_HEADER.size

    def grown(self, *, last: bool = False) -> list[Covered]:
        """Read what was written since the last call and return each block of which more is covered now.

        Coverage of a block ends at the first slot or frame that is not there: it may yet be filled. Only when the
        writer is dead (`last`) does it reach to the last one that is there.
        """
        self._find_blocks()
        grown = []
        newest = max((block.offset for block in self._open if not block.stride), default=0)
        for block in self._open:
            before = block.size
            self._read_rows(block, last=last) if block.stride else self._read_frames(block, last=last)
            if block.size != before:
                grown.append(block.covered())
            elif not block.stride and block.offset < newest:
                block.idle += 1
        self._open = [block for block in self._open if not block.full]
        return grown

    # ---- blocks ----

    def _find_blocks(self) -> None:
        size = os.fstat(self.fd).st_size
        gaps, self._gaps = self._gaps, []
        for at in gaps:
            if not self._take(at):
                self._gaps.append(at)
        while self._end + BLOCK_HEADER.size <= size:
            at = self._end
            if self._take(at):
                continue
            behind = self._next_header(at + ALIGNMENT, size)
            if behind is None:
                return
            self._gaps = [*self._gaps[-63:], at]
            self._end = behind

    def _take(self, at: int) -> bool:
        head = os.pread(self.fd, BLOCK_HEADER.size, at)
        length = block_header_length(head)
        if length is None:
            return False
        block = unpack_block_header(os.pread(self.fd, length, at), at, self.writer)
        if block is None:
            return False
        self._open.append(_Block(block))
        self._end = max(self._end, block.end)
        return True

    def _next_header(self, at: int, size: int) -> int | None:
        """Return the place of the first sound header from `at` on: its thread overtook that of the one before."""
        while at + BLOCK_HEADER.size <= size:
            data = os.pread(self.fd, _PIECE, at)
            place = data.find(BLOCK_MAGIC)
            while place >= 0:
                if (at + place) % ALIGNMENT == 0:
                    length = block_header_length(os.pread(self.fd, BLOCK_HEADER.size, at + place)) or 0
                    header = os.pread(self.fd, length, at + place)
                    if unpack_block_header(header, at + place, self.writer) is not None:
                        return at + place
                place = data.find(BLOCK_MAGIC, place + 1)
            if len(data) < _PIECE:
                return None
            at += _PIECE
        return None

    # ---- rows ----

    def _read_rows(self, block: _Block, *, last: bool) -> None:
        piece = _SMALL_PIECE
        while not block.full:
            start = block.body + block.size
            slots = min(max(piece // block.stride, 1), (block.end - start) // block.stride)
            rows = self._whole_rows(block, os.pread(self.fd, slots * block.stride, start), last=last)
            if rows:
                # Read again: a row can be caught half written, but once its mark is seen all of it is there.
                data = os.pread(self.fd, rows * block.stride, start)
                if len(data) != rows * block.stride:
                    return
                block.crc = zlib.crc32(data, block.crc)
                block.size += len(data)
            if rows < slots:
                return
            piece = _PIECE

    def _whole_rows(self, block: _Block, data: bytes, *, last: bool) -> int:
        """Return how many of the rows in `data` are there, counted up to the first (or to the last) that is not."""
        count = len(data) // block.stride
        if not count:
            return 0
        cells = memoryview(data)[: count * block.stride].cast("q")
        marks = cells[block.stride // 8 - 1 :: block.stride // 8].tolist()
        low = self._lowest_mark
        if min(marks) > low and max(marks) >> SEQ_BITS == low >> SEQ_BITS:
            return count
        there = [mark > low and mark >> SEQ_BITS == low >> SEQ_BITS for mark in marks]
        if not last:
            return there.index(False)
        return count - there[::-1].index(True) if True in there else 0

    # ---- frames ----

    def _read_frames(self, block: _Block, *, last: bool) -> None:
        at = self._sound_until(block.body + block.size, block)
        while last and at + FRAME_HEADER.size <= block.end:
            behind = self._next_frame(at, block)
            if behind is None:
                break
            at = self._sound_until(behind, block)
        self._add(block, at)

    def _sound_until(self, at: int, block: _Block) -> int:
        """Return where the row of sound frames that starts at `at` ends."""
        data, base = b"", at
        while at + FRAME_HEADER.size <= block.end:
            if at - base + FRAME_HEADER.size > len(data):
                data, base = os.pread(self.fd, min(_PIECE, block.end - at), at), at
            if len(data) - (at - base) < FRAME_HEADER.size:
                break
            length = FRAME_HEADER.unpack_from(data, at - base)[0]
            size = frame_size(length)
            if not length or at + size > block.end:
                break
            if at - base + FRAME_HEADER.size + length > len(data):
                if size <= _PIECE and base != at:
                    data, base = os.pread(self.fd, min(_PIECE, block.end - at), at), at
                    continue
                if not self._large_frame_is_sound(at, length):
                    break
                data, base = b"", at + size
            else:
                found = unpack_frame(data, at - base, at, self.writer)
                if found is None:
                    break
                if _FINISH in found[1][:16]:
                    self.finish = decode(found[1])
                elif _CHECKPOINT in found[1][:16]:
                    self.checkpoints.append((found[0], decode(found[1])))
            at += size
        return min(at, block.end)

    def _large_frame_is_sound(self, at: int, length: int) -> bool:
        head = os.pread(self.fd, FRAME_HEADER.size, at)
        crc = zlib.crc32(head[:12], zlib.crc32(self.writer + at.to_bytes(8, "little")))
        start = at + FRAME_HEADER.size
        for data in _pieces(self.fd, start, start + length):
            crc = zlib.crc32(data, crc)
        return bool(FRAME_HEADER.unpack(head)[2] == crc)

    def _next_frame(self, at: int, block: _Block) -> int | None:
        """Return the place of the next sound frame behind what nobody will fill any more."""
        data = os.pread(self.fd, min(block.end - at, 1 << 20), at)
        for place in range(FRAME_ALIGNMENT, len(data) - FRAME_HEADER.size, FRAME_ALIGNMENT):
            if data[place : place + 4] != b"\0\0\0\0" and unpack_frame(data, place, at + place, self.writer):
                return at + place
        return None

    def _add(self, block: _Block, end: int) -> None:
        start = block.body + block.size
        for data in _pieces(self.fd, start, end):
            block.crc = zlib.crc32(data, block.crc)
            block.size += len(data)


def _pieces(fd: int, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        data = os.pread(fd, min(_PIECE, end - start), start)
        if not data:
            return
        yield data
        start += len(data)
