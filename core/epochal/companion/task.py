"""A short-lived process of the companion's, for what takes memory: its result comes back as a record by a pipe."""

from __future__ import annotations

import binascii
import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from ..descriptors import high
from ..records import decode, encode
from .assignment import Assignment
from .spawn import interpreter

#: Where the task finds the write end of its pipe.
_RESULT_FD: Final = 3
_TOLD: Final = "EPOCHAL_COMPANION_TOLD"
_BOOT: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "boot.py")


class Task:
    """One running task. The companion is single-threaded: it polls `fd` beside everything else.

    Attributes:
        name: the module of this package that runs.
        deadline: when it is to be given up, on `time.monotonic`.
    """

    def __init__(
        self, name: str, assignment: Assignment, limit_s: float, told: Mapping[str, Any] | None = None
    ) -> None:
        """Start it.

        Args:
            name: the module of this package that is to run.
            assignment: the run.
            limit_s: when it is to be given up, in seconds from now.
            told: what `told()` gives it, up to 90 kB as msgpack.

        Raises:
            OSError: it cannot be started.
        """
        self.name = name
        self.deadline = time.monotonic() + limit_s
        self._parts: list[bytes] = []
        self.fd, write_fd = os.pipe()
        try:
            write_fd = high(write_fd)  # not where the task expects it: dup2 onto itself would leave it closed on exec
            path = [entry for entry in sys.path if "\n" not in entry]
            command = [*interpreter(), _BOOT, name, assignment.id]
            environment = {**os.environ, **assignment.variables(path)}
            if told is not None:
                environment[_TOLD] = binascii.b2a_base64(encode(told), newline=False).decode("ascii")
            actions = [(os.POSIX_SPAWN_DUP2, write_fd, _RESULT_FD)]
            self._pid = os.posix_spawn(sys.executable, command, environment, file_actions=actions)
        except BaseException:
            os.close(self.fd)
            raise
        finally:
            os.close(write_fd)

    def read(self) -> bool:
        """Take what has come; return True when that was all."""
        data = os.read(self.fd, 1 << 16)
        if data:
            self._parts.append(data)
        return not data

    def result(self) -> dict[str, Any]:
        """Wait for its end, which is near, and return what it said.

        Raises:
            ValueError: it said nothing that can be understood; the message tells how it ended.
        """
        status = self.end()
        try:
            return decode(b"".join(self._parts))
        except ValueError as error:
            raise ValueError(f"task {self.name} gave no result (exit status {status})") from error

    def give_up(self) -> None:
        """Kill it and what it has started."""
        with contextlib.suppress(OSError):
            os.killpg(self._pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
        self.end()

    def wait(self) -> dict[str, Any]:
        """Read until its end or its deadline and return what it said.

        Raises:
            ValueError: as `result`, or the deadline came first.
        """
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                self.give_up()
                raise ValueError(f"task {self.name} took too long and was given up")
            if self.read():
                return self.result()

    def end(self) -> int | None:
        """Wait for its end, which is near, and return its exit status, None where nobody knows it."""
        os.close(self.fd)
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        except ChildProcessError:
            return None


def told() -> dict[str, Any]:
    """Within a task: return what the companion told it beside the assignment.

    Raises:
        ValueError: it was told nothing.
    """
    return decode(binascii.a2b_base64(os.environ.pop(_TOLD, "")))


def answer(values: dict[str, Any]) -> None:
    """Within a task: hand the result to the companion."""
    data = memoryview(encode(values))
    while data:
        data = data[os.write(_RESULT_FD, data) :]
