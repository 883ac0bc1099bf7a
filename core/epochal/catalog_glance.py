"""A quick look at a sound journal: the records that the catalog needs and the names of its metrics, no rows.

Most journals are sound, and a catalog of 10,000 runs has no time for doubts: whatever is unusual makes the look give
up, and the careful reader of `journal.blocks` takes over.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Container
from typing import Final, NamedTuple

from .journal.format import (
    BLOCK_HEADER,
    BLOCK_MAGIC,
    FILE_HEADER,
    FRAME_ALIGNMENT,
    FRAME_HEADER,
    MAJOR,
    RECORDS,
    unpack_file_header,
)
from .journal.frames import Frame
from .records import decode

#: What is read at once, in bytes: all of a small journal.
_FIRST: Final = 1 << 15
_AHEAD: Final = 1 << 12
_HEAD: Final = 1 << 10
_LARGEST_DECLARATION: Final = 1 << 24
#: What a frame's checksum covers between writer id and payload: its place, length and seq.
_PLACED: Final = struct.Struct("<QIq").pack


class Glance(NamedTuple):
    """What was seen: the header's time and writer, the frames of the kinds asked for, declarations of row blocks."""

    created: float
    frames: list[Frame]
    declarations: set[bytes]
    writer: bytes


class _Bytes:
    """A piece of the file that moves along."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.data = os.pread(fd, _FIRST, 0)
        self.start = 0

    def piece(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset` on, or as many as the file has."""
        index = offset - self.start
        if index < 0 or index + length > len(self.data):
            self.data = os.pread(self.fd, max(length, _AHEAD), offset)
            self.start, index = offset, 0
        return self.data[index : index + length]


def glance(fd: int, size: int, kinds: Container[bytes]) -> Glance | None:
    """Return what a journal of `size` bytes holds of these kinds of record; None if anything is not as it usually is.

    Raises:
        OSError: it cannot be read.
    """
    window = _Bytes(fd)
    header = unpack_file_header(window.data)
    if header is None or header.major != MAJOR:
        return None
    found = Glance(header.created, [], set(), header.writer)
    prefix, start = header.writer[:8], zlib.crc32(header.writer)
    at = FILE_HEADER.size
    # what format.unpack_block_header and unpack_frame say, without calls and copies for each block and frame
    while at + BLOCK_HEADER.size <= size:
        head = window.piece(at, _HEAD)
        magic, kind, _, _, _, _, place, capacity, declared, body, writer, _, crc = BLOCK_HEADER.unpack_from(head)
        if magic != BLOCK_MAGIC or place != at or writer != prefix or not capacity or declared > _LARGEST_DECLARATION:
            return None
        declaration = window.piece(at + BLOCK_HEADER.size, declared)
        if zlib.crc32(declaration, zlib.crc32(head[:60])) != crc:
            return None
        if kind != RECORDS:
            found.declarations.add(declaration)
        else:
            data = window.piece(at + body, min(at + capacity, size) - at - body)
            if not _frames(data, at + body, start, kinds, found.frames):
                return None
        at += capacity
    return found


def _frames(data: bytes, body: int, start: int, kinds: Container[bytes], frames: list[Frame]) -> bool:
    """Append the frames of a block whose body is `data`; return False where something unusual stands in it.

    `body` is its place in the file, `start` the checksum of the writer's id, with which that of each frame begins.
    """
    at, end, header, crc32 = 0, len(data), FRAME_HEADER.unpack_from, zlib.crc32
    while at + FRAME_HEADER.size <= end:
        length, seq, crc = header(data, at)
        if not length:
            return not data[at:].strip(b"\0")
        payload = data[at + FRAME_HEADER.size : at + FRAME_HEADER.size + length]
        if len(payload) != length or seq <= 0 or crc32(payload, crc32(_PLACED(body + at, length, seq), start)) != crc:
            return False
        # every record begins with its kind: a map of up to 15 or 65535 keys, the key "k", a short text
        key = 3 if payload[0] == 0xDE else 1
        if payload[key : key + 2] != b"\xa1k" or payload[key + 2] >> 5 != 0b101:
            return False
        if payload[key + 3 : key + 3 + (payload[key + 2] & 31)] in kinds:
            try:
                frames.append(Frame(seq, body + at, decode(payload)))
            except ValueError:
                return False
        at += FRAME_HEADER.size + length + -length % FRAME_ALIGNMENT
    return True
