"""The HTTP API, put together from its parts, and what they share.

Its parts are loaded in the order in which a page asks for them: NumPy and whatever reads runs' points take longer than
the page itself, and what few visits need waits until it is asked for.
"""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from epochal.version import __version__

from . import live, runs_api
from .forest import has_forest
from .later import Later
from .openapi import Handler, documented
from .problems import HANDLERS, answer_problem
from .reports_folder import ReportsFolder
from .roster import Roster

if TYPE_CHECKING:
    from .curves_cache import SeriesCache

#: Where curves are asked for.
CURVES: Final = ("/api/metrics", "/api/curves", "/api/points")


@dataclass
class State:
    """What all handlers share.

    Attributes:
        root: the runs folder.
        read_only: nothing may be changed.
        roster: the runs of the folder.
        boot: another text each time the server starts: pages reload what they show.
        ending: is set when the server is about to end: streams end then, since nobody waits for them.
        settled: is called whenever much was made that stays.
        reports: those of the folder.
    """

    root: Path
    read_only: bool
    roster: Roster
    boot: str = field(default_factory=lambda: secrets.token_hex(8))
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    settled: Callable[[], object] = lambda: None
    reports: ReportsFolder = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _series: SeriesCache | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.reports = ReportsFolder(self.root)

    @property
    def series(self) -> SeriesCache:
        """The points of runs that were drawn lately."""
        with self._lock:
            if self._series is None:
                from .curves_cache import SeriesCache

                self._series = SeriesCache()
            return self._series


def create_api(root: Path, *, read_only: bool, ending: asyncio.Event, ahead: bool) -> Starlette:
    """Return the API over a runs folder as an application, of which what a page asks for first is there first.

    What it holds open is its `state.roster`'s to close; its `state.next` is what is wanted next.
    """
    # of 10,000 runs a look for garbage among all that stays takes 0.1 s, and falls into somebody's answer
    state = State(root, read_only, Roster(root), ending=ending, settled=gc.freeze if ahead else lambda: None)
    first = api_first(state)

    def curves() -> Starlette:
        from . import curves_routes

        return _part(curves_routes.routes(state))

    def further() -> Starlette:
        from .api_further import routes

        return _part(routes(state, first))

    drawn, others = Later(curves), Later(further)
    app = _part([*first, *(Route(path, drawn) for path in CURVES), Route("/api/{rest:path}", others)])
    app.router.redirect_slashes = False  # /api is no other way to say /api/
    app.state.roster, app.state.next = state.roster, drawn
    if ahead:
        state.roster.fresh()
    return app


def _part(routes: list[Route]) -> Starlette:
    return Starlette(routes=routes, exception_handlers={**HANDLERS, Exception: answer_problem})


def api_first(state: State) -> list[Route]:
    """Return the routes that a page asks first: the server, its runs, and what happens."""
    return [Route("/api/server", _server(state)), *runs_api.routes(state), *live.routes(state)]


def _server(state: State) -> Handler:
    @documented("What this server shows, and what may be done", answer=SERVER)
    async def server(_: Request) -> Response:
        return JSONResponse(
            {
                "version": __version__,
                "root": os.fspath(state.root),
                "read_only": state.read_only,
                "boot": state.boot,
                "projects": state.roster.projects(),
                "forest": has_forest(),
            }
        )

    return server


SERVER = {
    "type": "object",
    "required": ["version", "root", "read_only", "boot", "projects", "forest"],
    "properties": {
        "version": {"type": "string"},
        "root": {"type": "string", "description": "the runs folder"},
        "read_only": {"type": "boolean"},
        "boot": {"type": "string", "description": "another text each time the server starts"},
        "projects": {"type": "array", "items": {"type": "string"}},
        "forest": {"type": "boolean", "description": "importance grows a random forest: scikit-learn is there"},
    },
}
