"""Looks at the runs folder for as long as a page watches, and passes on what it finds."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool

from .reports_watch import ReportsChange, ReportsWatch
from .roster import Roster

#: Between two looks, in seconds: what happens is told within this time and that of a look.
INTERVAL_S: Final = 1.0
#: Of its time, looking takes at most this part, however large the folder.
_SHARE: Final = 5.0


class Told(NamedTuple):
    """What a page is told.

    Attributes:
        revision: of the roster.
        changed: {key, name, state} of runs that are new or have changed.
        gone: keys.
        grown: keys of runs whose journals have new bytes.
        missed: the page was so slow that something is left out.
        reports: which of them have changed.
    """

    revision: int
    changed: list[dict[str, Any]]
    gone: list[str]
    grown: frozenset[str]
    missed: bool
    reports: ReportsChange = ReportsChange([], [])


class Page:
    """One page that watches.

    Attributes:
        number: of the last look that it was told of.
        seen: of the last change of reports that it was told of.
        revision: of the roster when it began.
        news: is set when there is something to tell.
    """

    def __init__(self, roster: Roster, reports: ReportsWatch) -> None:
        self._roster, self._reports = roster, reports
        self.number = roster.number
        self.seen = reports.number
        self.revision = roster.revision
        self.news = asyncio.Event()

    async def next(self) -> Told:
        """Wait until there is something to tell, and return all of it at once."""
        while True:
            await self.news.wait()
            self.news.clear()
            found = self._roster.since(self.number)
            reports, self.seen = self._reports.since(self.seen), self._reports.number
            if found is None:
                self.number = self._roster.number
                return Told(self._roster.revision, [], [], frozenset(), missed=True, reports=reports)
            if found:
                self.number = found[-1].number
                return self._told(found)._replace(reports=reports)
            if reports.changed or reports.gone:
                return Told(self._roster.revision, [], [], frozenset(), missed=False, reports=reports)

    def _told(self, found: list[Any]) -> Told:
        touched = frozenset().union(*(each.changed | each.gone for each in found))
        changed: list[dict[str, Any]] = []
        gone: list[str] = []
        for key in sorted(touched):
            entry = self._roster.find(key)
            if entry is None:
                gone.append(key)
            else:
                changed.append({"key": key, "name": entry.name, "state": entry.state})
        grown = frozenset().union(*(each.grown for each in found))
        return Told(found[-1].revision, changed, gone, grown, missed=False)


class Watcher:
    """Wakes the pages of one server; without any it does nothing."""

    def __init__(self, roster: Roster, reports: ReportsWatch) -> None:
        self._roster, self._reports = roster, reports
        self._pages: set[Page] = set()
        self._task: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        """Let a page watch until the block ends."""
        await run_in_threadpool(self._roster.fresh)
        await run_in_threadpool(self._reports.look)
        page = Page(self._roster, self._reports)
        self._pages.add(page)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look(), name="watching runs")
        try:
            yield page
        finally:
            self._pages.discard(page)
            if not self._pages and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _look(self) -> None:
        while True:
            began = time.monotonic()
            with contextlib.suppress(Exception):  # one look that fails must not end all others; the next tells
                await run_in_threadpool(self._roster.glance)
                await run_in_threadpool(self._reports.look)
            for page in self._pages:
                # found by this look, or by a request meanwhile
                if page.number < self._roster.number or page.seen < self._reports.number:
                    page.news.set()
            took = time.monotonic() - began
            reading = self._roster.left > 0
            await asyncio.sleep(0.05 if reading else max(INTERVAL_S - took, took * _SHARE, 0.1))
