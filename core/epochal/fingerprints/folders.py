"""Hashes a folder as the line of shell in METHOD does, so that anyone can check it."""

from __future__ import annotations

import bisect
import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from .budget import FILE_COST, Budget
from .cache import DigestCache
from .finding import Finding, finding, nothing
from .reading import FileChangedError, hash_file, open_regular
from .sampling import CHUNK, sampled_digest

METHOD: Final = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 -r sha256sum -- | sha256sum"
_EMPTY: Final = hashlib.sha256().hexdigest()


class _File(NamedTuple):
    name: bytes  # relative to the folder
    status: os.stat_result


def fingerprint_folder(folder: bytes, budget: Budget) -> Finding:
    """Return the fingerprint of all regular files below a folder, by name and content.

    Symbolic links, special files and what cannot be read are left out, as by the line of shell, and counted.
    """
    left_out: Counter[str] = Counter()
    files = sorted(_walk(folder, left_out, budget))
    size = sum(file.status.st_size for file in files)
    path = folder.decode("utf-8", "backslashreplace")
    if budget.take(size + FILE_COST * len(files)):
        digest = _full(folder, files, left_out, budget)
        return finding("folder", digest, METHOD, size=size, left_out=left_out, path=path, files=len(files))
    if not size:
        return nothing("folder", f"{len(files)} files are too many: ask for a full fingerprint", path=path)
    digest, method = _sampled(folder, files, size, left_out, budget)
    return finding(
        "folder", digest, method, size=size, coverage="sampled", left_out=left_out, path=path, files=len(files)
    )


def _walk(folder: bytes, left_out: Counter[str], budget: Budget) -> Iterator[_File]:
    waiting = [b""]
    while waiting:
        prefix = waiting.pop()
        budget.look_at_clock()
        try:
            with os.scandir(os.path.join(folder, prefix)) as entries:
                found = list(entries)
        except OSError:
            left_out["unreadable_folders"] += 1
            continue
        for entry in found:
            name = prefix + entry.name
            try:
                if entry.is_symlink():
                    left_out["links"] += 1
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append(name + b"/")
                elif entry.is_file(follow_symlinks=False):
                    yield _File(name, entry.stat(follow_symlinks=False))
                else:
                    left_out["special"] += 1
            except OSError:  # it has vanished, or its folder may be listed but not entered
                left_out["unreadable"] += 1


def _full(folder: bytes, files: list[_File], left_out: Counter[str], budget: Budget) -> str:
    cache = DigestCache(folder)
    lines = hashlib.sha256()
    try:
        for file in files:
            try:
                digest = _digest_of(folder, file, cache, left_out, budget)
            except OSError:
                left_out["unreadable"] += 1
                continue
            lines.update(sum_line(digest, file.name))
    finally:
        cache.save()
    return lines.hexdigest()


def _digest_of(folder: bytes, file: _File, cache: DigestCache, left_out: Counter[str], budget: Budget) -> str:
    if file.name == b"-":  # which sha256sum takes for its standard input, and that is empty under xargs
        left_out["named_dash"] += 1
        return _EMPTY
    known = cache.get(file.status)
    if known is not None:
        return known
    try:
        digest = hash_file(os.path.join(folder, file.name), file.status, budget)
    except FileChangedError as changed:
        left_out["changed_while_read"] += 1
        return changed.digest
    cache.put(file.status, digest)
    return digest


def sum_line(digest: str, name: bytes) -> bytes:
    """Return the line that sha256sum (of coreutils 9) prints: backslash, newline and return in a name are escaped."""
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    return (b"\\" if escaped != name else b"") + digest.encode() + b"  " + escaped + b"\n"


def _sampled(folder: bytes, files: list[_File], size: int, left_out: Counter[str], budget: Budget) -> tuple[str, str]:
    ends: list[int] = []
    for file in files:
        ends.append((ends[-1] if ends else 0) + file.status.st_size)
    unreadable: set[bytes] = set()

    def read(offset: int, length: int) -> bytes:
        pieces = []
        number = bisect.bisect_right(ends, offset)
        while length and number < len(files):
            begin = offset - (ends[number] - files[number].status.st_size)
            count = min(length, ends[number] - offset)
            pieces.append(_piece(os.path.join(folder, files[number].name), begin, count, unreadable))
            offset, length, number = offset + count, length - count, number + 1
        return b"".join(pieces)

    head = hashlib.sha256(b"".join(b"%d %s\0" % (file.status.st_size, file.name) for file in files)).hexdigest()
    # Of small files not more than some sixteen are opened for a chunk.
    chunk = min(CHUNK, -(-size // len(files)) * 16)
    digest, method = sampled_digest(size, read, budget, head.encode() + b"\n", chunk=chunk)
    left_out["unreadable"] += len(unreadable)
    names = "find . -type f -printf '%s %P\\0' | LC_ALL=C sort -z -k 2 | sha256sum"
    return digest, (
        f"SHA-256 of the 64 digits that {names} prints and a newline, then, of all files in that order as one sequence "
        f"of bytes, {method}"
    )


def _piece(path: bytes, offset: int, length: int, unreadable: set[bytes]) -> bytes:
    try:
        with open_regular(path) as file:
            return os.pread(file.fileno(), length, offset)
    except OSError:
        unreadable.add(path)
        return b""
