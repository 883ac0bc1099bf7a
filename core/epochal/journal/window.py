"""Reads ranges of a file that may grow, shrink, fail or hold holes while it is read."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Final

#: Bytes that one read fetches at most when a range is walked through, and below which holes are just read.
CHUNK: Final = 1 << 20
#: Bytes that a small read fetches, so that its neighbours need no call of their own.
_AHEAD: Final = 1 << 12


if hasattr(os, "pread"):
    pread = os.pread
else:  # Windows; a descriptor is not shared between threads here

    def pread(fd: int, length: int, offset: int, /) -> bytes:
        """Return at most `length` bytes at `offset`."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, length)


def read_into(fd: int, view: memoryview, offset: int) -> int:
    """Fill `view` with bytes at `offset` and return how many came; 0 at the end of the file."""
    if hasattr(os, "preadv"):
        return os.preadv(fd, [view], offset)
    data = pread(fd, len(view), offset)
    view[: len(data)] = data
    return len(data)


class Window:
    """A file descriptor with a small piece of the file kept, until `forget`.

    Reading never raises: what lies behind the end is missing from the answer, and so is what storage refuses,
    which `problem` then tells.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.problem: str | None = None
        self._at = 0
        self._data = b""

    def forget(self) -> None:
        """Drop what was kept, so that the next read sees the file as it is now."""
        self._data = b""

    def read(self, offset: int, length: int, *, ahead: int = _AHEAD) -> bytes:
        """Return at most `length` bytes at `offset`: fewer at the end of the file, or where storage fails."""
        start = offset - self._at
        if start >= 0 and start + length <= len(self._data):
            return self._data[start : start + length]
        if length > ahead:
            return self._pread(offset, length)
        self._data, self._at = self._pread(offset, ahead), offset
        return self._data[:length]

    def _pread(self, offset: int, length: int) -> bytes:
        parts: list[bytes] = []
        while length > 0:
            try:
                part = pread(self.fd, min(length, 1 << 30), offset)
            except OSError as error:
                if error.errno == errno.EBADF:
                    raise
                self.problem = f"bytes {offset} to {offset + length} cannot be read: {error.strerror}"
                break
            if not part:
                break
            if len(part) == length and not parts:
                return part
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def data_ranges(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of start..stop that hold data, in order; holes are left out where the file system knows them.

        Short ranges are given whole: reading them costs less than asking.
        """
        while stop - start > CHUNK:
            try:
                begin = os.lseek(self.fd, start, os.SEEK_DATA)
                end = os.lseek(self.fd, begin, os.SEEK_HOLE)
            except (OSError, AttributeError) as error:
                if isinstance(error, OSError) and error.errno == errno.ENXIO:
                    return
                break
            if begin >= stop:
                return
            yield begin, min(end, stop)
            start = max(end, start + 1)
        if start < stop:
            yield start, stop

    def chunks(self, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
        """Yield (offset, bytes) over start..stop, at most CHUNK bytes at once, holes left out, until the file ends."""
        for begin, end in self.data_ranges(start, stop):
            at = begin
            while at < end:
                data = self.read(at, min(CHUNK, end - at))
                if not data:
                    return
                yield at, data
                at += len(data)
