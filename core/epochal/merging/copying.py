"""Copies a file beside its place, holes and time stamp kept, and puts it there whole by a rename."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from typing import Final

from .order import data_ranges

_PIECE: Final = 1 << 20
#: Neither a link nor a pipe that was put in the file's place is waited for or followed.
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
_PART = re.compile(r"\.merge-[0-9a-f]{16}\.part\Z")
#: What `copy_file_range` answers where the two file systems, or the kernel, cannot do it.
_CANNOT: Final = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF, errno.ETXTBSY}


def is_leftover(name: str) -> bool:
    """Return whether a file of this name is what an interrupted merge has left behind."""
    return _PART.match(name) is not None


class Staged:
    """A copy that waits beside its place.

    Attributes:
        target: where it will be.
        size: its length in bytes.
    """

    def __init__(self, source: str, target: str, *, modified: int | None = None) -> None:
        """Copy `source`, as long as it is now, with its time stamp or an earlier one (`modified`, in nanoseconds).

        Raises:
            OSError: it cannot be read, is no regular file, or the copy cannot be written.
        """
        self.target = target
        self._part = os.path.join(os.path.dirname(target), f".merge-{os.urandom(8).hex()}.part")
        fd = os.open(source, _READ)
        try:
            facts = os.fstat(fd)
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(errno.EINVAL, "no regular file", source)
            self.size = facts.st_size
            self._copy(fd, facts, facts.st_mtime_ns if modified is None else modified)
        finally:
            os.close(fd)

    def _copy(self, source: int, facts: os.stat_result, modified: int) -> None:
        mode = stat.S_IMODE(facts.st_mode) & 0o777 | 0o600
        part = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            try:
                whole = facts.st_blocks * 512 >= self.size
                for start, stop in [(0, self.size)] if whole else data_ranges(source, 0, self.size):
                    _copy_range(source, part, start, stop)
                if not whole:
                    os.ftruncate(part, self.size)
                os.utime(part, ns=(facts.st_atime_ns, modified))
            finally:
                os.close(part)
        except BaseException as error:
            self.drop()
            if isinstance(error, OSError) and error.filename is None:
                error.filename = self.target
            raise

    def publish(self) -> None:
        """Put the copy in its place; what was there is replaced.

        Raises:
            OSError: it cannot be.
        """
        try:
            os.replace(self._part, self.target)
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Take the copy away."""
        with contextlib.suppress(OSError):
            os.unlink(self._part)


def _copy_range(source: int, target: int, start: int, stop: int) -> None:
    in_kernel = stop - start > _PIECE and hasattr(os, "copy_file_range")
    while start < stop:
        if in_kernel:
            try:
                count = os.copy_file_range(source, target, stop - start, start, start)
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                in_kernel = False
                continue
        else:
            count = _write_whole(target, os.pread(source, min(_PIECE, stop - start), start), start)
        if not count:  # the file became shorter
            return
        start += count


def _write_whole(fd: int, data: bytes, at: int) -> int:
    left = memoryview(data)
    while left:
        written = os.pwrite(fd, left, at)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left, at = left[written:], at + written
    return len(data)
