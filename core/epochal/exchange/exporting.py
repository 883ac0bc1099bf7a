"""`epochal.export_runs`: writes runs in a format that a plugin knows, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import BadValueError, EpochalError, StorageError
from ..recorded import RecordedRun
from .doors import exporter_of
from .formats import Exported, ExportRequest, PointChoice


@dataclass(frozen=True)
class ExportReport:
    """What an export gave.

    Attributes:
        format: the exporter's name.
        out: the file or folder that was written, absolute; None for an object.
        data: the object that was made: a pandas DataFrame, an Arrow table; None for a file.
        files: what was written, absolute.
        runs: of each run `id`, `name`, `project`, `state`, `points`, and `live`: it was still being recorded, and what
            stood in it at that moment was taken.
        left_out: in words, what the format could not hold, or what was not exported.
    """

    format: str
    out: Path | None
    files: tuple[Path, ...]
    runs: tuple[dict[str, Any], ...]
    left_out: tuple[str, ...]
    data: Any = field(default=None, repr=False)

    @property
    def points(self) -> int | None:
        """How many points were exported; None for formats that do not look at points, such as `archive`."""
        counts = [run["points"] for run in self.runs]
        return None if None in counts else sum(counts)

    def to_dict(self) -> dict[str, Any]:
        """Return all but `data`, as plain values."""
        return {
            "format": self.format,
            "out": None if self.out is None else str(self.out),
            "files": [{"path": str(path), "bytes": _size(path)} for path in self.files],
            "points": self.points,
            "runs": list(self.runs),
            "left_out": list(self.left_out),
        }


def export_runs(
    runs: RecordedRun | str | os.PathLike[str] | Sequence[RecordedRun | str | os.PathLike[str]],
    out: str | os.PathLike[str] | None = None,
    *,
    format: str,
    dir: str | os.PathLike[str] | None = None,
    rank: int | str = "all",
    system: bool = False,
    duplicates: bool = False,
    abandoned: bool = False,
    options: Mapping[str, str] | None = None,
    force: bool = False,
) -> ExportReport:
    """Export runs; see docs/export.md for the formats, and for what each column means.

    Args:
        runs: one or several: `RecordedRun`, or what `get_run` takes.
        out: the file or folder to write; under its name it is whole or not there. None for `pandas` and `arrow`, which
            give an object: `ExportReport.data`.
        format: `csv`, `jsonl`, `parquet`, `archive`, `pandas`, `arrow`, or a plugin's.
        dir: the runs folder in which names are looked for.
        rank: whose points; `"all"` for every rank's.
        system: also the system metrics.
        duplicates: all points of a step, not the latest alone.
        abandoned: also what a later resume or rewind has hidden, marked as such.
        options: of the format, by name.
        force: replace a file that is there. A folder is never replaced.

    Raises:
        BadValueError: an argument that cannot be used.
        RunNotFoundError: no run answers to a name.
        MissingDependencyError: a package is missing; the message is the line that installs it.
        StorageError: `out` cannot be written; nothing of it is left.
    """
    exporter = exporter_of(format)
    chosen = _open_runs(runs, dir)
    options = dict(options or {})
    for name in options:
        if name not in exporter.options:
            known = ", ".join(exporter.options) or "none"
            raise BadValueError(f"option {name!r} is not known: format {format} has {known}")
    points = PointChoice(rank, system, duplicates, abandoned)
    if not exporter.writes:
        if out is not None:
            raise BadValueError(f"out {os.fspath(out)!r} cannot be used: {format} gives an object, ExportReport.data")
        before = _states(chosen)
        done = exporter.export(ExportRequest(chosen, None, points, options))
        return ExportReport(format, None, (), _told(chosen, before, done), done.left_out, done.data)
    if out is None:
        raise BadValueError(f"out is missing: format {format} writes a file, say where")
    target = Path(os.path.abspath(os.path.expanduser(out)))
    _check_free(target, force=force)
    with _telling(target), _aside(target) as place:
        before = _states(chosen)
        done = exporter.export(ExportRequest(chosen, place, points, options))
        files = _put_in_place(place, target, force=force)
    return ExportReport(format, target, files, _told(chosen, before, done), done.left_out)


def _open_runs(runs: Any, dir: str | os.PathLike[str] | None) -> tuple[RecordedRun, ...]:
    from ..run_list import get_run

    several = [runs] if isinstance(runs, (RecordedRun, str, os.PathLike)) else list(runs)
    found: dict[Path, RecordedRun] = {}
    for each in several:
        run = each if isinstance(each, RecordedRun) else get_run(each, dir)
        found.setdefault(run.path, run)
    if not found:
        raise BadValueError("there are no runs to export: name at least one")
    return tuple(found.values())


def _states(runs: Sequence[RecordedRun]) -> list[str]:
    for run in runs:
        run.refresh()
    return [run.state for run in runs]


def _told(runs: Sequence[RecordedRun], before: Sequence[str], done: Exported) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "id": run.id, "name": run.name, "project": run.project, "state": state, "points": count,
            "live": state == "running",
        }
        for run, state, count in zip(runs, before, done.points, strict=True)
    )  # fmt: skip


def _check_free(target: Path, *, force: bool) -> None:
    if target.is_dir() and not target.is_symlink():
        raise BadValueError(f"{target} is a folder: give a name that is free; a folder is never replaced")
    if os.path.lexists(target) and not force:
        raise BadValueError(f"{target} exists: give another name, or replace it with --force (force=True)")


@contextlib.contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """Give a path within a new folder beside the target; the folder is gone afterwards, whatever happened."""
    folder = target.parent / f".{target.name[:80]}.{os.urandom(4).hex()}.part"
    folder.mkdir()
    try:
        yield folder / target.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(place: Path, target: Path, *, force: bool) -> tuple[Path, ...]:
    """Bring what was written to the disk and under its name, what stands beside the target first."""
    if not place.exists():
        raise EpochalError(f"the exporter wrote nothing at {place.name}")
    beside = [path for path in sorted(place.parent.iterdir()) if path != place and path.name.startswith(place.name)]
    for path in beside:
        _check_free(target.parent / path.name, force=force)
    written = []
    for path in (*beside, place):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        os.replace(path, target.parent / path.name)
        written.append(target.parent / path.name)
    return tuple(written)


@contextlib.contextmanager
def _telling(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, EpochalError):
            raise
        raise StorageError(
            f"{target} cannot be written ({error.strerror or error}): nothing of it was left; check its folder, its "
            "permissions and room"
        ) from error


def _size(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size
