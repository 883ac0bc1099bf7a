"""Gives back what was imported from event files: event by event, to the bit, hidden points and all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from epochal.errors import BadValueError, EpochalError
from epochal.media.item import StoredFile

from ._chunks import Form
from ._event_writer import FIELDS
from ._export_order import Record, Row, in_order
from ._export_scalars import Make, exact, form_of, made_as
from ._skeleton import whole

if TYPE_CHECKING:
    from epochal.journal.reader import Journal

    from ._export_events import Events

FORMAT: Final = "tensorboard"
#: The cut of an import that began afresh, since the source said otherwise than before.
_AFRESH: Final = {"step": -(1 << 63)}


def holds_events(journal: Journal) -> bool:
    """Return whether a journal was written by the importer of event files."""
    return journal.role == "import" and any(
        frame.payload.get("format") == FORMAT for frame in journal.records("source")
    )


def standing(journals: Sequence[Journal]) -> list[tuple[Journal, int | None]]:
    """Return the journals of a rank that count, each with the seq up to which it does; None for all of it.

    What a source no longer says, and what an import that was cut off is read again of, counts no more. What a restart
    has hidden does: the source's own events say that.
    """
    found: list[tuple[Journal, int | None]] = []
    for journal in journals:
        first = min(journal.records("segment"), key=lambda frame: frame.seq, default=None)
        cut = first.payload.get("cut") if first is not None and journal.role == "import" else None
        if cut == _AFRESH:
            found = [each for each in found if each[0].role != "import"]
        elif isinstance(cut, dict) and isinstance(cut.get("seq"), int):
            found = [(each, cut["seq"] if each.writer == cut.get("writer") else until) for each, until in found]
        found.append((journal, None))
    return found


class Imported:
    """Writes the journals of one imported run, each sub-run into a folder of its own, as it was.

    Attributes:
        points: how many scalar points were written.
        left_out: what could not be written, in words.
    """

    def __init__(self, run: Path, journals: Sequence[Journal], place: Callable[[str], Events]) -> None:
        """`place` gives where a sub-run's events go, by the prefix of its tags; empty for the run itself."""
        self.points = 0
        self.left_out: list[str] = []
        self._run, self._place = run, place
        self._tags = _tags_of(journals)

    def write(self, journal: Journal, until: int | None) -> None:
        """Write what one journal holds, up to a seq.

        Raises:
            OSError: it cannot be read, or there is no room.
        """
        scalars = _Scalars(self._tags)
        for each in in_order(journal):
            if until is not None and each.seq > until:
                return
            if isinstance(each, Row):
                for name, kind, cell in zip(each.names, each.types, each.cells, strict=True):
                    if kind == "t":
                        continue
                    prefix, tag = self._tags.get(name) or ("", name)
                    self._place(prefix).value(tag, each.step, each.time, scalars.value(name, kind, cell))
                    self.points += 1
            elif each.kind == "source" and each.fields.get("format") == FORMAT:
                try:
                    self._source(each, scalars)
                except (EpochalError, KeyError, TypeError, ValueError) as error:
                    self.left_out.append(f"record {each.seq} of {journal.file}: {error}")

    def _source(self, record: Record, scalars: _Scalars) -> None:
        fields = record.fields
        what, time = fields.get("what"), fields.get("t")
        if what == "form":
            scalars.form(str(fields["tag"]), int(fields["from"]), form_of(fields))
        elif what == "value":
            tag, data = str(fields["tag"]), self._data(fields)
            self._events(fields).value(tag, int(fields["step"]), float(time or 0.0), data)
        elif what == "event" and fields["field"] == "unknown":
            self._events(fields).event(self._data(fields))
        elif what == "event":
            if fields["field"] not in FIELDS:
                raise BadValueError(f"an event has no field {fields['field']!r}")
            data = self._data(fields)
            self._events(fields).field(fields["field"], int(fields["step"]), float(time or 0.0), data)

    def _events(self, fields: Mapping[str, Any]) -> Events:
        return self._place(str(fields.get("prefix") or ""))

    def _data(self, fields: Mapping[str, Any]) -> bytes:
        """Return a message as the source had it."""
        data = fields["data"] if "data" in fields else self._file(fields["file"])
        if not isinstance(data, bytes):
            raise BadValueError(f"its data is a {type(data).__name__}")
        cuts: Iterable[tuple[int, Any]] = [(at, file) for at, file in fields.get("cuts") or ()]
        return whole(data, cuts, self._file)

    def _file(self, file: Any) -> bytes:
        return StoredFile(self._run, file).read()


class _Scalars:
    """How the scalars of each tag are written, as their forms change."""

    def __init__(self, tags: Mapping[str, tuple[str, str]]) -> None:
        """`tags` gives (prefix, tag) of the metrics of sub-runs."""
        self._tags = tags
        self._counts: dict[str, int] = {}
        self._coming: dict[str, list[tuple[int, Form]]] = {}
        self._makes: dict[str, Make] = {}

    def form(self, tag: str, first: int, form: Form) -> None:
        """Note that the points of a tag have another form from the n-th on."""
        self._coming.setdefault(tag, []).append((first, form))

    def value(self, tag: str, kind: str, cell: int) -> bytes:
        """Return the Summary.Value of the tag's next point."""
        count = self._counts[tag] = self._counts.get(tag, -1) + 1
        coming = self._coming.get(tag)
        while coming and coming[0][0] <= count:
            self._makes[tag] = made_as(self._tag(tag), coming.pop(0)[1])
        make = self._makes.get(tag)
        if make is None:
            make = self._makes[tag] = exact(self._tag(tag), kind)
        return make(cell)

    def _tag(self, name: str) -> str:
        found = self._tags.get(name)
        return name if found is None else found[1]


def _tags_of(journals: Sequence[Journal]) -> dict[str, tuple[str, str]]:
    """Return (prefix, tag) of each metric of a sub-run, as the importer has noted them last."""
    noted: Any = {}
    for journal in journals:
        for frame in sorted(journal.records("source"), key=lambda frame: frame.seq):
            if frame.payload.get("what") == "read":
                noted = frame.payload.get("plugins") or noted
    return {
        str(prefix) + str(tag): (str(prefix), str(tag))
        for prefix, tags in (noted.items() if isinstance(noted, dict) else ())
        if prefix and isinstance(tags, dict)
        for tag in tags
    }
