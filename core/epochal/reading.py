"""Metrics of a run out of its journals: histories, texts and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .errors import BadValueError
from .history import AXES, Gathered, History, axis_metric, gather, make_history, place_on_metric, unknown_metric
from .joined import Table, join
from .journal.frame_rows import Text, places

if TYPE_CHECKING:
    from .journal.points import Ints, Values
    from .journal.reader import Journal
    from .journals import Journals


class Texts(NamedTuple):
    """Text points of one metric, sorted by step.

    Attributes:
        steps: of each point.
        values: the texts.
        times: seconds since the epoch.
    """

    steps: list[int]
    values: list[str]
    times: list[float]


class Found(NamedTuple):
    """The journals that may hold a metric, in order, and its name in them."""

    journals: list[Journal]
    name: str


def names(journals: Iterable[Journal]) -> list[str]:
    """Return the names of all metrics, sorted."""
    return sorted({name for journal in journals for name in journal.names})


def find(journals: Journals, metric: str, rank: Any) -> Found:
    """Return where a metric is: in the record of a rank, else among the system metrics beside it.

    Raises:
        BadValueError: nowhere, or the rank is no rank.
    """
    check_rank(rank)
    places = journals.recording(rank), journals.system(rank)
    candidates = dict.fromkeys((metric, metric.removeprefix("metric:")))
    for group in places:
        for name in candidates:
            if any(name in journal.names for journal in group):
                return Found(group, name)
    elsewhere = sorted({journal.rank for journal in journals.recording("all") if metric in journal.names})
    if elsewhere:
        ranks = ", ".join(map(str, elsewhere))
        raise BadValueError(f"metric {metric!r} was recorded at rank {ranks}, not at {rank}: give rank= or 'all'")
    raise BadValueError(unknown_metric(metric, names(places[0])))


def check_rank(rank: Any) -> None:
    """Raise BadValueError unless `rank` is a non-negative integer or "all"."""
    if rank != "all" and (type(rank) is not int or rank < 0):
        raise BadValueError(f"rank {rank!r} cannot be used: take 0 or above, or 'all'")


def read_history(
    journals: Journals,
    metric: str,
    *,
    x: str,
    samples: int | None,
    rank: int | str,
    duplicates: bool,
    abandoned: bool,
    started: float | None,
) -> History:
    """Return a metric's history as `RecordedRun.history` does; `started` is where `relative` begins."""
    found = find(journals, metric, rank)
    axis = None if x in AXES else axis_metric(x, names(found.journals))
    gathered = gather(found.journals, journals.visibility, [found.name] if axis is None else [found.name, axis])

    def place(points: Gathered) -> Values:
        if axis is not None:
            return place_on_metric(points, gathered[axis])
        times = points.columns.times
        if x == "time" or not len(times):
            return times
        # times that an importer kept may lie before the run was opened
        return times - min(float(times.min()) if started is None else started, float(times.min()))

    history = make_history(
        found.name, gathered[found.name],
        axis=x, place=place, duplicates=duplicates, abandoned=abandoned, all_ranks=rank == "all",
    )  # fmt: skip
    return history if samples is None else history.sampled(samples)


def read_texts(journals: Journals, metric: str, *, rank: int | str, duplicates: bool, abandoned: bool) -> Texts:
    """Return a metric's text points as `RecordedRun.texts` does."""
    found = find(journals, metric, rank)
    points: list[tuple[int, int, int, Text]] = []
    for at, journal in enumerate(found.journals):
        texts = journal.texts(found.name)
        hidden = None if abandoned else journals.visibility.hidden(journal, found.name, places(texts))
        for index, text in enumerate(texts):
            if hidden is None or not hidden[index]:
                points.append((text.step, journal.rank, at, text))
    points.sort()
    kept = points if duplicates else {point[:2]: point for point in points}.values()
    texts = [text for *_, text in kept]
    return Texts([text.step for text in texts], [text.text for text in texts], [text.time for text in texts])


def read_table(journals: Journals, metrics: Iterable[str] | None, *, rank: int | str) -> Table:
    """Return metrics joined by step as `RecordedRun.table` does."""
    check_rank(rank)
    if rank == "all":
        raise BadValueError("rank 'all' cannot be used for a table: take one rank, 0 or above")
    wanted = names(journals.recording(rank)) if metrics is None else [metrics] if isinstance(metrics, str) else metrics
    found = {metric: find(journals, metric, rank) for metric in wanted}
    columns: dict[str, tuple[Ints, Values]] = {}
    for group in (journals.recording(rank), journals.system(rank)):
        ours = {metric: place.name for metric, place in found.items() if place.journals == group}
        gathered = gather(group, journals.visibility, ours.values())
        for metric, name in ours.items():
            columns[metric] = _column(journals, group, gathered[name], name, rank)
    return join({metric: columns[metric] for metric in found})


def _column(
    journals: Journals, group: Sequence[Journal], points: Gathered, name: str, rank: int | str
) -> tuple[Ints, Values]:
    """Return steps and values of one metric; its texts where it holds no numbers."""
    if not len(points.columns) and any(name in journal.text_names for journal in group):
        texts = read_texts(journals, name, rank=rank, duplicates=False, abandoned=False)
        return np.array(texts.steps, np.int64), np.array(texts.values, object)
    history = make_history(
        name, points, axis="step", place=lambda points: points.columns.steps,
        duplicates=False, abandoned=False, all_ranks=False,
    )  # fmt: skip
    return history.steps, history.values
