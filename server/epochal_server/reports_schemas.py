"""JSON Schemas of what reports take and give."""

from __future__ import annotations

from typing import Any, Final

from .openapi import Schema
from .runs_schemas import QUERY

_TEXT: Final[Schema] = {"type": "string"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_VERSION: Final[Schema] = {"type": "string", "description": "SHA-256 of the file's bytes"}
_SECONDS: Final[Schema] = {"type": "number", "description": "seconds since the epoch"}
#: What a grid may say of runs, beside `limit`: a part of what the table can be asked.
_OF_QUERY: Final = ("project", "where", "search", "filters", "sort", "keys")


def _object(required: list[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": required, "properties": properties}


def _body(required: list[str], **properties: Schema) -> Schema:
    return {**_object(required, **properties), "additionalProperties": False}


LIST: Final = _object(
    ["reports", "folder", "passed_over"],
    reports={
        "type": "array",
        "description": "the newest first",
        "items": _object(
            ["name", "title", "changed", "bytes", "grids"],
            name=_TEXT,
            title=_TEXT,
            changed=_SECONDS,
            bytes=_COUNT,
            grids=_COUNT,
            error={"type": "string", "description": "why the file cannot be read"},
        ),
    },
    folder={"type": "string", "description": "where the files are"},
    passed_over={**_TEXTS, "description": "files of the folder whose names no report can have, and links"},
)
REPORT: Final = _object(
    ["name", "title", "text", "version", "changed", "path"],
    name=_TEXT,
    title={"type": "string", "description": "the heading that it begins with, else the name"},
    text={"type": "string", "description": "markdown with grids"},
    version=_VERSION,
    changed=_SECONDS,
    path={"type": "string", "description": "of the file, relative to the runs folder"},
)
SAVE: Final = _body(
    ["text"],
    text=_TEXT,
    version={**_VERSION, "type": ["string", "null"], "description": "of what was edited; null for a new report"},
)
RENAME: Final = _body(["to"], to=_TEXT)
DELETED: Final = _object(["trash"], trash={"type": "string", "description": "where it is now, in the runs folder"})
DELETE_QUERY: Final = {"version": {**_VERSION, "description": "of what is deleted: nothing that was changed since"}}
IMAGE_QUERY: Final = {"path": {"type": "string", "description": "within the folder of reports: figures/a.png"}}
EXPORT_QUERY: Final = {"blind": {"enum": ["0", "1", "false", "true"], "description": "without names and places"}}

_RUNS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        **{name: QUERY["properties"][name] for name in _OF_QUERY},
        "limit": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000},
        "colours": {"type": ["object", "null"], "description": "key: #rrggbb"},
        "hidden": {"type": ["array", "null"], "items": _TEXT},
    },
}
RUNS: Final = _body(["runs"], runs=_RUNS)
GRID_RUNS: Final = _object(
    ["runs", "matched", "missing", "remarks"],
    runs={
        "type": "array",
        "items": _object(["key", "name", "project", "state"], key=_TEXT, name=_TEXT, project=_TEXT, state=_TEXT),
    },
    matched={**_COUNT, "description": "how many runs there are that the grid may show"},
    missing={**_TEXTS, "description": "keys that no run has any more"},
    remarks={**_TEXTS, "description": "what was passed over, as a newer version may know it"},
)
