"""`GET /api/events`: tells pages what changed, as it happens (server-sent events)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from .inputs import refused
from .live_watch import Page, Told, Watcher
from .openapi import documented
from .reports_folder import ReportsFolder
from .reports_watch import ReportsWatch
from .roster import Roster
from .run_keys import listed

#: A comment is sent after so long a silence, in seconds, so that both ends notice when the other is gone.
_PING_S = 15.0
#: So many changed runs are named at once; of 10,000 that are new to the catalog a page asks for what it shows.
_LISTED = 500
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Shared(Protocol):
    """What the handler needs of the server's state."""

    @property
    def roster(self) -> Roster: ...
    @property
    def reports(self) -> ReportsFolder: ...
    @property
    def boot(self) -> str: ...
    @property
    def ending(self) -> asyncio.Event: ...


def routes(state: Shared) -> list[Route]:
    """Return the route of the events."""
    watcher = Watcher(state.roster, ReportsWatch(state.reports))

    @documented(
        "What happens, as events: hello {boot, revision}, runs {revision, changed, gone, more}, grown {keys}, "
        "reports {changed, gone}",
        query={"watch": {"type": "string", "description": "keys, separated by commas, whose growth is told"}},
        media_type="text/event-stream",
    )
    async def events(request: Request) -> Response:
        for name in request.query_params:
            if name != "watch":
                raise refused(name, "is unknown: known is watch")
        if request.method == "HEAD":  # it would never end
            return Response(media_type="text/event-stream", headers=_HEADERS)
        texts = request.query_params.getlist("watch")
        watched = frozenset(listed(texts)) if texts else None
        stream = _stream(watcher, state, watched)
        return StreamingResponse(stream, media_type="text/event-stream", headers=_HEADERS)

    return [Route("/api/events", events)]


async def _stream(watcher: Watcher, state: Shared, watched: frozenset[str] | None) -> AsyncIterator[bytes]:
    async with watcher.page() as page:
        yield _event("hello", {"boot": state.boot, "revision": page.revision})
        while True:
            told = await _next(page, state.ending)
            if state.ending.is_set():
                return
            if told is None:
                yield b": still here\n\n"
                continue
            if told.missed:  # more than is remembered: the page asks for all of it again
                yield _event("hello", {"boot": state.boot, "revision": told.revision})
            if told.changed or told.gone:
                told_of = {"revision": told.revision, "changed": told.changed[:_LISTED], "gone": told.gone}
                yield _event("runs", {**told_of, "more": max(len(told.changed) - _LISTED, 0)})
            grown = sorted(told.grown if watched is None else told.grown & watched)
            if grown:
                yield _event("grown", {"keys": grown})
            if told.reports.changed or told.reports.gone:
                yield _event("reports", {"changed": told.reports.changed, "gone": told.reports.gone})


async def _next(page: Page, ending: asyncio.Event) -> Told | None:
    """Return what there is to tell; None after a while without, or where the server ends."""
    told, ends = asyncio.ensure_future(page.next()), asyncio.ensure_future(ending.wait())
    try:
        await asyncio.wait((told, ends), timeout=_PING_S, return_when=asyncio.FIRST_COMPLETED)
        return told.result() if told.done() else None
    finally:
        told.cancel()
        ends.cancel()


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
