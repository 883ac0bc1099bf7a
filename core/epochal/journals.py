"""The journals of one run's folder, kept up to date while files come, grow and go."""

from __future__ import annotations

import os
import time
from typing import Any, Final, NamedTuple

from .errors import JournalError
from .journal.reader import YOUNG_S, Journal
from .layout import SUFFIX
from .liveness import WriterFacts
from .metadata import moment
from .segments import RECORDING, Visibility

#: Damaged places of one file that are told one by one.
_TOLD: Final = 5


class Notice(NamedTuple):
    """Something that whoever reads the run should know.

    Attributes:
        code: a short word for programs: `damage`, `unreadable`, `missing`, or what the writer chose.
        text: a sentence for people.
        time: when, seconds since the epoch; None for what was found while reading.
        file: the journal's file name.
        data: more, as the writer gave it.
    """

    code: str
    text: str
    time: float | None
    file: str
    data: dict[str, Any]


class _Failed(NamedTuple):
    state: tuple[int, float]  # size in bytes and time stamp in seconds, when it was tried
    why: str


class Journals:
    """What is readable of a run's `journal` folder.

    Attributes:
        ordered: every journal by (rank, ordinal), then by age.
        unreadable: file name to the reason why it cannot be read.
        visibility: what later segments have abandoned.
    """

    def __init__(self, folder: str | os.PathLike[str], kind: type[Journal] = Journal) -> None:
        """`folder` is the run's; its journals are opened as this kind."""
        self._folder = os.path.join(folder, "journal")
        self._kind = kind
        self._by_name: dict[str, Journal] = {}
        self._failed: dict[str, _Failed] = {}
        self.ordered: list[Journal] = []
        self.unreadable: dict[str, str] = {}
        self.visibility = Visibility(())
        self.refresh()

    def refresh(self) -> bool:
        """Look for new, changed and vanished files; return True if anything may be new."""
        changed = False
        found = self._list()
        if found is None:
            return False
        for known in (self._by_name, self._failed):
            for name in known.keys() - found:
                known.pop(name)
                changed = True
        for name in found:
            journal = self._by_name.get(name)
            changed |= journal.refresh() if journal is not None else self._add(name)
        if changed:
            self._sort()
        return changed

    def recording(self, rank: int | str = 0) -> list[Journal]:
        """Return the journals whose rows are the record of a rank (or of `"all"`), in order."""
        return [journal for journal in self.ordered if journal.role in RECORDING and rank in ("all", journal.rank)]

    def system(self, rank: int | str = 0) -> list[Journal]:
        """Return the journals of the companions of a rank (or of `"all"`), in order."""
        return [journal for journal in self.ordered if journal.role == "system" and rank in ("all", journal.rank)]

    @property
    def opening(self) -> dict[str, Any]:
        """The first record of the newest main writer of the smallest rank; of another writer where there is no main."""
        for role in ("main", "import", "child", "edit", "system"):
            journals = [journal for journal in self.ordered if journal.role == role]
            if journals:
                return [journal for journal in journals if journal.rank == journals[0].rank][-1].opening
        return {}

    def facts(self) -> list[WriterFacts]:
        """Return what the run's state depends on."""
        return [
            WriterFacts(
                journal.path, journal.opening, _newest(journal, "finish"), _newest(journal, "end"), journal.modified
            )
            for journal in self.ordered
        ]

    def notices(self) -> list[Notice]:
        """Return what the writers noted, by time, behind what was found to be damaged or unreadable."""
        found: list[Notice] = []
        for journal in self.ordered:
            name = journal.file
            for frame in journal.records("notice"):
                fields = frame.payload
                data = fields.get("data")
                code, text = str(fields.get("code")), str(fields.get("text"))
                found.append(Notice(code, text, moment(fields), name, data if isinstance(data, dict) else {}))
            found += [_missing(frame.payload, name) for frame in journal.records("missing")]
        return self._problems() + sorted(found, key=lambda notice: notice.time or 0.0)

    def _problems(self) -> list[Notice]:
        found = [Notice("unreadable", f"{name}: {why}", None, name, {}) for name, why in self.unreadable.items()]
        for journal in self.ordered:
            name, damages = journal.file, journal.damages
            if journal.lacks_opening:
                text = f"{name}: it has no sound first record; role, rank and place are taken from the file's name"
                found.append(Notice("damage", text, None, name, {}))
            for damage in damages[:_TOLD]:
                text = f"{name}: {damage.what} ({damage.length} bytes at {damage.offset})"
                found.append(Notice("damage", text, None, name, {"offset": damage.offset, "length": damage.length}))
            if len(damages) > _TOLD:
                text = f"{name}: {len(damages) - _TOLD} more damaged places — epochal verify lists them"
                found.append(Notice("damage", text, None, name, {}))
        for segment in self.visibility.odd:
            text = f"writer {segment.writer} opened a segment with a cut that is not understood: it hides nothing"
            found.append(Notice("segment", text, segment.time, "", {}))
        return found

    def _list(self) -> set[str] | None:
        """Return the journals that are there; None where the folder cannot be listed: what was seen of it stays."""
        try:
            return {name for name in os.listdir(self._folder) if name.endswith(SUFFIX)}
        except OSError:
            return None

    def _add(self, name: str) -> bool:
        path = os.path.join(self._folder, name)
        failed = self._failed.get(name)
        if failed is not None and failed.state == _state(path):
            return False
        try:
            self._by_name[name] = self._kind(path)
        except (JournalError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            self._failed[name] = _Failed(_state(path), why or str(error))
        else:
            self._failed.pop(name, None)
        return True

    def _sort(self) -> None:
        journals = sorted(self._by_name.values(), key=_order)
        self.unreadable = {
            name: failed.why
            for name, failed in sorted(self._failed.items())
            if failed.state[0] or abs(time.time() - failed.state[1]) > YOUNG_S
        }
        self.ordered = []
        largest: dict[str, Journal] = {}
        for journal in journals:
            other = largest.get(journal.writer)
            if other is None or journal.size > other.size:
                largest[journal.writer] = journal
        for journal in journals:
            if largest[journal.writer] is journal:
                self.ordered.append(journal)
            else:
                name = largest[journal.writer].file
                self.unreadable[journal.file] = f"a copy of {name}: it is left out"
        self.visibility = Visibility(self.ordered)


def _order(journal: Journal) -> tuple[Any, ...]:
    # of two copies of one journal that are equally long, the shorter name counts: merging marks the other one's
    return journal.rank, journal.ordinal, journal.created, journal.writer, len(journal.file), journal.file


def _state(path: str) -> tuple[int, float]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0.0
    return status.st_size, status.st_mtime


def _newest(journal: Journal, kind: str) -> dict[str, Any] | None:
    records = journal.records(kind)
    return max(records, key=lambda frame: frame.seq).payload if records else None


def _missing(fields: dict[str, Any], name: str) -> Notice:
    rows, first, last = (fields.get(key) for key in ("rows", "first", "last"))
    text = f"{rows} rows missing, seq {first} to {last}: storage refused them and memory could not hold them"
    return Notice("missing", text, moment(fields), name, {"rows": rows, "first": first, "last": last})
