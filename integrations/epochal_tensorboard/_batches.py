"""Writes what was read of event files into a run: points by tag, in the files' order, with what stands between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._chunks import Form

if TYPE_CHECKING:
    from epochal.exchange.streamed import StreamedRun

    from ._chunks import Ints, Scalars
    from ._restarts import Preemption

_KINDS = "dqb"


class Between(NamedTuple):
    """A record that stands among the points of a batch.

    Attributes:
        at: before which of the batch's points.
        kind: of the record, as in docs/journal-format.md.
        fields: of the record.
        time: seconds since the epoch.
    """

    at: int
    kind: str
    fields: Mapping[str, Any]
    time: float


class Batch:
    """Points and records that are gathered before they are written together.

    Tags and forms have numbers of the run here, whichever file they come from.

    Attributes:
        tags: the run's tags, by number.
        points: how many points wait.
        heavy: how many bytes of other records wait, about.
    """

    def __init__(self, run: StreamedRun, preemption: Preemption | None) -> None:
        """`preemption` works out what steps that go back hide, where that is wanted."""
        self._run, self._preemption = run, preemption
        self.tags: list[str] = []
        self.points = self.heavy = 0
        self._forms: list[Form] = []
        self._tag_numbers: dict[str, int] = {}
        self._form_numbers: dict[Form, int] = {}
        self._parts: list[tuple[Ints, Ints, Scalars]] = []
        self._between: list[Between] = []
        self._form_of = np.empty(0, np.int64)  # which form the tag's last point had, -1 before the first
        self._counts = np.empty(0, np.int64)  # how many points the tag has in this journal

    def tag(self, name: str) -> int:
        """Return the number of a tag."""
        number = self._tag_numbers.setdefault(name, len(self.tags))
        if number == len(self.tags):
            self.tags.append(name)
        return number

    def form(self, form: Form) -> int:
        """Return the number of a form."""
        number = self._form_numbers.setdefault(form, len(self._forms))
        if number == len(self._forms):
            self._forms.append(form)
        return number

    def add(self, tags: Ints, forms: Ints, scalars: Scalars) -> None:
        """Add points, with the run's numbers of their tags and forms."""
        if not len(tags):
            return
        self._parts.append((tags, forms, scalars))
        self.points += len(tags)

    def put(
        self, kind: str, fields: Mapping[str, Any], time: float, *, at: int | None = None, weight: int = 200
    ) -> None:
        """Add a record behind the points that wait, or before the one that `at` tells."""
        self._between.append(Between(self.points if at is None else at, kind, fields, time))
        self.heavy += weight

    def write(self) -> None:
        """Write all that waits."""
        points, between = self._join(), self._between
        self._parts, self._between, self.points, self.heavy = [], [], 0, 0
        if points is None:
            if between:
                first = self._run.take(len(between))
                for place, record in enumerate(between):
                    self._run.record(record.kind, record.fields, time=record.time, mark=first + place)
            return
        tags, forms, steps, times, cells = points
        order = np.argsort(tags.astype(np.uint16) if len(self.tags) < 1 << 16 else tags, kind="stable")
        sorted_tags = tags.take(order)
        cuts = np.flatnonzero(np.diff(sorted_tags)) + 1
        starts = np.concatenate([[0], cuts])
        ends = np.concatenate([cuts, [len(order)]])
        self._grow()
        forms = forms.take(order)
        between += self._changed_forms(forms, sorted_tags, order, starts, ends, times)
        if self._preemption is not None:
            for at, cut in self._preemption.cuts(self.tags, sorted_tags, steps[order], order, starts, ends):
                between.append(Between(at, "segment", {"why": "import", "cut": cut, "next_step": 0}, float(times[at])))
        between.sort(key=lambda record: record.at)
        places = np.array([record.at for record in between], np.int64)
        first = self._run.take(len(tags) + len(between))
        for place, record in enumerate(between):
            self._run.record(record.kind, record.fields, time=record.time, mark=first + record.at + place)
        marks = np.arange(first, first + len(tags))
        if len(places):
            marks += np.cumsum(np.bincount(places, minlength=len(tags)))[: len(tags)]
        steps, times, cells, marks = steps.take(order), times.take(order), cells.take(order), marks.take(order)
        kinds = self._kinds().take(forms)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            name = self.tags[sorted_tags[start]]
            for which in _of_one_kind(kinds, start, end):
                self._run.extend(
                    name, _KINDS[kinds[start] if isinstance(which, slice) else kinds[which[0]]],
                    steps[which], times[which], cells[which], marks[which],
                )  # fmt: skip

    def _join(self) -> tuple[Ints, Ints, Ints, np.ndarray, Ints] | None:
        parts = self._parts
        if not parts:
            return None
        if len(parts) == 1:
            tags, forms, scalars = parts[0]
            return tags, forms, scalars.steps, scalars.times, scalars.cells
        return (
            np.concatenate([tags for tags, _, _ in parts]),
            np.concatenate([forms for _, forms, _ in parts]),
            np.concatenate([scalars.steps for *_, scalars in parts]),
            np.concatenate([scalars.times for *_, scalars in parts]),
            np.concatenate([scalars.cells for *_, scalars in parts]),
        )

    def _grow(self) -> None:
        missing = len(self.tags) - len(self._counts)
        if missing:
            self._form_of = np.concatenate([self._form_of, np.full(missing, -1)])
            self._counts = np.concatenate([self._counts, np.zeros(missing, np.int64)])

    def _kinds(self) -> np.ndarray:
        return np.array([_KINDS.index(form.kind) for form in self._forms], np.int64)

    def _changed_forms(
        self, forms: Ints, tags: Ints, order: Ints, starts: Ints, ends: Ints, times: np.ndarray
    ) -> list[Between]:
        """Return a record for each place at which the form of a tag's points changes, and count the points."""
        before = np.empty(len(forms), np.int64)
        before[1:] = forms[:-1]
        before[starts] = self._form_of[tags[starts]]
        changed = np.flatnonzero(forms != before)
        within = changed - starts[np.searchsorted(starts, changed, side="right") - 1]
        found = []
        for at, points_before in zip(changed.tolist(), within.tolist(), strict=True):
            form, place = self._forms[forms[at]], int(order[at])
            fields = {
                "format": "tensorboard", "what": "form", "tag": self.tags[tags[at]],
                "from": int(self._counts[tags[at]]) + points_before, "tensor": form.tensor, "dtype": form.dtype,
                "content": form.content, "shape": None if form.shape is None else list(form.shape),
                "metadata": form.metadata,
            } | ({} if form.node is None else {"node": form.node})  # fmt: skip
            found.append(Between(place, "source", fields, float(times[place])))
        self._form_of[tags[starts]] = forms[ends - 1]
        self._counts[tags[starts]] += ends - starts
        return found


def _of_one_kind(kinds: np.ndarray, start: int, end: int) -> Iterator[Any]:
    """Yield what picks the points of one tag that are of one kind: nearly always all of them, by a slice."""
    part = kinds[start:end]
    if (part == part[0]).all():
        yield slice(start, end)
        return
    for kind in np.unique(part).tolist():
        yield start + np.flatnonzero(part == kind)
