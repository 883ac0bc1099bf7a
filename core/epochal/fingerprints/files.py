"""Hashes one file as `sha256sum` does, unless it is too large for the budget: then a sample of it."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import Any

from ..errors import BadValueError
from .budget import FILE_COST, Budget
from .cache import DigestCache
from .finding import Finding, finding, nothing
from .folders import fingerprint_folder
from .reading import FileChangedError, hash_file, open_regular
from .sampling import sampled_digest


def fingerprint_path(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of the file or folder that a text or path object names.

    Raises:
        BadValueError: there is nothing there, or neither a file nor a folder.
    """
    path = os.path.abspath(os.path.expanduser(os.fspath(data)))
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadValueError(
            f"a text or path names a file or folder, but {shown(path)} cannot be looked at ({reason}): "
            "give a path that exists, or the data itself"
        ) from error
    name = os.fsencode(path)
    if stat.S_ISDIR(status.st_mode):
        return fingerprint_folder(name, budget)
    if stat.S_ISREG(status.st_mode):
        return _fingerprint_file(name, status, budget)
    raise BadValueError(f"{shown(path)} is neither a file nor a folder: give what it stands for, as a file or an array")


def shown(path: str | bytes) -> str:
    """Return a path as text that can be stored: bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _fingerprint_file(path: bytes, status: os.stat_result, budget: Budget) -> Finding:
    where: dict[str, Any] = {"path": shown(path)}
    try:
        if not budget.take(status.st_size + FILE_COST):
            return _sampled_file(path, status, budget, where)
        cache = DigestCache(path)
        digest = cache.get(status)
        if digest is None:
            digest = hash_file(path, status, budget)
            cache.put(status, digest)
            cache.save()
    except FileChangedError as changed:
        left_out = {"changed_while_read": 1}
        return finding("file", changed.digest, "sha256sum", size=status.st_size, left_out=left_out, **where)
    except OSError as error:
        return nothing("file", f"it cannot be read: {error.strerror}", **where)
    return finding("file", digest, "sha256sum", size=status.st_size, **where)


def _sampled_file(path: bytes, status: os.stat_result, budget: Budget, where: dict[str, Any]) -> Finding:
    with open_regular(path) as file:
        digest, method = sampled_digest(
            status.st_size, lambda offset, length: os.pread(file.fileno(), length, offset), budget
        )
        now = os.fstat(file.fileno())
    changed = (now.st_size, now.st_mtime_ns) != (status.st_size, status.st_mtime_ns)
    return finding(
        "file",
        digest,
        f"SHA-256 of {method}",
        size=status.st_size,
        coverage="sampled",
        left_out={"changed_while_read": int(changed)},
        **where,
    )


def fingerprint_bytes(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of bytes: what `sha256sum` says of a file that holds them."""
    given = memoryview(data)
    view = given.cast("B") if given.c_contiguous and given.nbytes else memoryview(given.tobytes())
    size = view.nbytes
    if budget.take(size):
        digest = hashlib.sha256()
        for offset in range(0, size, 2**20):
            budget.look_at_clock()
            digest.update(view[offset : offset + 2**20])
        return finding("bytes", digest.hexdigest(), "sha256sum", size=size)
    found, method = sampled_digest(size, lambda offset, length: bytes(view[offset : offset + length]), budget)
    return finding("bytes", found, f"SHA-256 of {method}", size=size, coverage="sampled")
