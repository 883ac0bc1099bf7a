"""What the HTTP API has beside runs and curves: one run, comparisons, importance, reports, and its own description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import curves_routes, detail_routes, importance_routes, reports_routes
from .openapi import describe

if TYPE_CHECKING:
    from .api import State


def routes(state: State, first: list[Route]) -> list[Route]:
    """Return these routes; `first` are the API's others but for curves, which are described with them."""
    found = [*importance_routes.routes(state), *detail_routes.routes(state), *reports_routes.routes(state)]
    document = describe([*first, *curves_routes.routes(state), *found])

    async def openapi(_: Request) -> Response:
        return JSONResponse(document)

    return [*found, Route("/api/openapi.json", openapi)]


def api(state: State) -> list[Route]:
    """Return all routes of the API."""
    from .api import api_first

    first = api_first(state)
    return [*first, *curves_routes.routes(state), *routes(state, first)]
