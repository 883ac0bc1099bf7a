"""Histograms over steps as a heat map: all of them counted into the same bins, neighbouring steps together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from epochal.errors import BadValueError
from epochal.media import Histogram

from .detail_blobs import blob_of, read_blob
from .detail_media import logged, media_inputs
from .detail_open import Asked, Later, json_answer
from .inputs import refused
from .problems import Problem, not_found

if TYPE_CHECKING:
    from epochal.recorded import RecordedRun

_FARTHEST: Final = 1.7e308
_STEPS: Final = {"least": -(1 << 63), "most": (1 << 63) - 1}
#: A file of bins is not read when it is larger, in bytes.
_LARGEST: Final = 64 << 20
#: Steps whose histogram cannot be read that are told.
_TOLD: Final = 20


class _Wanted(NamedTuple):
    width: int
    bins: int
    low: float | None
    high: float | None


class _One(NamedTuple):
    step: int
    edges: np.ndarray[Any, Any]
    counts: np.ndarray[Any, Any]
    facts: Mapping[str, Any]

    @property
    def filled(self) -> tuple[float, float]:
        """The ends of the bins that hold something."""
        held = np.flatnonzero(self.counts)
        return float(self.edges[held[0]]), float(self.edges[held[-1] + 1])


def answer(asked: Asked) -> Later:
    """Answer with a heat map: `…/histograms?key=&index=&rank=&abandoned=&width=&bins=&from=&to=&low=&high=`."""
    inputs = asked.inputs
    key, rank, abandoned = media_inputs(inputs)
    index = inputs.whole("index", 0, least=0, most=10_000)
    width = inputs.whole("width", 300, least=1, most=4000)
    bins = inputs.whole("bins", 64, least=1, most=512)
    first, last = (
        inputs.whole(name, end, **_STEPS) for name, end in (("from", _STEPS["least"]), ("to", _STEPS["most"]))
    )
    low, high = (
        inputs.number(name, least=-_FARTHEST, most=_FARTHEST) if name in inputs else None for name in ("low", "high")
    )
    if low is not None and high is not None and not low < high:
        raise refused("low", "must be less than high")
    inputs.done()
    entries = [
        (entry.step, media)
        for entry in logged(asked.run, key, rank=rank, abandoned=abandoned)
        if first <= entry.step <= last and index < len(entry.items)
        if isinstance(media := entry.items[index], Histogram)
    ]
    if not entries:
        raise not_found(f"no histograms stand under {key!r} at these steps")
    return lambda: json_answer(
        {"key": key, "index": index, **_drawn(asked.run, entries, _Wanted(width, bins, low, high))}
    )


def _drawn(run: RecordedRun, entries: Sequence[tuple[int, Histogram]], wanted: _Wanted) -> dict[str, Any]:
    found: list[_One] = []
    missing: list[dict[str, Any]] = []
    for step, media in entries:
        try:
            found.append(_read(run, step, media.fields))
        except Problem as problem:
            missing.append({"step": step, "why": problem.more.get("detail", problem.title)})
    return {**_heat_map(found, *wanted), "missing": missing[:_TOLD], "missing_count": len(missing)}


def _heat_map(found: Sequence[_One], width: int, bins: int, low: float | None, high: float | None) -> dict[str, Any]:
    """Return the columns of a heat map, each of one or several neighbouring steps, as their counts in common bins."""
    ranges = [each.filled for each in found if each.counts.any()]
    least = low if low is not None else min((ends[0] for ends in ranges), default=0.0)
    most = high if high is not None else max((ends[1] for ends in ranges), default=1.0)
    if not least < most:  # all values are one, or the only end that was given lies beyond all values
        room = max(0.5, abs(most) * 1e-9)
        least, most = (least, least + room) if low is not None else (most - room, most + (high is None) * room)
    # half of each first: the distance between the ends may be more than a float holds
    edges = np.linspace(least / 2, most / 2, bins + 1) * 2
    edges[0], edges[-1] = least, most
    steps = list(dict.fromkeys(each.step for each in found))
    places = {step: at * min(width, len(steps)) // len(steps) for at, step in enumerate(steps)}
    columns: list[list[_One]] = [[] for _ in range(min(width, len(steps)))]
    for each in found:
        columns[places[each.step]].append(each)
    shown = [_column(column, edges) for column in columns]
    return {
        "low": least, "high": most, "bins": bins, "total": len(steps), "reduced": len(steps) > width,
        "most": max((max(column["counts"]) for column in shown), default=0), "columns": shown,
    }  # fmt: skip


def _column(histograms: Sequence[_One], edges: np.ndarray[Any, Any]) -> dict[str, Any]:
    counts = np.zeros(len(edges) - 1)
    for each in histograms:
        counts += _counted(each, edges)
    totals = {
        name: sum(_number(each.facts.get(name)) for each in histograms)
        for name in ("count", "nan", "below", "above", "outside")
    }
    means = [(_number(each.facts.get("mean")), _number(each.facts.get("count"))) for each in histograms]
    weight = sum(count for _, count in means)
    lows, highs = ([_number(each.facts[name]) for each in histograms if name in each.facts] for name in ("min", "max"))
    known = all("mean" in each.facts for each in histograms)
    return {
        "first": histograms[0].step, "last": histograms[-1].step, "records": len(histograms),
        "counts": [float(f"{count:.9g}") for count in counts.tolist()], **totals,
        "min": min(lows, default=None), "max": max(highs, default=None),
        "mean": sum(mean * (count / weight) for mean, count in means) if known and weight else None,
    }  # fmt: skip


def _counted(one: _One, edges: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the counts of a histogram in other bins: what lies in a bin is spread evenly over it."""
    if not one.counts.any():
        return np.zeros(len(edges) - 1)
    running = np.concatenate([[0.0], np.cumsum(one.counts, dtype=np.float64)])
    return np.diff(np.interp(edges, one.edges, running))


def _read(run: RecordedRun, step: int, fields: Mapping[str, Any]) -> _One:
    """Return what is recorded of one histogram.

    Raises:
        Problem: its record is damaged, or its file is missing or changed.
    """
    file = fields.get("file")
    if file is not None:
        blob = blob_of("histogram", "", file)
        if blob is None:
            raise Problem(409, "damaged", detail="the record of its file is damaged")
        try:
            told = json.loads(read_blob(run, blob, _LARGEST))
        except (ValueError, RecursionError):
            told = None
        fields = {
            **fields,
            **{name: told.get(name) if isinstance(told, dict) else None for name in ("edges", "counts")},
        }
        fields.pop("file")
    try:
        histogram = Histogram.recorded(run.path, fields)
        edges, counts = histogram.edges, histogram.counts.astype(np.float64)
    except (BadValueError, TypeError, ValueError):
        raise Problem(409, "damaged", detail="its record is damaged") from None
    sound = np.isfinite(edges).all() and np.isfinite(counts).all() and (edges[1:] >= edges[:-1]).all()
    if not sound or (counts < 0).any() or (len(counts) and len(edges) != len(counts) + 1):
        raise Problem(409, "damaged", detail="its record is damaged")
    return _One(step, edges, counts, fields)


def _number(value: Any) -> float:
    """Return a recorded number, 0 where it is none that can be counted with."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _FARTHEST
    return value if usable else 0
