"""What the catalog finds out about one run by reading its journals."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from . import liveness
from .catalog_entry import UNREADABLE
from .catalog_glance import Glance, glance
from .errors import JournalError
from .journal.frames import Frame
from .journal.tables import read_declaration
from .layout import SUFFIX
from .liveness import State, WriterFacts
from .metadata import fold_config, fold_manual, fold_meta, in_time, moment
from .segments import RECORDING

if TYPE_CHECKING:
    from .journal.reader import Journal

_KINDS: Final = frozenset((b"open", b"meta", b"config", b"summary", b"finish", b"end", b"derived", b"row"))
#: How often a run that ends while it is read is read again.
_TRIES: Final = 3

#: Of each journal: size, time stamp in nanoseconds, inode.
Files = dict[str, list[int]]


@dataclass
class Indexed:
    """What was found: the fields of a catalog row, and what the state depends on while the run is not final."""

    state: State
    id: str | None = None
    project: str | None = None
    name: str | None = None
    started: float | None = None
    details: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def unreadable(cls, reason: str) -> Indexed:
        """Return what there is to say of a run whose journals cannot be read."""
        return cls(State(UNREADABLE, reason))

    def needs_reading(self, state: str) -> bool:
        """Return whether a run whose files did not change must be read all the same, its state having been `state`."""
        return self.state.name != state or self.state.proven


class _Writer:
    """One journal, as far as the catalog cares; it can be folded as a `Journal` can."""

    def __init__(self, path: Path, seen: Glance, stamp: list[int]) -> None:
        self.path, self.created, self.writer = path, seen.created, seen.writer
        self.size, self.modified = stamp[0], stamp[1] / 1e9
        self.declarations = seen.declarations
        self._frames: dict[str, list[Frame]] = {}
        for frame in seen.frames:
            self._frames.setdefault(frame.payload["k"], []).append(frame)
        self.opening = self._frames["open"][0].payload if "open" in self._frames else _named(path)
        self.role = self.opening.get("role")
        self.rank: int = self.opening.get("rank") or 0
        self.ordinal: int = self.opening.get("ordinal") or 0

    def records(self, kind: str) -> list[Frame]:
        return self._frames.get(kind, [])

    def facts(self) -> WriterFacts:
        return WriterFacts(self.path, self.opening, self._newest("finish"), self._newest("end"), self.modified)

    def names(self) -> set[str]:
        """Return the names of all metrics in the file."""
        found = {name for frame in self.records("row") for name in frame.payload.get("values") or ()}
        for declaration in self.declarations:
            table = read_declaration(0, declaration)
            found.update(table.names if table else ())
        return found

    def _newest(self, kind: str) -> dict[str, Any] | None:
        frames = self.records(kind)
        return max(frames, key=lambda frame: frame.seq).payload if frames else None


def index_run(folder: str) -> Indexed:
    """Read a run's journals.

    Raises:
        OSError: the folder cannot be read.
    """
    for attempt in range(_TRIES):
        indexed = _index(folder)
        # what a process wrote between our reading and its end must not be lost for ever
        if not indexed.state.proven or attempt == _TRIES - 1 or _unchanged(folder, indexed.files["files"]):
            return indexed
    raise AssertionError


def _stamp(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _unchanged(folder: str, files: Files) -> bool:
    # a journal that is new shows in the time stamp of the folder, which the catalog compares itself
    try:
        return all(_stamp(os.stat(f"{folder}/journal/{name}")) == stamp for name, stamp in files.items())
    except FileNotFoundError:
        return False


def state_now(folder: str, before: dict[str, Any], sure_before: int) -> Indexed | None:
    """Return the present state of a run whose journals are as they were when it was read; None if they are not.

    Args:
        folder: the run's folder.
        before: `Indexed.files` of that time.
        sure_before: time stamps later than this, in nanoseconds, do not tell whether something was written since.
    """
    if not before:
        return None
    names = [name for name in os.listdir(f"{folder}/journal") if name.endswith(SUFFIX)]
    files: Files = before["files"]
    if len(names) != len(files) or not _unchanged(folder, files):
        return None
    if any(stamp[1] > sure_before for stamp in files.values()):
        return None
    facts = [
        WriterFacts(Path(f"{folder}/journal/{name}"), opening, finish, end, files[name][1] / 1e9)
        for name, opening, finish, end in before["facts"]
        if name in files
    ]
    return Indexed(liveness.state(Path(folder), facts))


def _index(folder: str) -> Indexed:
    files: Files = {}
    writers: list[_Writer] = []
    problems: list[str] = []
    for name in os.listdir(f"{folder}/journal"):
        if not name.endswith(SUFFIX):
            continue
        path = f"{folder}/journal/{name}"
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                files[name] = _stamp(os.fstat(fd))
                writers.append(_Writer(Path(path), _seen(fd, files[name][0]), files[name]))
            finally:
                os.close(fd)
        except (JournalError, OSError) as error:
            problems.append(f"{name}: {(error.strerror if isinstance(error, OSError) else None) or error}")
    writers = _without_copies(writers)
    recording = [writer for writer in writers if writer.role in RECORDING]
    if not recording:
        return Indexed.unreadable("; ".join(problems) or "there is no journal in it")
    writers.sort(key=lambda writer: (writer.rank, writer.ordinal))
    recording.sort(key=lambda writer: (writer.rank, writer.ordinal))
    facts = [writer.facts() for writer in writers]
    state = liveness.state(Path(folder), facts)
    # they fold what `Journal.records` gives, and nothing else of a journal
    journals = cast("list[Journal]", writers)
    meta = fold_meta(journals)
    tags = meta.get("tags")
    decisive = _decisive(recording)
    details = {
        "config": fold_config(journals),
        "tags": tags if isinstance(tags, list) else [],
        **{key: meta.get(key) for key in ("group", "job_type", "notes")},
        "host": decisive.opening.get("host"),
        "ranks": len({writer.rank for writer in recording}),
        "problems": problems,
        **_results(folder, writers, recording, final=state.proven),
    }
    kept = [[fact.journal.name, fact.opening, _short(fact.finish), fact.end] for fact in facts]
    first = [writer for writer in recording if writer.rank == 0] or recording
    return Indexed(
        state,
        id=decisive.opening.get("run"),
        project=decisive.opening.get("project"),
        name=meta.get("name"),
        started=min(moment(writer.opening) or writer.created for writer in first),
        details=details,
        files={"files": files, "facts": kept},
    )


def _decisive(recording: Sequence[_Writer]) -> _Writer:
    """Return the newest main writer of the smallest rank; another where there is no main."""
    for role in RECORDING:
        writers = [writer for writer in recording if writer.role == role]
        if writers:
            return [writer for writer in writers if writer.rank == writers[0].rank][-1]
    return recording[-1]


def _seen(fd: int, size: int) -> Glance:
    """Look at a journal, quickly if it is sound, carefully if not.

    Raises:
        JournalError: it is not a readable journal.
        OSError: it cannot be read.
    """
    seen = glance(fd, size, _KINDS)
    if seen is not None:
        return seen
    from .journal.blocks import BlockScan
    from .journal.format import ROWS

    scan = BlockScan(fd)
    declarations = {block.declaration for block in scan.blocks if block.kind == ROWS}
    return Glance(scan.header.created, scan.frames(), declarations, scan.header.writer)


def _without_copies(writers: Sequence[_Writer]) -> list[_Writer]:
    """Return the largest journal of each writer, as `Journals` does."""
    largest: dict[bytes, _Writer] = {}
    for writer in sorted(writers, key=lambda writer: (-writer.size, len(writer.path.name), writer.path.name)):
        largest.setdefault(writer.writer, writer)
    return list(largest.values())


def _named(path: Path) -> dict[str, Any]:
    """Return what a file's name tells of a writer whose first record is lost."""
    parts = path.name.split("-")
    if len(parts) == 4 and parts[1].isdigit() and parts[2].isdigit():
        return {"role": parts[0], "rank": int(parts[1]), "ordinal": int(parts[2])}
    return {}


def _short(finish: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a `finish` record without what no state needs: a traceback may be long."""
    error = finish.get("error") if finish else None
    if finish is None or not isinstance(error, dict):
        return finish
    return {**finish, "error": {key: error.get(key) for key in ("type", "message")}}


def _results(folder: str, writers: Sequence[_Writer], recording: Sequence[_Writer], *, final: bool) -> dict[str, Any]:
    """Return summary and metrics: what the companion worked out after the end, else from the rows."""
    derived = _derived(writers, recording) if final else None
    if derived is None:
        from .recorded import RecordedRun

        run = RecordedRun(folder)
        return {"summary": run.summary, "metrics": run.metrics}
    manual = fold_manual(cast("list[Journal]", [writer for writer in writers if writer.rank == 0]))
    metrics = sorted({name for writer in recording if writer.rank == 0 for name in writer.names()})
    return {"summary": {**derived, **manual}, "metrics": metrics}


def _derived(writers: Sequence[_Writer], recording: Sequence[_Writer]) -> dict[str, Any] | None:
    """Return what `derived.recorded_summary` does: the newest derived summary, if nothing was recorded after it."""
    system = [writer for writer in writers if writer.role == "system" and writer.rank == 0]
    records = in_time(cast("list[Journal]", system), "derived")
    values = records[-1].get("values") if records else None
    if not isinstance(values, dict):
        return None
    newest = max((max(moment(one.opening), one.modified) for one in recording if one.rank == 0), default=0.0)
    return values if newest <= moment(records[-1]) else None
