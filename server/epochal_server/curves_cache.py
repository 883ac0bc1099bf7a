"""`SeriesCache`: the points of runs in memory, bounded in bytes; of a run that grows only what is new is read."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import psutil

from epochal.errors import RunNotFoundError
from epochal.history import History
from epochal.journal.format import BOOL, FLOAT
from epochal.journal.growing import GrowingJournal
from epochal.reading import read_history
from epochal.recorded import RecordedRun

from .curves_series import Places, Series, as_series, same_steps

#: What was written in the same tick of a file system's clock as the last look does not show as a change, in seconds.
_TICK_S: Final = 0.05
#: Runs that are kept open: each takes some 10 KB beside its points.
_MOST_RUNS: Final = 5000

_Stamp = tuple[tuple[str, int, int], ...]


def sensible_limit() -> int:
    """Return how many bytes of points to keep on this machine: a quarter of its memory, 4 GB at most."""
    return min(psutil.virtual_memory().total // 4, 4 << 30)


class HeldRun:
    """One run of which points are kept. Its methods may be called by several threads at once."""

    def __init__(self, folder: str) -> None:
        """Open the run.

        Raises:
            RunNotFoundError: there is none.
        """
        self.folder = folder
        self.lock = threading.Lock()
        self._stamp, self._sure = _stamp(folder)
        self._run = RecordedRun(folder, GrowingJournal)
        self._series: dict[tuple[str, str, bool], tuple[int, Series]] = {}
        self._used: set[tuple[str, str, bool]] = set()
        self._sizes: dict[tuple[str, str, bool], int] = {}
        self._version = 0
        self._settled_version = -1

    def look(self) -> None:
        """See whether anything was written since the last look.

        Raises:
            RunNotFoundError: the run is gone.
        """
        with self.lock:
            stamp, sure = _stamp(self.folder)
            if stamp != self._stamp or not self._sure:
                self._version += self._run.refresh()
            self._stamp, self._sure = stamp, sure

    def metrics(self, *, system: bool = False) -> list[str]:
        """Return the names of its metrics, or of its system metrics."""
        with self.lock:
            return self._run.system_metrics if system else self._run.metrics

    def axis(self, metric: str) -> str:
        """Return the axis that `define_metric` chose for a metric."""
        with self.lock:
            return self._run.axis(metric)

    def series(self, metric: str, x: str = "step", *, abandoned: bool = False) -> Series:
        """Return a metric as the last look found it.

        Args:
            metric: its name.
            x: `step`, `relative`, `time` or `metric:NAME`.
            abandoned: with what was abandoned, as ghosts.

        Raises:
            BadValueError: no such metric or axis.
        """
        key = metric, x, abandoned
        with self.lock:
            self._used.add(key)
            version, known = self._series.get(key, (-1, None))
            if known is not None and version == self._version:
                return known
            made = self._plain(metric, x) or self._whole(metric, x, abandoned=abandoned)
            if known is None or not _same(known, made):
                known = made
            refused = any(journal._problem for journal in self._run._journals.ordered)
            self._series[key] = -1 if refused else self._version, known  # storage may give next time what it refused
            return known

    def _whole(self, metric: str, x: str, *, abandoned: bool) -> Series:
        """Return a metric by all the rules of `RecordedRun.history`."""
        everything = None
        if abandoned and any(segment.cut is not None for segment in self._run._journals.visibility.segments):
            everything = self._history(metric, x, everything=True)
        return as_series(self._history(metric, x), everything)

    def _plain(self, metric: str, x: str) -> Series | None:
        """Return the same where no rule has anything to do: one journal has the metric, in one table and in order.

        For long runs that is half of the memory and time: steps need no array then.
        """
        journals = self._run._journals
        if x.startswith("metric:") or any(segment.cut is not None for segment in journals.visibility.segments):
            return None
        self._settle()
        for group in (journals.recording(0), journals.system(0)):
            having = [journal for journal in group if metric in journal.names]
            if having:
                break
        else:
            return None
        (journal, *others) = having
        found = journal.plain(metric) if isinstance(journal, GrowingJournal) and not others else None
        if found is None or not len(found.times):
            return None
        cells = found.cells != 0 if found.kind == BOOL else found.cells
        values = found.cells.view(np.float64) if found.kind == FLOAT else cells.astype(np.float64)
        places: Places = found.steps if x == "step" else found.times
        if x == "relative":
            first = float(found.times.min())
            started = self._run.started
            places = found.times - (first if started is None else min(started, first))
        return Series(found.steps, values, found.times, places)

    def _settle(self) -> None:
        """Mark the journals that nobody writes any more."""
        if self._settled_version != self._version:
            _ = self._run.ending
            self._settled_version = self._version

    def _history(self, metric: str, x: str, *, everything: bool = False) -> History:
        """Return what `RecordedRun.history` does, as the last look found it: looking costs more than most runs hold."""
        self._settle()
        return read_history(
            self._run._journals, metric,
            x=x, samples=None, rank=0, duplicates=everything, abandoned=everything, started=self._run.started,
        )  # fmt: skip

    @property
    def nbytes(self) -> int:
        """What is kept, in bytes, about."""
        with self.lock:
            # what was made of a series since the last time was made of one that was used since
            self._sizes.update((key, self._series[key][1].nbytes) for key in self._used if key in self._series)
            self._used.clear()
            journals = [each for each in self._run._journals.ordered if isinstance(each, GrowingJournal)]
            return sum(journal.kept_bytes for journal in journals) + sum(self._sizes.values())


class SeriesCache:
    """The runs of which points are kept, the last used last. Its methods may be called by several threads at once."""

    def __init__(self, limit: int | None = None) -> None:
        """`limit` is how many bytes to keep, about; what one request needs is kept while it is answered."""
        self.limit = sensible_limit() if limit is None else limit
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, HeldRun] = OrderedDict()
        self._sizes: dict[str, int] = {}

    @contextmanager
    def looking(self) -> Iterator[Look]:
        """Give a look at runs, each of which is looked at once; afterwards what is too much is dropped."""
        look = Look(self)
        try:
            yield look
        finally:
            self._shrink(look)

    def held(self, folder: str) -> HeldRun:
        """Return a run as it is now.

        Raises:
            RunNotFoundError: there is none.
        """
        with self._lock:
            held = self._runs.get(folder)
            if held is not None:
                self._runs.move_to_end(folder)
        try:
            if held is None:
                held = HeldRun(folder)
            else:
                held.look()
        except RunNotFoundError:
            with self._lock:
                self._runs.pop(folder, None)
                self._sizes.pop(folder, None)
            raise
        with self._lock:
            held = self._runs.setdefault(folder, held)
            self._runs.move_to_end(folder)
        return held

    @property
    def nbytes(self) -> int:
        """What is kept, in bytes, about, as the last look at each run left it."""
        with self._lock:
            return sum(self._sizes.values())

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._runs.clear()
            self._sizes.clear()

    def _shrink(self, look: Look) -> None:
        """Drop the runs that were used longest ago, until the rest is small enough."""
        sizes = {folder: held.nbytes for folder, held in look.found.items()}
        with self._lock:
            self._sizes.update((folder, size) for folder, size in sizes.items() if folder in self._runs)
            total = sum(self._sizes.values())
            while self._runs and (total > self.limit or len(self._runs) > _MOST_RUNS):
                folder, _ = self._runs.popitem(last=False)
                total -= self._sizes.pop(folder, 0)


class Look:
    """Runs of one request: each is looked at once."""

    def __init__(self, cache: SeriesCache) -> None:
        self._cache = cache
        self.found: dict[str, HeldRun] = {}

    def run(self, folder: str) -> HeldRun:
        """Return a run.

        Raises:
            RunNotFoundError: there is none.
        """
        if folder not in self.found:
            self.found[folder] = self._cache.held(folder)
        return self.found[folder]


def _stamp(folder: str) -> tuple[_Stamp, bool]:
    """Return what changes when a run's journals do, and whether every later change will show in it.

    Raises:
        RunNotFoundError: the run is gone.
    """
    found = []
    try:
        with os.scandir(os.path.join(folder, "journal")) as files:
            for file in files:
                try:
                    status = file.stat()
                except OSError:
                    continue
                found.append((file.name, status.st_size, status.st_mtime_ns))
    except OSError as error:
        raise RunNotFoundError(f"there is no run in {folder} any more: {error.strerror}") from None
    newest = max((modified for *_, modified in found), default=0)
    return tuple(sorted(found)), abs(time.time() - newest / 1e9) > _TICK_S


def _same(known: Series, made: Series) -> bool:
    """Tell whether a series is what is known already: the same places in memory are."""
    if len(known) != len(made) or known.ghosts or made.ghosts or not len(made):
        return False
    pairs = ((known.times, made.times), (known.values, made.values))
    return (
        all(one.ctypes.data == other.ctypes.data for one, other in pairs)
        and same_steps(known.steps, made.steps)
        and ((known.x is known.steps and made.x is made.steps) or same_steps(known.x, made.x))
    )
