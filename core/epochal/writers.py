"""What every writer of a run has in common: its place among the others, and the frame that opens its journal."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from . import processes
from .journal.writer import JournalWriter
from .version import __version__


def roles_and_ordinals(folder: str | os.PathLike[str], rank: int) -> list[tuple[str, int]]:
    """Return (role, ordinal) of each journal that a rank has in a run's folder, by the files' names."""
    try:
        names = os.listdir(os.path.join(folder, "journal"))
    except OSError:
        return []
    parts = [name.split("-") for name in names]
    return [(part[0], int(part[2])) for part in parts if len(part) == 4 and part[1] == str(rank) and part[2].isdigit()]


def next_ordinal(folder: str | os.PathLike[str], rank: int) -> int:
    """Return one more than the greatest ordinal that this rank has in the run, 1 where it has none."""
    return 1 + max((ordinal for _, ordinal in roles_and_ordinals(folder, rank)), default=0)


def record_opening(
    writer: JournalWriter,
    *,
    run: str,
    project: str,
    world: int | None = None,
    parent: Mapping[str, Any] | None = None,
    lock: Mapping[str, int] | None = None,
    told: Mapping[str, Any] | None = None,
) -> None:
    """Write a journal's first frame: whose it is, and which process on which machine writes it.

    Args:
        writer: one that has recorded nothing yet.
        run: the run's id.
        project: the run's project.
        world: the number of ranks, where it is known.
        parent: `{writer, seq, ordinal}` of the writer that this one was forked from, or watches.
        lock: `{dev, ino}` of the lock file that this process holds.
        told: fields that an importer's source tells otherwise.
    """
    fields = {
        "run": run,
        "project": project,
        "role": writer.role,
        "rank": writer.rank,
        "world": world,
        "ordinal": writer.ordinal,
        "parent": parent,
        "host": processes.host(),
        "boot": processes.boot_id(),
        "pidns": processes.pid_namespace(),
        "pid": os.getpid(),
        "pid_start": processes.start_time(os.getpid()),
        "lock": lock,
        "software": f"epochal {__version__}",
        **(told or {}),
    }
    writer.record("open", fields)
