"""Exports to pandas: a DataFrame with a row for each point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..history import load_pandas
from .arrow_export import microseconds
from .facts import header, run_facts
from .formats import Exported
from .points import TEXT, Points, plain, read_points

if TYPE_CHECKING:
    from .formats import ExportRequest, PointChoice


def export(request: ExportRequest) -> Exported:
    """Return the points of the runs as one DataFrame; `attrs["epochal"]` holds the rest."""
    pd = load_pandas()
    pieces: list[tuple[str, Points]] = []
    counts = []
    for run in request.runs:
        found = list(read_points(run, request.points))
        pieces += [(run.id, points) for points in found]
        counts.append(sum(map(len, found)))
    frame = _frame(pieces, request.points, pd)
    frame.attrs["epochal"] = {**header(request.points), "runs": [run_facts(run) for run in request.runs]}
    return Exported(tuple(counts), data=frame)


def _frame(pieces: list[tuple[str, Points]], choice: PointChoice, pd: Any) -> Any:
    points = [piece for _, piece in pieces]
    lengths = [len(piece) for piece in points]
    columns: dict[str, Any] = {
        "run": _words([run for run, _ in pieces], lengths, pd),
        "metric": _words([piece.metric for piece in points], lengths, pd),
        "kind": _words([piece.kind for piece in points], lengths, pd),
        "step": _joined([piece.steps for piece in points], np.int64),
        "time": _joined([piece.times for piece in points], np.float64),
        "at": pd.to_datetime(_joined([microseconds(piece) for piece in points], "datetime64[us]"), utc=True),
        "value": _joined([_floats(piece) for piece in points], np.float64),
        "int_value": _integers(points, pd),
        "text_value": _joined([_texts(piece) for piece in points], np.object_),
        "rank": _joined([piece.ranks for piece in points], np.int64),
        "row": _joined([piece.rows for piece in points], np.int64),
    }
    if choice.abandoned:
        columns["abandoned"] = _joined([piece.abandoned for piece in points], np.bool_)
    if choice.system:
        columns["system"] = np.repeat(np.array([piece.system for piece in points], np.bool_), lengths)
    return pd.DataFrame(columns)


def _joined(parts: list[Any], dtype: Any) -> Any:
    return np.concatenate([np.empty(0, dtype), *parts])


def _words(texts: list[str], lengths: list[int], pd: Any) -> Any:
    """Return a categorical column in which each text stands for as many rows as its piece has."""
    names = list(dict.fromkeys(texts))
    place = {name: at for at, name in enumerate(names)}
    codes = np.repeat(np.array([place[text] for text in texts], np.int64), lengths)
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def _floats(points: Points) -> Any:
    if points.kind == TEXT:
        return np.full(len(points), np.nan)
    values: Any = points.values
    return values.astype(np.float64)


def _integers(points: list[Points], pd: Any) -> Any:
    """Return a column of nullable integers: exact where float64 is not."""
    values = [piece.values if piece.kind == "int" else np.zeros(len(piece), np.int64) for piece in points]
    absent = [np.full(len(piece), piece.kind != "int") for piece in points]
    return pd.arrays.IntegerArray(_joined(values, np.int64), _joined(absent, np.bool_))


def _texts(points: Points) -> Any:
    texts = np.full(len(points), None, np.object_)
    if points.kind == TEXT:
        texts[:] = plain(points)
    return texts
