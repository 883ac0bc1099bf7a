"""Records an imported run: journals of role import, and of role system for what a companion would have said."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import StorageError
from ..journal.writer import JournalWriter
from .describing import Said, describe, notice, open_import
from .earlier import IMPORTED, Earlier
from .foreign import ForeignRun
from .growth import growth_of
from .import_rows import write_rows


class ImportWriter:
    """Brings a run's folder to what a source says of the run; what is there already is not written again.

    Attributes:
        points: how many points are new.
    """

    def __init__(self, folder: Path, run: ForeignRun, origin: Mapping[str, Any], earlier: Earlier | None) -> None:
        self._folder, self._run, self._earlier = folder, run, earlier
        self._origin = dict(origin)
        self._growth = {
            (rank, system): growth_of(run, earlier, rank, system=system)
            for rank in sorted({*run.ranks, *({} if earlier is None else earlier.ranks)})
            for system in (False, True)
        }
        self._tidy()
        self._started = self._when_started()
        self._open: list[JournalWriter] = []
        self.points = sum(growth.added for growth in self._growth.values())

    @property
    def cut(self) -> bool:
        """Whether anything that was imported before is hidden from now on."""
        return any(growth.cuts for growth in self._growth.values())

    @property
    def changed(self) -> bool:
        """Whether anything is to be written, be it only that the files are others now."""
        earlier = self._earlier
        if earlier is None or earlier.finish is None or earlier.origin != self._origin:
            return True
        return any(growth.added or growth.cuts for growth in self._growth.values())

    @property
    def outcome(self) -> str:
        """What an import gives, in the words of the report."""
        if self._earlier is None:
            return "new"
        return "grown" if self.points or self.cut else "unchanged"

    def write(self) -> None:
        """Write what is new.

        Raises:
            StorageError: there is no room, or the folder cannot be written; what this call wrote is removed again.
        """
        try:
            for rank in sorted({rank for rank, _ in self._growth}, reverse=True):
                self._write_rank(rank)
        except BaseException as error:
            self._take_back()
            if isinstance(error, OSError) and not isinstance(error, StorageError):
                raise StorageError(
                    f"{self._folder} cannot be written ({error.strerror or error}): check its permissions and room"
                ) from error
            raise
        finally:
            for writer in self._open:
                writer.close()

    def _write_rank(self, rank: int) -> None:
        """Write a rank's record; rank 0's, which says that the import is complete, comes last."""
        run, growth = self._run, self._growth[rank, False]
        if rank and not growth.added and not growth.cuts and not self._growth[rank, True].added:
            return
        writer = self._writer("import", rank, None)
        cut = {"metrics": growth.cuts} if growth.cuts else None
        writer.record("segment", {"why": "import", "cut": cut, "next_step": 0})
        if rank == 0:
            describe(writer, self._run, Said.earlier(self._earlier), self._started)
        ours = {name: track for (of, system, name), track in run.tracks.items() if (of, system) == (rank, False)}
        write_rows(writer, ours, growth.points, self._untimed())
        self._write_system(writer, rank)
        if rank == 0:
            self._bring_to_disk()
            self._write_end(writer)
        self._bring_to_disk()

    def _write_end(self, writer: JournalWriter) -> None:
        """Write what says that the import is complete."""
        notice(writer, IMPORTED, self._said(), self._started, self._origin)
        writer.record("finish", self._run.ending.fields(), time=self._when_ended())

    def _write_system(self, main: JournalWriter, rank: int) -> None:
        """Write what a companion would have recorded: system metrics and the environment."""
        growth, run = self._growth[rank, True], self._run
        environment = run.environment if rank == 0 else {}
        if self._earlier is not None and environment == self._earlier.environment:
            environment = {}
        if not growth.added and not environment:
            return
        writer = self._writer("system", rank, {"writer": main.hex, "seq": 1, "ordinal": main.ordinal})
        if environment:
            writer.record("environment", {"values": environment})
        ours = {name: track for (of, system, name), track in run.tracks.items() if (of, system) == (rank, True)}
        write_rows(writer, ours, growth.points, self._untimed())

    def _writer(self, role: str, rank: int, parent: Mapping[str, Any] | None) -> JournalWriter:
        writer = open_import(
            self._folder, role, rank, self._run, self._origin, clock=lambda: self._started, parent=parent
        )
        self._open.append(writer)
        return writer

    def _bring_to_disk(self) -> None:
        for writer in self._open:
            if not writer.storage.healthy:
                raise StorageError(f"{writer.path} cannot be written: there is no room; make some, and import again")
            os.fsync(writer.storage.fd)

    def _take_back(self) -> None:
        """Remove what was written, and the run's folder where nothing else is in it."""
        for writer in self._open:
            with contextlib.suppress(OSError):
                os.unlink(writer.path)

    def _tidy(self) -> None:
        """Bring what the source says into the form in which it is recorded."""
        self._run.clean()
        for growth in self._growth.values():
            for name in growth.kept:
                self._run.leave_out(f"{name}: a system metric that differs from what was imported before, which stays")

    def _said(self) -> str:
        run = self._run
        files = f"{len(run.files)} file{'s' * (len(run.files) != 1)}"
        return f"imported as {self._origin['format']} from {run.source}: {files}, {run.metrics} metrics"

    def _untimed(self) -> float | None:
        return None if self._run.timed else self._files_time()

    def _files_time(self) -> float:
        return max((float(each["modified"]) for each in self._origin["files"]), default=0.0)

    def _when_started(self) -> float:
        run = self._run
        if run.started is not None:
            return run.started
        if self._earlier is not None and self._earlier.started is not None:
            return self._earlier.started
        return min(self._times(), default=self._files_time())

    def _when_ended(self) -> float:
        run = self._run
        if run.ending.time is not None:
            return run.ending.time
        return max(self._times(), default=self._files_time())

    def _times(self) -> list[float]:
        """Return the first and the last time of each metric, where the source tells times."""
        tracks = self._run.tracks.values() if self._run.timed else ()
        columns = [np.frombuffer(track.times, np.float64) for track in tracks]
        sound = [column[np.isfinite(column)] for column in columns]
        return [float(end) for column in sound if len(column) for end in (column.min(), column.max())]
