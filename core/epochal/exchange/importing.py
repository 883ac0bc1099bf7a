"""`epochal.import_runs`: brings runs of other tools, and exported ones, into a runs folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .. import layout
from ..errors import BadValueError
from .doors import importer_of, importers
from .formats import Importer
from .import_job import ImportJob
from .import_report import ImportReport


def import_runs(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    format: str = "auto",
    dir: str | os.PathLike[str] | None = None,
    project: str | None = None,
    name: str | None = None,
    group: str | None = None,
    tags: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
    dry_run: bool = False,
    follow: bool = False,
    progress: Callable[[int, int, int], None] | None = None,
    aliases: Mapping[Path, str] | None = None,
) -> ImportReport:
    """Import runs; importing again when nothing has changed does nothing, and what a source has gained is added.

    See docs/import.md for the formats, and for what becomes of what.

    Args:
        sources: files and folders.
        format: `csv`, `jsonl`, `archive`, `trainer-state`, `csvlogger`, a plugin's, or `auto`: whichever knows the
            first source.
        dir: the runs folder to import into; by default EPOCHAL_DIR, else ./epochal-runs.
        project: by default the source's own, else as `init` has it.
        name: of the runs; by default the source's own, else its path's.
        group: joins the runs.
        tags: of the runs.
        options: of the format, by name; `yes` for one that is there or not.
        dry_run: write nothing; the report says what would be done.
        follow: keep up with sources that are still written, until KeyboardInterrupt, which ends the call in peace.
        progress: is told, now and then, how many bytes were read, how many there are, and how many points were found.
        aliases: what folders are called in the record that stand for something else, such as for an address.

    Raises:
        BadValueError: an argument that cannot be used, a source that is not there.
        StorageError: the runs folder cannot be written.
    """
    several = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    if not several:
        raise BadValueError("there are no sources to import: name at least one file or folder")
    if isinstance(tags, str):
        raise BadValueError(f"tags {tags!r} is one text: give a list of them, [{tags!r}]")
    paths = [Path(os.path.abspath(os.path.expanduser(source))) for source in several]
    for path in paths:
        if not path.exists():
            raise BadValueError(f"{path} is not there: give a file or folder to import")
    importer = _detect(paths[0]) if format == "auto" else importer_of(format)
    for option in options or {}:
        if option not in importer.options and option not in importer.flags:
            known = ", ".join([*importer.options, *importer.flags]) or "none"
            raise BadValueError(f"option {option!r} is not known: format {importer.name} has {known}")
    if project is not None:
        layout.encode_project(project)
    meta = {"name": name, "group": group, "tags": list(map(str, tags))}
    if follow and (importer.follow is None or dry_run):
        why = "a dry run ends" if dry_run else "its sources are read once"
        raise BadValueError(f"format {importer.name} cannot be followed here: {why}")
    distinct = list(dict.fromkeys(paths))
    job = ImportJob(
        importer.name, distinct, layout.writing_root(dir), project=project, meta=meta, options=options, dry=dry_run,
        progress=progress,
    )  # fmt: skip
    job.aliases.update(aliases or {})
    (importer.follow if follow and importer.follow is not None else importer.import_)(job)
    return job.report


def _detect(path: Path) -> Importer:
    known = importers()
    for importer in sorted(known, key=lambda each: each.name in ("csv", "jsonl")):  # what takes nearly anything, last
        if importer.detect(path):
            return importer
    raise BadValueError(
        f"{path} is of no known format: name one of {', '.join(each.name for each in known)}; "
        "`epochal import --help` says what each reads"
    )
