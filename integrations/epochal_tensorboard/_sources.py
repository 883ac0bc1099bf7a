"""Opens event files wherever they lie: paths, and URLs by fsspec where that is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from epochal.errors import BadValueError

from ._logdir import find_runs, is_event_file


def is_url(path: str | os.PathLike[str]) -> bool:
    """Return whether a path names a place that fsspec reaches."""
    return isinstance(path, str) and "://" in path


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[str | os.PathLike[str] | IO[bytes]]:
    """Give what an `EventFile` reads from.

    Raises:
        BadValueError: it is a URL, and fsspec is not installed or does not know it.
        OSError: it cannot be opened.
    """
    if not is_url(path):
        yield path
        return
    files, place = file_system(str(path))
    with files.open(place, "rb") as file:
        yield file


def event_files(path: str | os.PathLike[str]) -> list[str | os.PathLike[str]]:
    """Return a file itself, or the event files of a folder in time order, without those of its sub-folders.

    Raises:
        BadValueError: as `opened` has it.
        OSError: there is nothing.
    """
    if is_url(path):
        files, place = file_system(str(path))
        if not files.isdir(place):
            return [path]
        names = [name for name in files.ls(place, detail=False) if is_event_file(name.rstrip("/").rpartition("/")[2])]
        return [files.unstrip_protocol(name) for name in sorted(names)]
    folder = Path(path)
    if not folder.is_dir():
        os.stat(folder)
        return [path]
    return [file for run in find_runs(folder).runs if _same(run.folder, folder) for file in run.files]


def _same(one: Path, other: Path) -> bool:
    return one == other or one.resolve() == other.resolve()


def file_system(url: str) -> tuple[Any, str]:
    """Return fsspec's file system of an address, and the place in it.

    Raises:
        BadValueError: fsspec is not installed, or does not know it.
    """
    try:
        import fsspec
    except ImportError as error:
        raise BadValueError(f"{url} cannot be read: fsspec is not installed — pip install fsspec") from error
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise BadValueError(f"{url} cannot be read: {error}") from error
    return found
