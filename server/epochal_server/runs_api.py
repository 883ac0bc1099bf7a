"""The HTTP API of the runs table: query, columns, filters, CSV, changes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec
import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from . import inputs as reading
from . import runs_schemas as schemas
from .inputs import Inputs, json_body, refused
from .openapi import documented
from .roster import Roster
from .runs_columns import Described
from .runs_complete import complete
from .runs_csv import csv_lines, picked
from .runs_edits import apply_deletion, apply_edit, check_writable, read_edit, read_keys
from .runs_groups import group_records, grouped, members, sorted_groups
from .runs_groups import picked as picked_groups
from .runs_query import Query, read_query
from .runs_values import shown
from .runs_view import Views
from .runs_where import check, from_utf16, utf16


class Shared(Protocol):
    """What the handlers need of the server's state."""

    @property
    def roster(self) -> Roster: ...
    @property
    def read_only(self) -> bool: ...

    @property
    def settled(self) -> Callable[[], object]: ...


class RunsApi:
    """Answers of the runs table; its methods may be called by several threads."""

    def __init__(self, roster: Roster, settled: Callable[[], object] = lambda: None) -> None:
        """`settled` is called when columns and what filters ask have been made for all runs."""
        self._roster, self._settled = roster, settled
        self._views = Views(roster.table)
        self._described = Described(roster.table)
        self._preparing: threading.Thread | None = None

    def query(self, query: Query) -> dict[str, Any]:
        """Return the answer to `POST /api/runs/query`."""
        roster = self._roster
        roster.fresh()
        self._prepare()
        with roster.lock:
            table = roster.table
            rows = self._views.ordered(query) if not query.group else self._views.matched(query)
            found: dict[str, Any] = {
                "revision": roster.revision,
                "total": len(table),
                "matched": len(rows),
                "left": roster.left,
                "offset": query.offset,
            }
            if query.group:
                groups = grouped(table, rows, query.group)
                if query.within is None:
                    groups = sorted_groups(table, groups, query)
                    places = np.arange(len(groups.counts))[query.offset : query.offset + query.limit]
                    found["group_count"] = len(groups.counts)
                    found["groups"] = group_records(table, picked_groups(groups, places), query.columns)
                    return found
                rows = self._views.ordered(query)
                rows = rows[np.isin(rows, members(groups, query.within))]
                found["matched"] = len(rows)
            window = rows[query.offset : query.offset + query.limit].tolist()
            found["keys"] = [table.keys[row] for row in window]
            found["columns"] = {name: self._values(name, window) for name in query.columns}
            return found

    def columns(self, project: str | None) -> dict[str, Any]:
        """Return the answer to `GET /api/columns`."""
        self._roster.fresh()
        lock = self._roster.lock
        self._roster.table.prepare(lock)
        revision = self._roster.revision  # what comes later may be told already, and is asked for again
        found = self._described.columns(project, lambda: self._views.matched(Query(project=project)), lock)
        return {"revision": revision, "columns": found}

    def csv(self, query: Query) -> Iterator[str]:
        """Return the pieces of the file that `GET /api/runs.csv` gives."""
        self._roster.fresh()
        with self._roster.lock:
            names = query.columns or ("name", "id", "project", "state", "started", "finished", "duration")
            columns = picked(self._roster.table, self._views.ordered(query), names)
        return csv_lines(names, columns)

    def check(self, text: str) -> dict[str, Any]:
        """Return the answer to `POST /api/where/check`."""
        self._roster.fresh()
        with self._roster.lock:
            return check(text, self._roster.table)

    def complete(self, text: str, at: int, project: str | None) -> dict[str, Any]:
        """Return the answer to `POST /api/where/complete`."""
        columns = self.columns(project)["columns"]
        with self._roster.lock:
            found = complete(text, from_utf16(text, at), columns, self._roster.table.spelled)
        return {**found, "from": utf16(text[: found["from"]]), "to": utf16(text[: found["to"]])}

    # -- within --

    def _values(self, name: str, window: list[int]) -> list[Any]:
        table = self._roster.table
        if not table.has(name) and len(window) < len(table) // 4:
            return [shown(table.value(row, name)) for row in window]
        column = table.column(name)
        return [None] * len(window) if column is None else column.at(window)

    def _prepare(self) -> None:
        """Make what columns and filters need in the background, so that the first page need not wait for it."""
        table, lock = self._roster.table, self._roster.lock

        def prepare() -> None:
            table.prepare(lock)
            table.prepare_subjects(lock)
            self._settled()

        busy = self._preparing is not None and self._preparing.is_alive()
        if not table.prepared and not busy and not self._roster.left:
            self._preparing = threading.Thread(target=prepare, name="columns", daemon=True)
            self._preparing.start()


def routes(state: Shared) -> list[Route]:
    """Return the routes of the runs table."""
    api, roster = RunsApi(state.roster, state.settled), state.roster

    @documented("Runs: filtered, sorted, grouped, some columns of them", body=schemas.QUERY, answer=schemas.RUNS)
    async def query(request: Request) -> Response:
        asked = read_query(await json_body(request))
        return await _answer(lambda: api.query(asked))

    @documented("The columns there are", query={"project": {"type": "string"}}, answer=schemas.COLUMNS)
    async def columns(request: Request) -> Response:
        asked = reading.query(request)
        project = asked.text("project", longest=1000)
        asked.done()
        return await _answer(lambda: api.columns(project))

    @documented(
        "All runs of a query as a CSV file",
        query={"q": {"type": "string", "description": "the body of /api/runs/query, as JSON"}},
        media_type="text/csv",
    )
    async def csv(request: Request) -> Response:
        asked = _query_of(reading.query(request))
        return StreamingResponse(
            await run_in_threadpool(api.csv, asked),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="runs.csv"'},
        )

    @documented("Whether a filter can be understood, and where not", body=schemas.CHECK, answer=schemas.CHECKED)
    async def where_check(request: Request) -> Response:
        asked = await json_body(request)
        text = asked.text("where") or ""
        asked.done()
        return await _answer(lambda: api.check(text))

    @documented("What may stand at a place of a filter", body=schemas.COMPLETE, answer=schemas.COMPLETED)
    async def where_complete(request: Request) -> Response:
        asked = await json_body(request)
        text = asked.text("where") or ""
        at = asked.whole("at", utf16(text), least=0, most=100_000)
        project = asked.text("project", longest=1000)
        asked.done()
        return await _answer(lambda: api.complete(text, at, project))

    @documented("Rename, tag, untag and note runs", body=schemas.EDIT, answer=schemas.EDITED)
    async def edit(request: Request) -> Response:
        check_writable(roster, read_only=state.read_only)
        asked = read_edit(await json_body(request))
        return await _answer(lambda: apply_edit(roster, asked))

    @documented("Move runs to the trash", body=schemas.DELETE, answer=schemas.DELETED)
    async def delete(request: Request) -> Response:
        check_writable(roster, read_only=state.read_only)
        asked = await json_body(request)
        keys = read_keys(asked)
        confirmed = asked.any("confirm") is True
        asked.done()
        if not confirmed:
            raise refused("confirm", "must be true: runs are deleted only by who says so")
        return await _answer(lambda: apply_deletion(roster, keys))

    return [
        Route("/api/runs/query", query, methods=["POST"]),
        Route("/api/columns", columns),
        Route("/api/runs.csv", csv),
        Route("/api/where/check", where_check, methods=["POST"]),
        Route("/api/where/complete", where_complete, methods=["POST"]),
        Route("/api/runs/edit", edit, methods=["POST"]),
        Route("/api/runs/delete", delete, methods=["POST"]),
    ]


async def _answer(make: Callable[[], dict[str, Any]]) -> Response:
    """Return what a thread works out, as JSON."""
    content = await run_in_threadpool(lambda: msgspec.json.encode(make()))
    return Response(content, media_type="application/json")


def _query_of(asked: Inputs) -> Query:
    text = asked.text("q", "{}", longest=100_000) or "{}"
    asked.done()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise refused("q", "must be a JSON object")
    return read_query(Inputs(found))
