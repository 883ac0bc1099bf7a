"""Imports archives: each run whole or not at all, compared with its checksums, and never over one that is there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .. import layout
from ..errors import BadValueError, StorageError
from ..placing import make_root
from .archive_format import MANIFEST, ArchivedFile, ArchivedRun, read_manifest
from .import_report import TakenRun

if TYPE_CHECKING:
    from .import_job import ImportJob

_ASIDE: Final = ".importing-"
_PIECE: Final = 1 << 20
#: Zeros of this length become a hole, as a journal's unwritten blocks were.
_HOLE: Final = 1 << 12
_WAY_OUT: Final = ": import the archive into another folder with --dir, then `epochal merge` that folder into this one"
_ZEROS: Final = bytes(_HOLE)


def detect(path: Path) -> bool:
    """Return whether a path is a zip file with a manifest of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            return MANIFEST in archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return False


def import_(job: ImportJob) -> None:
    """Import each source."""
    for source in job.sources:
        try:
            if not source.is_file():
                raise BadValueError("it is no file")
            with zipfile.ZipFile(source) as archive:
                _import_one(job, source, archive)
        except (BadValueError, NotImplementedError, zipfile.BadZipFile) as error:
            job.skip(source, f"{error}")
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(
                f"{job.root} cannot be written ({error.strerror or error}): runs that were taken over before are whole"
            ) from error


def _import_one(job: ImportJob, source: Path, archive: zipfile.ZipFile) -> None:
    runs = read_manifest(archive, source)
    if job.dry:
        for run in runs:
            _compare(job, source, run)
        return
    make_root(job.root)
    missing = [run for run in runs if not (_target(job, run) / "journal").is_dir()]
    needed = sum(file.size for run in missing for file in run.files.values())
    free = shutil.disk_usage(job.root).free
    if needed > free:
        raise BadValueError(f"it declares {needed} bytes, and {free} are free in {job.root}: nothing was taken over")
    with _aside(job.root) as aside:
        for run in runs:
            _import_run(job, source, archive, run, aside)


@contextlib.contextmanager
def _aside(root: Path) -> Iterator[Path]:
    """Give a folder in the root for what is not whole yet: hidden, so that nobody takes it for a run.

    It is locked while this process lives: what a killed import has left, the next one removes.
    """
    import fcntl

    for left in root.glob(f"{_ASIDE}*"):
        with contextlib.suppress(OSError):
            fd = os.open(left, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(fd)
    folder = root / f"{_ASIDE}{os.urandom(8).hex()}"
    folder.mkdir()
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        os.close(fd)
        shutil.rmtree(folder, ignore_errors=True)


def _target(job: ImportJob, run: ArchivedRun) -> Path:
    project = run.project if job.project is None else layout.encode_project(job.project)
    return job.root / project / run.id


def _compare(job: ImportJob, source: Path, run: ArchivedRun) -> None:
    """Report what importing a run would do, without a look at what is packed."""
    target = _target(job, run)
    outcome = "new"
    if os.path.lexists(target):
        outcome = "differs" if _differing(target, run) else "unchanged"
    project = layout.decode_project(target.parent.name)
    job.report.runs.append(TakenRun(run.id, run.name, project, target, source, outcome))


def _import_run(job: ImportJob, source: Path, archive: zipfile.ZipFile, run: ArchivedRun, aside: Path) -> None:
    target = _target(job, run)
    outcome = "new"
    left_out: tuple[str, ...] = ()
    if os.path.lexists(target):
        differs = _differing(target, run)
        outcome = "differs" if differs else "unchanged"
        if differs:
            left_out = (f"{len(differs)} of {len(run.files)} files differ from the run that is here{_WAY_OUT}",)
    else:
        folder = aside / run.id
        damaged = [file.path for file in run.files.values() if not _extract(archive, run, file, folder)]
        if damaged:
            outcome = "damaged"
            left_out = (f"{len(damaged)} of {len(run.files)} files are not what they were, {damaged[0]} for one",)
        elif not (folder / "journal").is_dir():
            outcome, left_out = "damaged", ("it holds no journal",)
        else:
            target.parent.mkdir(exist_ok=True)
            os.rename(folder, target)
    if outcome == "new" and run.live:
        left_out = ("it was being recorded when it was archived: what stood in it then is here",)
    project = layout.decode_project(target.parent.name)
    job.report.runs.append(TakenRun(run.id, run.name, project, target, source, outcome, left_out=left_out))


def _differing(folder: Path, run: ArchivedRun) -> list[str]:
    """Return the files of a run that are not in a folder as they are in the archive; further ones do not matter."""
    return [file.path for file in run.files.values() if not _same(folder / file.path, file)]


def _same(path: Path, file: ArchivedFile) -> bool:
    try:
        if path.is_symlink() or path.stat().st_size != file.size:
            return False
        digest = hashlib.sha256()
        with path.open("rb") as data:
            while piece := data.read(_PIECE):
                digest.update(piece)
    except OSError:
        return False
    return digest.hexdigest() == file.sha256


def _extract(archive: zipfile.ZipFile, run: ArchivedRun, file: ArchivedFile, folder: Path) -> bool:
    """Write a file of a run and return whether it is what the manifest says; never more than was declared.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with path.open("xb", buffering=0) as out:
        try:
            with archive.open(f"{run.place}/{file.path}") as data:
                while size <= file.size and (piece := data.read(_PIECE)):
                    digest.update(piece)
                    _write(out.fileno(), piece, size)
                    size += len(piece)
        except (EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError):
            return False
        out.truncate(size)
        os.fsync(out.fileno())
    os.utime(path, (file.modified, file.modified))
    return size == file.size and digest.hexdigest() == file.sha256


def _write(fd: int, data: bytes, at: int) -> None:
    """Write data at its place; stretches of zeros stay holes."""
    if _ZEROS not in data:
        _write_all(fd, data, at)
        return
    for start in range(0, len(data), _HOLE):
        part = data[start : start + _HOLE]
        if part.count(0) < len(part):
            _write_all(fd, part, at + start)


def _write_all(fd: int, data: bytes, at: int) -> None:
    left = memoryview(data)
    while left:
        done = os.pwrite(fd, left, at)
        left, at = left[done:], at + done
