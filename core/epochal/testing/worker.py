"""The process that trains for a suite: `python -m epochal.testing.worker <file> <class>`, requests on stdin."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, Final

from .contract import Heard
from .spawned import load

#: A training that takes longer hangs, in seconds.
TRAINING_LIMIT_S: Final = 300
#: The full disk's journal is made larger than any checkpoint of a tiny training, in bytes.
_BALLAST: Final = 2_000_000


def main(file: str, name: str) -> None:
    """Import the suite, then answer `start` and `wait` until stdin ends. Returns in each forked child too."""
    suite = load(file, name)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        verb, *words = json.loads(line)
        if verb == "start":
            pid = os.fork()
            if not pid:
                answers.close()
                train(suite, **words[0])
                return
            answer = pid
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(words[0], 0)[1])
        print(json.dumps(answer), file=answers, flush=True)


def train(suite: Any, *, what: str, folder: str, runs: str, processes: int, environ: dict[str, str]) -> None:
    """Train as a suite does; see `Trainings.start`."""
    signal.alarm(TRAINING_LIMIT_S)  # processes of one training wait for one another, and may do so for ever
    os.environ.update(environ)
    os.chdir(folder)
    log = os.open(f"{what}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    heard = Heard()
    logging.getLogger("epochal").addHandler(heard)
    asked: dict[str, Any] = {"dir": runs}
    if suite.needs_id and not what.startswith("rank"):
        asked.update(id="told", resume="allow")
    if what == "full":
        os.environ.pop("EPOCHAL_STRICT", None)
        asked["config"] = {"ballast": "x" * _BALLAST}

    def at_step(step: int) -> None:
        if step == suite.middle:
            _happen(what, Path(runs))

    more = {"processes": processes} if processes > 1 else {}
    reported = suite.train(suite.make(**asked), Path(folder), at_step=at_step, resume=what == "resume", **more)
    told = {"reported": reported, "warnings": heard.texts}
    Path(f"{what}.json").write_text(json.dumps(told), encoding="utf-8")


def _happen(what: str, runs: Path) -> None:
    """Do what is to happen in the middle."""
    if what == "raise":
        raise RuntimeError("this is meant to fail")
    if what == "interrupt":
        signal.raise_signal(signal.SIGINT)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "full":  # no file grows beyond what the journal has by now
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = max(path.stat().st_size for path in runs.rglob("main-*.epochal"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main(*sys.argv[1:])
