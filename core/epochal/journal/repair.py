"""Finds the single flipped bit that makes a header's checksum hold again."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Final

from .format import (
    BLOCK_HEADER,
    BLOCK_MAGIC,
    FILE_HEADER,
    BlockHeader,
    FileHeader,
    block_header_length,
    unpack_block_header,
    unpack_file_header,
)

#: Declarations beyond this many bytes are not tried: too slow, and a chance hit becomes thinkable.
_LONGEST: Final = 1 << 16


def _single_flips(head: bytes) -> Iterator[bytes]:
    for bit in range(8 * len(head)):
        flipped = bytearray(head)
        flipped[bit >> 3] ^= 1 << (bit & 7)
        yield bytes(flipped)


def repair_file_header(head: bytes) -> FileHeader | None:
    """Return the file header that `head` was before one of its bits flipped; None where no single bit explains it."""
    if len(head) < FILE_HEADER.size:
        return None
    return next(filter(None, map(unpack_file_header, _single_flips(head[: FILE_HEADER.size]))), None)


def repair_block_header(read: Callable[[int], bytes], offset: int, writer: bytes) -> BlockHeader | None:
    """Return the block header that stood at `offset` before one of its bits flipped; None where that explains nothing.

    `read` gives that many bytes of the file from `offset` on, or fewer at its end.
    """
    head = read(BLOCK_HEADER.size)
    if not nearly_header(head, offset, writer):
        return None
    for flipped in _single_flips(head):
        length = block_header_length(flipped)
        if length is None or length > BLOCK_HEADER.size + _LONGEST or _wrong_bits(flipped, offset, writer):
            continue
        block = unpack_block_header(flipped + read(length)[BLOCK_HEADER.size :], offset, writer)
        if block is not None:
            return block
    return _repair_declaration(read, offset, writer)


def nearly_header(head: bytes, offset: int, writer: bytes) -> bool:
    """Tell whether at most one bit of a block header's fields with a known value is wrong."""
    return len(head) >= BLOCK_HEADER.size and _wrong_bits(head, offset, writer) <= 1


def _wrong_bits(head: bytes, offset: int, writer: bytes) -> int:
    """Return how many bits of the fields with a known value are wrong."""
    fields = BLOCK_HEADER.unpack_from(head)
    pairs = (
        (fields[0], BLOCK_MAGIC),
        (fields[6].to_bytes(8, "little"), offset.to_bytes(8, "little")),
        (fields[10], writer[:8]),
    )
    return sum(
        (int.from_bytes(found, "little") ^ int.from_bytes(wanted, "little")).bit_count() for found, wanted in pairs
    )


def _repair_declaration(read: Callable[[int], bytes], offset: int, writer: bytes) -> BlockHeader | None:
    """Look for the bit of the declaration whose effect on the CRC is the difference that is seen."""
    length = block_header_length(read(BLOCK_HEADER.size))
    if length is None or not BLOCK_HEADER.size < length <= BLOCK_HEADER.size + _LONGEST:
        return None
    data = bytearray(read(length))
    if len(data) < length:
        return None
    stored = BLOCK_HEADER.unpack_from(data)[12]
    wanted = stored ^ zlib.crc32(data[BLOCK_HEADER.size :], zlib.crc32(data[:60]))
    zero = zlib.crc32(b"\0")
    table = [zlib.crc32(bytes((byte,))) ^ zero for byte in range(256)]
    effects = [table[1 << bit] for bit in range(8)]
    for at in range(length - 1, BLOCK_HEADER.size - 1, -1):
        if wanted in effects:
            data[at] ^= 1 << effects.index(wanted)
            return unpack_block_header(bytes(data), offset, writer)
        effects = [(effect >> 8) ^ table[effect & 255] for effect in effects]
    return None
