"""Copies a user's file into a run: reflinked where the file system can, never hard-linked, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import sys
from typing import Any, Final, NamedTuple

from .run_files import make_folders

#: ioctl FICLONE of Linux: the new file shares the old one's blocks until either is written.
_CLONE: Final = 0x40049409
_PIECE: Final = 1 << 20
#: So much is read of a file that gives no size of itself, as those in /proc.
_UNSIZED: Final = 16 << 20
#: How often a file that changes while it is copied is copied, before a changing one is kept.
_TRIES: Final = 2


class Copied(NamedTuple):
    """What lies in the run now.

    Attributes:
        file: its path within the run, with `/`.
        bytes: its size.
        sha256: of the copy, where it was asked for.
        changed: the original changed while it was copied.
    """

    file: str
    bytes: int
    sha256: str | None
    changed: bool


class NotAFileError(OSError):
    """What is to be copied is a pipe, a socket or a device."""


class Known:
    """The copies that this process has made: what is there already is not kept twice."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}

    def copy(self, source: str, run: str, folder: str, name: str, *, digest: bool = True) -> Copied:
        """Copy a file into a folder of a run, under its name or, where other content has that name, a numbered one.

        Args:
            source: the original; a symbolic link is followed.
            run: the run's folder.
            folder: where in the run, with `/`.
            name: a path below `folder`, with `/`, that was checked.
            digest: also read it for its SHA-256.

        Raises:
            OSError: it cannot be read or written, or the run's folder is gone.
        """
        relative = f"{folder}/{name}"
        place = make_folders(run, relative.rpartition("/")[0])
        part = os.path.join(place, f".{os.urandom(8).hex()}.part")
        try:
            size, sha256, changed = _copy_steadily(source, part, digest=digest)
            known = self._files.get((relative, sha256)) if sha256 else None
            if known is not None and _size(os.path.join(run, known)) == size:
                return Copied(known, size, sha256, changed)
            file = self._place(part, run, relative, (size, sha256))
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part)
        if sha256:
            self._files[relative, sha256] = file
        return Copied(file, size, sha256, changed)

    def new_folder(self, run: str, folder: str, name: str) -> str:
        """Make a folder that was not there before, numbered if need be, and return its path within the run.

        Raises:
            OSError: it cannot be made.
        """
        make_folders(run, folder)
        number = self._numbers.get(f"{folder}/{name}", 1)
        while True:
            relative = f"{folder}/{_numbered(name, number)}"
            try:
                os.mkdir(os.path.join(run, relative))
            except FileExistsError:
                number += 1
            else:
                self._numbers[f"{folder}/{name}"] = number + 1
                return relative

    def _place(self, part: str, run: str, relative: str, content: tuple[int, str | None]) -> str:
        """Give a copy its name: the first that is free, or that holds the same content."""
        folder, _, name = relative.rpartition("/")
        number = self._numbers.get(relative, 1)
        while True:
            file = f"{folder}/{_numbered(name, number)}"
            path = os.path.join(run, file)
            if _rename_to_new(part, path):
                self._numbers[relative] = number + 1
                return file
            size, sha256 = content
            if sha256 is not None and _size(path) == size and _digest(path) == sha256:
                return file
            number += 1


def _numbered(name: str, number: int) -> str:
    """Return `model.pt`, then `model.2.pt` and so on; the last suffix alone moves."""
    if number == 1:
        return name
    folder, slash, base = name.rpartition("/")
    stem, suffix = os.path.splitext(base)
    return f"{folder}{slash}{stem}.{number}{suffix}"


def _rename_to_new(part: str, path: str) -> bool:
    """Rename without replacing; return False where something has the name."""
    try:
        os.link(part, path)  # our own copy, which has both names for a moment
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
            raise
        if os.path.lexists(path):  # a file system without links: the moment between is the price
            return False
        os.replace(part, path)
    return True


def _copy_steadily(source: str, part: str, *, digest: bool) -> tuple[int, str | None, bool]:
    """Return size, SHA-256 and whether the original changed meanwhile, also when it was tried again."""
    for _ in range(_TRIES):
        size, sha256, changed = _copy(source, part, digest=digest)
        if not changed:
            break
    return size, sha256, changed


def _copy(source: str, part: str, *, digest: bool) -> tuple[int, str | None, bool]:
    # not to wait for ever for the other end of a pipe
    fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        before = os.fstat(fd)
        if stat.S_ISDIR(before.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", source)
        if not stat.S_ISREG(before.st_mode):
            raise NotAFileError(errno.EINVAL, "it is a pipe, a socket or a device", source)
        with open(part, "w+b", buffering=0) as target:
            if before.st_size and _clone(fd, target.fileno()):
                sha256 = _digest(part) if digest else None
            else:
                sha256 = _transfer(fd, target.fileno(), before.st_size or _UNSIZED, digest=digest)
            size = os.fstat(target.fileno()).st_size
        now = os.fstat(fd)
        changed = (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
        return size, sha256, changed
    finally:
        os.close(fd)


def _clone(source: int, target: int) -> bool:
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target, _CLONE, source)
    except OSError:  # another file system, or one that cannot
        return False
    return True


def _transfer(source: int, target: int, size: int, *, digest: bool) -> str | None:
    """Copy up to `size` bytes: a file that only grows is not followed."""
    if not digest:
        size -= _copy_in_kernel(source, target, size)
    sha256 = hashlib.sha256()
    while size > 0:
        data = os.read(source, min(_PIECE, size))
        if not data:
            break
        size -= len(data)
        sha256.update(data)
        left = memoryview(data)
        while left:
            left = left[os.write(target, left) :]
    return sha256.hexdigest() if digest else None


def _copy_in_kernel(source: int, target: int, size: int) -> int:
    """Return how many bytes the kernel has copied; what it will not copy is left to be read and written."""
    done = 0
    copy: Any = getattr(os, "copy_file_range", None)
    while copy is not None and done < size:
        try:
            count = copy(source, target, min(size - done, 1 << 30))
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}:
                raise
            break
        if not count:
            break
        done += count
    return done


def _digest(path: str) -> str:
    sha256 = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(_PIECE):
            sha256.update(data)
    return sha256.hexdigest()


def _size(path: str) -> int:
    """Return the size of a regular file, -1 for anything else."""
    try:
        facts = os.lstat(path)
    except OSError:
        return -1
    return facts.st_size if stat.S_ISREG(facts.st_mode) else -1


def remove(run: str, relative: str) -> None:
    """Remove a folder that could not be filled."""
    shutil.rmtree(os.path.join(run, relative), ignore_errors=True)
