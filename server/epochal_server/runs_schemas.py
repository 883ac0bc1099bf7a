"""JSON Schemas of the runs table's requests and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .runs_edits import MOST_KEYS
from .runs_query import LARGEST_PAGE, OPERATIONS

Schema = Mapping[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_KEYS: Final[Schema] = {"type": "array", "items": _TEXT}
_VALUE: Final[Schema] = {
    "description": "null where there is none; NaN and infinities are the texts NaN, Infinity and -Infinity, "
    "integers beyond 2^53 texts of their digits"
}


def _object(required: Sequence[str], closed: bool = False, **properties: Schema) -> Schema:
    found: dict[str, Any] = {"type": "object", "required": list(required), "properties": properties}
    return {**found, "additionalProperties": False} if closed else found


def _body(required: Sequence[str] = (), **properties: Schema) -> Schema:
    return _object(required, closed=True, **properties)


def _maybe(kind: str, **more: Any) -> Schema:
    return {"type": [kind, "null"], **more}


QUERY: Final = _body(
    project=_maybe("string", description="only runs of this project"),
    where=_maybe("string", description='such as config.lr > 1e-3 and state == "finished"'),
    search=_maybe("string", description="words that must all stand in a run's texts"),
    filters=_maybe(
        "array",
        items=_body(
            ["column", "op"],
            column=_TEXT,
            op={"enum": list(OPERATIONS)},
            value={"description": "a text, number or truth value; for = and != also a list, of which one is enough"},
        ),
    ),
    keys=_maybe("array", items=_TEXT, maxItems=MOST_KEYS, description="only these runs"),
    sort=_maybe(
        "array",
        items={"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [_TEXT, {"enum": ["asc", "desc"]}]},
        description="the most important first; groups by their values, by count or by a column's mean",
    ),
    group=_maybe("array", items=_TEXT, description="columns"),
    within=_maybe("array", description="values of the columns in group: the runs of that group"),
    columns=_maybe("array", items=_TEXT, description="such as name, config.optimizer.lr, summary.val/acc"),
    offset=_maybe("integer", minimum=0),
    limit=_maybe("integer", minimum=0, maximum=LARGEST_PAGE),
)

_STATS: Final = _object(["n", "mean", "std", "min", "max"], n=_COUNT, mean=_VALUE, std=_VALUE, min=_VALUE, max=_VALUE)
RUNS: Final = _object(
    ["revision", "total", "matched", "left", "offset"],
    revision=_COUNT,
    total={**_COUNT, "description": "how many runs there are"},
    matched=_COUNT,
    left={**_COUNT, "description": "how many runs are still to be read: ask again"},
    offset=_COUNT,
    keys=_KEYS,
    columns={
        "type": "object",
        "additionalProperties": {"type": "array", "items": _VALUE},
        "description": "values in the order of keys",
    },
    group_count=_COUNT,
    groups={
        "type": "array",
        "items": _object(
            ["values", "count", "states", "stats"],
            values={"type": "array", "items": _VALUE},
            count=_COUNT,
            states={"type": "object", "additionalProperties": _COUNT},
            stats={"type": "object", "additionalProperties": _STATS},
        ),
    },
)

COLUMNS: Final = _object(
    ["revision", "columns"],
    revision=_COUNT,
    columns={
        "type": "array",
        "items": _object(
            ["key", "source", "kind", "count", "distinct", "differs"],
            key=_TEXT,
            source={"enum": ["field", "config", "summary"]},
            kind={"enum": ["number", "text", "bool", "time", "list", "mixed"]},
            count={**_COUNT, "description": "how many runs have a value"},
            distinct=_COUNT,
            min=_VALUE,
            max=_VALUE,
            values={"type": "array", "items": _VALUE, "description": "where there are few, sorted"},
            differs={"type": "boolean", "description": "not all runs have the same"},
        ),
    },
)

CHECK: Final = _body(["where"], where=_TEXT)
CHECKED: Final = _object(
    ["ok"],
    ok={"type": "boolean"},
    hints={**_KEYS, "description": "what may be meant otherwise: names that no run has"},
    message=_TEXT,
    at={**_COUNT, "description": "where the fault is, in UTF-16 units, as JavaScript counts"},
    length={**_COUNT, "description": "of the word there"},
)
COMPLETE: Final = _body(
    ["where"],
    where=_TEXT,
    at=_maybe("integer", minimum=0, description="where the cursor is, in UTF-16 units; by default at the end"),
    project=_maybe("string"),
)
_ITEM: Final = _object(
    ["text", "kind", "detail"],
    text=_TEXT,
    kind={"enum": ["field", "config", "summary", "function", "value", "operator", "word"]},
    detail=_TEXT,
)
COMPLETED: Final[Schema] = {
    "type": "object",
    "required": ["from", "to", "items"],
    "properties": {"from": _COUNT, "to": _COUNT, "items": {"type": "array", "items": _ITEM}},
}

_CHOSEN: Final[Schema] = {"type": "array", "items": _TEXT, "minItems": 1, "maxItems": MOST_KEYS}
_FAILED: Final[Schema] = {"type": "array", "items": _object(["key", "why"], key=_TEXT, why=_TEXT)}
EDIT: Final = _body(
    ["keys"],
    keys=_CHOSEN,
    name=_maybe("string", description="for one run at a time"),
    add_tags=_maybe("array", items=_TEXT),
    remove_tags=_maybe("array", items=_TEXT),
    notes=_maybe("string", description="replaces what was there; an empty text takes it away"),
)
EDITED: Final = _object(["changed", "failed", "revision"], changed=_KEYS, failed=_FAILED, revision=_COUNT)
DELETE: Final = _body(["keys", "confirm"], keys=_CHOSEN, confirm={"const": True})
DELETED: Final = _object(["deleted", "failed", "revision"], deleted=_KEYS, failed=_FAILED, revision=_COUNT)
