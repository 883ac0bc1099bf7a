"""The wide form of CSV: one line for each run, rank and step, one column for each metric."""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from .csv_export import cell, quoted
from .points import TEXT, Points, plain, read_points

if TYPE_CHECKING:
    from ..journal.points import Ints
    from ..recorded import RecordedRun
    from .formats import ExportRequest

#: Cells of a wide table that are formatted at once.
_CELLS: Final = 1 << 18
#: Places of points that are brought together at once.
_MERGED: Final = 1 << 20
#: Points of a run up to which they wait in memory; beyond it they wait in a file.
_WAITING_BYTES: Final = 64 << 20


def write_wide(file: IO[str], request: ExportRequest) -> list[int]:
    """Write the lines of all runs; the columns are the metrics of all of them, sorted."""
    from .points import metrics_of

    metrics = sorted({name for run in request.runs for name, _ in metrics_of(run, request.points)})
    file.write(",".join(["run", "rank", "step", *map(quoted, metrics)]) + "\n")
    with tempfile.SpooledTemporaryFile(_WAITING_BYTES, dir=str(request.out.parent) if request.out else None) as waiting:
        return [_Run(run, request, metrics, waiting).write(file) for run in request.runs]


def _union(*places: Ints) -> Ints:
    """Return all places (step, rank), sorted, each once."""
    return np.unique(np.concatenate(places), axis=0)


class _Run:
    """One run's points, put aside metric by metric, and taken up step by step."""

    def __init__(self, run: RecordedRun, request: ExportRequest, metrics: list[str], waiting: IO[bytes]) -> None:
        self._run, self._choice, self._metrics, self._waiting = run, request.points, metrics, waiting
        #: For each metric (kind, place of its steps in the waiting file, ranks and cells behind them, count).
        self._parts: dict[str, list[tuple[str, int, int]]] = {}
        self._texts: dict[str, dict[tuple[int, int], str]] = {}

    def write(self, file: IO[str]) -> int:
        """Write the run's lines and return how many points stand in them."""
        self._waiting.seek(0)
        self._waiting.truncate()
        count, places = 0, np.empty((0, 2), np.int64)
        new: list[Ints] = []
        for points in read_points(self._run, self._choice):
            count += len(points)
            new.append(self._put_aside(points))
            if sum(map(len, new)) > _MERGED:
                places, new = _union(places, *new), []
        places = _union(places, *new)
        rows = max(1, _CELLS // max(1, len(self._metrics)))
        for start in range(0, len(places), rows):
            self._write_rows(file, places[start : start + rows])
        return count

    def _put_aside(self, points: Points) -> Ints:
        keys: Ints = np.stack([points.steps, points.ranks], axis=1)
        if points.kind == TEXT:
            texts = self._texts.setdefault(points.metric, {})
            texts.update(zip(map(tuple, keys.tolist()), plain(points), strict=True))
            return keys
        values: Any = points.values
        cells = values.astype(np.int64) if points.kind == "bool" else values.view(np.int64)
        at = self._waiting.seek(0, 2)
        for column in (points.steps, points.ranks, cells):
            self._waiting.write(np.ascontiguousarray(column).tobytes())
        self._parts.setdefault(points.metric, []).append((points.kind, at, len(points)))
        return keys

    def _write_rows(self, file: IO[str], places: Ints) -> None:
        wanted = [tuple(place) for place in places.tolist()]
        columns = []
        for metric in self._metrics:
            texts = self._texts.get(metric)
            column = (
                [quoted(texts[place]) if place in texts else "" for place in wanted] if texts else [""] * len(wanted)
            )
            for part in self._parts.get(metric, ()):
                self._fill(column, wanted, *part)
            columns.append(column)
        run = quoted(self._run.id)
        for (step, rank), *cells in zip(wanted, *columns, strict=True):
            file.write(f"{run},{rank},{step},{','.join(cells)}\n" if cells else f"{run},{rank},{step}\n")

    def _fill(self, column: list[str], wanted: list[tuple[int, int]], kind: str, at: int, count: int) -> None:
        """Put the numbers of one piece that stand at the wanted places into a column."""
        self._waiting.seek(at)
        steps = np.frombuffer(self._waiting.read(8 * count), np.int64)
        if steps[-1] < wanted[0][0] or steps[0] > wanted[-1][0]:
            return
        ranks = np.frombuffer(self._waiting.read(8 * count), np.int64)
        cells = np.frombuffer(self._waiting.read(8 * count), np.int64)
        part = slice(
            int(np.searchsorted(steps, wanted[0][0])), int(np.searchsorted(steps, wanted[-1][0], side="right"))
        )
        values: Any = cells[part]
        values = values.view(np.float64) if kind == "float" else values != 0 if kind == "bool" else values
        where = {place: index for index, place in enumerate(wanted)}
        for place, value in zip(
            zip(steps[part].tolist(), ranks[part].tolist(), strict=True), values.tolist(), strict=True
        ):
            index = where.get(place)
            if index is not None:
                column[index] = cell(value)
