"""`Roster`: all runs of the folder in memory, with a revision that grows when one of them changes."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from epochal.catalog_entry import Entry
from epochal.catalog_following import Changes, FollowedCatalog
from epochal.errors import RunNotFoundError
from epochal.recorded import RecordedRun

from .problems import Problem, not_found
from .run_keys import key_of
from .run_places import lies_within
from .runs_table import RunsTable
from .shared_run import SharedRun

#: How long a request reads runs that the catalog does not know yet, in seconds; the next goes on.
_READING_S: Final = 0.3
#: In the beginning a look reads for so long, and the beginning is so long, in seconds.
_FIRST_S: Final = 0.08
_BEGINNING_S: Final = 1.5
#: What is known is this fresh where no page watches, in seconds; after a longer time all runs are looked at.
FRESH_S: Final = 1.0
_STALE_S: Final = 10.0
#: How many runs are kept open, and how many changes are remembered for pages that ask late.
_OPEN: Final = 1024
_LOGGED: Final = 256


class Logged(NamedTuple):
    """What one look has found, as keys.

    Attributes:
        number: of the look: the next one has a greater one.
        revision: the roster's behind it.
    """

    number: int
    revision: int
    changed: frozenset[str]
    gone: frozenset[str]
    grown: frozenset[str]


class NotFound(Problem):
    """A key that no run has."""

    def __init__(self, key: str) -> None:
        problem = not_found(f"there is no run {key}: it may have been moved or deleted")
        super().__init__(problem.status, problem.title, **problem.more)


class Roster:
    """The runs of one runs folder, by key; several threads may use it.

    Attributes:
        table: their values, column by column; hold `lock` while using it.
        lock: keeps entries and table as they are.
        left: how many runs are still to be read.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.abspath(root))
        self.lock = threading.RLock()
        self.table = RunsTable()
        self.left = 0
        self._following = FollowedCatalog(self.root)
        self._looking = threading.Lock()
        self._looked = -1e9
        self._begun = time.monotonic()
        self._revision = 0
        self._number = 0
        self._log: deque[Logged] = deque(maxlen=_LOGGED)
        self._folders: dict[str, str] = {}
        self._open: OrderedDict[str, tuple[SharedRun, Entry]] = OrderedDict()

    # -- looking --

    @property
    def revision(self) -> int:
        """It grows whenever something that lists show has changed."""
        return self._revision

    @property
    def number(self) -> int:
        """The number of the latest look that found something."""
        return self._number

    @property
    def problems(self) -> list[str]:
        """What could not be looked at."""
        return list(self._following.problems)

    def refresh(self, seconds: float | None = None) -> int:
        """Look at every run and return the revision; with `seconds`, reading what is new goes on in the next look."""
        with self._looking:
            self._publish(self._following.refresh(seconds=seconds))
        return self._revision

    def glance(self) -> int:
        """Look at folders and at the runs that may change, and at some of the others; return the revision."""
        with self._looking:
            self._publish(self._following.glance(seconds=self._reading_s()))
        return self._revision

    def _reading_s(self) -> float:
        """Return how long a look reads new runs, the newest first: little while the first page is being drawn."""
        return _FIRST_S if time.monotonic() - self._begun < _BEGINNING_S else _READING_S

    def fresh(self) -> int:
        """Look, unless that was done within a second or is being done by another thread; return the revision."""
        since = time.monotonic() - self._looked
        if (since > FRESH_S or self.left) and self._looking.acquire(blocking=self._looked < 0):
            try:
                # nobody has watched for a while: a glance would leave out most of a large folder
                everything = time.monotonic() - self._looked > _STALE_S
                look = self._following.refresh if everything else self._following.glance
                self._publish(look(seconds=self._reading_s()))
            finally:
                self._looking.release()
        return self._revision

    def look_at(self, keys: Iterable[str]) -> int:
        """Look at these runs now, and return the revision."""
        with self.lock:
            folders = [self._folders.get(key, key) for key in keys]
        with self._looking:
            self._publish(self._following.look_at(folders))
        return self._revision

    def since(self, number: int) -> list[Logged] | None:
        """Return what was found after the look of this number; None where that is not remembered any more."""
        with self.lock:
            if number < self._number - len(self._log):
                return None
            return [logged for logged in self._log if logged.number > number]

    # -- runs --

    def entries(self, project: str | None = None) -> list[Entry]:
        """Return the runs of a project, or all, in no order."""
        self.fresh()
        with self.lock:
            return [entry for entry in self.table.entries if project is None or entry.project == project]

    def projects(self) -> list[str]:
        """Return the names of all projects, sorted."""
        self.fresh()
        with self.lock:
            return sorted({entry.project for entry in self.table.entries})

    def keys(self) -> list[str]:
        """Return the keys of all runs, in no order."""
        with self.lock:
            return list(self.table.keys)

    def entry(self, key: str) -> Entry:
        """Return what is known of a run.

        Raises:
            NotFound: no run has this key.
        """
        found = self.find(key)
        if found is None:
            self.fresh()  # it may have begun a moment ago
            found = self.find(key)
        if found is None:
            raise NotFound(key)
        return found

    def find(self, key: str) -> Entry | None:
        """Return what the last look found of a run, None where it found none."""
        with self.lock:
            return self.table.get(key)

    def key(self, entry: Entry) -> str:
        """Return the key of a run."""
        return key_of(os.path.relpath(entry.folder, self.root).replace(os.sep, "/"))

    def run(self, key: str) -> RecordedRun:
        """Return a run, opened, as its journals are now; several threads may ask it.

        Raises:
            NotFound: no run has this key, or it has just gone.
        """
        entry = self.entry(key)
        with self.lock:
            found = self._open.pop(key, None)
            if found is not None:
                self._open[key] = found
        if found is None or found[0].path != entry.path:
            try:
                found = SharedRun(entry.folder), entry
            except RunNotFoundError:
                raise NotFound(key) from None
        else:
            # its entry is another one as soon as a look has found a change; runs that may grow are always asked
            if found[1] is not entry or not self._following.is_final(self._folders.get(key, key)):
                found[0].refresh()
            found = found[0], entry
        with self.lock:
            self._open[key] = found
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
        return found[0]

    def close(self) -> None:
        """Close what is open."""
        with self._looking:
            self._following.close()

    # -- within --

    def _publish(self, found: Changes) -> None:
        with self.lock:
            entries = self._following.entries
            here = [folder for folder in found.changed if lies_within(self.root, folder)]
            changed = {key_of(folder): entries[folder] for folder in here}
            # a folder that a link to somewhere else has replaced is gone; others like it were never here
            linked = {key for key in map(key_of, found.changed - set(here)) if key in self._folders}
            gone = {key_of(folder) for folder in found.gone} | linked
            self._folders.update((key_of(folder), folder) for folder in here)
            for key in gone:
                self._folders.pop(key, None)
                self._open.pop(key, None)
            self.left = found.left
            if changed or gone:
                self._revision += 1
                self.table.change(changed, gone)
            if found:
                self._number += 1
                grown = frozenset(map(key_of, found.grown))
                self._log.append(Logged(self._number, self._revision, frozenset(changed), frozenset(gone), grown))
            self._looked = time.monotonic()
