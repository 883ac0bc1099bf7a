"""The HTTP API of curves: what can be drawn, lines for a panel, and the exact points near a place."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import Counter
from typing import Any, Final, Protocol

import numpy as np
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from epochal.catalog_entry import Entry
from epochal.errors import EpochalError, RunNotFoundError
from epochal.json_values import json_safe

from .curves_answer import curves, formula_of, known_metrics
from .curves_buckets import typed
from .curves_cache import Look, SeriesCache
from .curves_codec import MEDIA_TYPE
from .curves_lines import Wanted, line_of
from .curves_request import axis, keys, read_request
from .curves_schemas import CURVES, METRICS, POINTS
from .curves_series import Places, Series
from .inputs import json_body, refused
from .openapi import Schema, documented
from .problems import Problem, not_found

#: Of so many runs so many metrics are read before they are asked for.
_AHEAD_RUNS: Final = 10
_AHEAD_METRICS: Final = 2
#: Runs whose definitions of metrics are looked at for axes.
_LOOKED_AT: Final = 20
#: Metrics that are offered as axes though nobody has defined them so, by the last part of their names.
_USUAL_AXES: Final = ("epoch", "epochs", "global_step", "samples", "tokens")
#: A browser's integers.
_EXACT: Final = 1 << 53


class Roster(Protocol):
    """What handlers ask of the roster."""

    @property
    def revision(self) -> int: ...
    def entry(self, key: str, /) -> Entry: ...


class Shared(Protocol):
    """What handlers need of the server's state."""

    @property
    def roster(self) -> Roster: ...
    @property
    def series(self) -> SeriesCache: ...


def routes(state: Shared) -> list[Route]:
    """Return the routes of curves."""
    return [
        Route("/api/metrics", _metrics(state), methods=["POST"]),
        Route("/api/curves", _curves(state), methods=["POST"]),
        Route("/api/points", _points(state), methods=["POST"]),
    ]


def _metrics(state: Shared) -> Any:
    @documented("The metrics that runs have, and the axes that they can be drawn over", body=METRICS, answer=_FOUND)
    async def metrics(request: Request) -> Response:
        inputs = await json_body(request)
        asked, system = keys(inputs, "keys"), inputs.flag("system")
        inputs.done()
        found = await run_in_threadpool(metrics_of, state, asked, system=system)
        names = [metric["name"] for metric in found["metrics"][:_AHEAD_METRICS]]
        return JSONResponse(found, background=BackgroundTask(read_ahead, state, asked[:_AHEAD_RUNS], names))

    return metrics


def read_ahead(state: Shared, asked: list[str], names: list[str]) -> None:
    """Read what a page that knows the metrics of its runs is about to ask for: long runs take longer than the page."""
    with state.series.looking() as look:
        for key, name in itertools.product(asked, names):
            with contextlib.suppress(Problem, EpochalError, KeyError, OSError):  # whoever asks for it is told
                look.run(state.roster.entry(key).folder).series(name, abandoned=True)


def _curves(state: Shared) -> Any:
    @documented("The lines of a panel, reduced to what it has pixels for", body=CURVES, media_type=MEDIA_TYPE)
    async def lines(request: Request) -> Response:
        asked = read_request(await json_body(request))
        data = await run_in_threadpool(curves, state.series, state.roster.entry, asked, state.roster.revision)
        return Response(data, media_type=MEDIA_TYPE)

    return lines


def _points(state: Shared) -> Any:
    @documented("The exact points of a run near a place", body=POINTS, answer=_EXACT_POINTS)
    async def points(request: Request) -> Response:
        inputs = await json_body(request)
        key, metric = inputs.required_text("run", longest=1000), inputs.text("metric", longest=1000)
        formula, x = inputs.text("formula", longest=2000), axis(inputs)
        around = inputs.number("around", least=-1.8e308, most=1.8e308)
        count = inputs.whole("count", 1, least=1, most=10_000)
        inputs.done()
        if (metric is None) == (formula is None):
            raise refused("metric", "or formula must be given, and not both")
        found = await run_in_threadpool(_near, state, key, (metric, formula), x, around, count)
        return JSONResponse(found)

    return points


def metrics_of(state: Shared, asked: list[str], *, system: bool) -> dict[str, Any]:
    """Return which metrics some runs have, in how many of them, and over what they can be drawn."""
    counts: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    with state.series.looking() as look:
        for number, key in enumerate(asked):
            try:
                entry = state.roster.entry(key)
                # the catalog knows the metrics of what has ended: nothing need be opened for them
                if number >= _LOOKED_AT and not system and entry.state != "running" and entry.metrics:
                    counts.update(entry.metrics)
                    continue
                run = look.run(entry.folder)
            except (Problem, RunNotFoundError, KeyError):
                continue
            names = run.metrics(system=system)
            counts.update(names)
            if number < _LOOKED_AT:
                chosen.update({run.axis(name) for name in names})
    del chosen["step"]
    axes = ["step", "relative", "time"]
    usual = [
        name for name in counts if name.rpartition("/")[2] in ("epoch", "epochs", "global_step", "tokens", "samples")
    ]
    axes += [f"metric:{name}" for name in dict.fromkeys([*sorted(chosen, key=natural), *sorted(usual, key=natural)])]
    found = [{"name": name, "runs": counts[name]} for name in sorted(counts, key=natural)]
    return {"metrics": found, "axes": axes}


def natural(name: str) -> tuple[Any, ...]:
    """Return what sorts names as people do: upper and lower case together, and `layer2` before `layer10`."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((int(part[:18]), "") if part.isdecimal() else (-1, part) for part in parts), name


def nearest_from(places: Places, around: float) -> int:
    """Return the first index whose place is not before `around`."""
    return int(places.searchsorted(typed(np.ceil, around, places), "left")[0])


def _near(
    state: Shared, key: str, wanted: tuple[str | None, str | None], x: str, around: float, count: int
) -> dict[str, Any]:
    entry = state.roster.entry(key)
    with state.series.looking() as look:
        try:
            run = look.run(entry.folder)
        except RunNotFoundError:
            raise not_found(f"there is no run {key}") from None
        series = line_of(run, _as_wanted(look, entry, wanted), x)
    return near(series, around, count)


def _as_wanted(look: Look, entry: Entry, wanted: tuple[str | None, str | None]) -> Wanted:
    metric, text = wanted
    if text is None:
        return Wanted(metric, None)
    return Wanted(None, formula_of(text, known_metrics(look, {"": entry}), "formula"))


def near(series: Series, around: float, count: int) -> dict[str, Any]:
    """Return so many points about the one that is nearest to a place."""
    places = series.places
    if not len(places):
        return {"total": 0, "first": 0, "nearest": None, "points": []}
    at = min(nearest_from(places, around), len(places) - 1)
    if at and abs(float(places[at - 1]) - around) <= abs(float(places[at]) - around):
        at -= 1
    first = max(0, min(at - (count - 1) // 2, len(places) - count))
    kept = np.arange(first, min(first + count, len(places)))
    rows = series.index(kept)
    columns = (places[kept], series.steps[rows], series.times[rows], series.values[rows])
    points = [
        {"x": x, "step": step if abs(step) <= _EXACT else str(step), "time": time, "value": value}
        for x, step, time, value in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return {"total": len(places), "first": first, "nearest": at - first, "points": json_safe(points)}


_NUMBER: Final[Schema] = {"type": ["number", "string"], "description": "NaN, Infinity and -Infinity are texts"}
_FOUND: Final[Schema] = {
    "type": "object",
    "required": ["metrics", "axes"],
    "properties": {
        "metrics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "runs"],
                "properties": {
                    "name": {"type": "string"},
                    "runs": {"type": "integer", "description": "how many of the runs have it"},
                },
            },
        },
        "axes": {"type": "array", "items": {"type": "string"}},
    },
}
_EXACT_POINTS: Final[Schema] = {
    "type": "object",
    "required": ["total", "first", "nearest", "points"],
    "properties": {
        "total": {"type": "integer", "description": "points of the whole line"},
        "first": {"type": "integer", "description": "which of them is the first one here"},
        "nearest": {"type": ["integer", "null"], "description": "which of those here is nearest to the place"},
        "points": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "x": _NUMBER,
                    "step": {"type": ["integer", "string"], "description": "a text beyond 2**53"},
                    "time": _NUMBER,
                    "value": _NUMBER,
                },
            },
        },
    },
}
