"""Makes a run with all that is hard to keep exactly: odd numbers, names and texts, ranks, a rewind, duplicates."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from epochal.journal.writer import JournalWriter
from epochal.layout import run_folder
from epochal.recorded import RecordedRun

from .make_runs import ENVIRONMENT

T0 = 1_700_000_000.123456
NAMES = ("loss", "Loss", 'a "name", with\nlines', "größe/µ", "n" * 200)
CONFIG: dict[str, Any] = {
    "lr": 0.1,
    "nan": math.nan,
    "word": "NaN",
    "deep": {"inf": [-math.inf, "Infinity", None, True]},
    "big": 2**90,
    "datasets": {"train": {"sha256": "ab" * 32, "rows": 10}},
}
META = {"name": "ünsafe, name\n", "group": "g", "job_type": "train", "tags": ["a,b", "c"], "notes": 'say "hi"\r\n'}


def make_odd_run(
    root: Path, *, id: str = "run-1", project: str = "odd/project", state: str = "finished"
) -> RecordedRun:
    """Write the run, as processes of another boot left it, and open it."""
    folder = run_folder(root, project, id)
    (folder / "journal").mkdir(parents=True)
    moments = iter(T0 + tick / 7 for tick in range(10**6))

    def writer(role: str, rank: int, ordinal: int, parent: dict[str, Any] | None = None) -> JournalWriter:
        made = JournalWriter(folder, role=role, rank=rank, ordinal=ordinal, clock=lambda: next(moments), report=_refuse)
        made.record(
            "open",
            {
                "run": id, "project": project, "role": role, "rank": rank, "world": 2, "ordinal": ordinal,
                "parent": parent, "host": "box", "boot": "another", "pidns": "1", "pid": 4_000_000, "pid_start": 1,
                "lock": None, "software": "epochal 0.1.0",
            },
        )  # fmt: skip
        return made

    main = writer("main", 0, 1)
    main.record("segment", {"why": "start", "cut": None, "next_step": 0})
    main.record("meta", {"set": META})
    main.record("config", {"ops": [[[key], value] for key, value in CONFIG.items()]})
    main.record("metric", {"name": "val/*", "step": "epoch", "summary": ["min", "last"], "goal": "min"})
    for step in range(30):
        main.row({"loss": 1 / (step + 1), "epoch": step // 10, "val/f1": 0.1 * step}, step, next(moments))
    main.row({"loss": 7.5}, 29, next(moments))  # a step twice
    for step, value in enumerate((math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2, 1.7976931348623157e308)):
        main.row({"floats": value}, step - 3, next(moments))
    for step, value in enumerate((2**53 + 1, -(2**63), 2**63 - 1, 0)):
        main.row({"ints": value, "flag": value > 0}, step, next(moments))
    for step, value in enumerate((1, 0.5, True, 2**60 + 1, "five", "NaN", "true", "", ' "x",\n\r\tü ')):
        main.row({"mixed": value}, step, next(moments))
    for at, name in enumerate(NAMES[1:]):
        main.row({name: at + 0.25}, at - 2**62, next(moments))
    main.record("segment", {"why": "rewind", "cut": {"step": 25}, "next_step": 25})
    main.row({"loss": 0.25, "epoch": 2}, 25, next(moments))
    main.record("summary", {"set": {"best": math.inf, "text": "mine"}, "delete": []})
    main.record("notice", {"code": "odd", "text": "something, odd", "data": {"n": 1}})
    other = writer("main", 1, 1)
    for step in range(5):
        other.row({"loss": 100.0 + step}, step, next(moments))
    system = writer("system", 0, 2, {"writer": main.hex, "seq": 1, "ordinal": 1})
    system.record("environment", {"values": ENVIRONMENT})
    for step in range(3):
        system.row({"system/cpu": step / 2}, step, next(moments))
    if state == "killed":
        system.record("end", {"state": "killed", "exit_code": None, "signal": 9, "reason": "out of memory", "pid": 1})
    else:
        error = {"type": "ValueError", "message": "no", "traceback": "…"} if state == "failed" else None
        main.record("finish", {"state": state, "exit_code": 1 if error else 0, "error": error})
        other.record("finish", {"state": state, "exit_code": 0, "error": None})
    for each in (main, other, system):
        each.close()
    return RecordedRun(folder)


def record_of(run: RecordedRun, *, rank: int | str = 0, system: bool = False) -> dict[str, Any]:
    """Return all points of a run as history and texts give them, floats by their bits."""
    found: dict[str, Any] = {}
    for name in [*run.metrics, *(run.system_metrics if system else ())]:
        history = run.history(name, rank=rank)
        texts = run.texts(name, rank=rank)
        ranks = None if history.ranks is None else history.ranks.tolist()
        found[name] = [
            history.steps.tolist(), history.times.tolist(), history.values.dtype, history.values.tobytes(), ranks,
            tuple(texts),
        ]  # fmt: skip
    return found


def facts_of(run: RecordedRun) -> dict[str, Any]:
    """Return what is said of a run beside its points, as text, in which NaN equals itself."""
    ending = run.ending
    names = ("id", "name", "project", "group", "job_type", "tags", "notes", "host", "started", "finished", "config")
    names += ("manual_summary", "summary", "environment", "ranks")
    facts = {name: repr(getattr(run, name)) for name in names}
    facts["notices"] = repr([(each.code, each.text, each.data) for each in run.notices if each.code != "imported"])
    facts["ending"] = repr((ending.name, ending.reason, ending.exit_code, ending.signal))
    facts["axis"] = run.axis("val/f1")
    return facts


def _refuse(code: str, text: str) -> None:
    raise AssertionError(f"{code}: {text}")
