"""Imports several runs at once: processes that each take one run after the other, where cores and work are there."""

from __future__ import annotations

import json
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from epochal.errors import BadValueError, EpochalError

if TYPE_CHECKING:
    from epochal.exchange.import_job import ImportJob

    from ._logdir import Run

#: Less than this is read sooner by one process than others are started, in bytes.
_WORTH_BYTES: Final = 64 << 20
_MOST: Final = 16
_PROGRAM: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from epochal_tensorboard._worker import main; main()"
)


def how_many(asked: str | None, runs: int, size: int) -> int:
    """Return how many processes are to read.

    Args:
        asked: the option as it was given.
        runs: how many there are: each is read by one process.
        size: bytes in all.

    Raises:
        BadValueError: the option is no number above 0.
    """
    if asked is not None:
        if not asked.isdecimal() or not int(asked):
            raise BadValueError(f"workers {asked!r} cannot be used: give a number from 1 on")
        return min(int(asked), max(runs, 1))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, runs, _MOST) if size >= _WORTH_BYTES else 1


def import_at_once(job: ImportJob, runs: Sequence[Run], workers: int, total: int) -> None:
    """Import runs by several processes; the report lists them in their order.

    Raises:
        EpochalError: what a process could not go on after; runs that were done by then stay.
    """
    crew = _Crew(job, runs, total)
    threads = [threading.Thread(target=crew.work, daemon=True) for _ in range(workers)]
    try:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(0.2)
            job.progress(crew.done, total, crew.points)
    finally:
        crew.stop()
    for at in sorted(crew.reports):
        job.report.runs += crew.reports[at].runs
        job.report.skipped += crew.reports[at].skipped
        job.report.remarks += crew.reports[at].remarks
    if crew.failure is not None:
        raise crew.failure


class _Crew:
    """The processes, and what has come back from them."""

    def __init__(self, job: ImportJob, runs: Sequence[Run], total: int) -> None:
        self.reports: dict[int, Any] = {}
        self.failure: EpochalError | None = None
        self._waiting: queue.SimpleQueue[tuple[int, Run]] = queue.SimpleQueue()
        # the largest first: the last ones to be begun are short
        for at in sorted(range(len(runs)), key=lambda at: -runs[at].size):
            self._waiting.put((at, runs[at]))
        self._order = {
            "format": job.report.format, "root": job.root, "project": job.project, "meta": job.meta,
            "options": job.options, "dry": job.dry, "aliases": job.aliases,
        }  # fmt: skip
        self._read: dict[int, tuple[int, int]] = {}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stopped = False

    @property
    def done(self) -> int:
        """How many bytes were read."""
        return sum(size for size, _ in list(self._read.values()))

    @property
    def points(self) -> int:
        """How many points were found."""
        return sum(points for _, points in list(self._read.values()))

    def work(self) -> None:
        """Give one process run after run, until none is left."""
        command = [sys.executable, "-c", _PROGRAM, json.dumps(sys.path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            self._processes.append(process)
            if process.stdin is None or process.stdout is None:  # never: both are pipes
                return
            while not self._stopped and self.failure is None:
                try:
                    at, run = self._waiting.get_nowait()
                except queue.Empty:
                    break
                try:
                    pickle.dump((self._order, run), process.stdin)
                    process.stdin.flush()
                    self._listen(process.stdout, at)
                except (OSError, EOFError, pickle.UnpicklingError):
                    if not self._stopped:
                        self.failure = EpochalError(
                            f"the process that read {run.folder} has ended (exit code {process.wait()}): import again"
                        )
                    break
            process.stdin.close()

    def _listen(self, answers: Any, at: int) -> None:
        while True:
            word, *said = pickle.load(answers)  # noqa: S301 - our own process wrote it
            if word == "read":
                self._read[at] = (said[0], said[1])
            elif word == "failed":
                self.failure = said[0]
                return
            else:
                self.reports[at] = said[0]
                return

    def stop(self) -> None:
        """End the processes that still work: what they leave is completed by the next import."""
        self._stopped = True
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
