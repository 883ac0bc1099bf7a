"""The trainer as its companion sees it: whether it lives, what it says through the pipe, and how it ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import sys
import time
from typing import Any, Final, NamedTuple

from .. import processes

#: ioctl PIDFD_GET_INFO (Linux 6.13) on struct pidfd_info of 64 bytes, and the bit of its mask that asks for the exit
#: status of a process that has been reaped (Linux 6.15).
_GET_INFO: Final = 0xC040FF0B
_INFO_EXIT: Final = 1 << 3
_INFO: Final = struct.Struct("<Q52xi")

#: How long a dead process's exit status is looked for while its parent has not reaped it yet, in seconds.
_PATIENCE_S: Final = 1.0


class Ending(NamedTuple):
    """How a process ended; both None where nobody can tell any more."""

    exit_code: int | None
    signal: int | None


class Trainer:
    """One process that is not our child, told from a later one of the same pid by its start time.

    A pidfd says when it dies. Where there is none, the process table is asked each time. The pipe is never trusted for
    that: forked workers of the trainer may hold its other end open, and the trainer may have closed it.
    """

    def __init__(self, pid: int, start_time: int | None, pipe: int) -> None:
        self.pid = pid
        self.start_time = start_time
        self.pipe: int | None = pipe
        self.said_finished = False
        self.said_deliver = False
        self.pidfd = self._open_pidfd()
        self._gone = self.pidfd is None and not processes.lives(pid, start_time)

    def _open_pidfd(self) -> int | None:
        if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
            return None
        try:
            fd = os.pidfd_open(self.pid)
        except OSError:  # it is gone, or this kernel has none
            return None
        if processes.start_time(self.pid) == self.start_time:
            return fd
        os.close(fd)
        return None

    def register(self, poll: select.poll) -> None:
        """Have `poll` wake up when it dies or says something."""
        if self.pidfd is not None:
            poll.register(self.pidfd, select.POLLIN)
        if self.pipe is not None:
            os.set_blocking(self.pipe, False)
            poll.register(self.pipe, select.POLLIN)

    def listen(self, poll: select.poll) -> None:
        """Read what came: `F` when the run is finished, `D` when it has rules now, an end where nobody is left."""
        if self.pipe is None:
            return
        try:
            said = os.read(self.pipe, 64)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if said:
            self.said_finished |= b"F" in said
            self.said_deliver |= b"D" in said
        else:
            poll.unregister(self.pipe)
            os.close(self.pipe)
            self.pipe = None

    def gone(self) -> bool:
        """Return whether the process has ended (a zombie has)."""
        if not self._gone:
            if self.pidfd is not None:
                self._gone = bool(_events(self.pidfd))
            else:
                self._gone = processes.lives(self.pid, self.start_time) is False
        return self._gone

    def ending(self) -> Ending:
        """Return how the process ended, as far as that can be learned now that it is gone."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            status = self._status()
            if status is not None:
                code = os.waitstatus_to_exitcode(status)
                return Ending(None, -code) if code < 0 else Ending(code, None)
            if time.monotonic() > deadline or self.pidfd is None:
                return Ending(None, None)
            time.sleep(0.02)

    def _status(self) -> int | None:
        """Return the raw wait status, or None."""
        found = processes.facts(self.pid)
        if found is not None and found.start_time == self.start_time and found.dead and sys.platform == "linux":
            # A zombie shows it to its own user; to others it shows 0, which for us says nothing.
            return found.exit_code if found.exit_code or self._may_look() else None
        if self.pidfd is None:
            return None
        import fcntl

        info = bytearray(_INFO.size)
        _INFO.pack_into(info, 0, _INFO_EXIT, 0)
        try:
            fcntl.ioctl(self.pidfd, _GET_INFO, info)
        except OSError:  # an older kernel
            return None
        mask, status = _INFO.unpack(info)
        return int(status) if mask & _INFO_EXIT else None

    def _may_look(self) -> bool:
        try:
            return os.stat(f"/proc/{self.pid}").st_uid == os.geteuid()
        except OSError:
            return False


def signal_name(number: int) -> str:
    """Return `SIGKILL` for 9; the number where the system has no name for it."""
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def _events(fd: int) -> list[Any]:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return poll.poll(0)
