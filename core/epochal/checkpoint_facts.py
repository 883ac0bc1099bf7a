"""What is recorded of a checkpoint as it is written: where it lies, how large it is, and the hash of a small one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, Final

#: Up to this size a checkpoint is hashed in the training process, in bytes: some 20 ms of what was just written.
SMALL: Final = 16 << 20


def checkpoint_facts(path: str | os.PathLike[str], *, digest: bool = True) -> dict[str, Any]:
    """Return `{path, bytes, sha256}`: the absolute path, and the two others as far as they can be had at once.

    A file's SHA-256 is that of its bytes, a folder's that of the lines `<sha256>  <file>` of its files, sorted by
    name, as `epochal.fingerprint` says. Larger ones than `SMALL` and what lies elsewhere (a URL) have none, nor has
    anything with `digest=False`.
    """
    text = os.fspath(path)
    if "://" in text:
        return {"path": text}
    place = Path(os.path.abspath(text))
    if not digest:
        return {"path": str(place)}
    try:
        files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file())
        size = sum(file.stat().st_size for file in files)
        facts: dict[str, Any] = {"path": str(place), "bytes": size}
        if files and size <= SMALL:
            facts["sha256"] = _hash(place, files)
    except OSError:  # it is being written, moved or pruned
        return {"path": str(place)}
    return facts


def _hash(place: Path, files: list[Path]) -> str:
    if files == [place]:
        return hashlib.sha256(place.read_bytes()).hexdigest()
    names = sorted((os.fsencode(file.relative_to(place)), file) for file in files)
    lines = (hashlib.sha256(file.read_bytes()).hexdigest().encode() + b"  " + name + b"\n" for name, file in names)
    return hashlib.sha256(b"".join(lines)).hexdigest()
