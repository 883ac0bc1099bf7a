"""The catalog: all runs of a runs folder, found out once and remembered while nothing changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from . import layout
from .catalog_entry import UNREADABLE, Entry
from .catalog_index import Indexed, index_run, state_now
from .catalog_store import Row, Store
from .collection import no_collection
from .errors import RunNotFoundError
from .records import decode, encode

if TYPE_CHECKING:
    from typing_extensions import Self

#: Time stamps closer than this to the moment of looking do not tell whether something changed since, in nanoseconds.
_UNSURE_NS: Final = 2_000_000_000


class _Found(NamedTuple):
    """A run folder as the scan sees it, with the time stamps of its journal/ folder."""

    project: str
    id: str
    stamp: int
    changed: int


class Catalog:
    """The runs of one runs folder.

    A run is final when it was indexed after its proven end: it is looked at again only when its journal/ folder
    changed (a resume, an edit, a replaced folder). Every other run is looked at again at each refresh, which reads
    its journals only if one of them changed. Training processes never open a catalog.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.abspath(root))
        self.problems: list[str] = []
        self._store: Store | None = None

    def refresh(self, progress: Callable[[int, int], None] | None = None) -> list[Entry]:
        """Return all runs as they are now, in no order; what cannot be looked at is told in `problems`.

        Args:
            progress: is called with (done, all) as runs are indexed.
        """
        with no_collection():
            return self._refresh(progress)

    def _refresh(self, progress: Callable[[int, int], None] | None) -> list[Entry]:
        self.problems = []
        if self._store is None:
            self._store = Store(self.root)
        known = self._store.rows()
        entries: list[Entry] = []
        doubtful: list[tuple[str, _Found, Row | None]] = []
        for folder, found in self._scan():
            row = known.pop(folder, None)
            if row is not None and row.final and row.stamp == found.stamp and row.changed == found.changed:
                entries.append(self._entry(row))
            else:
                doubtful.append((folder, found, row))
        changed: list[Row] = []
        for done, (folder, found, row) in enumerate(doubtful):
            if progress is not None:
                progress(done, len(doubtful))
            fresh = self._look(folder, found, row)
            if fresh is None:
                continue
            if fresh != row:
                changed.append(fresh)
            entries.append(self._entry(fresh))
        if progress is not None and doubtful:
            progress(len(doubtful), len(doubtful))
        gone = [folder for folder in known if not self._hidden(folder)]
        self._store.change(changed, gone)
        return entries

    def close(self) -> None:
        """Close the file behind the catalog."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _scan(self) -> Iterator[tuple[str, _Found]]:
        """Yield every run folder, at the cost of one `stat` each."""
        for project in self._names(self.root):
            if project.startswith("."):
                continue
            above = f"{self.root}{os.sep}{project}"
            for id in self._names(above):
                try:
                    status = os.stat(f"{above}{os.sep}{id}{os.sep}journal")
                except (FileNotFoundError, NotADirectoryError):
                    continue
                except OSError as error:
                    self.problems.append(f"{above}{os.sep}{id} cannot be looked at: {error.strerror}")
                    continue
                yield f"{project}/{id}", _Found(project, id, status.st_mtime_ns, status.st_ctime_ns)

    def _names(self, folder: str | Path) -> list[str]:
        try:
            return os.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            self.problems.append(f"{folder} cannot be read: {error.strerror}")
            return []

    def _hidden(self, folder: str) -> bool:
        """Return whether a run that was not found may still be there, behind a folder that cannot be read."""
        project = f"{self.root}{os.sep}{folder.partition('/')[0]}"
        return any(
            problem.startswith((f"{project} ", f"{project}{os.sep}", f"{self.root} ")) for problem in self.problems
        )

    def _look(self, folder: str, found: _Found, row: Row | None) -> Row | None:
        """Return what is to be known of a run now; None if it has just gone."""
        path = f"{self.root}{os.sep}{folder}"
        now = time.time_ns()
        before = (
            decode(row.files) if row is not None and row.files is not None and row.changed == found.changed else None
        )
        try:
            indexed = state_now(path, before, now - _UNSURE_NS) if before is not None else None
            if indexed is None or row is None or indexed.needs_reading(row.state):
                indexed = index_run(path)
            else:
                return row._replace(stamp=found.stamp, reason=indexed.state.reason, finished=indexed.state.ended)
        except (FileNotFoundError, RunNotFoundError):
            return None
        except OSError as error:
            indexed = Indexed.unreadable(f"{error.strerror or error}")
        except Exception as error:  # one run that somebody has tampered with must not hide all others
            indexed = Indexed.unreadable(f"its journals cannot be understood ({type(error).__name__}: {error})")
        return _row(folder, found, indexed, now)

    def _entry(self, row: Row) -> Entry:
        return Entry(f"{self.root}{os.sep}{row[0]}", *row[4:12])


def _row(folder: str, found: _Found, indexed: Indexed, now: int) -> Row:
    state = indexed.state
    final = state.proven and state.name != UNREADABLE and found.stamp < now - _UNSURE_NS
    details: dict[str, Any] = indexed.details
    id = str(indexed.id or found.id)
    # a folder that was renamed is no project's name for its runs: as `RecordedRun.project` says
    project = layout.decode_project(found.project) if id == found.id else indexed.project
    return Row(
        folder=folder,
        stamp=found.stamp,
        changed=found.changed,
        final=int(final),
        id=id,
        project=str(project or layout.decode_project(found.project)),
        name=str(indexed.name or id),
        state=state.name,
        reason=state.reason,
        started=indexed.started,
        finished=state.ended,
        details=encode(details),
        files=None if final else encode(indexed.files),
    )
