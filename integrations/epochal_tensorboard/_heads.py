"""The first record of an event file: it tells the file from others, and when it was begun."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Final

#: A first record longer than this tells by its first bytes alone.
_MOST: Final = 1 << 12
_LENGTH: Final = struct.Struct("<Q")
_TIME: Final = struct.Struct("<d")
#: How a wall time begins in an event: field 1, eight bytes.
_TIME_KEY: Final = 0x09
_HEAD: Final = 12
_AROUND: Final = 16


def first_record(path: Path) -> bytes | None:
    """Return a file's first record, or what of it tells enough; None where it is not there as a whole.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(_HEAD + _MOST)
    head = data[:_HEAD]
    if len(head) < _HEAD:
        return None
    (length,) = _LENGTH.unpack_from(head)
    if length > 1 << 40:  # damaged: what stands there still tells the file
        return head
    return None if size < length + _AROUND else data[_HEAD:][:length]


def time_of(record: bytes, path: Path) -> float:
    """Return the wall time in a record, or when the file changed last where it holds none; seconds since the epoch.

    Raises:
        OSError: the file is gone.
    """
    if len(record) > _TIME.size and record[0] == _TIME_KEY:
        (time,) = _TIME.unpack_from(record, 1)
        if 0 < time < 1e11:
            return float(time)
    return path.stat().st_mtime
