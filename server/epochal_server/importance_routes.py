"""The HTTP API of importance: which settings matter for a result."""

from __future__ import annotations

from typing import Any, Final, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from epochal.catalog_entry import Entry
from epochal.json_values import json_safe

from .importance import importance
from .inputs import json_body, refused
from .openapi import Schema, documented
from .problems import Problem
from .roster import Roster
from .runs_query import Query, read_query
from .runs_schemas import QUERY
from .runs_view import Views

_MOST_RUNS: Final = 10_000
_MOST_COLUMNS: Final = 500


class Shared(Protocol):
    """What the handler needs of the server's state."""

    @property
    def roster(self) -> Roster: ...


def routes(state: Shared) -> list[Route]:
    """Return the route of importance."""
    select = _Selection(state)

    @documented("How much each setting has to do with a metric of the summary", body=_ASKED, answer=_ANSWER)
    async def weigh(request: Request) -> Response:
        inputs = await json_body(request)
        keys = None if inputs.any("keys") is None else inputs.texts("keys", most=_MOST_RUNS)
        asked, metric = inputs.object("query"), inputs.required_text("metric", longest=1000)
        query = None if asked is None else read_query(asked)
        columns = None if inputs.any("columns") is None else inputs.texts("columns", most=_MOST_COLUMNS)
        inputs.done()
        if (keys is None) == (query is None):
            raise refused("keys", "or query must be given, and not both")

        def answer() -> dict[str, Any]:
            entries = select.of_keys(keys) if keys is not None else select.of_query(query or Query())
            found: dict[str, Any] = json_safe(importance(entries, metric, columns))
            return found

        return JSONResponse(await run_in_threadpool(answer))

    return [Route("/api/importance", weigh, methods=["POST"])]


class _Selection:
    """The runs that a request means."""

    def __init__(self, state: Shared) -> None:
        self._state = state
        self._views: Views | None = None

    def of_keys(self, keys: list[str]) -> list[Entry]:
        found = []
        for key in dict.fromkeys(keys):
            try:
                found.append(self._state.roster.entry(key))
            except (Problem, KeyError):  # deleted meanwhile
                continue
        if keys and not found:
            raise refused("keys", "names no run that is there")
        return found

    def of_query(self, query: Query) -> list[Entry]:
        """Return all runs that a query of the runs table means."""
        roster = self._state.roster
        roster.fresh()
        with roster.lock:
            if self._views is None:
                self._views = Views(roster.table)
            entries = roster.table.entries
            return [entries[row] for row in self._views.matched(query).tolist()]


_ASKED: Final[Schema] = {
    "type": "object",
    "required": ["metric"],
    "additionalProperties": False,
    "properties": {
        "keys": {"type": ["array", "null"], "items": {"type": "string"}, "maxItems": _MOST_RUNS},
        "query": {
            **QUERY,
            "type": ["object", "null"],
            "description": "instead of keys: all runs that the runs table would show",
        },
        "metric": {"type": "string", "description": "a name of the summary"},
        "columns": {
            "type": ["array", "null"],
            "items": {"type": "string"},
            "maxItems": _MOST_COLUMNS,
            "description": "which to look at; by default every setting of the configs",
        },
    },
}
_ANSWER: Final[Schema] = {
    "type": "object",
    "required": ["rows", "constant", "runs", "forest", "note"],
    "properties": {
        "rows": {
            "type": "array",
            "description": "the strongest first",
            "items": {
                "type": "object",
                "required": ["column", "kind", "values", "n", "rank_correlation", "chance"],
                "properties": {
                    "column": {"type": "string"},
                    "kind": {"enum": ["number", "category"]},
                    "values": {"type": "integer", "description": "how many different ones"},
                    "n": {"type": "integer", "description": "runs that have a value"},
                    "rank_correlation": {
                        "type": ["number", "null"],
                        "description": "Spearman's, -1 to 1; of a category 0 to 1; null where it cannot be told",
                    },
                    "chance": {
                        "type": "number",
                        "description": "one setting of twenty that means nothing shows more than this",
                    },
                    "forest": {"type": "number", "description": "share of what a random forest explains, 0 to 1"},
                },
            },
        },
        "constant": {"type": "array", "items": {"type": "string"}, "description": "settings that are the same in all"},
        "runs": {"type": "integer", "description": "runs with a number for the metric"},
        "forest": {
            "type": ["object", "null"],
            "properties": {
                "score": {"type": "number", "description": "1 is perfect; 0 or less no better than the mean"},
                "runs": {"type": "integer"},
                "trees": {"type": "integer"},
            },
        },
        "note": {"type": "string", "description": "what to keep in mind, in words"},
    },
}
