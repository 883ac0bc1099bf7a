"""A small run as the importer of event files leaves it, written by hand: for tests of what is made of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from epochal.journal.writer import JournalWriter

RUN = "20261128t130000000-imported"


def write_run(root: Path, records: Iterable[tuple[Any, ...]], *, ordinal: int = 0, finish: bool = True) -> Path:
    """Write one journal of an imported run and return the run's folder.

    Args:
        root: the runs folder.
        records: ("row", step, time, {name: value}) or (kind, fields, time), in order.
        ordinal: the journal's.
        finish: whether the import has come to its end.
    """
    folder = root / "p" / RUN
    (folder / "journal").mkdir(parents=True, exist_ok=True)
    writer = JournalWriter(folder, role="import", rank=0, ordinal=ordinal, clock=time.time, report=lambda *what: None)
    writer.record(
        "open",
        {
            "run": RUN, "project": "p", "role": "import", "rank": 0, "world": None, "ordinal": ordinal, "parent": None,
            "host": None, "boot": None, "pidns": None, "pid": None, "pid_start": None, "lock": None, "software": "test",
        },
    )  # fmt: skip
    writer.record("meta", {"set": {"name": "imported"}})
    for record in records:
        if record[0] == "row":
            _, step, when, values = record
            writer.row(values, step, when)
        else:
            kind, fields, when = record
            writer.record(kind, fields, time=when)
    if finish:
        writer.record("source", {"format": "tensorboard", "what": "read", "files": []})
        writer.record("finish", {"state": "lost", "exit_code": None, "error": None})
    writer.settle(now=True)
    writer.close()
    return folder


def source(what: str, when: float, **fields: Any) -> tuple[str, Mapping[str, Any], float]:
    """Return a record of the importer's."""
    return "source", {"format": "tensorboard", "what": what, **fields}, when
