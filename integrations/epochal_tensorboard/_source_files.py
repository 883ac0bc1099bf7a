"""Whether the event files of a run are still those that were imported: by length, time stamp and SHA-256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

_PIECE: Final = 1 << 20


class SourceFile(NamedTuple):
    """What is known of one event file.

    Attributes:
        name: of the file, from the run's folder on.
        read: how many of its bytes were imported; they end between two records.
        size: its length in bytes when it was looked at last.
        sha256: of its first `read` bytes.
        modified: its time stamp, ns since the epoch.
        inode: its number on its device.
    """

    name: str
    read: int
    size: int
    sha256: str
    modified: int
    inode: int

    @classmethod
    def kept(cls, fields: Mapping[str, Any]) -> SourceFile | None:
        """Return what a record says; None where it says something else."""
        try:
            found = cls(**{name: fields[name] for name in cls._fields})
        except KeyError:
            return None
        kinds = (str, int, int, str, int, int)
        return found if all(type(value) is kind for value, kind in zip(found, kinds, strict=True)) else None

    def is_untouched(self, path: Path) -> bool:
        """Return whether the file is as it was, by what costs nothing to ask."""
        try:
            facts = os.stat(path)
        except OSError:
            return False
        return (facts.st_size, facts.st_mtime_ns, facts.st_ino) == (self.size, self.modified, self.inode)

    def begins(self, path: Path) -> bool:
        """Return whether the file still begins with what was imported of it, as far as its hash is known."""
        try:
            if not self.sha256:
                return os.stat(path).st_size >= self.read
            return digest(path, self.read) == self.sha256
        except OSError:
            return False


def files_kept(state: Mapping[str, Any]) -> dict[str, SourceFile]:
    """Return, by name, the files that an import has said it read."""
    listed = state.get("files")
    found = (
        [SourceFile.kept(fields) for fields in listed if isinstance(fields, dict)] if isinstance(listed, list) else []
    )
    return {file.name: file for file in found if file is not None}


def are_whole(folder: Path, files: Iterable[SourceFile], *, gone: bool) -> bool:
    """Return whether files begin with what was imported of them; `gone` says whether one that is not there may pass."""
    for file in files:
        path = folder / file.name
        if gone and not path.exists():
            continue
        if not file.is_untouched(path) and not file.begins(path):
            return False
    return True


def digest(path: Path, length: int) -> str:
    """Return the SHA-256 of a file's first bytes, as hexadecimal digits; empty where it has fewer.

    Raises:
        OSError: it cannot be read.
    """
    found, left = hashlib.sha256(), length
    with open(path, "rb", buffering=0) as file:
        while left and (piece := file.read(min(_PIECE, left))):
            found.update(piece)
            left -= len(piece)
    return "" if left else found.hexdigest()


def look(path: Path, name: str, read: int, *, hashed: bool) -> SourceFile:
    """Return what is known of a file of which so many bytes were imported.

    Without its hash nothing of it is read.

    Raises:
        OSError: it cannot be read.
    """
    facts = os.stat(path)
    return SourceFile(name, read, facts.st_size, digest(path, read) if hashed else "", facts.st_mtime_ns, facts.st_ino)
