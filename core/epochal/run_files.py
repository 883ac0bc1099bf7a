"""Files within a run's folder: there whole or not at all, and never in a folder that was taken away."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from pathlib import Path

#: A pipe in a file's place is not waited for; a link is no file of a run, wherever it leads.
_READ: Final = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0)


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


def open_inside(run: str | os.PathLike[str], relative: object) -> BinaryIO:
    """Open a file that a record names, for reading.

    No link is followed below the run's folder: whatever was put there, nothing outside of it is read.

    Args:
        run: the run's folder.
        relative: the path within, with `/`, as it was recorded.

    Raises:
        OSError: it is gone, no regular file, behind a link, or its name leads out of the run's folder.
    """
    from pathlib import Path

    path = inside(Path(run), relative)
    if path is None:
        raise OSError(errno.EINVAL, "the record names no file of the run", str(relative))
    *folders, name = str(relative).split("/")
    place = os.open(run, _FOLDER)
    try:
        for part in folders:
            place, above = os.open(part, _FOLDER | _READ, dir_fd=place), place
            os.close(above)
        fd = os.open(name, _READ, dir_fd=place)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(place)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "no regular file", str(path))
    return open(fd, "rb")
