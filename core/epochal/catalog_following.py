"""A catalog that is kept open: what came, grew, changed and went since the last look, at the cost of few stats."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from .catalog import Catalog, _Found
from .catalog_entry import UNREADABLE, Entry
from .catalog_listing import Listing
from .catalog_store import Row, Store
from .collection import no_collection
from .errors import RunNotFoundError
from .layout import SUFFIX

if TYPE_CHECKING:
    from .recorded import RecordedRun

#: How many runs that have ended are looked at in a glance: all of 10,000 within ten.
_SLICE: Final = 1000
#: How long what the runs' processes do may go unseen where no file tells of it, in seconds; it grows with the time
#: since a run's last change, for runs that are not running.
_LIVENESS_S: Final = 2.0
_LIVENESS_LONGEST_S: Final = 60.0
#: A run that has just been made is not called unreadable: its first journal may be on its way.
_YOUNG_NS: Final = 10_000_000_000
#: A folder without journals is watched closely for so long: a run may be about to begin in it.
_WAITING_S: Final = 60.0
#: A run that is not proven to have ended is watched closely for so long after its last change.
_HOT_NS: Final = 300_000_000_000
#: Of its own time, a run that grows costs at most this part: one whose reading takes 0.1 s is read every 2 s.
_SHARE: Final = 20.0
_LONGEST_PAUSE_S: Final = 30.0
#: How long rows that will change again anyway wait until they are stored, in seconds.
_UNSAVED_S: Final = 10.0

Files = dict[str, tuple[int, int, int]]


class Changes(NamedTuple):
    """What a look has found, as folders relative to the root (`project/run`).

    Attributes:
        changed: runs that are new, or of which something that lists show has changed.
        gone: runs that are not there any more.
        grown: runs whose journals have new bytes.
        left: how many runs are still to be read; the next look goes on with them, the newest first.
    """

    changed: set[str]
    gone: set[str]
    grown: set[str]
    left: int = 0

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone or self.grown)


@dataclass
class _Live:
    """A run that may still change without a trace in the time stamp of its journal/ folder."""

    files: Files = field(default_factory=dict)
    stamp: int = -1
    looked: float = 0.0  # seconds of time.monotonic
    cost: float = 0.0  # seconds
    grew: float = 0.0
    due: bool = False
    hot: bool = True  # is looked at in every glance
    run: RecordedRun | None = None  # kept open where reading costs much


class FollowedCatalog:
    """The runs of one runs folder, kept up to date. Not for use by several threads at once.

    Attributes:
        entries: every run that is known, by its folder relative to the root.
        problems: what could not be looked at, as the last look found it.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.abspath(root))
        self.entries: dict[str, Entry] = {}
        self._catalog = Catalog(self.root)
        self._listing = Listing(str(self.root))
        self._rows: dict[str, Row] = {}
        self._live: dict[str, _Live] = {}
        self._pending: dict[str, _Found] = {}
        self._waiting: dict[str, float] = {}
        self._round: list[str] = []
        self._unsaved: dict[str, Row] = {}
        self._dropped: set[str] = set()
        self._saved = 0.0
        self._remembered: dict[str, Row] | None = None

    @property
    def problems(self) -> list[str]:
        """What could not be looked at, as the last look found it."""
        return self._catalog.problems

    def close(self) -> None:
        """Store what is not stored yet, and close the file behind the catalog."""
        self._save(now=True)
        self._catalog.close()

    def is_final(self, folder: str) -> bool:
        """Return whether a run is known to stay as it is, unless somebody edits or resumes it."""
        row = self._rows.get(folder)
        return row is not None and bool(row.final)

    def refresh(self, *, seconds: float | None = None) -> Changes:
        """Look at every run; reading what is new goes on in the next look where it takes longer than `seconds`."""
        return self._look(None, seconds)

    def glance(self, *, seconds: float | None = None) -> Changes:
        """Look at folders, at the runs that may still change and at some of the others: in turn, all of them."""
        if not self._round:
            self._round = list(self._listing.folders)
        chosen, self._round = self._round[:_SLICE], self._round[_SLICE:]
        return self._look(chosen, seconds)

    def look_at(self, folders: Iterable[str]) -> Changes:
        """Look at these runs, whatever they cost."""
        return self._look(list(folders), None, first=True)

    def _look(self, chosen: list[str] | None, seconds: float | None, *, first: bool = False) -> Changes:
        with no_collection():
            if self._remembered is None:
                self._remembered = self._store().rows()
            found = Changes(set(), set(), set())
            self._catalog.problems = []
            come, gone = self._listing.refresh(self._catalog.problems)
            for folder in gone:
                self._forget(folder, found)
                self._waiting.pop(folder, None)
            listed = self._listing.folders
            certain: Collection[str] = listed if chosen is None else set(chosen) if first else ()
            hot = [folder for folder, live in self._live.items() if live.hot]
            soon = [folder for folder, since in self._waiting.items() if time.monotonic() - since < _WAITING_S]
            for folder in list(listed) if chosen is None else dict.fromkeys([*chosen, *come, *hot, *soon]):
                if folder in listed:
                    self._stat(folder, found, everything=folder in certain)
            self._read(found, None if seconds is None else time.monotonic() + seconds)
            self._save()
            return found._replace(left=len(self._pending))

    def _store(self) -> Store:
        if self._catalog._store is None:
            self._catalog._store = Store(self.root)
        return self._catalog._store

    def _stat(self, folder: str, found: Changes, *, everything: bool) -> None:
        """Decide whether a run must be read."""
        path = f"{self.root}{os.sep}{folder}{os.sep}journal"
        try:
            status = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            self._forget(folder, found)
            self._waiting.setdefault(folder, time.monotonic())
            return
        except OSError as error:
            self._catalog.problems.append(f"{os.path.dirname(path)} cannot be looked at: {error.strerror}")
            self._row(folder, found)
            return
        self._waiting.pop(folder, None)
        row = self._rows.get(folder) or self._row(folder, found)
        if row is not None and row.final and row.stamp == status.st_mtime_ns and row.changed == status.st_ctime_ns:
            return
        project, _, id = folder.partition("/")
        seen = _Found(project, id, status.st_mtime_ns, status.st_ctime_ns)
        if row is None:
            self._pending[folder] = seen
        elif row.final:
            found.grown.add(folder)
            self._pending[folder] = seen
        elif self._may_have_changed(folder, path, seen, found) or everything:
            self._pending[folder] = seen

    def _row(self, folder: str, found: Changes) -> Row | None:
        """Return what is known of a run; what an earlier process found out counts until it turns out otherwise."""
        row = self._rows.get(folder)
        if row is None and self._remembered:
            row = self._remembered.pop(folder, None)
            if row is not None:
                self._take(folder, row, found)
        return row

    def _take(self, folder: str, row: Row, found: Changes) -> None:
        before = self._rows.get(folder)
        self._rows[folder] = row
        if before is None or before[4:12] != row[4:12]:
            self.entries[folder] = self._catalog._entry(row)
            found.changed.add(folder)
        if row.final:
            self._live.pop(folder, None)
        else:
            self._live.setdefault(folder, _Live())

    def _may_have_changed(self, folder: str, path: str, seen: _Found, found: Changes) -> bool:
        live = self._live.setdefault(folder, _Live())
        now = time.monotonic()
        files = _files(path, live.files if live.stamp == seen.stamp else None)
        if files != live.files:
            if live.files:
                found.grown.add(folder)
            live.files, live.stamp, live.grew, live.due = files, seen.stamp, now, True
        elif not live.due:
            quiet = (now - live.grew) / _SHARE
            running = self._rows[folder].state == "running"
            newest = max([seen.stamp, *(stamp for _, stamp, _ in files.values())])
            live.hot = running or time.time_ns() - newest < _HOT_NS
            pause = _LIVENESS_S if running else min(max(quiet, _LIVENESS_S), _LIVENESS_LONGEST_S)
            live.due = now - live.looked >= pause
        if live.due and now - live.looked < min(live.cost * _SHARE, _LONGEST_PAUSE_S):
            return self._has_ended(folder, live)
        return live.due

    def _has_ended(self, folder: str, live: _Live) -> bool:
        """Return whether a run that is so long that reading it must wait has another state: that is told at once."""
        from .recorded import RecordedRun

        try:
            if live.run is None:
                live.run = RecordedRun(f"{self.root}{os.sep}{folder}")
            else:
                live.run.refresh()  # reads what is new
        except RunNotFoundError:
            return False
        return live.run.state != self._rows[folder].state

    def _read(self, found: Changes, deadline: float | None) -> None:
        """Read the runs that must be read, the newest first."""
        order = sorted(self._pending, key=lambda folder: self._pending[folder].stamp, reverse=True)
        for at, folder in enumerate(order):
            began = time.monotonic()
            if at and deadline is not None and began >= deadline:
                return
            seen, before = self._pending.pop(folder), self._rows.get(folder)
            live = self._live.get(folder) or _Live(_files(f"{self.root}/{folder}/journal", None), seen.stamp)
            live.due = False
            fresh = self._catalog._look(folder, seen, before)
            if fresh is None:
                self._forget(folder, found)
                continue
            if before is None and fresh.state == UNREADABLE and time.time_ns() - seen.stamp < _YOUNG_NS:
                self._waiting.setdefault(folder, time.monotonic())  # it is just being made
                continue
            if fresh != before:
                self._unsaved[folder] = fresh
            live.looked = time.monotonic()
            live.cost = live.looked - began
            self._live[folder] = live
            self._take(folder, fresh, found)

    def _forget(self, folder: str, found: Changes) -> None:
        self._pending.pop(folder, None)
        self._live.pop(folder, None)
        self._unsaved.pop(folder, None)
        if self._remembered and self._remembered.pop(folder, None) is not None:
            self._dropped.add(folder)
        if self._rows.pop(folder, None) is not None:
            self.entries.pop(folder, None)
            found.changed.discard(folder)
            found.grown.discard(folder)
            found.gone.add(folder)
            self._dropped.add(folder)

    def _save(self, *, now: bool = False) -> None:
        """Store what has been found out: at once what is final, once in a while what will change again."""
        if self._remembered and self._listing.whole:
            left = [folder for folder in self._remembered if folder not in self._listing.folders]
            for folder in left:
                del self._remembered[folder]
            self._dropped.update(left)
        moment = time.monotonic()
        final = any(row.final for row in self._unsaved.values())
        if self._dropped or final or now or moment - self._saved > _UNSAVED_S:
            self._store().change(self._unsaved.values(), self._dropped)
            self._unsaved, self._dropped, self._saved = {}, set(), moment


def _files(journal: str, known: Files | None) -> Files:
    """Return size, time stamp and inode of each journal; `known` tells their names where the folder has not changed."""
    found: Files = {}
    try:
        names = known or [name for name in os.listdir(journal) if name.endswith(SUFFIX)]
        for name in names:
            status = os.stat(f"{journal}{os.sep}{name}")
            found[name] = (status.st_size, status.st_mtime_ns, status.st_ino)
    except OSError:  # one that has just gone shows in the folder's time stamp
        pass
    return found
