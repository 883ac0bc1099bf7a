"""`StreamedRun`: a run that is written while its source is read, for sources that do not fit into memory."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .. import layout
from ..errors import StorageError
from ..journal.format import BOOL, FLOAT
from ..journal.writer import JournalWriter
from ..media.storage import store
from ..placing import claim, make_root
from .describing import Said, describe, notice, open_import
from .earlier import IMPORTED, READ, Earlier, remove_unbegun
from .foreign import ForeignRun

if TYPE_CHECKING:
    import numpy as np

    from ..journal.points import Floats, Ints
    from ..media.item import Piece

#: From so many points of a metric on, they are written as a column.
_MANY: Final = 8


class StreamedRun:
    """One run of an importer that writes as it reads; `ImportJob.stream` gives it.

    Nothing is written before `begin`. Marks tell the order of what is recorded: `take` gives them, each is used once.

    Attributes:
        facts: what is said of the run beside its points; recorded by `describe`.
        folder: the run's folder.
        kept: what the last import of this run, as far as it stands, has said with `keep`; empty where there was none.
        points: how many points were written.
    """

    def __init__(self, folder: Path, root: Path, facts: ForeignRun, origin: Mapping[str, Any], *, dry: bool) -> None:
        self.folder, self.facts, self.points = folder, facts, 0
        self._root, self._origin, self._dry = root, dict(origin), dry
        self._stack = contextlib.ExitStack()
        self._writer: JournalWriter | None = None
        self._earlier: Earlier | None = None
        self._said = Said.earlier(None)
        self.kept: dict[str, Any] = {}
        self._cut: dict[str, Any] | None = None
        self._replaced: list[Path] = []  # journals of imports that were cut off, until all of them is here again
        self._look()

    @property
    def own(self) -> bool:
        """Whether the run was recorded here, or gone on with after an import: it is no importer's any more."""
        return self._earlier is not None and self._earlier.own

    @property
    def known(self) -> bool:
        """Whether an earlier import has left something."""
        return self._earlier is not None and bool(self._earlier.ranks)

    @property
    def complete(self) -> bool:
        """Whether the last import of this run has come to its end."""
        return self._earlier is not None and self._earlier.finish is not None

    @property
    def started(self) -> float | None:
        """When the first import said that the run began, seconds since the epoch; None where there was none."""
        return self._earlier.started if self._earlier is not None and self._earlier.ranks else None

    def begin(self, *, replaceable: Callable[[Mapping[str, Any]], bool], afresh: bool = False) -> None:
        """Open a journal for what is new.

        Args:
            replaceable: tells, for what an import that was cut off has kept, whether the source still holds all of it:
                then its journal goes, and all that is in it is read again. Otherwise what it has recorded up to there
                stays.
            afresh: hide all that was imported before: the source says otherwise now.

        Raises:
            StorageError: the folder cannot be written.
            RunAliveError: another process imports the run.
        """
        if self._dry:
            return
        try:
            make_root(self._root)
            os.makedirs(self.folder / "journal", exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"no run can be kept in {self._root} ({error.strerror or error}): choose another folder with --dir"
            ) from error
        self._stack.callback(remove_if_unused, self.folder)
        try:
            self._stack.enter_context(claim(self.folder, 0))
            remove_unbegun(self.folder)
            self._look()
            self._clear(replaceable)
            self._writer = open_import(self.folder, "import", 0, self.facts, self._origin, clock=self._started)
            self._stack.callback(self._writer.close)
            cut = {"step": -(1 << 63)} if afresh else self._cut
            self._writer.record("segment", {"why": "import", "cut": cut, "next_step": 0})
            self._said = Said.earlier(self._earlier)
        except BaseException as error:
            self._stack.close()
            if isinstance(error, OSError) and not isinstance(error, StorageError):
                raise self._refused(error) from error
            raise

    def take(self, count: int) -> int:
        """Take so many consecutive marks and return the first."""
        if self._writer is None:
            return 1
        return self._writer.take_marks(count)

    def extend(self, name: str, kind: str, steps: Ints, times: Floats, cells: Ints, marks: Ints) -> None:
        """Write points of one metric.

        Args:
            name: of the metric.
            kind: what the cells hold: `d` a float64's bits, `q` an int64, `b` 0 or 1.
            steps: int64, shape (n,).
            times: float64 seconds since the epoch, shape (n,).
            cells: int64, shape (n,).
            marks: int64, shape (n,), ascending.
        """
        self.points += len(steps)
        writer = self._writer
        if writer is None:
            return
        values: np.ndarray = cells.view("f8") if kind == FLOAT else cells != 0 if kind == BOOL else cells
        if len(steps) >= _MANY:
            writer.extend({name: values}, steps, times, marks)
            return
        for step, time, value, mark in zip(
            steps.tolist(), times.tolist(), values.tolist(), marks.tolist(), strict=True
        ):
            writer.row({name: value}, step, time, mark)

    def record(self, kind: str, fields: Mapping[str, Any], *, time: float, mark: int | None = None) -> None:
        """Write a record of docs/journal-format.md."""
        if self._writer is not None:
            self._writer.record(kind, fields, time=time, mark=mark)

    def store(self, piece: Piece) -> dict[str, Any]:
        """Write a media file and return what a record says of it.

        Raises:
            StorageError: it cannot be written.
        """
        if self._writer is None:
            return {"path": "", "sha256": "", "bytes": 0}
        try:
            return store(self.folder, piece)
        except OSError as error:
            raise self._refused(error) from error

    def describe(self) -> None:
        """Record what `facts` say now and did not say before; `finish` does it too."""
        if self._writer is None:
            return
        self.facts.clean()
        describe(self._writer, self.facts, self._said, self._started())
        self._said = Said.now(self.facts)

    def check(self) -> None:
        """Make sure that all that was recorded by now is in the journal.

        Raises:
            StorageError: there is no room for it.
        """
        if self._writer is None:
            return
        self._writer.settle()
        if not self._writer.storage.healthy:
            raise StorageError(f"{self._writer.path} cannot be written: there is no room; make some, and import again")

    def keep(self, state: Mapping[str, Any]) -> None:
        """Record how far the source was read: everything before it is written.

        Raises:
            StorageError: it is not, for want of room.
        """
        self.check()
        if self._writer is not None:
            fields = {"format": self._origin["format"], "what": READ, **state}
            self._writer.record("source", fields, time=self._started())
            while self._replaced:  # until now readers saw what was there before
                self._replaced.pop().unlink(missing_ok=True)

    def finish(self, state: Mapping[str, Any], files: Sequence[Mapping[str, Any]], *, ended: float) -> None:
        """Record what is said of the run, how far the source was read and that this is complete; close the journal.

        Args:
            state: as in `keep`.
            files: path, sha256, bytes and modified (seconds since the epoch) of each file that was read.
            ended: when the run ended, seconds since the epoch, where the source does not tell.

        Raises:
            StorageError: there is no room, or the folder cannot be written.
        """
        writer = self._writer
        if writer is None:
            return
        self._origin["files"] = list(files)
        try:
            self.describe()
            self.keep(state)
            notice(writer, IMPORTED, self._words(), self._started(), self._origin)
            os.fsync(writer.storage.fd)
            ending = self.facts.ending
            writer.record("finish", ending.fields(), time=ending.time if ending.time is not None else ended)
            writer.settle(now=True)
            if not writer.storage.healthy:
                raise StorageError(f"{writer.path} cannot be written: there is no room; make some, and import again")
            os.fsync(writer.storage.fd)
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise self._refused(error) from error
        finally:
            self.close()

    def close(self) -> None:
        """Close the journal as it is: the next import goes on, or begins again, as the source then tells."""
        self._writer = None
        self._stack.close()

    def _look(self) -> None:
        """See what earlier imports have left."""
        there = (self.folder / "journal").is_dir()
        self._earlier = Earlier(self.folder, self._replaced) if there else None
        self.kept = self._earlier.kept(self._origin["format"]) if self._earlier is not None else {}

    def _clear(self, replaceable: Callable[[Mapping[str, Any]], bool]) -> None:
        """Deal with what an import that was cut off has left."""
        earlier = self._earlier
        if earlier is None or earlier.finish is not None or not earlier.ranks:
            return
        path = earlier.last_path
        last = earlier.last_kept(self._origin["format"])
        if last is not None and not replaceable(last.payload):
            self._cut = {"writer": earlier.last_writer, "seq": last.seq, "time": float(last.payload.get("t") or 0.0)}
            return
        if path is not None:
            self._replaced.append(path)
            self._look()
            self._clear(replaceable)

    def _started(self) -> float:
        if self.facts.started is not None:
            return self.facts.started
        return 0.0

    def _words(self) -> str:
        count = len(self._origin["files"])
        return f"imported as {self._origin['format']} from {self._origin['source']}: {count} file{'s' * (count != 1)}"

    def _refused(self, error: OSError) -> StorageError:
        return StorageError(
            f"{self.folder} cannot be written ({error.strerror or error}): check its permissions and room"
        )


def remove_if_unused(folder: Path) -> None:
    """Remove a run's folder in which nothing was written."""
    journal = os.path.join(folder, "journal")
    try:
        names = os.listdir(journal)
        if any(name.endswith(layout.SUFFIX) for name in names):
            return
        for name in names:
            os.unlink(os.path.join(journal, name))
        os.rmdir(journal)
        folder.rmdir()
        folder.parent.rmdir()
    except OSError:  # not empty, or gone
        return
