"""`import_logdir`: brings the runs of a log folder into a runs folder, each as it stands, and what it gains later."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from epochal.errors import BadValueError, EpochalError, StorageError

from ._event_file import Layouts
from ._identity import tell_apart
from ._logdir import Run, find_runs
from ._remote import fetched
from ._run_import import RunImport
from ._sources import is_url
from ._workers import how_many, import_at_once

if TYPE_CHECKING:
    from epochal.exchange.import_job import ImportJob
    from epochal.exchange.import_report import ImportReport


def import_logdir(
    path: str | os.PathLike[str],
    *,
    dir: str | os.PathLike[str] | None = None,
    project: str | None = None,
    name: str | None = None,
    group: str | None = None,
    tags: Sequence[str] = (),
    merge_subruns: bool = False,
    purge: str = "eventaccumulator",
    workers: int | None = None,
    dry_run: bool = False,
    follow: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
) -> ImportReport:
    """Import the runs of a log folder; again when nothing has changed does nothing, and what it has gained is added.

    See docs/integrations/tensorboard.md for what becomes of what.

    Args:
        path: a folder, with all that is below it, or one event file. A URL where fsspec is installed: what is there is
            fetched first.
        dir: the runs folder to import into; by default EPOCHAL_DIR, else ./epochal-runs.
        project: by default as `init` has it.
        name: of the runs; by default the folder's, from `path` on.
        group: joins the runs.
        tags: of the runs.
        merge_subruns: sub-folders of a run become a part of it, with their name before each tag.
        purge: which points a restart hides: `eventaccumulator` (those that a SessionLog START says), `rustboard` (per
            tag, whenever steps go back) or `none`.
        workers: how many processes read at once; by default as many as there are cores, where it is worth while.
        dry_run: write nothing; the report says what would be done.
        follow: keep up with files that are still written, until KeyboardInterrupt, which ends the call in peace.
        progress: is told, now and then, how many bytes were read, how many there are, and how many points were found.

    Raises:
        BadValueError: an argument that cannot be used, a path that is not there.
        StorageError: the runs folder cannot be written.
        EpochalError: a URL that cannot be read.
    """
    from epochal import import_runs

    options = {"purge": purge}
    if merge_subruns:
        options["merge-subruns"] = "yes"
    if workers is not None:
        options["workers"] = str(workers)
    chosen: dict[str, Any] = {
        "dir": dir, "project": project, "name": name, "group": group, "tags": tags, "options": options,
        "dry_run": dry_run, "progress": progress,
    }  # fmt: skip
    if not is_url(path):
        return import_runs(path, format="tensorboard", follow=follow, **chosen)
    url = str(path)
    if follow:
        raise BadValueError(f"{url} cannot be followed: import it now and then, which adds what is new")
    with fetched(url) as local:
        name_of_base = url if local.is_dir() else url.rstrip("/").rpartition("/")[0]
        aliases = {local if local.is_dir() else local.parent: name_of_base}
        return import_runs(local, format="tensorboard", aliases=aliases, **chosen)


def import_(job: ImportJob) -> None:
    """Import every run of the job's sources."""
    runs = runs_of(job)
    if not runs:
        skip_empty(job)
    total = sum(run.size for run in runs)
    workers = how_many(job.options.get("workers"), len(runs), total)
    if workers > 1:
        import_at_once(job, runs, workers, total)
        return
    tell, layouts = job.progress, Layouts()
    done = points = 0
    try:
        for run in runs:
            job.progress = _beyond(tell, done, total, points)
            import_one(job, run, layouts)
            done += run.size
            points += job.report.runs[-1].added if job.report.runs else 0
    finally:
        job.progress = tell


def import_one(job: ImportJob, run: Run, layouts: Layouts) -> None:
    """Import one run, or report why it cannot be read; others go on.

    Raises:
        StorageError: the runs folder cannot be written.
        BadValueError: an option that cannot be used.
    """
    try:
        RunImport(job, run, layouts).read_all()
    except (StorageError, BadValueError):
        raise
    except EpochalError as error:
        job.skip(run.folder, str(error))


def skip_empty(job: ImportJob) -> None:
    """Report sources in which nothing was found."""
    for source in job.sources:
        job.skip(source, "there is no event file in it, nor below it, that could be read")


def runs_of(job: ImportJob, *, aloud: bool = True) -> list[Run]:
    """Return the runs of a job's sources; what gives none is reported, unless that was done before."""
    found: list[Run] = []
    for source in job.sources:
        logdir = find_runs(source, merge=job.options.get("merge-subruns") == "yes", but=job.root)
        found += logdir.runs
        if aloud:
            for path, why in logdir.problems:
                job.skip(path, why)
    tell_apart(found)
    return found


def _beyond(tell: Callable[[int, int, int], None], before: int, total: int, points: int) -> Callable[..., None]:
    def progress(done: int, _: int, found: int) -> None:
        tell(before + done, total, points + found)

    return progress
