"""Files within a run's folder: there whole or not at all, and never in a folder that was taken away."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_folders(run: str | os.PathLike[str], inside: str) -> str:
    """Make the folders of a relative path within a run's folder and return the whole path.

    Raises:
        OSError: they cannot be made, or the run's folder is gone: it is never made anew.
    """
    path = os.fspath(run)
    for part in inside.split("/"):
        path = os.path.join(path, part)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path)
    return path


def write_file(run: str | os.PathLike[str], relative: str, data: bytes | memoryview) -> None:
    """Write a file of a run: under its name it is whole, whenever the process dies.

    Args:
        run: the run's folder.
        relative: its path within, with `/`; folders are made.
        data: what it holds.

    Raises:
        OSError: it cannot be written, or the run's folder is gone.
    """
    folder, _, name = relative.rpartition("/")
    place = make_folders(run, folder) if folder else os.fspath(run)
    # a name of its own: threads and processes may write the same file at once, and the last one to be ready counts
    part = os.path.join(place, f".{name}.{os.urandom(4).hex()}.part")
    try:
        with open(part, "wb", buffering=0) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
        os.replace(part, os.path.join(place, name))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def inside(run: Path, relative: object) -> Path | None:
    """Return the path of a file that a record names, or None where the name would lead out of the run's folder."""
    if not isinstance(relative, str) or not relative or "\0" in relative:
        return None
    parts = relative.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in relative or ":" in parts[0]:
        return None
    return run.joinpath(*parts)
