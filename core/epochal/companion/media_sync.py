"""Brings media files to the disk, before the records that refer to them."""

from __future__ import annotations

import os
import stat
import time
from typing import Final

#: What a file system's clock may lag behind, in nanoseconds: files as new as the last one seen are synced again.
_TICK_NS: Final = 1_000_000_000
#: A folder is looked through again after this many times what that took.
_REST: Final = 200


class _Folder:
    """One kind's folder: its time when it was looked through last, its newest file, and when to look again."""

    def __init__(self) -> None:
        self.seen = -1
        self.newest = 0
        self.again = 0.0


class MediaSync:
    """fsync for the files below `files/media` of a run."""

    def __init__(self, run: str) -> None:
        self._top = os.path.join(run, "files", "media")
        self._folders: dict[str, _Folder] = {}

    def keep(self, *, last: bool = False) -> None:
        """Bring to the disk what is new; with `last` without regard to the time that it takes.

        Raises:
            OSError: a file cannot be brought to the disk.
        """
        try:
            kinds = os.listdir(self._top)
        except OSError:  # no media, or the folder was taken away
            return
        for kind in kinds:
            path = os.path.join(self._top, kind)
            try:
                changed = os.stat(path).st_mtime_ns
            except OSError:
                continue
            folder = self._folders.setdefault(path, _Folder())
            started = time.monotonic()
            if changed != folder.seen and (last or started >= folder.again):
                self._sync(path, folder)
                # what was made within the clock's last tick would not show as a later change
                folder.seen = changed if time.time_ns() - changed > _TICK_NS else -1
                folder.again = time.monotonic() + _REST * (time.monotonic() - started)

    def _sync(self, path: str, folder: _Folder) -> None:
        since = folder.newest - _TICK_NS
        with os.scandir(path) as entries:
            for entry in entries:
                try:
                    facts = entry.stat(follow_symlinks=False)
                except OSError:  # removed meanwhile
                    continue
                if stat.S_ISREG(facts.st_mode) and facts.st_mtime_ns >= since and not entry.name.startswith("."):
                    _fsync(entry.path, os.O_RDONLY)
                    folder.newest = max(folder.newest, facts.st_mtime_ns)
        _fsync(path, os.O_RDONLY | os.O_DIRECTORY)


def _fsync(path: str, flags: int) -> None:
    try:
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
