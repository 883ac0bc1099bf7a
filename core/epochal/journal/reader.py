"""Reads one journal: its frames, its tables, and the points of its metrics as arrays."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from ..errors import JournalError
from ..layout import ROLES, SUFFIX
from . import points
from .blocks import BlockScan
from .format import ROWS, BlockHeader, mark_tag
from .frame_rows import FrameRows, Key, Text
from .frames import Damage, Frame
from .points import Bools, Columns
from .rows import RowReader, TableJob
from .tables import Table
from .window import pread

__all__ = ["Columns", "Journal", "Table"]

#: Time stamps of files are at least so fine, in seconds.
_TICK_S: Final = 0.05
#: A file that nothing was written into is no cause for a notice before it is this old, in seconds.
YOUNG_S: Final = 10.0


class Journal:
    """One journal file, opened for the time of each call only.

    The file may grow, shrink, be replaced or vanish between calls and within them: reading then gives less, and
    never raises. Not for use by several threads at once.

    Attributes:
        settled: nothing writes the file any more; where this is not known, rows near the end are read twice.
        writer: the writer's id, 32 hexadecimal digits.
        created: when the file was made, seconds since the epoch.
        opening: the `open` frame; its place is taken by what the file's name says where the frame is damaged.
        tables: each table by its id.
    """

    _reader: type[RowReader] = RowReader

    def __init__(self, path: str | os.PathLike[str], *, settled: bool = False) -> None:
        """Read all but the rows.

        Raises:
            JournalError: the file is not a readable journal.
            JournalVersionError: a newer major version of the format is needed.
            OSError: it cannot be opened.
        """
        self._path = os.fspath(path)
        self.settled = settled
        self._problem: str | None = None
        with self._open() as (fd, status):
            self._start(fd, status)

    def _start(self, fd: int, status: os.stat_result) -> None:
        self._scan = BlockScan(fd)
        self._file = _identity(fd, status)
        self._modified = status.st_mtime
        self._row_damages: list[Damage] = []
        self.writer = self._scan.header.writer.hex()
        self.created = self._scan.header.created
        self._absorb_all()

    def _absorb_all(self) -> None:
        self.opening: dict[str, Any] = {}
        self.tables: dict[int, Table] = {}
        self._blocks: dict[Key, list[BlockHeader]] = {}
        self._blocks_seen = 0
        self._frames_seen: list[Frame] = []
        self._frame_rows = FrameRows()
        self._by_kind: dict[str, list[Frame]] = {}
        self._names: set[str] | None = None
        self._absorb()

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._path)

    @property
    def file(self) -> str:
        """The file's name."""
        return os.path.basename(self._path)

    @property
    def frames(self) -> list[Frame]:
        """All sound frames, by offset."""
        return self._scan.frames()

    def records(self, kind: str) -> list[Frame]:
        """Return the sound frames of one kind other than `row`, by offset."""
        return self._by_kind.get(kind, [])

    @property
    def size(self) -> int:
        """Length of the file at the last look, in bytes."""
        return self._scan.size

    @property
    def modified(self) -> float:
        """When the file last changed, as far as the last look could tell, seconds since the epoch."""
        return self._modified

    @property
    def blocks(self) -> list[BlockHeader]:
        """All sound block headers, by offset."""
        return self._scan.blocks

    @property
    def damages(self) -> list[Damage]:
        """What is known to be damaged; bad rows are known of tables that were read."""
        found = self._scan.damages + self._row_damages
        if self._problem:
            found.append(Damage(0, 0, self._problem))
        return found

    @property
    def lacks_opening(self) -> bool:
        """Whether there is no sound `open` frame; of a file that was just made it may be about to be written."""
        if not self.opening.get("guessed"):
            return False
        return bool(self.frames or self._blocks or self.damages) or abs(time.time() - self.modified) > YOUNG_S

    @property
    def role(self) -> str:
        """`main`, `child`, `system`, `import` or `edit`."""
        return str(self.opening["role"])

    @property
    def rank(self) -> int:
        """The rank that the writer recorded for."""
        return int(self.opening["rank"])

    @property
    def ordinal(self) -> int:
        """The writer's place among those of its rank."""
        return int(self.opening["ordinal"])

    @property
    def names(self) -> set[str]:
        """The names of all metrics in the file."""
        if self._names is None:
            self._names = {*self._frame_rows.texts, *(name for names, _ in self._keys() for name in names)}
        return self._names

    @property
    def text_names(self) -> set[str]:
        """The names of metrics that hold text."""
        return set(self._frame_rows.texts)

    def refresh(self) -> bool:
        """Look for what was written since the last look; return True if anything may be new."""
        try:
            with self._open() as (fd, status):
                if _identity(fd, status) != self._file:
                    self._start(fd, status)
                    return True
                self._scan.fd = fd
                changed = self._scan.refresh()
                self._modified = status.st_mtime
                # a row that was written since the last look may share its time stamp
                changed |= not self.settled and abs(time.time() - self._modified) < _TICK_S
        except (OSError, JournalError):  # gone, or no journal any more: what was seen of it stays
            return False
        if changed:
            self._absorb()
        return changed

    def columns(self, metric: str) -> Columns:
        """Return all committed points of a metric, those in frames included, in the order of their seq."""
        return self.read([metric])[metric]

    def read(self, metrics: Iterable[str]) -> dict[str, Columns]:
        """Return all committed points of several metrics; each table is read once."""
        wanted = list(dict.fromkeys(metrics))
        jobs = [self._job(key, names) for key, names in self._tables_of(wanted)]
        parts: dict[str, list[Columns]] = {name: [] for name in wanted}
        if jobs and self._run(lambda reader: reader.read(jobs)):
            for job in jobs:
                for name, columns in job.result().items():
                    parts[name].append(columns)
        return {name: points.by_seq(points.join(found)) for name, found in parts.items()}

    def last(
        self, metrics: Iterable[str], hidden: Callable[[Columns], Bools | None] = lambda _: None
    ) -> dict[str, tuple[int, Any]]:
        """Return (seq, value) of the last point of each metric that has any; the rows are read and not kept.

        `hidden` tells which rows do not count, from columns whose cells mean nothing.
        """
        jobs = [self._job(key, names) for key, names in self._tables_of(metrics)]
        found: dict[str, tuple[int, Any]] = {}
        if jobs and self._run(lambda reader: reader.read_last(jobs, hidden)):
            for job in jobs:
                for name, columns in job.result().items():
                    if len(columns) and columns.seqs[-1] > found.get(name, (0, None))[0]:
                        found[name] = int(columns.seqs[-1]), columns.values[-1].item()
        return found

    def texts(self, metric: str) -> list[Text]:
        """Return the text points of a metric, in the order of their seq."""
        return sorted(self._frame_rows.texts.get(metric, []))

    def _keys(self) -> list[Key]:
        return list(dict.fromkeys((*self._blocks, *self._frame_rows.keys())))

    def _tables_of(self, metrics: Iterable[str]) -> Iterator[tuple[Key, list[str]]]:
        """Yield each table that holds any of the metrics, with those that it holds."""
        wanted = set(metrics)
        for key in self._keys():
            names = [name for name in key[0] if name in wanted]
            if names:
                yield key, names

    def _job(self, key: Key, names: list[str]) -> TableJob:
        return TableJob(*key, self._blocks.get(key, []), self._frame_rows.words(key), names)

    def _run(self, read: Callable[[RowReader], None]) -> bool:
        try:
            with self._open() as (fd, status):
                if _identity(fd, status) != self._file:
                    return False
                reader = self._reader(fd, status.st_size, mark_tag(self._scan.header.writer), settled=self.settled)
                read(reader)
        except (OSError, JournalError):
            return False
        self._problem = reader.problem
        known = set(self._row_damages)
        self._row_damages += [damage for damage in reader.damages if damage not in known]
        return True

    @contextlib.contextmanager
    def _open(self) -> Iterator[tuple[int, os.stat_result]]:
        # without O_NONBLOCK a named pipe of that name would hold the reader for ever
        flags = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        fd = os.open(self._path, flags)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise JournalError(f"{self._path} is no regular file")
            yield fd, status
        finally:
            os.close(fd)

    def _absorb(self) -> None:
        """Take in blocks and frames that are new to the scan."""
        self._names = None
        blocks = self._scan.blocks
        if len(blocks) != self._blocks_seen:
            self._blocks_seen = len(blocks)
            self._blocks = {}
            for block in blocks:
                table = self._scan.table(block) if block.kind == ROWS else None
                if table is not None:
                    self.tables[table.id] = table
                    self._blocks.setdefault((table.names, table.types), []).append(block)
        frames, seen = self._scan.frames(), len(self._frames_seen)
        if frames is not self._frames_seen:
            if frames[:seen] != self._frames_seen:  # a late frame stands between those that were known
                self._frame_rows, self._by_kind, seen = FrameRows(), {}, 0
            self._frames_seen = frames
            for frame in frames[seen:]:
                if frame.payload["k"] == "row":
                    self._frame_rows.add(frame)
                else:
                    self._by_kind.setdefault(frame.payload["k"], []).append(frame)
        if not self.opening or self.opening.get("guessed"):
            self.opening = self._find_opening()

    def _find_opening(self) -> dict[str, Any]:
        for frame in self.frames:
            found = frame.payload
            numbers = (found.get("rank"), found.get("ordinal"))
            if found["k"] == "open" and found.get("role") in ROLES and all(type(number) is int for number in numbers):
                return found
        parts = self.file.removesuffix(SUFFIX).split("-")
        named = [int(part) for part in parts[1:3] if part.isdecimal() and len(part) < 10]
        role = parts[0] if parts[0] in ROLES else "main"
        rank, ordinal = named if len(named) == 2 else (0, 0)
        return {"k": "open", "role": role, "rank": rank, "ordinal": ordinal, "guessed": True}


def _identity(fd: int, status: os.stat_result) -> tuple[int, int, bytes]:
    """Return what tells a file from the one that took its place, whose inode may have been used again."""
    try:
        head = pread(fd, 16, 16)
    except OSError:
        head = b""
    return status.st_dev, status.st_ino, head
