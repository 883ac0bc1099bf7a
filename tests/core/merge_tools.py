"""What tests of merging share: a folder's files as they are, and copies as other tools make them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import epochal
from epochal.merging.report import MergedRun, MergeReport


def tree(folder: Path, *, times: bool = False) -> dict[str, object]:
    """Return path to bytes (with the time stamp, if asked for) of every file of every run."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        if times
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent != folder
    }


def copied(run: Path, root: Path) -> Path:
    """Copy a run to another root as it is now, time stamps kept, and return the copy."""
    target = root / run.parent.name / run.name
    shutil.copytree(run, target, copy_function=shutil.copy2)
    return target


def write(path: Path, data: bytes, *, modified: int | None = None) -> Path:
    """Write a file, its folders made, with a time stamp in seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if modified is not None:
        os.utime(path, (modified, modified))
    return path


def only(report: MergeReport) -> MergedRun:
    """Return what became of the only run."""
    (run,) = report.runs
    return run


def merged(*folders: Path, **options: bool) -> MergeReport:
    """Merge folders into the last one."""
    *sources, to = folders
    return epochal.merge(sources, to, **options)  # type: ignore[arg-type]
