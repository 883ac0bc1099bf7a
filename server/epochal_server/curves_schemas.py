"""JSON Schemas of what can be asked of curves."""

from __future__ import annotations

from typing import Any, Final

from .curves_groups import BANDS
from .curves_request import LEAST_WIDTH, MOST_RUNS, MOST_SERIES, MOST_WIDTH
from .openapi import Schema


def _list(of: Schema, most: int, least: int = 0) -> Schema:
    return {"type": "array", "items": of, "minItems": least, "maxItems": most}


def _maybe(kind: str, said: str = "", **more: Any) -> Schema:
    return {"type": [kind, "null"], **({"description": said} if said else {}), **more}


def _body(required: list[str], properties: dict[str, Schema], **more: Any) -> Schema:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties, **more}


_METRIC: Final[Schema] = {"type": "string", "maxLength": 1000}
_FORMULA: Final[Schema] = {"type": "string", "maxLength": 2000, "description": "such as train/loss - val/loss"}
_EITHER: Final = [{"required": ["metric"]}, {"required": ["formula"]}]
_KEY: Final[Schema] = {"type": "string", "maxLength": 1000, "description": "project folder/run folder"}
_X: Final = _maybe(
    "string",
    "step, relative (seconds), time (seconds since the epoch) or metric:NAME",
    pattern="^(step|relative|time|metric:[\\s\\S]+)$",
    maxLength=1000,
)

CURVES: Final = _body(
    ["runs", "series"],
    {
        "runs": _list(_KEY, MOST_RUNS),
        "series": _list(_body([], {"metric": _METRIC, "formula": _FORMULA}, oneOf=_EITHER), MOST_SERIES, 1),
        "x": _X,
        "smoothing": _maybe("number", "TensorBoard's weight", minimum=0, maximum=0.999),
        "width": _maybe("integer", "pixels", minimum=LEAST_WIDTH, maximum=MOST_WIDTH),
        "whole": _maybe(
            "integer", "lines of up to so many points come whole, whatever the width", minimum=0, maximum=MOST_WIDTH
        ),
        "have": _maybe(
            "string",
            "the data of an earlier answer: where it still holds, only what smoothing changes comes",
            maxLength=100,
        ),
        "range": _maybe("array", "the ends of a zoom", items={"type": "number"}, minItems=2, maxItems=2),
        "abandoned": _maybe("boolean", "also what a resume or rewind has abandoned, as ghost lines"),
        "clip": _maybe("boolean", "also which values are left without outliers, as TensorBoard does it"),
        "group": _maybe(
            "object",
            "means of the runs that have the same values in these columns",
            additionalProperties=False,
            properties={"by": _list({"type": "string"}, 10), "band": {"enum": [*BANDS, None]}},
        ),
        "system": _maybe("boolean", "system metrics are found by their names: this changes nothing"),
        "logx": _maybe("boolean", "the axis is logarithmic: only what is positive has a place on it"),
    },
)
POINTS: Final = _body(
    ["run", "around"],
    {
        "run": _KEY,
        "metric": _METRIC,
        "formula": _FORMULA,
        "x": _X,
        "around": {"type": "number", "description": "a place on the axis"},
        "count": _maybe("integer", "how many points", minimum=1, maximum=10_000),
    },
    oneOf=_EITHER,
)
METRICS: Final = _body(
    ["keys"], {"keys": _list(_KEY, MOST_RUNS), "system": _maybe("boolean", "system metrics instead")}
)
