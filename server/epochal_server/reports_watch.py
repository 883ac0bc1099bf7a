"""Which reports have changed since a page was told of it: one look at their folder, nothing is read."""

from __future__ import annotations

import threading
from typing import NamedTuple

from .reports_folder import ReportsFolder


class ReportsChange(NamedTuple):
    """Names of reports whose files are new or other ones, and of those that are gone."""

    changed: list[str]
    gone: list[str]


class ReportsWatch:
    """What looks at the folder have found; several threads may use it.

    Attributes:
        number: grows with each look that finds a change.
    """

    def __init__(self, folder: ReportsFolder) -> None:
        self.number = 0
        self._folder = folder
        self._lock = threading.Lock()
        self._marks: dict[str, tuple[int, ...]] | None = None
        self._changed: dict[str, int] = {}

    def look(self) -> None:
        """Look at the folder; the first look finds everything as it is."""
        with self._lock:
            marks = self._folder.marks()
            before, self._marks = self._marks, marks
            if before is None or before == marks:
                return
            self.number += 1
            names = before.keys() | marks.keys()
            self._changed.update((name, self.number) for name in names if before.get(name) != marks.get(name))

    def since(self, number: int) -> ReportsChange:
        """Return what was found after the look of this number, each name once and as it is now."""
        with self._lock:
            names = sorted(name for name, found in self._changed.items() if found > number)
            marks = self._marks or {}
            return ReportsChange(
                [name for name in names if name in marks], [name for name in names if name not in marks]
            )
