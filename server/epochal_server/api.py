"""The HTTP API, put together from its parts, and what they share."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from epochal.version import __version__

from . import curves_routes, detail_routes, importance_routes, live, reports_routes, runs_api
from .curves_cache import SeriesCache
from .importance import has_forest
from .openapi import Handler, describe, documented
from .problems import HANDLERS, answer_problem
from .reports_folder import ReportsFolder
from .roster import Roster


@dataclass
class State:
    """What all handlers share.

    Attributes:
        root: the runs folder.
        read_only: nothing may be changed.
        roster: the runs of the folder.
        series: the points of runs that were drawn lately.
        boot: another text each time the server starts: pages reload what they show.
        ending: is set when the server is about to end: streams end then, since nobody waits for them.
        reports: those of the folder.
    """

    root: Path
    read_only: bool
    roster: Roster
    series: SeriesCache = field(default_factory=SeriesCache)
    boot: str = field(default_factory=lambda: secrets.token_hex(8))
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    reports: ReportsFolder = field(init=False)

    def __post_init__(self) -> None:
        self.reports = ReportsFolder(self.root)


def create_api(root: Path, *, read_only: bool, ending: asyncio.Event) -> Starlette:
    """Return the API over a runs folder as an application; what it holds open is its `state.roster`'s to close."""
    state = State(root, read_only, Roster(root), ending=ending)
    app = Starlette(routes=api(state), exception_handlers={**HANDLERS, Exception: answer_problem})
    app.state.roster = state.roster
    # a page is about to ask for the runs: they are looked at before it does
    state.roster.fresh()
    return app


def api(state: State) -> list[Route]:
    """Return the routes of the HTTP API."""
    found = [
        Route("/api/server", _server(state)),
        *runs_api.routes(state),
        *live.routes(state),
        *curves_routes.routes(state),
        *importance_routes.routes(state),
        *detail_routes.routes(state),
        *reports_routes.routes(state),
    ]
    document = describe(found)

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    return [*found, Route("/api/openapi.json", openapi)]


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
