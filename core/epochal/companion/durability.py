"""Brings the trainer's journals to the disk every few seconds, and records how far, with checksums."""

from __future__ import annotations

import os
import time
from typing import Any, Final

from .assignment import Assignment
from .coverage import Coverage, Covered
from .media_sync import MediaSync
from .system_journal import SystemJournal

#: How often a journal that grew is brought to the disk, in seconds.
SYNC_S: Final = 5.0
#: Checksums of a block follow at first as often as that; in a long run, where they would add up, once a minute.
_LONGEST_S: Final = 60.0


class _File:
    """One journal that is written by the trainer or a process forked from it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.coverage: Coverage | None = None
        self.seen: tuple[int, ...] = ()
        self.unrecorded: dict[int, Covered] = {}
        self.recorded_at = -_LONGEST_S
        self.broken = False

    def state(self) -> tuple[int, ...]:
        """Return what changes when something is written: rows may go into holes, so the length alone does not do."""
        facts = os.fstat(self.fd)
        return facts.st_size, facts.st_mtime_ns, facts.st_blocks


class Durability:
    """fsync and checksums for the trainer's journal and those of its forked children.

    Attributes:
        finish: the trainer's `finish` record, once there is one.
    """

    def __init__(self, assignment: Assignment, journal: SystemJournal) -> None:
        self._own = assignment.journal
        self._folder = os.path.dirname(assignment.journal)
        self._children = f"child-{assignment.rank}-"
        self._journal = journal
        self._files: dict[str, _File] = {}
        self._started = time.monotonic()
        self._folder_seen = -1
        self._media = MediaSync(assignment.folder)
        self.finish: dict[str, Any] | None = None
        self._discover()
        self._sync_folders(assignment.folder)

    def keep(self, *, last: bool = False) -> None:
        """Do all that is due: once every `SYNC_S`, and with `last` when the trainer is dead, then for everything."""
        self._discover()
        self._keep_media(last=last)
        for file in list(self._files.values()):
            try:
                self._keep(file, last=last)
            except OSError as error:
                self._journal.notice(
                    "fsync",
                    f"{os.path.basename(file.path)} could not be brought to the disk ({error.strerror or error}): "
                    "what it holds survives the end of any process, but maybe not a power failure",
                )
            except Exception as error:  # a fault here must not end what else the companion does
                self._journal.notice("checksum", f"{os.path.basename(file.path)} could not be read: {error!r}")
                file.broken = True

    def new_checkpoints(self) -> list[tuple[str, int, dict[str, Any]]]:
        """Return writer, seq and record of each checkpoint that was recorded since the last call."""
        found = []
        for file in self._files.values():
            if file.coverage is not None and file.coverage.checkpoints:
                writer = file.coverage.writer.hex()
                found += [(writer, seq, record) for seq, record in file.coverage.checkpoints]
                file.coverage.checkpoints.clear()
        return found

    def look_for_finish(self) -> dict[str, Any] | None:
        """Read on in the trainer's journal and return its `finish` record, if there is one."""
        file = self._files.get(self._own)
        try:
            if file is not None:
                self._cover(file, last=False)
        except (OSError, ValueError):
            pass
        return self.finish

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            os.close(file.fd)
        self._files.clear()

    def _discover(self) -> None:
        if self._own not in self._files:
            self._take(self._own)
        try:
            changed = os.stat(self._folder).st_mtime_ns
            if changed == self._folder_seen:
                return
            names = os.listdir(self._folder)
        except OSError:  # moved away or deleted: what is open stays open
            return
        # A file made within the clock's last tick would not show as a later change.
        self._folder_seen = changed if time.time_ns() - changed > 1_000_000_000 else -1
        for name in names:
            if name.startswith(self._children) and name.endswith(".epochal"):
                self._take(os.path.join(self._folder, name))

    def _take(self, path: str) -> None:
        if path in self._files:
            return
        try:
            self._files[path] = _File(path)
        except OSError as error:
            self._journal.notice("fsync", f"{os.path.basename(path)} cannot be read ({error.strerror})")

    def _keep(self, file: _File, *, last: bool) -> None:
        state = file.state()
        now = time.monotonic()
        grew = state != file.seen
        if grew:
            self._cover(file, last=last)
            _fsync(file.fd)
            # Something written in the same tick of the file system's clock would not show as a later change.
            file.seen = state if time.time_ns() - state[1] > 20_000_000 else ()
        elif last:
            self._cover(file, last=True)
        due = file.recorded_at + min(_LONGEST_S, max(SYNC_S, (now - self._started) / 60)) - 0.5
        if file.coverage is not None and (last or now >= due) and (grew or file.unrecorded):
            file.recorded_at = now
            writer = file.coverage.writer.hex()
            if file.unrecorded:
                self._journal.record("sync", {"writer": writer, "bytes": state[0]})
            for covered in file.unrecorded.values():
                self._journal.checksum(writer, *covered)
            file.unrecorded.clear()

    def _keep_media(self, *, last: bool) -> None:
        try:
            self._media.keep(last=last)
        except OSError as error:
            self._journal.notice(
                "fsync",
                f"media could not be brought to the disk ({error.strerror or error}): they survive the end of any "
                "process, but maybe not a power failure",
            )

    def _cover(self, file: _File, *, last: bool) -> None:
        if file.broken:
            return
        if file.coverage is None:
            try:
                file.coverage = Coverage(file.fd)
            except ValueError:
                return  # its first bytes are not there yet
        # A forked child may outlive the trainer: what it has claimed it may still write.
        for covered in file.coverage.grown(last=last and file.path == self._own):
            file.unrecorded[covered.block] = covered
        if file.path == self._own:
            self.finish = file.coverage.finish

    def _sync_folders(self, folder: str) -> None:
        """Bring the names of the files to the disk too."""
        for path in (self._folder, folder, os.path.dirname(folder)):
            try:
                fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)
            except OSError:  # not every file system can; the files' own errors are told
                continue


def _fsync(fd: int) -> None:
    (os.fdatasync if hasattr(os, "fdatasync") else os.fsync)(fd)
