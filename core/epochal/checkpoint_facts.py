"""What tells whether a checkpoint is still the one that was recorded: kind, size, files, last change, and its hash."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from typing import Any, Final

#: A folder of more files than this is not looked through in the training process.
MOST_FILES: Final = 1000
_PIECE: Final = 1 << 20


def is_elsewhere(path: str) -> bool:
    """Return whether a checkpoint's path is an address (`s3://…`), about which this machine knows nothing."""
    return "://" in path


def checkpoint_facts(path: str, *, most_files: int | None = None) -> dict[str, Any] | None:
    """Return `{kind, bytes, files, mtime_ns}` of a file or folder, without reading any; None where nothing is.

    Args:
        path: a file, or a folder with all that is in it; links within are not followed.
        most_files: a folder of more gives its kind alone.

    Raises:
        OSError: it is there and cannot be looked at.
    """
    try:
        facts = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISDIR(facts.st_mode):
        kind = "file" if stat.S_ISREG(facts.st_mode) else "special"
        return {"kind": kind, "bytes": facts.st_size, "files": 1, "mtime_ns": facts.st_mtime_ns}
    count = size = newest = 0
    for _, file in _walk(os.fsencode(path)):
        count += 1
        if most_files is not None and count > most_files:
            return {"kind": "folder"}
        size += file.st_size
        newest = max(newest, file.st_mtime_ns)
    return {"kind": "folder", "bytes": size, "files": count, "mtime_ns": newest}


def hash_checkpoint(path: str, go_on: Callable[[], None] = lambda: None) -> str:
    r"""Return the SHA-256 of a file, or of the lines `<sha256>  <file>` of a folder's files, sorted by name.

    It is what `epochal.fingerprint` gives, and what this line of shell prints in the folder:
    `find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 -r sha256sum -- | sha256sum`.

    Args:
        path: a file or folder.
        go_on: called after each piece that was read; may raise to end it.

    Raises:
        OSError: it cannot be read.
    """
    import hashlib  # here: the companion, which only looks, stays small without

    place = os.fsencode(path)
    if not os.path.isdir(place):
        return _hash_file(place, go_on)
    from .fingerprints.folders import sum_line

    lines = hashlib.sha256()
    for name, _ in sorted(_walk(place), key=lambda found: found[0]):
        lines.update(sum_line(_hash_file(os.path.join(place, name), go_on), name))
    return lines.hexdigest()


def _walk(folder: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
    """Yield name below the folder and facts of each regular file."""
    waiting = [b""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(os.path.join(folder, prefix)) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(prefix + entry.name + b"/")
                elif entry.is_file(follow_symlinks=False):
                    yield prefix + entry.name, entry.stat(follow_symlinks=False)


def _hash_file(path: bytes, go_on: Callable[[], None]) -> str:
    import hashlib

    sha256 = hashlib.sha256()
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(fd, "rb", buffering=0) as file:
        while data := file.read(_PIECE):
            sha256.update(data)
            go_on()
    return sha256.hexdigest()
