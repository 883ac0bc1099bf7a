"""Media files of a run, by the hash of their content: what is there already is not written again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import Any, Final

from ..run_files import make_folders, write_file
from .item import Piece

#: Where media lie within a run's folder.
MEDIA_DIR: Final = "files/media"
#: A file up to this size is read whole; a larger one is copied in parts.
_WHOLE_BYTES: Final = 8 << 20
_PART_BYTES: Final = 1 << 20


def store(run: str | os.PathLike[str], piece: Piece) -> dict[str, Any]:
    """Write a piece of media as `files/media/<folder>/<sha256>.<suffix>`, whole or not at all.

    Args:
        run: the run's folder.
        piece: the bytes, or the file to copy.

    Returns:
        what a record says of it: `{path, sha256, bytes}`.

    Raises:
        OSError: it cannot be written or read, or the run's folder is gone.
    """
    data = piece.data
    if isinstance(data, Path):
        if os.path.getsize(data) > _WHOLE_BYTES:
            return _copied(run, piece, data)
        data = data.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    relative = _relative(piece, digest)
    if not _is_there(os.path.join(run, relative), len(data)):
        write_file(run, relative, data)
    return {"path": relative, "sha256": digest, "bytes": len(data)}


def _copied(run: str | os.PathLike[str], piece: Piece, source: Path) -> dict[str, Any]:
    """Copy a large file part by part, and name it when its hash is known."""
    place = make_folders(run, f"{MEDIA_DIR}/{piece.folder}")
    part = os.path.join(place, f".{os.urandom(8).hex()}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with open(source, "rb", buffering=0) as original, open(part, "xb") as copy:
            while block := original.read(_PART_BYTES):
                digest.update(block)
                size += len(block)
                copy.write(block)
        relative = _relative(piece, digest.hexdigest())
        os.replace(part, os.path.join(run, relative))
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise
    return {"path": relative, "sha256": digest.hexdigest(), "bytes": size}


def _relative(piece: Piece, digest: str) -> str:
    return f"{MEDIA_DIR}/{piece.folder}/{digest}.{piece.suffix}"


def _is_there(path: str, size: int) -> bool:
    """Whether a file of this name is whole: after a power failure it may be shorter than what was written."""
    try:
        facts = os.stat(path)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_size == size
