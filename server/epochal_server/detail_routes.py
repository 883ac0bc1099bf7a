"""The addresses of one run's details and of comparisons, with what each takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response
from starlette.routing import Route

from . import (
    compare_runs,
    detail_blobs,
    detail_console,
    detail_files,
    detail_histograms,
    detail_media,
    detail_overview,
    detail_tables,
)
from . import detail_schemas as schemas
from .detail_open import Asked, Later, handler
from .openapi import documented

if TYPE_CHECKING:
    from .api import State

_RUN: Final = "/api/runs/{project}/{run}"


def routes(state: State) -> list[Route]:
    """Return the routes of `/api/runs/{project}/{run}` and below, and of `/api/compare`."""

    def get(path: str, summary: str, look: Callable[[Asked], Response | Later], **said: Any) -> Route:
        return Route(f"{_RUN}{path}", documented(summary, **said)(handler(state, look)), methods=["GET"])

    text: dict[str, Any] = {"media_type": "text/plain"}
    return [
        get("", "Everything known of one run beside its points", detail_overview.answer, answer=schemas.OVERVIEW),
        get("/media", "What was logged under one name", detail_media.answer,
            query=schemas.MEDIA_QUERY, required=["key"], answer=schemas.MEDIA),
        get("/blob/{sha}", "A file of media, by its SHA-256", detail_blobs.answer,
            query=schemas.BLOB_QUERY, media_type="*/*"),
        get("/histograms", "Histograms over steps as a heat map", detail_histograms.answer,
            query=schemas.HISTOGRAMS_QUERY, required=["key"], answer=schemas.HISTOGRAMS),
        get("/table", "Rows of a table", detail_tables.Tables().answer,
            query=schemas.TABLE_QUERY, required=["key"], answer=schemas.TABLE, also=["text/csv"]),
        get("/console", "What the run has printed", detail_console.Consoles().answer,
            query=schemas.CONSOLE_QUERY, answer=schemas.CONSOLE),
        get("/files", "The files that the run has saved", detail_files.answer_files, answer=schemas.FILES),
        get("/file", "One saved file", detail_files.answer_file,
            query=schemas.FILE_QUERY, required=["name"], media_type="application/octet-stream"),
        get("/checkpoint", "A file of a checkpoint that was copied into the run", detail_files.answer_checkpoint,
            query=schemas.CHECKPOINT_QUERY, required=["path"], media_type="application/octet-stream"),
        get("/patch", "What was not committed when the run began", detail_files.answer_patch, **text),
        get("/packages", "The packages that were installed", detail_files.answer_packages, **text),
        get("/script", "The script that the run was started from", detail_files.answer_script, **text),
        Route(
            "/api/compare",
            documented("Runs side by side", body=schemas.COMPARE_BODY, answer=schemas.COMPARISON)(
                compare_runs.handler(state)
            ),
            methods=["POST"],
        ),
    ]  # fmt: skip
