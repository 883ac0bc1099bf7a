"""Exports runs as event files: a folder for each run, which TensorBoard shows like those of any writer."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from epochal.errors import BadValueError, MissingDependencyError
from epochal.hookspecs import Exported
from epochal.reading import check_rank
from epochal.run_files import inside

from ._event_writer import FIELDS, VERSION, EventWriter, event, with_length
from ._export_events import Events
from ._export_imported import Imported, holds_events, standing
from ._export_native import Native

if TYPE_CHECKING:
    from collections.abc import Sequence

    from epochal.hookspecs import ExportRequest
    from epochal.journal.reader import Journal
    from epochal.recorded import RecordedRun

_PRECISIONS: Final = ("float32", "exact")
_ODD: Final = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_LONGEST: Final = 200


def export(request: ExportRequest) -> Exported:
    """Write the runs.

    Of an imported run all events of its source are written, whichever points are asked for. Of a run that Epochal
    recorded, all points of a step are; abandoned ones where they are asked for, with a SessionLog START before what
    took their place.

    Raises:
        BadValueError: an option or rank that cannot be.
        MissingDependencyError: tensorboard is not installed.
        OSError: a journal cannot be read, or there is no room.
    """
    assert request.out is not None
    need_tensorboard()
    check_rank(request.points.rank)
    precision = request.options.get("precision", _PRECISIONS[0])
    if precision not in _PRECISIONS:
        raise BadValueError(f"precision {precision!r} cannot be used: take one of {', '.join(_PRECISIONS)}")
    request.out.mkdir()
    counts, left_out = [], []
    taken: set[str] = set()
    for run in request.runs:
        run.refresh()
        _ = run.ending  # tells whether anything writes still
        folder = request.out / _free(run, taken)
        count = 0
        for rank in run.ranks:
            if request.points.rank in ("all", rank):
                place = folder if rank == 0 else folder / f"rank{rank}"
                points, told = _write_rank(run, rank, place, request, precise=precision == "exact")
                count += points
                left_out += told
        folder.mkdir(parents=True, exist_ok=True)
        counts.append(count)
    return Exported(tuple(counts), left_out=tuple(dict.fromkeys(left_out)))


def need_tensorboard() -> None:
    """Make sure that tensorboard is installed.

    Raises:
        MissingDependencyError: it is not.
    """
    try:
        import tensorboard.compat.proto.event_pb2  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError("tensorboard", "tensorboard") from error


def _write_rank(
    run: RecordedRun, rank: int, folder: Path, request: ExportRequest, *, precise: bool
) -> tuple[int, list[str]]:
    """Write the files of one rank; return how many points are in them, and what is not."""
    journals = standing(run._journals.recording(rank))
    sources = [(journal, until) for journal, until in journals if holds_events(journal)]
    with contextlib.closing(_Places(run, folder)) as places:
        imported = Imported(run.path, [journal for journal, _ in sources], places.events)
        for journal, until in sources:
            imported.write(journal, until)
        # what goes on from an import has to say to TensorBoard what it hides of it
        abandoned = request.points.abandoned or bool(sources)
        native = Native(run, places.events, abandoned=abandoned, precise=precise)
        ours = [journal for journal, _ in journals if not holds_events(journal)]
        if ours or not sources:
            if request.points.system:
                ours += run._journals.system(rank)
            _write_native(native, ours, places, run, first=not sources)
        places.flush()
    return imported.points + native.points, [*imported.left_out, *native.told()]


class _Places:
    """The event files of one rank of a run: one for itself, and one for each sub-run, made when they are needed."""

    def __init__(self, run: RecordedRun, folder: Path) -> None:
        self._run, self._folder = run, folder
        self._open: dict[str, tuple[EventWriter, Events]] = {}

    def events(self, prefix: str = "") -> Events:
        """Return where the events of a sub-run go, whose tags have this prefix in the run."""
        found = self._open.get(prefix)
        if found is None:
            folder = inside(self._folder, prefix.rstrip("/")) if prefix else self._folder
            if folder is None:
                raise BadValueError(f"{prefix!r} cannot be the place of a sub-run")
            writer = EventWriter(folder, started=self._run.started, host=self._run.host)
            found = self._open[prefix] = writer, Events(writer)
        return found[1]

    def flush(self) -> None:
        """Write what waits.

        Raises:
            OSError: there is no room.
        """
        for _, events in self._open.values():
            events.flush()

    def close(self) -> None:
        """Close all files.

        Raises:
            OSError: there is no room for what waited.
        """
        for writer, _ in self._open.values():
            writer.close()


def _write_native(
    native: Native, journals: Sequence[Journal], places: _Places, run: RecordedRun, *, first: bool
) -> None:
    if first:
        places.events().event(event(run.started or 0.0, 0, with_length(FIELDS["file_version"], VERSION.encode())))
        native.begin()
    for journal in journals:
        native.look(journal)
    for journal in journals:
        native.write(journal)
    if first:
        native.end()


def _free(run: RecordedRun, taken: set[str]) -> str:
    """Return a relative path for a run, made of its name, that no other has."""
    parts = [_ODD.sub("_", part)[:_LONGEST] for part in run.name.split("/")]
    parts = [part for part in parts if part.strip() not in ("", ".", "..")] or [run.id]
    name = free = "/".join(parts)
    number = 2
    while free.lower() in taken:
        free, number = f"{name}-{number}", number + 1
    taken.add(free.lower())
    return free
