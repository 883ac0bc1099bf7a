"""Files in folders that are open already: nothing is reached through a link, and what is written is whole and kept."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_DIRECTORY: Final = os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0)
_OWN: Final = _DIRECTORY | getattr(os, "O_NOFOLLOW", 0)
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)


@contextlib.contextmanager
def own_folder(root: Path, *parts: str) -> Iterator[int]:
    """Open a folder below the runs folder, made where it is missing; no link on the way is followed."""
    os.makedirs(root, exist_ok=True)
    place = os.open(root, _DIRECTORY)
    try:
        for part in parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=place)
            place, above = os.open(part, _OWN, dir_fd=place), place
            os.close(above)
        yield place
    finally:
        os.close(place)


@contextlib.contextmanager
def locked(folder: int) -> Iterator[None]:
    """Keep other servers over the same folder from changing it meanwhile, where the file system can."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(folder, fcntl.LOCK_EX)  # closing the folder ends it
    yield


def write_durably(folder: int, name: str, data: bytes, *, like: os.stat_result | None) -> None:
    """Write a file: under its name it is whole, whenever the machine dies.

    Args:
        folder: where, opened.
        name: of the file, new or not.
        data: what it holds.
        like: what was there before: the new file may be read and written by the same people.

    Raises:
        OSError: it cannot be written; what was there before is as it was.
    """
    part = f".{name}.{os.urandom(4).hex()}.part"
    try:
        fd = os.open(part, _NEW, 0o666, dir_fd=folder)
        with open(fd, "wb", buffering=0) as file:
            if like is not None:
                os.fchmod(fd, stat.S_IMODE(like.st_mode))
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
            os.fsync(fd)
        os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part, dir_fd=folder)
        raise
    with contextlib.suppress(OSError):  # the name itself; not every file system can
        os.fsync(folder)


def regular_file(folder: int, name: str) -> os.stat_result | None:
    """Return what is known of a regular file; None of anything else, and where there is nothing."""
    try:
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return facts if stat.S_ISREG(facts.st_mode) else None


def is_there(folder: int, name: str) -> bool:
    """Return whether anything has a name, be it a link that leads nowhere."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
