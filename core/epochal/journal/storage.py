"""The file under a writer: whole writes, a bounded buffer while storage refuses, and a folder that vanishes."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from ..descriptors import close_own, high, identity

#: What is kept in memory while storage refuses, in bytes.
BUFFER_BYTES: Final = 4 << 20
#: Storage that refused is tried again at most this often, in seconds.
RETRY_S: Final = 1.0
#: Numbers of closed journals that are still taken.
_MOST_PARKED: Final = 8
_parked: deque[tuple[int, tuple[int, int] | None]] = deque()


class Missing(NamedTuple):
    """Rows and records that storage refused and the buffer could not hold."""

    rows: int
    first: int
    last: int


class Storage:
    """One file, written by its process alone, at places that never overlap.

    Nothing here raises OSError: what cannot be written waits in a buffer of `BUFFER_BYTES`, in the order in which it
    came, and what does not fit is counted. `report(code, text)` is called once for each kind of fault.
    """

    def __init__(self, path: str, report: Callable[[str, str], None]) -> None:
        """Create the file.

        Raises:
            OSError: it cannot be created.
        """
        self.path = path
        self._report = report
        self.fd = high(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
        self._file = identity(self.fd)
        self._pending: deque[tuple[int, bytes]] = deque()
        self._pending_bytes = 0
        self._retry_at = 0.0
        self._rows = self._first = self._last = 0
        self._vanished = False
        #: The deleted file that was written anew: a write that was under way may still land in it.
        self._left = -1
        self._closed = False

    @property
    def healthy(self) -> bool:
        """Whether all that was handed over is in the file."""
        return not self._pending and not self._rows

    @property
    def accepts(self) -> bool:
        """Whether the buffer has room: a new block must not be begun when its header would be lost."""
        return self._pending_bytes < BUFFER_BYTES

    def write(self, data: bytes | memoryview, at: int, seq: int = 0) -> bool:
        """Write all of `data` at `at`; what storage refuses is buffered, or counted under `seq` if it has one.

        Returns:
            whether all is in the file now.
        """
        try:
            _write_whole(self.fd, data, at)
        except OSError as error:
            self.refuse(bytes(data), at, seq, error)
            return False
        return True

    def complete(self, data: bytes, at: int, written: int, seq: int) -> None:
        """Go on after a write that stopped short at `written` bytes."""
        try:
            _write_whole(self.fd, memoryview(data)[written:], at + written)
        except OSError as error:
            self.refuse(data, at, seq, error)

    def refuse(self, data: bytes, at: int, seq: int, error: OSError) -> None:
        """Keep what storage refused for a later try, or count it as missing.

        What has no seq is kept in any case: a block's header, and columns whose block was begun while there was room.
        """
        if error.errno == errno.EBADF and self._written_after_all(data, at):
            return
        self._report(
            "storage",
            f"{self.path} cannot be written ({error.strerror or error}): training goes on, rows are kept in memory "
            f"(up to {BUFFER_BYTES >> 20} MiB) and written as soon as there is room",
        )
        self._retry_at = time.monotonic() + RETRY_S
        if self.accepts or not seq:
            size = len(data)
            self._pending_bytes += size
            self._pending.append((at, data))
        else:
            self.drop(seq)

    def _written_after_all(self, data: bytes, at: int) -> bool:
        """Write what a closed descriptor refused, by a new one: before anything else is opened and gets the number."""
        try:
            if self._closed or not self.reopen():
                return False
            _write_whole(self.fd, data, at)
        except OSError:
            return False
        return True

    def drop(self, seq: int, rows: int = 1) -> None:
        """Count rows that could not be kept, from `seq` on."""
        last = seq + rows - 1
        self._rows += rows  # without a call within, which is where another thread or a signal handler may come between
        if not self._first:
            self._first = seq
        if last > self._last:  # noqa: PLR1730 - `max` is a call
            self._last = last

    def retry(self, *, now: bool = False) -> Missing | None:
        """Write what waits, at most once a second unless `now`; return what is missing once there is room again."""
        if self.healthy or (not now and time.monotonic() < self._retry_at):
            return None
        while True:
            try:
                item = self._pending.popleft()  # taken before it is written: several threads may be here
            except IndexError:
                break
            try:
                _write_whole(self.fd, item[1], item[0])
            except BaseException as error:
                self._pending.appendleft(item)
                if not isinstance(error, OSError):
                    raise
                self._retry_at = time.monotonic() + RETRY_S
                return None
            size = len(item[1])
            self._pending_bytes -= size
        rows, self._rows = self._rows, 0
        if not rows:
            return None
        missing = Missing(rows, self._first, self._last)
        self._first = self._last = 0
        return missing

    def displaced(self) -> bool:
        """Return whether the descriptor is closed, or its number another file's: some programs close all they find."""
        return identity(self.fd) != self._file

    def reopen(self) -> bool:
        """Open the file again: under the same number if that is free, under another if it is somebody else's now."""
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        if identity(fd) != self._file:
            os.close(fd)
            return False
        if identity(self.fd) is None:
            os.dup2(fd, self.fd, inheritable=False)
            os.close(fd)
        else:
            self.fd = high(fd)
        self._report("reopened", f"{self.path} was closed by this program, not by Epochal: it was opened again")
        return True

    def vanished(self) -> bool:
        """Return whether the file has been deleted under its writer."""
        self._fetch_left()
        try:
            return os.fstat(self.fd).st_nlink == 0
        except OSError:
            return False

    def restore(self) -> bool:
        """Write the deleted file anew under its old path, from the descriptor that still holds it, and go on there.

        The new file takes the descriptor's number, so that a write that runs in another thread meanwhile lands in the
        old or in the new one; what landed in the old one is carried over by a second pass.
        """
        if self._vanished:
            return False
        self._vanished = True
        old = new = -1
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            new = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            old = os.dup(self.fd)
            _carry(old, new, alone=True)
            os.dup2(new, self.fd, inheritable=False)
            self._file = identity(self.fd)
            _carry(old, new, alone=False)
            self._left, old = old, -1
        except OSError as error:
            self._report("vanished", f"{self.path} was deleted and cannot be written anew ({error.strerror})")
            return False
        finally:
            for fd in (old, new):
                if fd >= 0:
                    os.close(fd)
        self._vanished = False
        return True

    def _fetch_left(self) -> None:
        """Carry over what landed in a deleted file after it was written anew, and let go of it."""
        left, self._left = self._left, -1
        if left >= 0:
            try:
                _carry(left, self.fd, alone=False)
            except OSError:
                self._left = left
            else:
                os.close(left)

    def close(self) -> None:
        """Detach from the file; what still waits is lost.

        The descriptor's number stays taken, by the null device, until nobody can write by it any more: a thread that
        logs at this very moment must not write into a file that somebody else has just opened. Of a process that opens
        run after run only the last few numbers are kept.
        """
        if self._closed:
            return
        self._closed = True
        self._fetch_left()
        if self.displaced():
            return  # the number is somebody else's
        with contextlib.suppress(OSError):  # without a descriptor to spare it stays on the journal
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            os.dup2(null, self.fd, inheritable=False)
            os.close(null)
        _parked.append((self.fd, identity(self.fd)))
        while len(_parked) > _MOST_PARKED:
            with contextlib.suppress(IndexError):
                close_own(*_parked.popleft())

    def __del__(
        self, _close: Callable[[int], None] = os.close, _stat: Callable[[int], os.stat_result] = os.fstat
    ) -> None:
        # bound as defaults: at the interpreter's end the module's own names may be gone
        if not getattr(self, "_closed", True):
            try:
                facts = _stat(self.fd)
                if (facts.st_dev, facts.st_ino) == self._file:
                    _close(self.fd)
            except OSError:
                pass


def _carry(old: int, new: int, *, alone: bool) -> None:
    """Copy bytes from `old` to `new` where `new` has none yet: each byte of a journal is written once.

    `alone` says that nobody else writes to `new`, so that it may be filled in large pieces.
    """
    size, at = os.fstat(old).st_size, 0
    while at < size:
        there = os.pread(old, 1 << 16, at)
        if not there:
            return
        here = os.pread(new, len(there), at).ljust(len(there), b"\0")
        if there != here:
            if alone:
                _write_whole(new, there, at)
            else:
                for start in range(0, len(there), 8):
                    word = there[start : start + 8]
                    if word != here[start : start + 8] and not any(here[start : start + 8]):
                        os.pwrite(new, word, at + start)
        at += len(there)


def _write_whole(fd: int, data: bytes | memoryview, at: int) -> None:
    """Write all of `data` at `at`, going on where a write stopped short.

    Raises:
        OSError: storage refuses.
    """
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, at)
        if not written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view, at = view[written:], at + written
