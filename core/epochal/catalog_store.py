"""The catalog's SQLite file: one for each runs folder, in the user's cache; it may be deleted at any time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from .settings import cache_dir

#: Raised whenever rows mean something else: a file of another version is thrown away.
VERSION: Final = 1
_BUSY_S: Final = 5.0
_COLUMNS: Final = (
    "folder TEXT PRIMARY KEY", "stamp INTEGER", "changed INTEGER", "final INTEGER", "id TEXT", "project TEXT",
    "name TEXT", "state TEXT", "reason TEXT", "started REAL", "finished REAL", "details BLOB", "files BLOB",
)  # fmt: skip
_TABLE: Final = f"CREATE TABLE IF NOT EXISTS runs ({', '.join(_COLUMNS)})"
_INSERT: Final = "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Row(NamedTuple):
    """One run as it is stored.

    Attributes:
        folder: the run's folder, relative to the root.
        stamp: time stamp of its journal/ folder when it was indexed, in nanoseconds.
        changed: when that folder's own facts last changed (ctime), in nanoseconds: a copy in its place shows here.
        final: it need not be looked at again while stamp and changed stay the same.
        details: packed, see `Entry.details`.
        files: packed: what its journals were when it was indexed, and what its state depends on; None if final.
    """

    folder: str
    stamp: int
    changed: int
    final: int
    id: str
    project: str
    name: str
    state: str
    reason: str | None
    started: float | None
    finished: float | None
    details: bytes
    files: bytes | None


class Store:
    """The rows of one runs folder, kept in a file where that is possible, in memory where it is not.

    Several processes may use it at once: each reads what is there and writes what it has found out in one short
    transaction. What cannot be stored is found out again by whoever comes next.
    """

    def __init__(self, root: Path) -> None:
        self.path = cache_dir() / f"{hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:24]}.sqlite"
        self._connection = self._open()

    def rows(self) -> dict[str, Row]:
        """Return every row by its folder; a file that turns out to be damaged is begun anew."""
        try:
            return {row[0]: Row._make(row) for row in self._connection.execute("SELECT * FROM runs")}
        except sqlite3.Error as error:
            self._recover(error)
            return {}

    def change(self, changed: Iterable[Row], gone: Iterable[str]) -> None:
        """Store rows and forget folders."""
        rows = [row for row in changed if _fits(row)]
        folders = [(folder,) for folder in gone]
        if not rows and not folders:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT, rows)
            self._connection.executemany("DELETE FROM runs WHERE folder = ?", folders)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            if not isinstance(error, sqlite3.OperationalError):
                self._recover(error)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _open(self) -> sqlite3.Connection:
        for attempt in (1, 2):
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                return self._connect(str(self.path))
            except (OSError, sqlite3.OperationalError):  # not writable, full, locked for long, no locks on that disk
                break
            except sqlite3.DatabaseError:  # damaged, or of another version
                if attempt == 2 or not self._unlink():
                    break
        return self._connect(":memory:")

    def _connect(self, path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise sqlite3.DatabaseError(f"version {version}, not {VERSION}")
            # no write-ahead log: it needs shared memory, which home folders on a network do not have;
            # no fsync: what a crash takes is found out again
            connection.execute("PRAGMA synchronous=OFF")
            if version == 0:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(_TABLE)
                connection.execute(f"PRAGMA user_version={VERSION}")
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _recover(self, error: sqlite3.Error) -> None:
        self._connection.close()
        if not isinstance(error, sqlite3.OperationalError):
            self._unlink()
        self._connection = self._open()

    def _unlink(self) -> bool:
        try:
            for suffix in ("", "-journal"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        except OSError:
            return False
        return True


def _fits(row: Row) -> bool:
    """Whether SQLite can hold the row's texts: names of folders may be no UTF-8; such runs are looked at each time."""
    try:
        for value in row:
            if isinstance(value, str):
                value.encode()
    except UnicodeEncodeError:
        return False
    return True
