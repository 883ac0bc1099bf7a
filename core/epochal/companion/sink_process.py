"""The companion's hold on the sink process: started when a run has sinks or rules, and again when it dies."""

from __future__ import annotations

import contextlib
import math
import select
import time
from typing import Final

from .assignment import Assignment
from .task import Task

#: The second start follows the first so late, each further one twice as late, in seconds.
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0


class SinkProcess:
    """A process that outlives the companion: it is not waited for, and goes on until all is delivered.

    Attributes:
        fd: the pipe that ends with it; None while it does not run.
    """

    def __init__(self, assignment: Assignment) -> None:
        self.fd: int | None = None
        self._assignment = assignment
        self._task: Task | None = None
        self._due = 0.0
        self._wait = _FIRST_WAIT_S

    def keep(self, poll: select.poll) -> None:
        """Start it, if it is not there and its time has come.

        Raises:
            OSError: it cannot be started; it is tried again later.
        """
        now = time.monotonic()
        if self._task is not None or now < self._due:
            return
        self._due = now + self._wait
        self._wait = min(2 * self._wait, _LONGEST_WAIT_S)
        self._task = Task("deliver", self._assignment, math.inf)
        self.fd = self._task.fd
        poll.register(self.fd, select.POLLIN)

    def keep_once_more(self, poll: select.poll) -> None:
        """Before the companion leaves: have it there, if it has died since and has work left.

        Raises:
            OSError: it cannot be started.
        """
        if self.fd is not None:
            now = select.poll()
            now.register(self.fd, select.POLLIN)
            if now.poll(0):
                self.ended(poll)
        if self._due < math.inf:
            self._due = 0.0
            self.keep(poll)

    def ended(self, poll: select.poll) -> None:
        """Note that it has ended: after a good end it is not started again."""
        task = self._task
        if task is None or not task.read():
            return
        with contextlib.suppress(KeyError):
            poll.unregister(task.fd)
        self._task = self.fd = None
        if task.end() == 0:
            self._due = math.inf
