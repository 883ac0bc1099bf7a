"""Reads a journal that may be written at this moment so that no row in the copy is half there."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Final

import numpy as np

from ..errors import JournalError
from ..journal.blocks import BlockScan
from ..journal.format import ROWS, BlockHeader

_PIECE: Final = 1 << 20
#: A row whose mark was there so long ago is whole: marks are written last, and a write takes microseconds.
_SETTLED_S: Final = 0.002


def pieces(fd: int, size: int) -> Iterator[bytes]:
    """Yield `size` bytes of a file from its start; zeros where it has become shorter."""
    at = 0
    while at < size:
        data = os.pread(fd, min(_PIECE, size - at), at)
        if not data:
            data = bytes(min(_PIECE, size - at))
        yield data
        at += len(data)


def live_pieces(fd: int, size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes of a journal that is being written: rows that were not whole yet are empty slots.

    A row's mark is written last. So the marks are read first, and a moment later the rows: those whose mark was there
    are whole. Frames and headers carry checksums, and need no such care.
    """
    try:
        scan = BlockScan(fd)
    except JournalError:
        yield from pieces(fd, size)
        return
    blocks = [block for block in scan.blocks if block.kind == ROWS and block.body < size]
    taken = [_taken(fd, block, size) for block in blocks]
    time.sleep(_SETTLED_S)
    at = 0
    for block, marked in zip(blocks, taken, strict=True):
        yield from _between(fd, at, block.body)
        rows = np.frombuffer(bytearray(_read(fd, block.body, len(marked) * block.stride)), np.uint8)
        slots = rows.reshape(len(marked), block.stride)
        slots[~marked] = 0
        yield rows.tobytes()
        at = block.body + len(rows)
    yield from _between(fd, at, size)


def _taken(fd: int, block: BlockHeader, size: int) -> np.ndarray:
    """Return which of a block's slots hold a mark."""
    count = (min(block.end, size) - block.body) // block.stride
    words = np.frombuffer(_read(fd, block.body, count * block.stride), np.int64).reshape(count, block.stride // 8)
    found: np.ndarray = words[:, -1] != 0
    return found


def _between(fd: int, start: int, stop: int) -> Iterator[bytes]:
    while start < stop:
        data = _read(fd, start, min(_PIECE, stop - start))
        yield data
        start += len(data)


def _read(fd: int, at: int, count: int) -> bytes:
    """Return so many bytes; zeros where the file has become shorter."""
    parts, done = [], 0
    while done < count:
        data = os.pread(fd, count - done, at + done)
        if not data:
            parts.append(bytes(count - done))
            break
        parts.append(data)
        done += len(data)
    return b"".join(parts)
