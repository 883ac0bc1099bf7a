"""Imports the folders of Lightning's CSVLogger: `metrics.csv` with its sparse rows, and `hparams.yaml`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from .csv_import import read_table
from .foreign import Ending
from .plain_yaml import read_settings
from .text_files import open_text

if TYPE_CHECKING:
    from .foreign import ForeignRun
    from .import_job import ImportJob

_METRICS: Final = "metrics.csv"
_SETTINGS: Final = "hparams.yaml"
#: How deep below a source folders are looked for: lightning_logs, name, version.
_DEPTH: Final = 4


def detect(path: Path) -> bool:
    """Return whether a path is a folder with a `metrics.csv`, or with folders that have one."""
    return path.name == _METRICS or (path.is_dir() and next(_versions(path, _DEPTH), None) is not None)


def import_(job: ImportJob) -> None:
    """Import each source: a version's folder, or every version below."""
    for source in job.sources:
        top = source.parent if source.name == _METRICS else source
        versions = list(_versions(top, _DEPTH)) if top.is_dir() else []
        if not versions:
            job.skip(source, f"there is no {_METRICS} in it, nor in folders up to {_DEPTH} below")
        for version in versions:
            try:
                _import_one(job, version)
            except (BadValueError, UnicodeError, csv.Error) as error:
                job.skip(version, str(error))


def _versions(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the folders that hold a metrics.csv; links are not followed."""
    try:
        if (folder / _METRICS).is_file():
            yield folder
            return
        below = sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return
    for path in below if depth else ():
        yield from _versions(path, depth - 1)


def _import_one(job: ImportJob, folder: Path) -> None:
    settings = folder / _SETTINGS
    files = [folder / _METRICS, *([settings] if settings.is_file() else [])]
    run = job.found(folder, files, name=_name(folder))
    if run is None:
        return
    if len(files) > 1:
        run.config = _read_settings(run, settings)
    with open_text(folder / _METRICS) as file:
        lines = csv.reader(file)
        names = next(lines, None)
        if not names:
            raise BadValueError(f"{_METRICS} is empty")
        read_table(run, names, lines, step="step" if "step" in names else None)
    run.ending = Ending("lost", "the CSVLogger does not record how a training ended")
    job.take(run)


def _name(folder: Path) -> str:
    """Return `<name>/version_<n>`, as Lightning calls it; a folder of its own has its own name."""
    return f"{folder.parent.name}/{folder.name}" if folder.name.startswith("version_") else folder.name


def _read_settings(run: ForeignRun, path: Path) -> dict[str, Any]:
    try:
        return read_settings(path)
    except BadValueError as error:
        run.leave_out(f"{_SETTINGS}: {error}")
        return {}
