"""Reads a regular file from beginning to end into SHA-256, and notices when it changes meanwhile."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from io import FileIO
from typing import Final

from .budget import Budget

_PIECE: Final = 2**20


class FileChangedError(Exception):
    """The file changed while it was read.

    Attributes:
        digest: of what was read.
    """

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


def open_regular(path: bytes) -> FileIO:
    """Open a regular file for reading, unbuffered.

    Raises:
        OSError: it cannot be opened, or is not a regular file any more.
    """
    # Not to wait for ever if it has become a pipe since it was looked at.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return FileIO(fd, "rb")


def hash_file(path: bytes, status: os.stat_result, budget: Budget) -> str:
    """Return the SHA-256 of a file's content.

    Args:
        path: the file.
        status: what `os.stat` said of it.
        budget: says when to stop.

    Raises:
        FileChangedError: it changed between `status` and the end of reading.
        OSError: it cannot be read.
        OutOfTimeError: the limit has passed.
    """
    digest = hashlib.sha256()
    piece = memoryview(bytearray(min(_PIECE, status.st_size + 1)))
    with open_regular(path) as file:
        length = 0
        # One byte more than there should be is asked for: a file that only grows is not followed.
        while length <= status.st_size and (count := file.readinto(piece)):
            digest.update(piece[:count])
            length += count
            budget.look_at_clock()
        now = os.fstat(file.fileno())
    if (now.st_ino, now.st_size, now.st_mtime_ns) != (status.st_ino, status.st_size, status.st_mtime_ns):
        raise FileChangedError(digest.hexdigest())
    return digest.hexdigest()
