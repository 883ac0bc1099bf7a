"""The wire format of Protocol Buffers, as far as events need it: numbers, lengths and where each field lies.

See https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_INT64: Final = 1 << 63

double: Final = struct.Struct("<d").unpack_from


class WireError(ValueError):
    """The bytes are no message."""


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return an unsigned number of up to 64 bits and where the next field begins.

    Raises:
        WireError: there is none.
    """
    found = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise WireError("a number has no end")


def signed(value: int) -> int:
    """Return the int64 that an unsigned number of 64 bits stands for."""
    return value - 2 * _INT64 if value >= _INT64 else value


def fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (number, wire type, value of a varint or 0, start, end of the content) of each field.

    Raises:
        WireError: the bytes are no message.
    """
    while at < end:
        key = data[at]
        if key < 0x80:
            at += 1
        else:
            key, at = varint(data, at, end)
        number, wire = key >> 3, key & 7
        if not number:
            raise WireError("a field has the number 0")
        value = 0
        if wire == BYTES:
            if at < end and data[at] < 0x80:
                length, start = data[at], at + 1
            else:
                length, start = varint(data, at, end)
        elif wire == VARINT:
            start = at
            value, stop = varint(data, at, end)
            length = stop - start
        elif wire == FIXED64:
            start, length = at, 8
        elif wire == FIXED32:
            start, length = at, 4
        else:
            raise WireError(f"a field has the wire type {wire}")
        at = start + length
        if at > end:
            raise WireError("a field reaches beyond its message")
        yield number, wire, value, start, at
