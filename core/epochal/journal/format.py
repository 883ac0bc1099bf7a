"""The bytes of a journal: structures, magic numbers and checksums of docs/journal-format.md.

Only the standard library is needed here: the companion, which must stay small, reads with it too.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final, NamedTuple

MAJOR: Final = 1
MINOR: Final = 0

FILE_MAGIC: Final = b"EPOCHAL\n"
BLOCK_MAGIC: Final = b"EpBk"

#: Blocks start at multiples of this, and it is the size of the file header, in bytes.
ALIGNMENT: Final = 64
#: Frames start at multiples of this within a record block, in bytes.
FRAME_ALIGNMENT: Final = 8

ROWS: Final = 1
RECORDS: Final = 2
#: Bytes of a row block, about, at most; and the rows that it has room for, at least.
LARGEST_BLOCK: Final = 1 << 20
LEAST_ROWS: Final = 8

#: magic, major, minor, flags, writer id, created (seconds since the epoch), reserved, crc32 of bytes 0 to 59.
FILE_HEADER: Final = struct.Struct("<8sHHI16sd20sI")
#: magic, kind, reserved, reserved, table id, stride, offset, capacity, declaration length, distance of the body,
#: first half of the writer id, reserved, crc32 of bytes 0 to 59 and of the declaration.
BLOCK_HEADER: Final = struct.Struct("<4sBBHIIQQII8s12sI")
#: payload length, seq, crc32.
FRAME_HEADER: Final = struct.Struct("<IqI")

#: Type letters of a table's columns: float64, int64, bool kept as int64.
FLOAT: Final = "d"
INT: Final = "q"
BOOL: Final = "b"

SEQ_BITS: Final = 48
SEQ_MASK: Final = (1 << SEQ_BITS) - 1

#: msgpack extension type of an integer outside 64 bits: its hexadecimal digits, with a sign, in ASCII.
EXT_BIG_INT: Final = 1


class FileHeader(NamedTuple):
    """The first 64 bytes of a journal."""

    major: int
    minor: int
    writer: bytes
    created: float


class BlockHeader(NamedTuple):
    """The header of one block; `body` is the file offset at which its rows or frames start."""

    offset: int
    kind: int
    table: int
    stride: int
    capacity: int
    body: int
    declaration: bytes

    @property
    def end(self) -> int:
        """File offset of the first byte behind the block."""
        return self.offset + self.capacity


def aligned(size: int, to: int = ALIGNMENT) -> int:
    """Return the smallest multiple of `to` that is at least `size`."""
    return -(-size // to) * to


def mark_tag(writer: bytes) -> int:
    """Return the upper 15 bits that every commit mark of this writer carries.

    At least two of them are set, so that no single flipped bit turns an empty slot into a row.
    """
    return (int.from_bytes(writer[:2], "little") & 0x7FFF) | 0x4001


def pack_file_header(writer: bytes, created: float) -> bytes:
    """Return the 64 bytes that open a journal."""
    head = FILE_HEADER.pack(FILE_MAGIC, MAJOR, MINOR, 0, writer, created, bytes(20), 0)[:-4]
    return head + zlib.crc32(head).to_bytes(4, "little")


def unpack_file_header(data: bytes) -> FileHeader | None:
    """Return the file header in `data`, or None where magic or checksum do not hold."""
    if len(data) < FILE_HEADER.size:
        return None
    magic, major, minor, _, writer, created, _, crc = FILE_HEADER.unpack_from(data)
    if magic != FILE_MAGIC or zlib.crc32(data[:60]) != crc:
        return None
    return FileHeader(major, minor, writer, created)


def pack_block_header(
    writer: bytes, offset: int, *, kind: int, table: int, stride: int, capacity: int, declaration: bytes
) -> bytes:
    """Return a block's header with its declaration, padded to the alignment."""
    body = aligned(BLOCK_HEADER.size + len(declaration))
    head = BLOCK_HEADER.pack(
        BLOCK_MAGIC, kind, 0, 0, table, stride, offset, capacity, len(declaration), body, writer[:8], bytes(12), 0
    )[:-4]
    crc = zlib.crc32(declaration, zlib.crc32(head))
    return (head + crc.to_bytes(4, "little") + declaration).ljust(body, b"\0")


def block_header_length(data: bytes) -> int | None:
    """Return how many bytes a header takes with its declaration, from its first 64 bytes; None where no header is."""
    if len(data) < BLOCK_HEADER.size or data[:4] != BLOCK_MAGIC:
        return None
    length: int = BLOCK_HEADER.size + BLOCK_HEADER.unpack_from(data)[8]
    return length


def unpack_block_header(data: bytes, offset: int, writer: bytes) -> BlockHeader | None:
    """Return the block header that starts `data`, which was read at `offset`.

    None where magic, checksum, place or writer do not hold, so that bytes which only look like a header
    (a journal kept inside a journal's config, say) are never taken for one.
    """
    length = block_header_length(data)
    if length is None or len(data) < length:
        return None
    _, kind, _, _, table, stride, place, capacity, _, body, prefix, _, crc = BLOCK_HEADER.unpack_from(data)
    declaration = bytes(data[BLOCK_HEADER.size : length])
    if zlib.crc32(declaration, zlib.crc32(data[:60])) != crc or place != offset or prefix != writer[:8]:
        return None
    return BlockHeader(offset, kind, table, stride, capacity, offset + body, declaration)


def pack_frame(writer: bytes, offset: int, seq: int, payload: bytes) -> bytes:
    """Return a frame for `offset`, padded to the frame alignment.

    The checksum covers the writer, the place and the seq too: a frame counts only where it was written.
    """
    head = FRAME_HEADER.pack(len(payload), seq, 0)[:12]
    crc = zlib.crc32(payload, zlib.crc32(head, zlib.crc32(writer + offset.to_bytes(8, "little"))))
    frame = head + crc.to_bytes(4, "little") + payload
    return frame.ljust(aligned(len(frame), FRAME_ALIGNMENT), b"\0")


def frame_size(payload_length: int) -> int:
    """Return how many bytes a frame of this payload takes in its block."""
    return aligned(FRAME_HEADER.size + payload_length, FRAME_ALIGNMENT)


def unpack_frame(data: bytes | memoryview, at: int, offset: int, writer: bytes) -> tuple[int, bytes] | None:
    """Return (seq, payload) of the frame at index `at` of `data`, at `offset` of the file; None if unsound."""
    if at + FRAME_HEADER.size > len(data):
        return None
    length, seq, crc = FRAME_HEADER.unpack_from(data, at)
    start = at + FRAME_HEADER.size
    if not length or seq <= 0 or start + length > len(data):
        return None
    payload = bytes(data[start : start + length])
    head = bytes(data[at : at + 12])
    if zlib.crc32(payload, zlib.crc32(head, zlib.crc32(writer + offset.to_bytes(8, "little")))) != crc:
        return None
    return seq, payload
