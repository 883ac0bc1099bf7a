"""A process that imports runs for another one: orders come pickled on its stdin, reports go to its stdout."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from typing import Any, Final

#: How often it tells how far it is, in seconds.
_TELL_S: Final = 0.2


def main() -> None:
    """Import each run that is asked for, until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to every process of the terminal; the first one decides
    from epochal.errors import EpochalError
    from epochal.exchange.import_job import ImportJob

    from ._event_file import Layouts
    from ._importing import import_one

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    told, layouts = 0.0, Layouts()

    def answer(*words: Any) -> None:
        pickle.dump(words, answers)
        answers.flush()

    def progress(done: int, _: int, points: int) -> None:
        nonlocal told
        if time.monotonic() - told > _TELL_S:
            told = time.monotonic()
            answer("read", done, points)

    while True:
        try:
            order, run = pickle.load(sys.stdin.buffer)  # noqa: S301 - the process that started this one wrote it
        except EOFError:
            return
        job = ImportJob(
            order["format"], [run.folder], order["root"], project=order["project"], meta=order["meta"],
            options=order["options"], dry=order["dry"], progress=progress,
        )  # fmt: skip
        job.aliases = order["aliases"]
        try:
            import_one(job, run, layouts)
        except EpochalError as error:
            answer("failed", error)
        else:
            answer("read", run.size, job.report.runs[-1].added if job.report.runs else 0)
            answer("done", job.report)


if __name__ == "__main__":
    main()
