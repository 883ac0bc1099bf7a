"""`epochal.merge`: brings the runs of any number of folders together in one runs folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from ..errors import BadValueError, StorageError
from ..layout import TRASH_NAME, encode_project
from ..placing import make_root
from .one_run import alike, merge_run
from .report import MergedRun, MergeReport, Remark
from .sources import Source, find_runs, is_run

try:
    import fcntl
except ImportError:  # Windows: no two merges at a time, please
    fcntl = None  # type: ignore[assignment]

Folder = str | os.PathLike[str]

#: Held by a merge in the folder that it merges into, so that another waits.
_LOCK: Final = ".merge.lock"


def merge(
    sources: Folder | Iterable[Folder],
    to: Folder,
    *,
    project: str | None = None,
    check: bool = False,
    dry_run: bool = False,
    progress: Callable[[int, int], Any] | None = None,
) -> MergeReport:
    """Bring the runs of other folders into a runs folder.

    The result is the union of all files by name; of two copies that differ, the one that holds all of the other; both,
    where none does. It is the same in whatever order, at whatever pieces and however often one merges. Sources are
    only read. What is missing in a source is not deleted; a run that lies in the target's trash stays there.

    Args:
        sources: a folder or several: runs folders, projects, or single runs.
        to: the runs folder to merge into; it is made if it is not there.
        project: where given, all runs are put into this project.
        check: compare every byte, also where size and time stamp say that a file was merged before.
        dry_run: write nothing, and report what would be.
        progress: called with the number of runs that are done and of all.

    Raises:
        BadValueError: `to` is no runs folder, or lies within a run that is to be merged.
        RunNotFoundError: a source that is not there.
        StorageError: nothing more can be written; what was merged is whole, and merging again goes on.
    """
    target = os.path.abspath(os.path.expanduser(to))
    _check_target(target)
    report = MergeReport(Path(target), dry_run)
    found = _found(_paths(sources), report, None if project is None else encode_project(project))
    for source in found:
        if os.path.realpath(target).startswith(source.path + os.sep):
            raise BadValueError(f"{target} lies within the run {source.path}: give a folder outside of it")
    with _alone(target, dry=dry_run):
        _merge_all(report, _grouped(found), check=check, dry=dry_run, progress=progress)
    return report


def _merge_all(
    report: MergeReport,
    runs: dict[tuple[str, str], list[str]],
    *,
    check: bool,
    dry: bool,
    progress: Callable[[int, int], Any] | None,
) -> None:
    report.notices += alike(f"{project}/{id}" for project, id in runs)
    for done, ((project, id), paths) in enumerate(runs.items()):
        if progress is not None:
            progress(done, len(runs))
        run = MergedRun(project, id, report.to / project / id)
        report.runs.append(run)
        if os.path.islink(run.path.parent):
            run.problems.append(Remark(".", f"{run.path.parent} is a symbolic link: merge into the folder itself"))
        elif _is_trashed(report.to, run, paths):
            run.status = "trashed"
            run.notices.append(Remark(".", f"lies in {report.to / TRASH_NAME} and stays there: mv it back to merge it"))
        else:
            try:
                merge_run(run, paths, check=check, dry=dry)
            except OSError as error:
                raise StorageError(
                    f"{error.strerror or error}: {run.path} could not be merged whole, after {done} of {len(runs)} "
                    "runs. What was merged is sound: make room there, then merge again"
                ) from error
    if progress is not None:
        progress(len(runs), len(runs))


def _check_target(target: str) -> None:
    if os.path.lexists(target) and not os.path.isdir(target):
        raise BadValueError(f"{target} is no folder: give the runs folder to merge into")
    if os.path.isdir(target):
        if is_run(target):
            raise BadValueError(f"{target} is a run: give the runs folder {os.path.dirname(os.path.dirname(target))}")
        with os.scandir(target) as entries:
            inner = [entry for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
        if any(is_run(entry.path) for entry in inner):
            raise BadValueError(f"{target} is a project: give the runs folder above it, {os.path.dirname(target)}")


def _paths(sources: Folder | Iterable[Folder]) -> list[str]:
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    if not given:
        raise BadValueError("there is nothing to merge: give one or several folders with runs")
    return [os.path.realpath(os.path.expanduser(source)) for source in given]


def _found(paths: Iterable[str], report: MergeReport, project: str | None) -> list[Source]:
    """Return the runs of all sources, each once."""
    found: dict[Source, None] = {}
    for path in dict.fromkeys(paths):
        try:
            runs = find_runs(path)
        except OSError as error:
            raise StorageError(f"{error.filename or path} cannot be listed: {error.strerror}") from error
        if not runs:
            report.notices.append(Remark(path, "holds no runs"))
        found.update(dict.fromkeys(run if project is None else run._replace(project=project) for run in runs))
    return list(found)


def _grouped(found: Iterable[Source]) -> dict[tuple[str, str], list[str]]:
    runs: dict[tuple[str, str], list[str]] = {}
    for source in sorted(found):
        runs.setdefault((source.project, source.id), []).append(source.path)
    return runs


def _is_trashed(target: Path, run: MergedRun, paths: list[str]) -> bool:
    """Return whether a run was moved to the target's trash; one that is merged from there comes back."""
    if os.path.lexists(run.path):
        return False
    trash = os.path.realpath(target / TRASH_NAME)
    if any(path.startswith(trash + os.sep) for path in paths):
        return False
    try:
        names = os.listdir(os.path.join(trash, run.project))
    except OSError:
        return False
    return any(
        name == run.id or (name.startswith(f"{run.id}-") and name[len(run.id) + 1 :].isdigit()) for name in names
    )


@contextlib.contextmanager
def _alone(target: str, *, dry: bool) -> Iterator[None]:
    """Hold the lock of the target; another merge into it waits for this one.

    Raises:
        StorageError: the target cannot be written.
    """
    if dry:
        yield
        return
    try:
        make_root(Path(target))
        fd = os.open(os.path.join(target, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise StorageError(f"{target} cannot be merged into: {error.strerror}") from error
    try:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks: what is renamed is whole even so
                fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
