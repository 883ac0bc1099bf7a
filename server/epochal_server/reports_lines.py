"""The lines of an exported report: what its panels need of each run, whole where that is not too much.

A line has its points once, however many panels show it: the page finds it by run, metric or formula, and axis. Over
`relative` and `time` the page places it itself, by the times of its points and the start of its run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from epochal.journal.points import Floats

from .curves_answer import Find, curves
from .curves_cache import SeriesCache
from .curves_codec import decode
from .curves_groups import BANDS
from .curves_request import CurvesRequest, Grouping
from .problems import Problem
from .reports_arrays import Arrays

#: Of lines that do not come whole: smoothed by these weights too, beside the report's own.
LADDER: Final = (0.6, 0.9, 0.99)
#: A line of up to so many points comes whole, a longer one in so many stretches; of many lines each gets fewer.
_WHOLE: Final = (200, 4000)
_WIDTH: Final = (100, 2000)
#: So many points in one report, whole lines and stretches.
_POINTS: Final = 1_000_000
_STRETCHES: Final = 400_000


#: (metric, None) or (None, formula).
What: TypeAlias = tuple[str | None, str | None]
#: What a line is known by: its run, what it shows, its axis; of groups their runs, and what makes them.
_Name: TypeAlias = tuple[Any, ...]


class Panel(NamedTuple):
    """What a panel of lines needs.

    Attributes:
        runs: keys of its grid.
        series: (metric, None) or (None, formula) of each of its lines.
        axes: `step`, or `metric:NAME`.
        group: means instead of runs.
        smoothing: the report's weight.
    """

    runs: tuple[str, ...]
    series: tuple[What, ...]
    axes: tuple[str, ...]
    group: Grouping | None
    smoothing: float


class Lines:
    """Gathers the lines of all panels of a report.

    Attributes:
        arrays: their numbers.
        weights: by which lines that do not come whole are smoothed.
    """

    def __init__(self, cache: SeriesCache, find: Find, panels: Iterable[Panel], *, relative: bool = False) -> None:
        """`relative`: of the moments of points only their distances are kept."""
        self.arrays = Arrays()
        self._lines: dict[_Name, list[dict[str, Any]]] = {}
        self._cache, self._find, self._relative = cache, find, relative
        self._panels = list(panels)
        names = (
            _name(key, each, axis)
            for panel in self._panels
            for key in panel.runs
            for each in panel.series
            for axis in panel.axes
        )
        count = len(set(names))
        self._whole = _share(_POINTS, count, _WHOLE)
        self._width = _share(_STRETCHES, count, _WIDTH)
        self.weights = sorted({*LADDER, *(panel.smoothing for panel in self._panels if panel.smoothing > 0)})

    def gather(self) -> None:
        """Read all lines. What is wrong with one of them is said of it; the others come."""
        for panel in self._panels:
            for axis in panel.axes:
                for series in panel.series:
                    if panel.group is not None:
                        self._grouped(panel, series, axis, panel.group)
                    missing = [key for key in panel.runs if _name(key, series, axis) not in self._lines]
                    if missing:
                        self._read(missing, series, axis)

    def named(
        self, key: Callable[[str], str], text: Callable[[str], str], *, blind: bool
    ) -> dict[str, list[dict[str, Any]]]:
        """Return all lines by the names that the page looks for them by.

        Args:
            key: gives what a run's key is called in the file.
            text: gives what any other text becomes there.
            blind: nothing but numbers is left of what is said of lines.
        """
        found = {}
        for (runs, metric, formula, axis, *group), lines in self._lines.items():
            named: list[Any] = [sorted(map(key, runs)) if group else key(runs)]
            named += [None if each is None else text(each) for each in (metric, formula, axis)]
            named += [[text(column) for column in group[0]], group[1]] if group else []
            name = json.dumps(named, ensure_ascii=False, separators=(",", ":"))
            found[name] = [_blinded(line, text) for line in lines] if blind else lines
        return found

    def _read(self, keys: Sequence[str], series: What, axis: str) -> None:
        asked = CurvesRequest(tuple(keys), (series,), axis, 0.0, self._width, None, True, False, None, False,
                              self._whole)  # fmt: skip
        heads, numbers = self._ask(asked)
        found: dict[_Name, list[dict[str, Any]]] = {_name(key, series, axis): [] for key in keys}
        for head in heads:
            found[_name(head["run"], series, axis)].append(self._kept(head, numbers, start=True))
        reduced = [head["run"] for head in heads if head["reduced"] and head["kind"] == "line"]
        asked = asked._replace(runs=tuple(reduced), abandoned=False)
        self._smooth(found, asked, lambda head: _name(head["run"], series, axis))
        if axis == "step":
            self._start(found, tuple(keys), series)
        self._lines |= found

    def _started(self, key: str, times: Floats) -> float:
        started = self._find(key).started
        return float(times[0]) if started is None else started

    def _grouped(self, panel: Panel, series: What, axis: str, group: Grouping) -> None:
        name = _group_name(panel.runs, series, axis, group)
        if name in self._lines:
            return
        asked = CurvesRequest(panel.runs, (series,), axis, 0.0, self._width, None, False, False, group, False,
                              self._whole)  # fmt: skip
        heads, numbers = self._ask(asked)
        found = {name: [self._kept(head, numbers, start=False) for head in heads]}
        if any(head["reduced"] for head in heads):
            self._smooth(found, asked, lambda _: name)
        self._lines |= found

    def _ask(self, asked: CurvesRequest) -> tuple[list[dict[str, Any]], Floats]:
        try:
            header, numbers = decode(curves(self._cache, self._find, asked))
        except Problem as problem:  # a formula that cannot be understood: the panel says so
            why = str(problem.more.get("detail", problem.title))
            failed: dict[str, Any] = {
                "group": None,
                "series": 0,
                "kind": "line",
                "points": 0,
                "reduced": False,
                "arrays": {},
            }
            return [{"run": key, **failed, "error": why} for key in asked.runs], np.zeros(0)
        return header["lines"], numbers

    def _kept(self, head: dict[str, Any], numbers: Floats, *, start: bool) -> dict[str, Any]:
        """Return a line's record: what the header says of it, its arrays put among all others."""
        held = {name: numbers[at : at + count] for name, (at, count) in head["arrays"].items()}
        if self._relative and len(held.get("time", ())):
            held["time"] = held["time"] - self._started(head["run"], held["time"])
        arrays = {name: self.arrays.put(values) for name, values in held.items()}
        kept = {name: value for name, value in head.items() if name not in ("arrays", "run", "series")}
        if not start and head["group"] is None:
            kept.pop("group")
        return {**kept, "arrays": arrays}

    def _smooth(
        self, found: dict[_Name, list[dict[str, Any]]], asked: CurvesRequest, name_of: Callable[[dict[str, Any]], _Name]
    ) -> None:
        """Add to reduced lines what smoothing by some weights makes of them, worked out of all of their points."""
        if not asked.runs:
            return
        for weight in self.weights:
            heads, numbers = self._ask(asked._replace(smoothing=weight))
            for head in heads:
                if not head["reduced"]:
                    continue
                same = [
                    line
                    for line in found[name_of(head)]
                    if line["kind"] == head["kind"] and line.get("group") == head["group"]
                ]
                smoothed = {
                    part: self.arrays.put(numbers[at : at + count])
                    for part, (at, count) in head["arrays"].items()
                    if part == "y" or (asked.group is not None and part in ("low", "high"))
                }
                for line in same:
                    line.setdefault("smoothed", {})[f"{weight:g}"] = smoothed

    def _start(self, found: dict[_Name, list[dict[str, Any]]], keys: tuple[str, ...], series: What) -> None:
        """Say of each line when its run began: `relative` counts from there."""
        asked = CurvesRequest(keys, (series,), "relative", 0.0, 50, None, False, False, None, False)
        heads, numbers = self._ask(asked)
        for head in heads:
            arrays = head["arrays"]
            if "time" not in arrays or not arrays["time"][1]:
                continue
            start = 0.0 if self._relative else float(numbers[arrays["time"][0]] - numbers[arrays["x"][0]])
            for line in found[_name(head["run"], series, "step")]:
                line["start"] = start


def _name(key: str, series: What, axis: str) -> _Name:
    return key, *series, axis


def _group_name(keys: Sequence[str], series: What, axis: str, group: Grouping) -> _Name:
    return tuple(keys), *series, axis, *group


def _blinded(line: dict[str, Any], text: Callable[[str], str]) -> dict[str, Any]:
    told = {name: value for name, value in line.items() if name not in ("error", "group")}
    if "error" in line:
        told["error"] = "it cannot be drawn"
    if line.get("group") is not None:
        told["group"] = [text(value) if isinstance(value, str) else value for value in line["group"]]
    return told


def grouping_of(value: Any) -> Grouping | None:
    """Return how the settings of a grid group its runs; None where they do not, or cannot be understood."""
    by = value.get("by") if isinstance(value, dict) else None
    if not isinstance(by, list) or not by or not all(isinstance(name, str) for name in by):
        return None
    band = value.get("band")
    return Grouping(tuple(by), band if band in BANDS else "std")


def _share(all: int, count: int, bounds: tuple[int, int]) -> int:
    return max(bounds[0], min(bounds[1], all // max(1, count)))
