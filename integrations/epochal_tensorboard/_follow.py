"""Keeps up with event files while they are written: what is flushed is recorded within two seconds."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from epochal.errors import EpochalError, StorageError

from ._event_file import Layouts
from ._folders import Folders
from ._importing import runs_of, skip_empty
from ._run_import import RunImport

if TYPE_CHECKING:
    from epochal.exchange.import_job import ImportJob

    from ._logdir import Run

#: How often known files are looked at, and folders for new ones, in seconds; files more seldom where it takes long.
_FILES_S: Final = 0.5
_FOLDERS_S: Final = 1.0
#: How long known files may wait all the same: what is flushed is to be seen within two seconds.
_LONGEST_S: Final = 1.2
#: Looking takes at most this share of the time, but for what has changed.
_SHARE: Final = 0.02
#: Runs that are kept open; of more, those that have been silent for the longest are closed until they grow again.
_OPEN: Final = 100


class _Stopped(Exception):
    """Somebody wants the end."""


class _Followed:
    """One run that is followed, open or not."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.sizes: dict[Path, int] = {}
        self.importing: RunImport | None = None
        self.grown_at = 0.0
        self.given_up = False

    def has_grown(self) -> bool:
        """Return whether any file is new or has another length than when it was read."""
        grown = False
        for path in self.run.files:
            try:
                size = path.stat().st_size
            except OSError:
                continue  # it is gone: what was read of it stays
            if self.sizes.get(path) != size:
                self.sizes[path] = size
                grown = True
        return grown


def follow(job: ImportJob) -> None:
    """Import what is there, and then whatever comes, until Ctrl-C; everything read by then is recorded.

    Raises:
        StorageError: the runs folder cannot be written any more.
    """
    follower = _Follower(job)
    tell = job.progress
    with _interruptible() as stopped:

        def progress(*numbers: int) -> None:
            tell(*numbers)
            if stopped.is_set():
                raise _Stopped

        job.progress = progress
        try:
            while not stopped.is_set():
                stopped.wait(follower.look())
            job.progress = tell
            follower.look(last=True)  # for what was flushed since
        except (_Stopped, KeyboardInterrupt):
            pass
        finally:
            job.progress = tell
            follower.end()


class _Follower:
    def __init__(self, job: ImportJob) -> None:
        self._job, self._layouts = job, Layouts()
        self._followed: dict[Path, _Followed] = {}
        self._folders = Folders(job.sources, job.root)
        self._folders_at = self._all_at = 0.0
        self._aloud = True

    def look(self, *, last: bool = False) -> float:
        """Take over what is new, new files the last time in any case; return after how many seconds to look again."""
        begun = time.monotonic()
        if begun >= self._folders_at:
            self._folders_at = begun + _FOLDERS_S
            last = self._folders.changed() or last
        if begun >= self._all_at or last:
            for run in runs_of(self._job, aloud=self._aloud):
                known = self._followed.setdefault(run.folder, _Followed(run))
                if not set(known.run.files) & set(run.files):  # another run stands in its place
                    self._end(known)
                    known = self._followed[run.folder] = _Followed(run)
                known.run = run
                if known.importing is not None:
                    known.importing.found = run
            self._aloud = False
            self._all_at = begun + max(_FOLDERS_S, (time.monotonic() - begun) / _SHARE)
        begun = time.monotonic()
        grown = [followed for followed in self._followed.values() if not followed.given_up and followed.has_grown()]
        pause = min(max(_FILES_S, (time.monotonic() - begun) / _SHARE), _LONGEST_S)
        for followed in grown:
            self._read(followed)
        self._close_silent()
        return pause

    def end(self) -> None:
        """Complete what is open."""
        for followed in self._followed.values():
            self._end(followed)
        if not self._followed:
            skip_empty(self._job)
        latest = {run.id: run for run in self._job.report.runs}
        self._job.report.runs[:] = latest.values()

    def _read(self, followed: _Followed) -> None:
        followed.grown_at = time.monotonic()
        try:
            if followed.importing is None:
                importing = RunImport(self._job, followed.run, self._layouts, live=True)
                if not importing.begin():
                    return
                followed.importing = importing
            if followed.importing.go_on():
                followed.importing.keep()
        except StorageError:
            raise
        except EpochalError as error:
            self._give_up(followed, error)

    def _end(self, followed: _Followed) -> None:
        importing, followed.importing = followed.importing, None
        if importing is None:
            return
        try:
            importing.end()
        except StorageError:
            raise
        except EpochalError as error:
            self._give_up(followed, error)
        finally:
            importing.close()

    def _give_up(self, followed: _Followed, error: EpochalError) -> None:
        followed.given_up = True
        self._job.skip(followed.run.folder, str(error))
        if followed.importing is not None:
            followed.importing.close()
            followed.importing = None

    def _close_silent(self) -> None:
        open_ = [followed for followed in self._followed.values() if followed.importing is not None]
        for followed in sorted(open_, key=lambda each: each.grown_at)[: max(0, len(open_) - _OPEN)]:
            self._end(followed)


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set, where signals can be taken; a second one acts as it did before."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before: dict[int, Any] = {}

    def stop(number: int, _: object) -> None:
        stopped.set()
        signal.signal(number, before[number])

    for signal_ in (signal.SIGINT, signal.SIGTERM):
        before[signal_] = signal.signal(signal_, stop)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
