"""Records that stand at a step beside the rows (media, checkpoints, alerts), and which of them are abandoned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .journal.format import INT
from .journal.points import Columns, uniform
from .metadata import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .journal.frames import Frame
    from .journal.points import Bools
    from .journal.reader import Journal
    from .journals import Journals

_INT64 = range(-(1 << 63), 1 << 63)


class StepRecord(NamedTuple):
    """One record at its place.

    Attributes:
        step: where it stands.
        rank: whose it is.
        time: seconds since the epoch.
        seq: its place among what its writer recorded.
        writer: who recorded it, 32 hexadecimal digits.
        abandoned: a later resume or rewind has hidden it.
        fields: the record as it was written.
    """

    step: int
    rank: int
    time: float
    seq: int
    writer: str
    abandoned: bool
    fields: dict[str, Any]


def at_steps(journals: Journals, kind: str, *, rank: int | str = 0, abandoned: bool = False) -> list[StepRecord]:
    """Return the records of a kind that have a `step`, sorted by step, rank, and the order of recording.

    Args:
        journals: the run's.
        kind: as in docs/journal-format.md.
        rank: whose record, with its resumes and forked children, or `"all"`.
        abandoned: also what a later resume or rewind has hidden.
    """
    found: list[tuple[int, int, int, StepRecord]] = []
    for order, journal in enumerate(journals.recording(rank)):
        frames = [frame for frame in journal.records(kind) if _has_step(frame)]
        hidden = _hidden(journals, journal, frames)
        for index, frame in enumerate(frames):
            gone = hidden is not None and bool(hidden[index])
            if abandoned or not gone:
                fields = frame.payload
                step, time = fields["step"], moment(fields)
                record = StepRecord(step, journal.rank, time, frame.seq, journal.writer, gone, fields)
                found.append((step, journal.rank, order, record))
    return [record for *_, record in sorted(found, key=lambda item: (*item[:3], item[3].seq))]


def _hidden(journals: Journals, journal: Journal, frames: Sequence[Frame]) -> Bools | None:
    """Return which records are abandoned, None for none: by what holds for all metrics, or for their name."""
    if not frames:
        return None
    places, visibility = _places(frames), journals.visibility
    hidden = visibility.hidden(journal, None, places)
    named = [frame.payload.get("name") for frame in frames]
    for name in visibility.cut_metrics.intersection(name for name in named if isinstance(name, str)):
        ours = np.array([other == name for other in named])
        cut = visibility.hidden(journal, name, places)
        if cut is not None:
            hidden = ours & cut if hidden is None else hidden | (ours & cut)
    return hidden


def _has_step(frame: Frame) -> bool:
    step = frame.payload.get("step")
    return type(step) is int and step in _INT64


def _places(frames: Sequence[Frame]) -> Columns:
    """Return where records stand, as what tells visible from hidden takes it; the cells mean nothing."""
    count = len(frames)
    return Columns(
        np.fromiter((frame.payload["step"] for frame in frames), np.int64, count),
        np.fromiter((moment(frame.payload) for frame in frames), np.float64, count),
        np.fromiter((frame.seq for frame in frames), np.int64, count),
        np.zeros(count, np.int64),
        uniform(INT, count),
    )
