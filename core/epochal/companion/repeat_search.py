"""When the companion has a task look for a finished run with the same code, config and data."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Mapping
from typing import Any, Final

from ..terminal_lines import leave_line
from .assignment import Assignment
from .system_journal import SystemJournal
from .task import Task

#: When it is looked, in seconds after the environment is known: at once, and once adapters have described their data.
_LOOKS_S: Final = (2.0, 30.0)
#: How long one look may take, in seconds.
_LIMIT_S: Final = 10.0


class RepeatSearch:
    """Looks some seconds after the start, again a little later, and at the end, until one look finds a run.

    What is compared may still grow while the run lives (adapters record data and model when the training begins); that
    of a finished run does not, so that a look can come too early, and only miss.

    Attributes:
        due: when the next look begins, on `time.monotonic`; None where none is to come.
    """

    def __init__(self, assignment: Assignment, journal: SystemJournal, poll: select.poll) -> None:
        self._assignment, self._journal, self._poll = assignment, journal, poll
        self._looks: list[float] = []
        self._task: Task | None = None
        self._searching = False

    def begin(self, environment: Mapping[str, Any]) -> None:
        """Take note that the environment is recorded; without code that is known there is nothing to look for."""
        if isinstance(environment.get("git"), dict) and self._assignment.rank == 0 and self._others():
            self._searching = True
            self._looks = [time.monotonic() + seconds for seconds in _LOOKS_S]

    @property
    def due(self) -> float | None:
        """When `look` is to be called."""
        if self._task is not None:
            return self._task.deadline
        return self._looks[0] if self._looks else None

    @property
    def fd(self) -> int | None:
        """What to poll while a look runs."""
        return None if self._task is None else self._task.fd

    def look(self) -> None:
        """Start a look that is due; give up one that takes too long."""
        if self._task is not None:
            self._drop()
            return
        self._looks.pop(0)
        self._task = Task("repeat", self._assignment, _LIMIT_S)
        self._poll.register(self._task.fd, select.POLLIN)

    def take(self) -> None:
        """Read what the look says; record it once it has said all."""
        task = self._task
        if task is not None and task.read():
            self._task = None
            self._poll.unregister(task.fd)
            self._record(task.result())

    def last(self) -> None:
        """Look once more, now that all is recorded, unless a run was found before."""
        self._drop()
        if self._searching and not self._journal.superseded():
            self._record(Task("repeat", self._assignment, _LIMIT_S).wait())

    def give_up(self) -> None:
        """End a look that still runs."""
        self._looks = []
        self._drop()

    def _record(self, found: Mapping[str, Any]) -> None:
        if found.get("text"):
            self._searching, self._looks = False, []
            self._journal.notice("repeat", found["text"], **found["data"])
            leave_line(self._assignment.folder, self._assignment.rank, f"epochal: {found['text']}\n")

    def _drop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            with contextlib.suppress(KeyError, OSError):
                self._poll.unregister(task.fd)
            task.give_up()

    def _others(self) -> bool:
        """Return whether the project has another run."""
        own = os.path.basename(self._assignment.folder)
        with os.scandir(os.path.dirname(self._assignment.folder)) as entries:
            return any(entry.name != own and not entry.name.startswith(".") for entry in entries)
