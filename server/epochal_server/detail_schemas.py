"""JSON Schemas of what the addresses of one run, and of comparisons, take and give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Schema = dict[str, Any]


def _object(said: str = "", /, optional: Mapping[str, Schema] | None = None, **members: Schema) -> Schema:
    return {
        "type": "object",
        **({"description": said} if said else {}),
        "required": list(members),
        "properties": {**members, **(optional or {})},
    }


def _list(items: Schema, said: str = "") -> Schema:
    return {"type": "array", "items": items, **({"description": said} if said else {})}


def _said(schema: Schema, said: str) -> Schema:
    return {**schema, "description": said}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


_TEXT: Final[Schema] = {"type": "string"}
_FLAG: Final[Schema] = {"type": "boolean"}
_WHOLE: Final[Schema] = {"type": "integer"}
_NUMBER: Final[Schema] = {"type": "number"}
#: What JSON has no number for is a text.
_FLOAT: Final[Schema] = {"type": ["number", "string"], "description": 'or "NaN", "Infinity", "-Infinity"'}
_MAP: Final[Schema] = {"type": "object"}
_STEP: Final[Schema] = {"type": "integer", "minimum": -(1 << 63), "maximum": (1 << 63) - 1}


def _count(least: int, most: int, default: int | None = None, said: str = "") -> Schema:
    told = {"default": default} if default is not None else {}
    return {"type": "integer", "minimum": least, "maximum": most, **told, **({"description": said} if said else {})}


_OF_MEDIA: Final[Schema] = {
    "key": _said(_TEXT, "the name under which it was logged"),
    "rank": _said({"type": "string", "pattern": "^(all|[0-9]{1,7})$", "default": "all"}, "a rank, or all"),
    "abandoned": _said(_FLAG, "also what a later resume or rewind has hidden"),
}
_ITEM_FACTS: Final[Schema] = {
    "sha": _said(_TEXT, "SHA-256 of its file"),
    "url": _said(_TEXT, "where its file is served"),
    "bytes": _WHOLE,
    "missing": _said(_TEXT, "why its file cannot be shown"),
    "boxes": _list(_object(edges=_list(_NUMBER), label=_or_null(_TEXT), score={"type": ["number", "null"]})),
    "masks": _said(_MAP, "name to {classes, sha, url, bytes, missing?}"),
}
_ITEM: Final = _object(
    "one picture, sound, …; beside these members what its record says: width, rate, seconds, text, rows, columns, …",
    _ITEM_FACTS, kind=_TEXT, caption=_or_null(_TEXT),
)  # fmt: skip

OVERVIEW: Final = _object(
    key=_said(_TEXT, "<project folder>/<run folder>"), id=_TEXT, name=_TEXT, project=_TEXT,
    state=_said(_TEXT, "running, finished, failed, interrupted, killed or lost"),
    started=_or_null(_NUMBER), finished=_or_null(_NUMBER), duration=_or_null(_NUMBER),
    reason=_or_null(_TEXT), exit_code=_or_null(_WHOLE), signal=_or_null(_WHOLE),
    error=_said(_or_null(_MAP), "the exception that ended it: type, message, traceback"),
    group=_or_null(_TEXT), job_type=_or_null(_TEXT), tags=_list(_TEXT), notes=_or_null(_TEXT), host=_or_null(_TEXT),
    path=_TEXT, ranks=_list(_WHOLE), config=_MAP, datasets=_MAP, summary=_MAP, manual_summary=_list(_TEXT),
    goals=_said(_MAP, 'name of a result to "min" or "max"'),
    definitions=_list(_object(
        name=_TEXT, step=_or_null(_TEXT), summary={"type": ["array", "null"]}, goal=_or_null(_TEXT),
    )),
    environment=_MAP, git=_or_null(_MAP), code=_said(_or_null(_MAP), "of a run outside of git"),
    checkpoints=_list(_object(
        path=_TEXT, step=_WHOLE, state=_TEXT, best=_FLAG, abandoned=_FLAG,
        file=_said(_FLAG, "a copy is in the run"), copied=_list(_object(name=_or_null(_TEXT), bytes=_WHOLE)),
    )),
    notices=_list(_object(code=_TEXT, text=_TEXT, time=_or_null(_NUMBER), file=_TEXT, data=_MAP)),
    alerts=_list(_object(
        title=_TEXT, text=_TEXT, level=_TEXT, step=_or_null(_WHOLE), time=_NUMBER, source=_TEXT, rank=_WHOLE,
    )),
    metrics=_list(_TEXT), system_metrics=_list(_TEXT),
    media=_list(_object(
        key=_TEXT, kinds=_list(_TEXT), items=_WHOLE, steps=_WHOLE, first_step=_WHOLE, last_step=_WHOLE,
    )),
    files=_said(_WHOLE, "how many files it has saved"), writers=_list(_MAP), position=_or_null(_MAP),
)  # fmt: skip

MEDIA_QUERY: Final[Schema] = {
    **_OF_MEDIA,
    "step": _said(_STEP, "only this step"),
    "from": _said(_STEP, "this step and later ones"),
    "limit": _count(1, 10_000, 1000, "so many steps of ranks"),
}
MEDIA: Final = _object(
    key=_TEXT,
    steps=_list(_WHOLE, "all steps, sorted"),
    items=_list({
        **_ITEM,
        "required": [*_ITEM["required"], "step", "time", "rank", "abandoned", "index"],
        "properties": {
            **_ITEM["properties"], "step": _WHOLE, "time": _NUMBER, "rank": _WHOLE, "abandoned": _FLAG, "index": _WHOLE,
        },
    }),
    more=_said(_or_null(_WHOLE), "the step to go on from; null where these are all"),
)  # fmt: skip

BLOB_QUERY: Final[Schema] = {
    "kind": _said(_TEXT, "of the item that it belongs to; `mask` of an image's masks"),
    "save": _said(_FLAG, "as a file to save"),
    "scripts": _said(_FLAG, "let the scripts of a page run, which has no origin and no network"),
}

HISTOGRAMS_QUERY: Final[Schema] = {
    **_OF_MEDIA,
    "index": _count(0, 10_000, 0, "which item of a step"),
    "width": _count(1, 4000, 300, "so many columns at most"),
    "bins": _count(1, 512, 64),
    "from": _STEP,
    "to": _STEP,
    "low": _said(_NUMBER, "lower end of the bins"),
    "high": _said(_NUMBER, "upper end of the bins"),
}
HISTOGRAMS: Final = _object(
    key=_TEXT, index=_WHOLE, low=_FLOAT, high=_FLOAT, bins=_WHOLE, total=_said(_WHOLE, "steps"),
    reduced=_said(_FLAG, "several steps share a column"), most=_said(_FLOAT, "the greatest count of any bin"),
    columns=_list(_object(
        first=_said(_WHOLE, "its first step"), last=_WHOLE, records=_WHOLE, counts=_list(_FLOAT),
        count=_FLOAT, nan=_FLOAT,
        below=_said(_FLOAT, "-infinity"), above=_said(_FLOAT, "+infinity"), outside=_said(_FLOAT, "of the given edges"),
        min={"type": ["number", "string", "null"]}, max={"type": ["number", "string", "null"]},
        mean={"type": ["number", "string", "null"]},
    )),
    missing=_list(_object(step=_WHOLE, why=_TEXT), "the first steps whose histogram cannot be read"),
    missing_count=_WHOLE,
)  # fmt: skip

TABLE_QUERY: Final[Schema] = {
    **_OF_MEDIA,
    "step": _said(_STEP, "by default the last"),
    "index": _count(0, 10_000, 0, "which item of the step"),
    "format": _said({"type": "string", "enum": ["json", "csv"], "default": "json"}, "csv: all rows, as a file to save"),
    "offset": _count(0, 1 << 40, 0),
    "limit": _count(1, 5000, 100),
    "sort": _said(_TEXT, "name of a column"),
    "descending": _FLAG,
}
TABLE: Final = _object(
    key=_TEXT, step=_WHOLE, time=_NUMBER, rank=_WHOLE, caption=_or_null(_TEXT),
    columns=_list(_object(name=_TEXT, type=_said(_TEXT, "int, float, bool, text, media or json"))),
    rows=_said(_WHOLE, "of the whole table"), offset=_WHOLE,
    data=_list({"type": "array"}, "the cells of each column; of media places in `media`"), media=_list(_ITEM),
)  # fmt: skip

CONSOLE_QUERY: Final[Schema] = {
    "rank": {**_OF_MEDIA["rank"], "default": "0"},
    "stream": {"type": "string", "enum": ["all", "stdout", "stderr"], "default": "all"},
    "search": _said({"type": "string", "maxLength": 1000}, "only lines that hold this; capital letters do not matter"),
    "after": _count(0, 1 << 40, 0, "the first line wanted, by its number"),
    "before": _count(0, 1 << 40, None, "the lines before this one"),
    "tail": _count(0, 1 << 40, None, "the last lines"),
    "offset": _count(0, 1 << 40, None, "the first line wanted, by its place among those that match"),
    "limit": _count(1, 10_000, 1000),
}
CONSOLE: Final = _object(
    lines=_list(_object(
        n=_said(_WHOLE, "its number"), time=_NUMBER, stream=_TEXT, text=_TEXT, rank=_WHOLE,
        final=_said(_FLAG, "false for a line that has not ended"), cut=_said(_FLAG, "it is longer than what is shown"),
    )),
    next=_said(_WHOLE, "give it as `after` for what comes next"), total=_said(_WHOLE, "lines that have ended"),
    matched=_said(_WHOLE, "of the rank and stream, with the text"), earlier=_said(_WHOLE, "matched before these"),
    later=_said(_WHOLE, "matched after these"),
    base=_said(_TEXT, "where it changes, lines have other numbers than before"),
    following=_said(_FLAG, "the run goes on"),
)  # fmt: skip

FILES: Final = _object(
    files=_list(_object(
        name=_TEXT, sha256=_TEXT, bytes=_WHOLE, state=_said(_TEXT, "present, changed or vanished"), time=_NUMBER,
        source=_said(_TEXT, "where the original was"), changed_while_copied=_FLAG,
    )),
)  # fmt: skip
FILE_QUERY: Final[Schema] = {"name": _TEXT, "sha": _said(_TEXT, "SHA-256, where a name stood for several files")}
CHECKPOINT_QUERY: Final[Schema] = {
    "path": _said(_TEXT, "as recorded"),
    "step": _STEP,
    "file": _said(_TEXT, "one of `copied`, where the checkpoint is a folder"),
}

COMPARE_BODY: Final[Schema] = {
    "type": "object",
    "required": ["keys"],
    "additionalProperties": False,
    "properties": {
        "keys": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 50, "uniqueItems": True},
        "parts": {
            "type": "array",
            "maxItems": 6,
            "items": {"enum": ["config", "summary", "environment", "packages", "datasets", "code"]},
            "description": "by default all",
        },
        "metrics": {"type": "array", "maxItems": 1000, "items": _TEXT, "description": "results, by default all"},
    },
}
_ROW: Final = _object(
    "one name; `present` tells what is missing from what is null",
    key=_TEXT, same=_FLAG, differs=_FLAG, values={"type": "array"}, present=_list(_FLAG),
)  # fmt: skip
COMPARISON: Final = _object(
    "values stand in the order of the keys",
    {
        "config": _list(_ROW),
        "summary": _list({
            **_ROW, "properties": {**_ROW["properties"], "goal": _or_null(_TEXT), "best": _list(_WHOLE)},
        }),
        "environment": _list(_ROW),
        "packages": _object(changed=_list(_ROW), same=_WHOLE, unknown=_list(_object(run=_WHOLE, why=_TEXT))),
        "datasets": _list(_MAP),
        "code": _object(
            same={"type": ["boolean", "null"]}, base=_said(_WHOLE, "the run that the others are compared with"),
            states=_list(_MAP), diffs=_list(_object(text=_TEXT, notes=_list(_TEXT), cut=_FLAG)),
        ),
    },
    runs=_list(_object(key=_TEXT, id=_TEXT, name=_TEXT, project=_TEXT, state=_TEXT)),
    metrics=_list(_TEXT, "metrics that two or more of the runs have"),
)  # fmt: skip
