"""Answers a panel: looks at its runs, and reduces each line to what the panel has pixels for."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from epochal.catalog_entry import Entry
from epochal.errors import BadValueError, EpochalError, RunNotFoundError
from epochal.journal.points import Floats

from .curves_buckets import Window, extent, reduce
from .curves_cache import Look, SeriesCache
from .curves_clip import clip_of
from .curves_codec import Numbers
from .curves_formula import FormulaError, parse
from .curves_groups import Band, band_of, plain, value_of
from .curves_lines import Wanted, line_of
from .curves_request import CurvesRequest
from .curves_series import Series
from .problems import Problem
from .runs_where import utf16

#: Where an axis of logarithms begins of which nothing positive is to be seen.
_TINY: Final = 1e-300
#: Numbers of series are this process' own.
_PROCESS: Final = secrets.token_hex(4)
#: Gives what the roster knows of a key; raises where it knows none.
Find = Callable[[str], Entry]


class _Line(NamedTuple):
    """A line that is to be drawn, and what the header says of it."""

    head: dict[str, Any]
    series: Series
    band: Band | None = None


def curves(cache: SeriesCache, find: Find, asked: CurvesRequest, revision: int = 0) -> bytes:
    """Return the lines of a panel, encoded. What is wrong with one run is said of its line; the others come.

    Raises:
        Problem: a formula that cannot be understood, with its place.
        BadValueError: a column to group by that there is not.
    """
    with cache.looking() as look:
        entries, gone = _entries(find, asked.runs)
        wanted = [_wanted(look, entries, series, number) for number, series in enumerate(asked.series)]
        lines: list[_Line | dict[str, Any]] = []
        for number, each in enumerate(wanted):
            if asked.group is None:
                for key in asked.runs:
                    lines += _run_lines(look, key, entries.get(key), gone.get(key), each, number, asked)
            else:
                lines += _group_lines(look, entries, each, number, asked)
        return _encode(lines, asked, revision)


def _entries(find: Find, keys: Iterable[str]) -> tuple[dict[str, Entry], dict[str, str]]:
    found: dict[str, Entry] = {}
    gone: dict[str, str] = {}
    for key in keys:
        try:
            found[key] = find(key)
        except (Problem, EpochalError, KeyError):
            gone[key] = "there is no such run any more"
    return found, gone


def known_metrics(look: Look, entries: Mapping[str, Entry]) -> set[str]:
    """Return the names of all metrics of some runs, system metrics included."""
    names: set[str] = set()
    for entry in entries.values():
        try:
            run = look.run(entry.folder)
        except RunNotFoundError:
            continue
        names.update(run.metrics(), run.metrics(system=True))
    return names


def _wanted(look: Look, entries: Mapping[str, Entry], series: tuple[str | None, str | None], number: int) -> Wanted:
    metric, text = series
    if text is None:
        return Wanted(metric, None)
    return Wanted(None, formula_of(text, known_metrics(look, entries), f"series[{number}].formula"))


def formula_of(text: str, known: Iterable[str], input: str) -> Any:
    """Return a formula that was understood.

    Raises:
        Problem: it was not.
    """
    try:
        return parse(text, known)
    except FormulaError as error:
        title = "the formula cannot be understood"
        at, behind = (utf16(text[:place]) for place in (error.at, error.at + error.length))
        length = max(1, behind - at)
        raise Problem(400, title, detail=str(error), input=input, at=at, length=length) from None


def _run_lines(
    look: Look, key: str, entry: Entry | None, gone: str | None, wanted: Wanted, number: int, asked: CurvesRequest
) -> list[_Line | dict[str, Any]]:
    head: dict[str, Any] = {"run": key, "group": None, "series": number, "kind": "line"}
    if entry is None:
        return [_failed(head, gone or "there is no such run")]
    try:
        series = line_of(look.run(entry.folder), wanted, asked.x, abandoned=asked.abandoned)
    except Exception as error:  # whatever one run's files hold, the others are drawn
        return [_failed(head, _said(error), missing=isinstance(error, BadValueError))]
    if series.joined is not None:
        head["joined"] = series.joined
    ghosts: list[_Line | dict[str, Any]] = [_Line({**head, "kind": "ghost"}, ghost) for ghost in series.ghosts]
    return [_Line(head, series), *ghosts]


def _group_lines(
    look: Look, entries: Mapping[str, Entry], wanted: Wanted, number: int, asked: CurvesRequest
) -> list[_Line | dict[str, Any]]:
    assert asked.group is not None
    groups: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in entries.values():
        values = tuple(plain(value_of(entry, column)) for column in asked.group.by)
        # True and 1 are equal, and not the same
        groups.setdefault((*values, *map(type, values)), []).append(entry)
    lines: list[_Line | dict[str, Any]] = []
    for key, members in groups.items():
        head = {"run": None, "group": list(key[: len(asked.group.by)]), "series": number, "kind": "line"}
        found: list[Series] = []
        why = ""
        for entry in members:
            try:
                series = line_of(look.run(entry.folder), wanted, asked.x)
            except Exception as error:  # as for lines of runs
                why = _said(error)
                continue
            if len(series):
                found.append(series)
            else:
                why = "no points"
        head |= {"runs": len(found), "missing": len(members) - len(found)}
        if not found:
            lines.append(_failed(head, why))
            continue
        band = band_of(found, asked.group.band, asked.x)
        lines.append(_Line(head, band.mean, band))
    return lines


def _failed(head: dict[str, Any], why: str, *, missing: bool = False) -> dict[str, Any]:
    """Return a line's header that says why there is no line; `missing`: the run has nothing to draw here."""
    failed = {**head, "points": 0, "reduced": False, "arrays": {}, "error": why}
    return {**failed, "missing": True} if missing else failed


def _said(error: Exception) -> str:
    if isinstance(error, RunNotFoundError):
        return "there is no such run any more"
    return str(error) if isinstance(error, EpochalError) else f"{type(error).__name__}: {error}"


def _encode(lines: list[_Line | dict[str, Any]], asked: CurvesRequest, revision: int) -> bytes:
    drawn = [line for line in lines if isinstance(line, _Line)]
    ends = asked.range or extent((line.series for line in drawn), log=asked.log_x) or (0.0, 1.0)
    if asked.log_x and ends[0] <= 0.0:  # stretches begin where the first point can be
        least, _ = extent((line.series for line in drawn), log=True) or (1.0, 1.0)
        ends = (min(least, ends[1]), ends[1]) if ends[1] > 0.0 else (_TINY, _TINY)
    window = Window(*ends, asked.width, asked.log_x, asked.range is not None, asked.whole)
    data = _data(lines, asked, window)
    asked = asked._replace(have=data if asked.have == data else None)
    numbers = Numbers()
    clipped: list[Floats] = []
    heads = [_draw(line, window, asked, numbers, clipped) if isinstance(line, _Line) else line for line in lines]
    clip = clip_of(clipped) if asked.clip else None
    return numbers.encode(
        {
            "x": asked.x,
            "revision": revision,
            "width": asked.width,
            "smoothing": asked.smoothing,
            "clip": None if clip is None else list(clip),
            "data": data,
            "partial": asked.have is not None,
            "lines": heads,
        }
    )


def _data(lines: list[_Line | dict[str, Any]], asked: CurvesRequest, window: Window) -> str:
    """Return a name for all that an answer holds but for what smoothing changes."""
    drawn = [(line.head, line.series.serial) if isinstance(line, _Line) else line for line in lines]
    told = (drawn, asked.series, asked.x, asked.group, window)
    return f"{_PROCESS}-{hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest()}"


def _draw(line: _Line, window: Window, asked: CurvesRequest, numbers: Numbers, clipped: list[Floats]) -> dict[str, Any]:
    """Put what is drawn of a line among the numbers, and return what the header says of it."""
    series, weight = line.series, asked.smoothing
    found = reduce(series, window)
    index = series.index(found.kept)
    # a browser can smooth what it has all of, in the order of steps; ghosts it leaves as they are
    whole = not found.reduced and series.order is None and len(index) == len(series)
    smoothed = weight > 0.0 and (not whole or line.head["kind"] == "ghost")
    raw = series.values[index]
    y = series.smoothed(weight, index) if smoothed else raw
    if asked.clip and line.head["kind"] == "line":
        clipped.append(series.smoothed(weight, index) if weight > 0.0 and whole else y)
    head = {**line.head, "points": found.points, "reduced": found.reduced}
    lost = 0 if series.finite is None else int(np.count_nonzero(~np.isfinite(raw)))
    if lost:
        head["not_finite"] = lost
    arrays: dict[str, list[int]] = {}
    if line.band is not None:
        for name, edge in (("low", line.band.low), ("high", line.band.high)):
            if edge is not None:
                arrays[name] = numbers.put(edge.smoothed(weight, index) if smoothed else edge.values[index])
    if asked.have is not None:
        if smoothed:
            arrays["y"] = numbers.put(y)
        return {**head, "arrays": arrays}
    if line.band is None:
        arrays["step"] = numbers.put_steps(series.steps[index], head)
        arrays["time"] = numbers.put(series.times[index])
        if found.low is not None and found.high is not None:
            arrays |= {"low": numbers.put(found.low), "high": numbers.put(found.high)}
    else:
        arrays["n"] = numbers.put(line.band.n[index])
    plain_steps = "step" in arrays and series.places is series.steps and "step_base" not in head
    arrays["x"] = arrays["step"] if plain_steps else numbers.put(series.places[found.kept])
    arrays["y"] = numbers.put(y)
    if smoothed:
        arrays["raw"] = numbers.put(raw)
    return {**head, "arrays": arrays}
