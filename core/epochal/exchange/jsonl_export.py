"""Exports JSON lines: a line for the export, one for each run, and one for each point."""

from __future__ import annotations

import json
import math
from typing import IO, TYPE_CHECKING, Any, Final

from .facts import header, run_facts, to_json
from .formats import Exported
from .points import TEXT, Points, columns_of, read_points

if TYPE_CHECKING:
    from ..recorded import RecordedRun
    from .formats import ExportRequest

_WORDS: Final = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}


def export(request: ExportRequest) -> Exported:
    """Write the runs."""
    assert request.out is not None
    with request.out.open("w", encoding="utf-8", newline="") as file:
        file.write(_dumps({"type": "export", **header(request.points)}) + "\n")
        counts = [_write_run(file, run, request) for run in request.runs]
    return Exported(tuple(counts))


def _write_run(file: IO[str], run: RecordedRun, request: ExportRequest) -> int:
    file.write(_dumps({"type": "run", **to_json(run_facts(run))}) + "\n")
    count = 0
    for points in read_points(run, request.points):
        file.write(_lines(run.id, points, system=request.points.system))
        count += len(points)
    return count


def _lines(run: str, points: Points, *, system: bool) -> str:
    steps, times, values, ranks, rows = columns_of(points)
    head = (
        f'{{"type": "point", "run": {_dumps(run)}, "metric": {_dumps(points.metric)}, "kind": "{points.kind}", "step": '
    )
    tail = f', "system": {_dumps(points.system)}' if system else ""
    tails = [f"{tail}}}\n"] * len(points)
    if points.abandoned is not None:
        tails = [f', "abandoned": {_dumps(gone)}{tail}}}\n' for gone in points.abandoned.tolist()]
    moments = [repr(time) if math.isfinite(time) else _number(time) for time in times]
    return "".join(
        f'{head}{step}, "time": {time}, "value": {value}, "rank": {rank}, "row": {row}{end}'
        for step, time, value, rank, row, end in zip(
            steps, moments, map(_writer(points), values), ranks, rows, tails, strict=True
        )
    )


def _writer(points: Points) -> Any:
    if points.kind in ("bool", TEXT):
        return _dumps
    return int.__repr__ if points.kind == "int" else _number


def _number(value: float) -> str:
    word = repr(value)
    return _WORDS.get(word, word)


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
