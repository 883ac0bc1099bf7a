"""Samples system probes on a slow clock and writes what they say into the companion's journal."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from ..hookspecs import ProbeContext, SystemProbe
from ..journal.format import FILE_HEADER, unpack_file_header
from ..layout import SUFFIX
from .assignment import Assignment
from .system_journal import SystemJournal

#: Seconds between two samples, unless this variable says otherwise; `off` for none.
INTERVAL_VARIABLE: Final = "EPOCHAL_SYSTEM_INTERVAL"
INTERVAL_S: Final = 15.0
_SHORTEST_S: Final = 0.5
#: The second sample follows soon: rates need two, and a short run would have none.
_SECOND_S: Final = 1.0
#: A probe that takes longer than this is reported, in seconds.
_SLOW_S: Final = 1.0


class SystemMetrics:
    """All probes of one run.

    Attributes:
        due: when the next sample is to be taken, on `time.monotonic`; None if never.
    """

    def __init__(self, assignment: Assignment, journal: SystemJournal) -> None:
        self._journal = journal
        self._interval = _interval(journal)
        self._zero = time.monotonic() - max(journal.now() - _run_started(assignment, journal.now()), 0.0)
        self._context = ProbeContext(assignment.pid, _process_started(assignment), Path(assignment.root))
        self._probes = self._collect(assignment) if self._interval else []
        self._samples = 0
        self.due: float | None = time.monotonic() if self._interval else None

    def sample(self) -> None:
        """Ask every probe and write one row."""
        now = time.monotonic()
        values: dict[str, float] = {}
        for probe in list(self._probes):
            started = time.monotonic()
            try:
                values |= {str(name): float(value) for name, value in probe.sample(self._context).items()}
            except Exception as error:  # a probe's fault is never more than its own silence
                self._probes.remove(probe)
                self._journal.notice("probe", f"system probe {probe.name} failed and is muted for this run: {error!r}")
                continue
            seconds = time.monotonic() - started
            if seconds > _SLOW_S:
                self._journal.notice("probe", f"system probe {probe.name} is slow: it should take milliseconds")
        if values:
            self._journal.row(values, int(now - self._zero), self._journal.now())
        self._samples += 1
        self.due = now + (min(_SECOND_S, self._interval) if self._samples == 1 else self._interval)

    def stop(self) -> None:
        """Take no more samples."""
        self.due = None

    def _collect(self, assignment: Assignment) -> list[SystemProbe]:
        from ..plugins import companion_manager

        manager = companion_manager(assignment.plugins)
        probes = manager.collect("register_system_probes")
        for problem in manager.problems:
            self._journal.notice("plugin", str(problem))
        return [probe for probe in probes if isinstance(probe, SystemProbe)]


def _interval(journal: SystemJournal) -> float:
    """Return the seconds between two samples, 0 for none at all."""
    text = os.environ.get(INTERVAL_VARIABLE, "").strip().lower()
    if text in {"off", "no", "false", "0"}:
        return 0.0
    try:
        seconds = float(text or INTERVAL_S)
    except ValueError:
        seconds = -1.0
    if not 0.0 < seconds < float("inf"):
        journal.notice("setting", f"{INTERVAL_VARIABLE}={text!r} is no number of seconds: {INTERVAL_S:g} is taken")
        return INTERVAL_S
    return max(seconds, _SHORTEST_S)


def _run_started(assignment: Assignment, now: float) -> float:
    """Return when the run's first main journal was created: steps go on over a resume."""
    times = [now]
    folder = os.path.dirname(assignment.journal)
    try:
        names = [name for name in os.listdir(folder) if name.startswith("main-") and name.endswith(SUFFIX)]
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                header = unpack_file_header(file.read(FILE_HEADER.size))
            if header is not None:
                times.append(header.created)
    except OSError:
        pass
    return min(times)


def _process_started(assignment: Assignment) -> float:
    import psutil

    try:
        return float(psutil.Process(assignment.pid).create_time())
    except psutil.Error:  # it is gone already
        return time.time()
