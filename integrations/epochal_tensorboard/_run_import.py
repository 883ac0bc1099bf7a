"""Imports one run: the event files of one folder, in time order, from where the last import has stopped."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from epochal.errors import BadValueError, EpochalError

from ._batches import Batch
from ._described import Described
from ._event_file import Layouts
from ._identity import identify
from ._import_state import ImportState
from ._other_records import OtherRecords
from ._reading import Reading
from ._restarts import PURGES, Preemption, is_start
from ._source_files import SourceFile, are_whole, files_kept, look
from ._walk import kind_of

if TYPE_CHECKING:
    from epochal.exchange.import_job import ImportJob
    from epochal.exchange.streamed import StreamedRun

    from ._chunks import Chunk, Fault, Other
    from ._logdir import Run

#: So many points are written together, and so many bytes of other records.
_POINTS: Final = 1 << 17
_BYTES: Final = 8 << 20


class RunImport:
    """One run on its way from its event files into the runs folder.

    Attributes:
        found: the run as the log folder shows it; may be replaced by what it shows later.
    """

    _described: Described
    _state: ImportState
    _batch: Batch
    _others: OtherRecords
    _new: bool  # nothing of it was here before

    def __init__(self, job: ImportJob, found: Run, layouts: Layouts | None = None, *, live: bool = False) -> None:
        """Look at nothing yet.

        Args:
            job: what the import is told.
            found: the run.
            layouts: what was learnt of records' bytes from other files.
            live: its files are still written.

        Raises:
            BadValueError: an option of the job that cannot be used.
        """
        self.found = found
        self._job, self._live = job, live
        self._purge = job.options.get("purge", PURGES[0])
        if self._purge not in PURGES:
            raise BadValueError(f"purge {self._purge!r} cannot be used: take one of {', '.join(PURGES)}")
        self._layouts = Layouts() if layouts is None else layouts
        self._readings: dict[Path, Reading] = {}
        self._stream: StreamedRun | None = None

    def read_all(self) -> None:
        """Import what is new, and report it.

        Raises:
            EpochalError: the import cannot go on.
        """
        if self.begin():
            try:
                self.go_on()
                self.end()
            finally:
                self.close()

    def begin(self) -> bool:
        """Open the run; False where there is nothing to do, which was reported then.

        Raises:
            EpochalError: it cannot be opened.
        """
        found = self.found
        identity = identify(found)
        if identity is None:
            self._job.remark(found.folder, "there is no whole record in its event files yet")
            return False
        stream = self._job.stream(found.folder, found.files, id=identity.id, name=found.name, started=identity.started)
        if stream is None:
            return False
        self._stream = stream
        try:
            self._described = Described(stream.facts, found)
            files = files_kept(stream.kept)
            afresh = not are_whole(found.folder, files.values(), gone=True)
            self._take_up(stream.kept)
            if (
                stream.complete
                and not afresh
                and not self._grown()
                and self._described.unchanged(self._state.described)
            ):
                self._tell("unchanged")
                return False
            stream.begin(replaceable=self._still_there, afresh=afresh)
            self._new = not stream.known
            self._take_up({} if afresh else stream.kept)
        except OSError as error:
            if isinstance(error, EpochalError):
                raise
            raise EpochalError(f"{found.folder} cannot be read: {error.strerror or error}") from error
        stream.describe()
        return True

    def go_on(self) -> int:
        """Read and write what the files hold now; return how many bytes that were.

        Raises:
            EpochalError: a file cannot be read, or the run not be written.
        """
        size, done = self.found.size, 0
        for path in self.found.files:
            reading = self._reading(path)
            try:
                for chunk in reading.events.chunks():
                    self._take(reading, chunk)
                    done, reading.read = done + chunk.end - reading.read, chunk.end
                    if self._batch.points >= _POINTS or self._batch.heavy >= _BYTES:
                        self._batch.write()
                        self._running.check()
                    self._job.progress(done, size, self._running.points + self._batch.points)
            except FileNotFoundError:  # taken away since it was listed
                continue
            except OSError as error:
                if isinstance(error, EpochalError):
                    raise
                raise EpochalError(f"{path} cannot be read: {error.strerror or error}") from error
        self._batch.write()
        return done

    def keep(self) -> None:
        """Record how far the files were read, so that what is written by now stays, whatever becomes of them.

        Raises:
            EpochalError: not all of it is written, or a file is gone.
        """
        self._running.describe()
        places = [self._place(reading, hashed=False) for reading in self._readings.values()]
        files = self._state.files | {place.name: place for place in places}
        self._running.keep({"files": [file._asdict() for file in files.values()]})

    def end(self) -> None:
        """Record that this import is complete, and report it.

        Raises:
            EpochalError: a file cannot be read, or the run not be written.
        """
        self._batch.write()
        self._others.end()
        state, stream = self._state, self._running
        for reading in self._readings.values():
            place = self._place(reading, hashed=True)
            state.files[place.name] = place
        state.points += stream.points
        state.described = self._described.state()
        told = [
            {"path": self._job.called(self.found.folder / file.name), "sha256": file.sha256, "bytes": file.read,
             "modified": file.modified / 1e9}
            for file in state.files.values()
        ]  # fmt: skip
        started = stream.facts.started or 0.0
        stream.finish(state.to_keep(), told, ended=max(started, started if state.last is None else state.last))
        self._tell("new" if self._new else "grown" if stream.points or self._others.count else "unchanged")

    def close(self) -> None:
        """Let the run go: after `end` nothing is left to do, before it the next import begins again."""
        if self._stream is not None:
            self._stream.close()

    @property
    def _running(self) -> StreamedRun:
        if self._stream is None:
            raise RuntimeError("this run was not begun")
        return self._stream

    def _take(self, reading: Reading, chunk: Chunk) -> None:
        scalars = chunk.scalars
        for fault in chunk.faults:
            self._note(reading, fault)
        values = [other for other in chunk.others if other.what == "value"]
        if not reading.begun and (len(scalars.steps) or values):
            reading.begun = True
            self._open_segment(reading.prefix, chunk, values)
        before = self._batch.points
        seen = reading.prefix in self._state.tops
        reading.add(chunk, self._batch)
        for offset, others in groupby(chunk.others, attrgetter("offset")):
            event, place = list(others), int(np.searchsorted(scalars.offsets, offset))
            self._put(reading, event, before + place, restart=seen or place > 0)
            seen |= any(other.what == "value" for other in event)
        steps = [int(scalars.steps.max())] if len(scalars.steps) else []
        steps += [max(other.step for other in values)] if values else []
        if steps:
            times = np.concatenate([scalars.times, [other.time for other in values]])
            sound = times[np.isfinite(times)]
            self._state.saw(
                reading.prefix, max(steps), (float(sound.min()), float(sound.max())) if len(sound) else None
            )

    def _put(self, reading: Reading, event: list[Other], at: int, *, restart: bool) -> None:
        """Put what an event holds beside points; `restart` says whether there is anything that a restart could hide."""
        for other in event:
            if other.what == "session_log" and is_start(other.data) and restart:
                cut = self._state.cut_from(other.step, reading.prefix) if self._purge == PURGES[0] else None
                self._batch.put("segment", {"why": "import", "cut": cut, "next_step": 0}, other.time, at=at)
            if other.what == "value":
                self._of_plugin(reading, other)
        self._others.put(event, reading.prefix, at)

    def _of_plugin(self, reading: Reading, other: Other) -> None:
        if other.tag not in reading.plugins:
            reading.plugins[other.tag] = other.plugin or kind_of(other.data)

    def _open_segment(self, prefix: str, chunk: Chunk, values: list[Other]) -> None:
        """Note a restart: a later file's steps overlap an earlier one's. It hides nothing."""
        steps = [*chunk.scalars.steps[:1].tolist(), *(other.step for other in values)]
        if len(chunk.scalars.steps):
            steps.append(int(chunk.scalars.steps.min()))
        top = self._state.tops.get(prefix)
        starts = any(other.what == "session_log" and is_start(other.data) for other in chunk.others)
        if top is not None and min(steps) <= top and not starts:
            time = float(chunk.scalars.times[0]) if len(chunk.scalars.steps) else values[0].time
            self._batch.put("segment", {"why": "import", "cut": None, "next_step": 0}, time)

    def _note(self, reading: Reading, fault: Fault) -> None:
        of = f", of {fault.tag!r}" if fault.tag is not None else ""
        text = f"{self.found.name_of(reading.path)} at {fault.offset}: {fault.what}{of}; {fault.bytes:,} bytes skipped"
        data = {"file": self._job.called(reading.path), **fault._asdict()}
        self._running.facts.notices.append({"code": "source_damaged", "text": text, "time": None, "data": data})
        self._state.note_damage(text, fault.bytes)

    def _reading(self, path: Path) -> Reading:
        reading = self._readings.get(path)
        if reading is None:
            kept = self._state.files.get(self.found.name_of(path))
            prefix = self.found.prefix_of(path)
            plugins = self._state.plugins.setdefault(prefix, {})
            reading = Reading(path, prefix, 0 if kept is None else kept.read, plugins, self._layouts)
            self._readings[path] = reading
        return reading

    def _take_up(self, kept: Mapping[str, Any]) -> None:
        """Go on where the last import has stopped."""
        self._state = ImportState.kept(kept)
        self._described.resume(self._state.described)
        self._batch = Batch(self._running, Preemption() if self._purge == PURGES[1] else None)
        self._others = OtherRecords(self._running, self._batch, self._described)

    def _grown(self) -> bool:
        known = self._state.files
        now = [(known.get(self.found.name_of(path)), path) for path in self.found.files]
        return any(file is None or path.stat().st_size != file.size for file, path in now)

    def _still_there(self, state: Mapping[str, Any]) -> bool:
        return are_whole(self.found.folder, files_kept(state).values(), gone=False)

    def _place(self, reading: Reading, *, hashed: bool) -> SourceFile:
        name = self.found.name_of(reading.path)
        try:
            return look(reading.path, name, reading.read, hashed=hashed)
        except FileNotFoundError:  # taken away since: what was read of it stays
            return SourceFile(name, reading.read, reading.read, "", 0, 0)
        except OSError as error:
            raise EpochalError(f"{reading.path} cannot be read: {error.strerror or error}") from error

    def _tell(self, outcome: str) -> None:
        state, tags = self._state, self._state.tags()
        unfinished = [file for file in state.files.values() if file.size > file.read]
        said = [
            f"{file.name} ends within a record: {file.size - file.read:,} bytes from {file.read} on wait for the rest"
            for file in unfinished
        ]
        if self._live:  # it is nothing wrong with a file that is being written
            for text in said:
                self._job.remark(self.found.folder, text)
            unfinished, said = [], []
        self._job.tell(
            self._running, outcome, metrics=tags.get("scalars", 0), points=state.points, damage=(*state.damage, *said),
            skipped_bytes=state.lost + sum(file.size - file.read for file in unfinished), tags=tags,
        )  # fmt: skip
