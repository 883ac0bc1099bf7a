"""The JSON-lines sink into a file: whole lines, on the disk before they count as delivered."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from typing import Any, Final

from . import RefusedError
from .messages import line

try:
    import fcntl
except ImportError:  # Windows: reading only
    fcntl = None  # type: ignore[assignment]

#: What every line of ours begins with.
_BEGIN: Final = b'{"key":"'
#: How far back the beginning of a line that was cut off is looked for at once, in bytes.
_PIECE: Final = 1 << 16


class FileLines:
    """Appends each batch with one write, under a lock that all runs which write to the file take.

    The file is opened for each batch: it may be moved away or deleted at any time.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def write(self, batch: list[Mapping[str, Any]]) -> None:
        """Append a batch and bring it to the disk.

        Raises:
            OSError: it cannot be written; nothing of it stays in the file, as far as that can be had.
            RefusedError: the path is no regular file.
        """
        fd = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise RefusedError(f"{self._path} is no regular file")
            if fcntl is not None:
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(fd, fcntl.LOCK_EX)
            self._append(fd, b"".join(line(message) + b"\n" for message in batch))
        finally:
            os.close(fd)

    def close(self) -> None:
        """Do nothing: no file is kept open."""

    def _append(self, fd: int, data: bytes) -> None:
        end = _whole_lines(fd)
        try:
            written = os.write(fd, data if end >= 0 else b"\n" + data)
            if written < len(data):
                raise OSError(28, os.strerror(28), self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, abs(end))
            raise
        os.fsync(fd)


def _whole_lines(fd: int) -> int:
    """Cut off a last line of ours that is not whole, as a death or a full disk leaves it; return where the file ends.

    A last line that is somebody else's stays: the end is then given below zero.
    """
    size = os.fstat(fd).st_size
    if not size or os.pread(fd, 1, size - 1) == b"\n":
        return size
    start = size
    while start > 0:
        piece = os.pread(fd, min(_PIECE, start), start - min(_PIECE, start))
        start -= len(piece)
        at = piece.rfind(b"\n")
        if at >= 0 or not piece:
            start += at + 1
            break
    head = os.pread(fd, len(_BEGIN), start)
    if head != _BEGIN[: len(head)]:
        return -size
    os.ftruncate(fd, start)
    return start
