"""The process that trains for a suite: `python -m epochal.testing.worker <file> <class>`, requests on stdin."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any


def main(file: str, name: str) -> None:
    """Import the suite, then answer `start` and `wait` until stdin ends. Returns in each forked child too."""
    suite = _load(file, name)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        verb, *words = json.loads(line)
        if verb == "start":
            pid = os.fork()
            if not pid:
                answers.close()
                train(suite, words[0], Path(words[1]))
                return
            answer = pid
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(words[0], 0)[1])
        print(json.dumps(answer), file=answers, flush=True)


def train(suite: Any, what: str, folder: Path) -> None:
    """Train as a suite does; see `Trainings.start`."""
    log = os.open(folder / f"{what}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)

    def at_step(step: int) -> None:
        if step != suite.middle:
            return
        if what == "raise":
            raise RuntimeError("this is meant to fail")
        if what == "interrupt":
            signal.raise_signal(signal.SIGINT)
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)

    known = {"id": "told", "resume": "allow"} if suite.needs_id else {}
    adapter = suite.make(dir=folder / "runs", **known)
    reported = suite.train(adapter, folder, at_step=at_step, resume=what == "resume")
    (folder / "reported.json").write_text(json.dumps(sorted(reported)), encoding="utf-8")


def _load(file: str, name: str) -> Any:
    spec = importlib.util.spec_from_file_location("suite_under_test", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    suite: Any = module
    for part in name.split("."):
        suite = getattr(suite, part)
    return suite()


if __name__ == "__main__":
    main(*sys.argv[1:])
