"""Finds the runs in what a merge is given: a runs folder, a project, a run, or what was unpacked from an archive."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from ..errors import RunNotFoundError


class Source(NamedTuple):
    """A run to be merged.

    Attributes:
        project: the name of its project's folder.
        id: the name of its own folder.
        path: where it is, absolute.
    """

    project: str
    id: str
    path: str


def find_runs(path: str) -> list[Source]:
    """Return the runs in a folder, by project and id; symbolic links below it are not followed.

    Raises:
        RunNotFoundError: there is no such folder.
        OSError: it cannot be listed.
    """
    if not os.path.isdir(path):
        raise RunNotFoundError(f"there is no folder {path}: give a runs folder, a project's folder or a run's")
    if is_run(path):
        return [_run(path)]
    found = []
    for name, below in _folders(path):
        if is_run(below):
            found.append(_run(below))
        else:
            found += [Source(name, id, run) for id, run in _folders(below) if is_run(run)]
    return sorted(found)


def is_run(path: str) -> bool:
    """Return whether a folder is a run's; a project of the name `journal` does not make one of its root."""
    journal = os.path.join(path, "journal")
    return os.path.isdir(journal) and not any(
        os.path.isdir(os.path.join(below, "journal")) for _, below in _folders(journal)
    )


def _run(path: str) -> Source:
    """Return a run that was named itself; its project is the folder above, as for whoever reads it there."""
    real = os.path.realpath(path)
    project = os.path.basename(os.path.dirname(real))
    return Source(f"%2E{project[1:]}" if project.startswith(".") else project, os.path.basename(real), real)


def _folders(path: str) -> Iterator[tuple[str, str]]:
    """Yield name and path of the folders that are not hidden."""
    with os.scandir(path) as entries:
        for entry in entries:
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                yield entry.name, entry.path
