"""Which rows a run's later segments have abandoned.

A rank's record is one or more segments; each may cut off rows that were recorded before it. What is cut off stays in
the file. The rules are those of docs/journal-format.md, "What is abandoned".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from .journal.points import Bools, Columns
    from .journal.reader import Journal

#: The roles whose rows make up a rank's record; system metrics and edits are never abandoned.
RECORDING: Final = ("main", "child", "import")

_INT64: Final = range(-(1 << 63), 1 << 63)


class Segment(NamedTuple):
    """One opening of a rank's record.

    Attributes:
        writer: who opened it, 32 hexadecimal digits.
        ordinal: that writer's ordinal.
        seq: the place of the opening among what the writer recorded.
        time: when, seconds since the epoch.
        why: `start`, `resume`, `rewind` or `import`.
        cut: what it hides, as docs/journal-format.md says, or None.
    """

    rank: int
    ordinal: int
    seq: int
    writer: str
    time: float
    why: str
    cut: dict[str, Any] | None


class _Rule(NamedTuple):
    """Rows of one writer that are hidden: those that meet every condition that is not None."""

    metric: str | None = None
    step_from: int | None = None
    seq_above: int | None = None
    seq_below: int | None = None
    time_above: float | None = None
    time_until: float | None = None
    time_below: float | None = None

    def meets(self, seq: int, time: float) -> bool:
        """Return whether a record of this place and time meets every condition but that of the step."""
        return (
            seq > (self.seq_above or 0)
            and (self.seq_below is None or seq < self.seq_below)
            and (self.time_above is None or time > self.time_above)
            and (self.time_until is None or time <= self.time_until)
            and (self.time_below is None or time < self.time_below)
        )

    def hits(self, columns: Columns) -> Bools:
        hit: Bools = columns.seqs > (self.seq_above or 0)
        if self.step_from is not None:
            hit &= columns.steps >= self.step_from
        if self.seq_below is not None:
            hit &= columns.seqs < self.seq_below
        if self.time_above is not None:
            hit &= columns.times > self.time_above
        if self.time_until is not None:
            hit &= columns.times <= self.time_until
        if self.time_below is not None:
            hit &= columns.times < self.time_below
        return hit


class Visibility:
    """What is visible of a run's rows.

    Attributes:
        segments: of all ranks, in order.
        odd: segments whose cut is not understood and hides nothing.
    """

    def __init__(self, journals: Iterable[Journal]) -> None:
        """Take the segments of all journals of a run."""
        recording = [journal for journal in journals if journal.role in RECORDING]
        found = (segment for journal in recording for segment in _segments(journal))
        self.segments = sorted(found, key=itemgetter(0, 1, 2, 3))
        self.odd: list[Segment] = []
        self._rules: dict[str, dict[str | None, list[_Rule]]] = {}  # by writer and metric, None for every metric
        parents = {journal.writer: _parent(journal) for journal in recording}
        by_writer = {journal.writer: journal for journal in recording}
        standing: list[Segment] = []
        # Newest first: a segment that a later one has abandoned hides nothing any more.
        for segment in reversed(self.segments):
            if any(_abandons(later, segment, by_writer[segment.writer], parents) for later in standing):
                continue
            if segment.cut is None:
                continue
            make = _make_rules(segment.cut)
            if isinstance(make, tuple):  # only who goes on from a position can leave a segment behind
                standing.append(segment)
            if make is None:
                self.odd.insert(0, segment)
                continue
            for journal in recording:
                before = _before(segment, journal, parents)
                if journal.rank == segment.rank and before is not None:
                    ours = self._rules.setdefault(journal.writer, {})
                    for rule in _bound(make, segment, journal, before):
                        ours.setdefault(rule.metric, []).append(rule)

    @property
    def cut_metrics(self) -> set[str]:
        """Metrics that have cuts of their own."""
        return {metric for rules in self._rules.values() for metric in rules if metric is not None}

    def hidden(self, journal: Journal, metric: str | None, columns: Columns) -> Bools | None:
        """Return which of a metric's points in this journal are abandoned; None for none of them.

        Without a metric, what every metric of a row shares counts.
        """
        found: Bools | None = None
        rules = self._rules.get(journal.writer, {})
        for rule in (*rules.get(None, ()), *(rules.get(metric, ()) if metric is not None else ())):
            hit = rule.hits(columns)
            found = hit if found is None else found | hit
        return found if found is not None and found.any() else None


def _segments(journal: Journal) -> Iterable[Segment]:
    for frame in journal.frames:
        fields = frame.payload
        if fields["k"] == "segment":
            cut, time = fields.get("cut"), fields.get("t")
            yield Segment(
                journal.rank,
                journal.ordinal,
                frame.seq,
                journal.writer,
                float(time) if isinstance(time, (int, float)) else journal.created,
                str(fields.get("why")),
                cut if isinstance(cut, dict) else None,
            )


def _parent(journal: Journal) -> str | None:
    parent = journal.opening.get("parent")
    return parent.get("writer") if isinstance(parent, dict) else None


def _before(segment: Segment, journal: Journal, parents: Mapping[str, str | None]) -> _Rule | None:
    """Return which rows of a journal were recorded before a segment; None for none of them."""
    if journal.writer == segment.writer:
        return _Rule(seq_below=segment.seq)
    if journal.ordinal < segment.ordinal:
        return _Rule()
    above, seen = parents.get(journal.writer), set()
    while above is not None and above not in seen:
        if above == segment.writer:
            return _Rule(time_below=segment.time)
        seen.add(above)
        above = parents.get(above)
    return None


def _abandons(later: Segment, segment: Segment, journal: Journal, parents: Mapping[str, str | None]) -> bool:
    """Return whether a later segment went on from a position before this one was opened.

    Args:
        later: a segment of any rank.
        segment: the earlier one.
        journal: the one that opened it.
        parents: each writer's parent.
    """
    made = _make_rules(later.cut) if later.cut is not None and later.rank == segment.rank else None
    before = _before(later, journal, parents) if isinstance(made, tuple) else None
    if before is None or not isinstance(made, tuple):
        return False
    return any(rule.meets(segment.seq, segment.time) for rule in _bound(made, later, journal, before))


def _make_rules(cut: dict[str, Any]) -> Sequence[_Rule] | tuple[str, int, float] | None:
    """Return what a cut hides, as rules for every writer or as a position; None where it is not understood."""
    if _is_step(cut.get("step")):
        return [_Rule(step_from=cut["step"])]
    metrics = cut.get("metrics")
    if isinstance(metrics, dict):
        return [_Rule(metric=name, step_from=step) for name, step in metrics.items() if _is_step(step)]
    writer, seq, time = cut.get("writer"), cut.get("seq"), cut.get("time")
    if isinstance(writer, str) and type(seq) is int and seq in _INT64 and isinstance(time, (int, float)):
        return writer, seq, float(time)
    return None


def _is_step(step: Any) -> bool:
    return type(step) is int and step in _INT64


def _bound(
    made: Sequence[_Rule] | tuple[str, int, float], segment: Segment, journal: Journal, before: _Rule
) -> Iterable[_Rule]:
    """Return the rules of a cut for one writer, limited to what was recorded before the segment."""
    if not isinstance(made, tuple):
        return [rule._replace(seq_below=before.seq_below, time_below=before.time_below) for rule in made]
    writer, seq, time = made
    if journal.writer == writer:
        return [before._replace(seq_above=seq)]
    if journal.role == "import":
        return []
    return [before._replace(time_above=time, time_until=segment.time)]
