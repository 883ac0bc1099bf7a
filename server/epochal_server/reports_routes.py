"""The HTTP API of reports: list, read, save, rename, delete, their pictures, the runs of a grid, the exported file."""

from __future__ import annotations

import os
from typing import Any, Final, Protocol

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from epochal.media.picture_facts import picture_format

from . import reports_schemas as schemas
from .curves_cache import SeriesCache
from .detail_bytes import SANDBOX, Served, serve
from .inputs import json_body, query, refused
from .openapi import Handler, documented
from .problems import Problem
from .reports_export import export_html
from .reports_folder import LARGEST, ReportsFolder
from .reports_runs import read_runs, runs_of
from .runs_api import RunsApi, Shared
from .runs_edits import check_writable

_REPORT: Final = "/api/reports/{name}"
#: A text of the largest size, with every second character escaped.
_BODY: Final = 2 * LARGEST + 10_000


class State(Shared, Protocol):
    """What the handlers need of the server's state."""

    @property
    def series(self) -> SeriesCache: ...
    @property
    def reports(self) -> ReportsFolder: ...


def routes(state: State) -> list[Route]:
    """Return the routes of reports."""
    return [
        Route("/api/reports", _list(state)),
        Route("/api/reports/runs", _runs(state), methods=["POST"]),
        Route(_REPORT, _read(state), methods=["GET"]),
        Route(_REPORT, _save(state), methods=["PUT"]),
        Route(_REPORT, _delete(state), methods=["DELETE"]),
        Route(f"{_REPORT}/rename", _rename(state), methods=["POST"]),
        Route(f"{_REPORT}/image", _image(state), methods=["GET"]),
        Route(f"{_REPORT}/export", _export(state), methods=["GET"]),
    ]


def _list(state: State) -> Handler:
    @documented("All reports of the folder, the newest first", answer=schemas.LIST)
    async def reports(request: Request) -> Response:
        query(request).done()
        found, others = await run_in_threadpool(state.reports.listed)
        return _json({"reports": found, "folder": os.fspath(state.reports.path), "passed_over": others})

    return reports


def _read(state: State) -> Handler:
    @documented("A report: its text, and the version that a change of it names", answer=schemas.REPORT)
    async def read(request: Request) -> Response:
        query(request).done()
        return _json((await run_in_threadpool(state.reports.read, _name(request))).shown())

    return read


def _save(state: State) -> Handler:
    @documented(
        "Save a report: a new one, or in place of the version that was edited", body=schemas.SAVE, answer=schemas.REPORT
    )
    async def save(request: Request) -> Response:
        check_writable(state.roster, read_only=state.read_only)
        asked = await json_body(request, largest=_BODY)
        text = asked.text("text", longest=LARGEST)
        version = asked.text("version", longest=100)
        asked.done()
        if text is None:
            raise refused("text", "is missing")
        return _json((await run_in_threadpool(state.reports.save, _name(request), text, version)).shown())

    return save


def _rename(state: State) -> Handler:
    @documented("Give a report another name", body=schemas.RENAME, answer=schemas.REPORT)
    async def rename(request: Request) -> Response:
        check_writable(state.roster, read_only=state.read_only)
        asked = await json_body(request)
        to = asked.required_text("to")
        asked.done()
        return _json((await run_in_threadpool(state.reports.rename, _name(request), to)).shown())

    return rename


def _delete(state: State) -> Handler:
    @documented("Move a report to the trash", query=schemas.DELETE_QUERY, answer=schemas.DELETED)
    async def delete(request: Request) -> Response:
        check_writable(state.roster, read_only=state.read_only)
        asked = query(request)
        version = asked.text("version", longest=100)
        asked.done()
        return _json({"trash": await run_in_threadpool(state.reports.delete, _name(request), version)})

    return delete


def _image(state: State) -> Handler:
    @documented(
        "A picture (PNG, JPEG, GIF, WebP) beside the reports",
        query=schemas.IMAGE_QUERY, required=["path"], media_type="image/*",
    )  # fmt: skip
    async def image(request: Request) -> Response:
        asked = query(request)
        path = asked.required_text("path", longest=1000)
        asked.done()
        return await run_in_threadpool(_serve_image, state, request, path)

    return image


def _serve_image(state: State, request: Request, path: str) -> Response:
    state.reports.read(_name(request))
    file = state.reports.open_file(path)
    format = picture_format(file.read(64))
    if format is None:
        file.close()
        raise Problem(409, "no picture", detail=f"{path} is no PNG, JPEG, GIF or WebP by its first bytes", input="path")
    facts = os.fstat(file.fileno())
    tag = f"{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}"
    how = Served(f"image/{format}", path.rpartition("/")[2], tag, attachment=False)
    return serve(request, file, facts.st_size, how)


def _export(state: State) -> Handler:
    @documented("A report as one HTML file that needs no server", query=schemas.EXPORT_QUERY, media_type="text/html")
    async def export(request: Request) -> Response:
        asked = query(request)
        blind = asked.flag("blind")
        asked.done()
        name = _name(request)

        def made() -> bytes:
            return export_html(state, state.reports.read(name), blind=blind)

        content = await run_in_threadpool(made)
        file = f"{name}{'-blind' if blind else ''}.html"
        headers = {"Content-Disposition": f'attachment; filename="{file}"', "Content-Security-Policy": SANDBOX}
        return Response(content, media_type="text/html; charset=utf-8", headers=headers)

    return export


def _runs(state: State) -> Handler:
    api = RunsApi(state.roster)

    @documented("The runs that a grid of a report means", body=schemas.RUNS, answer=schemas.GRID_RUNS)
    async def runs(request: Request) -> Response:
        asked = await json_body(request)
        wanted = read_runs(asked.any("runs"))
        asked.done()
        return _json(await run_in_threadpool(runs_of, api, state.roster, wanted))

    return runs


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
