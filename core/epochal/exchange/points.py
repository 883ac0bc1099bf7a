"""The points of a run, metric by metric, as exporters take them: exact in type and value, in pieces that fit memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..history import chosen, gather
from ..journal.format import BOOL, FLOAT, INT
from ..journal.frame_rows import places
from ..reading import check_rank, names

if TYPE_CHECKING:
    from ..journal.points import Bools, Columns, Floats, Ints, Values
    from ..journal.reader import Journal
    from ..recorded import RecordedRun
    from .formats import PointChoice

#: What kind of value a point has, by the letter that stands for it in a journal.
KINDS: Final = {FLOAT: "float", INT: "int", BOOL: "bool"}
TEXT: Final = "text"
#: Points are handed out in pieces of at most so many.
PIECE: Final = 1 << 16
#: Bytes of points that are held at once where several metrics are read together, about.
_HELD: Final = 1 << 26
#: A row's number is its seq; from the second writer of a run on, the writer's place stands above these bits.
_ROW_BITS: Final = 40


@dataclass(frozen=True)
class Points:
    """Points of one metric and one kind, sorted by step, then rank.

    Attributes:
        metric: its name.
        kind: `float`, `int`, `bool` or `text`.
        steps: int64, shape (n,).
        times: float64, seconds since the epoch, shape (n,).
        values: float64, int64, bool or, for text, a list of texts; n of them.
        ranks: int64, shape (n,).
        rows: int64, shape (n,): ascending in the order of recording; points that were logged in one call share one.
        abandoned: which of them a later resume or rewind has hidden; None where these were not asked for.
        system: it is a system metric.
    """

    metric: str
    kind: str
    steps: Ints
    times: Floats
    values: Values | list[str]
    ranks: Ints
    rows: Ints
    abandoned: Bools | None
    system: bool

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, part: slice) -> Points:
        hidden = None if self.abandoned is None else self.abandoned[part]
        return Points(
            self.metric, self.kind, self.steps[part], self.times[part], self.values[part], self.ranks[part],
            self.rows[part], hidden, self.system,
        )  # fmt: skip


def metrics_of(run: RecordedRun, choice: PointChoice) -> list[tuple[str, bool]]:
    """Return (name, whether it is a system metric) of what is chosen of a run, sorted, system metrics last."""
    check_rank(choice.rank)
    found = [(name, False) for name in names(run._journals.recording(choice.rank))]
    if choice.system:
        found += [(name, True) for name in names(run._journals.system(choice.rank))]
    return found


def read_points(run: RecordedRun, choice: PointChoice) -> Iterator[Points]:
    """Yield the points of a run, metric by metric, in pieces of at most `PIECE`.

    Memory is bounded by the points of the longest metric: about 60 bytes each.

    Raises:
        BadValueError: a rank that cannot be.
    """
    run.refresh()
    _ = run.ending  # tells whether anything writes still: what does not is read once
    metrics = metrics_of(run, choice)
    for system in (False, True):
        journals = (run._journals.system if system else run._journals.recording)(choice.rank)
        wanted = [name for name, is_system in metrics if is_system is system]
        for group in _groups(journals, wanted):
            for points in _read(run, journals, group, choice, system=system):
                for start in range(0, len(points), PIECE):
                    yield points[start : start + PIECE]


def _groups(journals: Sequence[Journal], metrics: list[str]) -> Iterator[list[str]]:
    """Yield the metrics in groups whose points fit into memory: rows are read once for each group."""
    size = sum(journal.size for journal in journals)
    each = max((len(journal.names) for journal in journals), default=0) or 1
    step = max(1, _HELD * each // max(size, 1))
    for start in range(0, len(metrics), step):
        yield metrics[start : start + step]


def _read(
    run: RecordedRun, journals: Sequence[Journal], metrics: list[str], choice: PointChoice, *, system: bool
) -> Iterator[Points]:
    visibility = run._journals.visibility
    gathered = gather(journals, visibility, metrics, shift=_ROW_BITS)
    for name in metrics:
        found = gathered.pop(name)
        if not choice.abandoned:
            found = found.visible()
        kept = chosen(found, duplicates=choice.duplicates)
        if kept is not None:
            found = found.take(kept)
        columns, hidden = found.columns, None
        if choice.abandoned:
            hidden = found.hidden if found.hidden is not None else np.zeros(len(columns), np.bool_)
        for part, kind in _of_one_kind(columns):
            if len(columns):
                yield Points(
                    name, KINDS[kind], columns.steps[part], columns.times[part], columns.take(part).values,
                    found.ranks[part], found.order[part], None if hidden is None else hidden[part], system,
                )  # fmt: skip
        texts = _texts(run, journals, name, choice, system=system)
        if texts is not None:
            yield texts


def _of_one_kind(columns: Columns) -> Iterator[tuple[slice, str]]:
    """Yield the stretches of points whose values are of one type."""
    kinds = columns.kinds
    bounds = [] if kinds.strides == (0,) else (np.flatnonzero(kinds[1:] != kinds[:-1]) + 1).tolist()
    ends = [0, *bounds, len(columns)]
    yield from ((slice(*ends[at : at + 2]), chr(kinds[ends[at]])) for at in range(len(ends) - 1) if len(columns))


def _texts(
    run: RecordedRun, journals: Sequence[Journal], name: str, choice: PointChoice, *, system: bool
) -> Points | None:
    found: list[tuple[int, int, int, float, str, bool]] = []
    for at, journal in enumerate(journals):
        texts = journal.texts(name)
        hidden = run._journals.visibility.hidden(journal, name, places(texts)) if texts else None
        for index, text in enumerate(texts):
            gone = hidden is not None and bool(hidden[index])
            if choice.abandoned or not gone:
                row = (at << _ROW_BITS) + text.seq
                found.append((text.step, journal.rank, row, text.time, text.text, gone))
    found.sort()
    if not choice.duplicates:
        found = list({(point[0], point[1], point[5]): point for point in found}.values())
    if not found:
        return None
    steps, ranks, rows, times, values, marks = zip(*found, strict=True)
    return Points(
        name, TEXT, np.array(steps, np.int64), np.array(times, np.float64), list(values), np.array(ranks, np.int64),
        np.array(rows, np.int64), np.array(marks, np.bool_) if choice.abandoned else None, system,
    )  # fmt: skip


def plain(points: Points) -> list[Any]:
    """Return the values as Python's own floats, ints, bools or texts."""
    return points.values if isinstance(points.values, list) else list(points.values.tolist())


def columns_of(points: Points) -> list[list[Any]]:
    """Return steps, times, values, ranks and rows as lists of Python's own numbers."""
    return [points.steps.tolist(), points.times.tolist(), plain(points), points.ranks.tolist(), points.rows.tolist()]
