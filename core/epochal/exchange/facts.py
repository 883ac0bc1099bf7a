"""What is exported of a run beside its points, and how it stands in JSON without losing a float."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final

from ..json_values import NOT_FINITE, float_word
from ..metadata import in_time
from ..version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..recorded import RecordedRun
    from .formats import PointChoice

#: The version of what our exports hold; a reader refuses a greater one.
VERSION: Final = 1
SCHEMA: Final = "epochal-export"


def run_facts(run: RecordedRun) -> dict[str, Any]:
    """Return what is known of a run beside its points; times are seconds since the epoch, what is not known is None."""
    ending = run.ending
    return {
        "id": run.id,
        "name": run.name,
        "project": run.project,
        "state": ending.name,
        "reason": ending.reason,
        "exit_code": ending.exit_code,
        "signal": ending.signal,
        "started": run.started,
        "finished": run.finished,
        "group": run.group,
        "job_type": run.job_type,
        "tags": list(run.tags),
        "notes": run.notes,
        "host": run.host,
        "ranks": run.ranks,
        "config": run.config,
        "summary": run.summary,
        "manual_summary": run.manual_summary,
        "metrics": _definitions(run),
        "environment": run.environment,
        "notices": [notice._asdict() for notice in run.notices],
    }


def header(choice: PointChoice) -> dict[str, Any]:
    """Return what stands before the runs of an export: what wrote it, when, and which points were asked for."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "software": f"epochal {__version__}",
        "exported": time.time(),
        "points": {
            "rank": choice.rank,
            "system": choice.system,
            "duplicates": choice.duplicates,
            "abandoned": choice.abandoned,
        },
    }


def _definitions(run: RecordedRun) -> list[dict[str, Any]]:
    """Return what `define_metric` said, oldest first."""
    found = in_time(run._journals.ordered, "metric")
    return [{key: record.get(key) for key in ("name", "step", "summary", "goal")} for record in found]


def to_json(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts as JSON can hold them.

    NaN and infinities become the texts `"NaN"`, `"Infinity"`, `"-Infinity"`, and `not_numbers` lists the path to each,
    so that `from_json` tells them from texts that look alike; bytes become hexadecimal digits.
    """
    places: list[list[str | int]] = []
    plain = _plain(facts, [], places)
    return {**plain, "not_numbers": places} if places else plain


def _plain(value: Any, path: list[str | int], places: list[list[str | int]]) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        places.append(path)
        return float_word(value)
    if isinstance(value, dict):
        return {str(key): _plain(item, [*path, str(key)], places) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, [*path, at], places) for at, item in enumerate(value)]
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def from_json(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts that `to_json` gave, the floats that JSON does not have among them."""
    for path in _lists(facts.pop("not_numbers", None)):
        inner: Any = facts
        try:
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = NOT_FINITE[inner[path[-1]]]
        except (KeyError, IndexError, TypeError):  # not as it was written: the text stays
            continue
    return facts


def _lists(found: Any) -> Iterator[list[Any]]:
    for each in found if isinstance(found, list) else ():
        if isinstance(each, list) and each:
            yield each
