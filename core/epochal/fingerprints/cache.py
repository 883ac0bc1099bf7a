"""Remembers digests of files that have not changed since: by device, inode, size, and the times of both changes.

One small text file for each path that was fingerprinted, replaced whole, so that processes do one another no harm; what
cannot be read or written is passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from typing import Final

from ..settings import cache_dir

#: A file that changed so recently may change again within the same tick of the file system's clock.
SETTLED_NS: Final = 2 * 10**9
#: How many paths are remembered, the latest.
MOST_PATHS: Final = 2000

_HEAD: Final = "epochal fingerprints 1\n"
_LINE: Final = re.compile(r"(\d+ \d+ \d+ -?\d+ -?\d+) ([0-9a-f]{64})\n")


class DigestCache:
    """The digests that are known of the files under one path."""

    def __init__(self, path: bytes) -> None:
        name = hashlib.sha256(path).hexdigest()[:32]
        self._file = os.path.join(cache_dir(), "fingerprints", f"{name}.txt")
        self._now = time.time_ns()
        self._known = self._load()
        self._new: dict[str, str] = {}

    def get(self, status: os.stat_result) -> str | None:
        """Return the digest of a file with this status, or None."""
        return self._known.get(_key(status)) if self._is_settled(status) else None

    def put(self, status: os.stat_result, digest: str) -> None:
        """Remember the digest of a file that had this status before and after it was read."""
        if self._is_settled(status):
            self._new[_key(status)] = digest

    def save(self) -> None:
        """Write what is new, if anything is."""
        if not self._new:
            return
        lines = [f"{key} {digest}\n" for key, digest in {**self._known, **self._new}.items()]
        beside = f"{self._file}.{os.urandom(4).hex()}"
        try:
            os.makedirs(os.path.dirname(self._file), exist_ok=True)
            self._make_room()
            with open(beside, "x", encoding="ascii") as file:
                file.write(_HEAD + "".join(lines))
            os.replace(beside, self._file)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(beside)

    def _load(self) -> dict[str, str]:
        try:
            with open(self._file, encoding="ascii") as file:
                text = file.read()
        except (OSError, ValueError):
            return {}
        return dict(_LINE.findall(text)) if text.startswith(_HEAD) else {}

    def _is_settled(self, status: os.stat_result) -> bool:
        return self._now - max(status.st_mtime_ns, status.st_ctime_ns) >= SETTLED_NS

    def _make_room(self) -> None:
        folder = os.path.dirname(self._file)
        with os.scandir(folder) as entries:
            files = [entry.path for entry in entries]
        if len(files) >= MOST_PATHS:
            for path in sorted(files, key=_modified)[: len(files) - MOST_PATHS * 9 // 10]:
                with contextlib.suppress(OSError):
                    os.unlink(path)


def _key(status: os.stat_result) -> str:
    # The time of the last change of the inode (ctime) cannot be set by hand, unlike the file's own.
    return f"{status.st_dev} {status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0
