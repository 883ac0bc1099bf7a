"""Which run a folder's event files are: an id made from the first of them, wherever the folder lies."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ._heads import first_record, time_of

if TYPE_CHECKING:
    from ._logdir import Run


class Identity(NamedTuple):
    """Who a run is.

    Attributes:
        id: of the run.
        started: the wall time of its first event, seconds since the epoch.
    """

    id: str
    started: float


def identify(run: Run) -> Identity | None:
    """Return who a run is by the name and the first record of its first event file; None where none has a record yet.

    Raises:
        OSError: a file cannot be read.
    """
    first = _first(run)
    return None if first is None else Identity(_id(*first, run.key), time_of(first[1], first[0]))


def tell_apart(runs: Sequence[Run]) -> None:
    """Give a key to each run whose first file is that of a run before it: a copy, as it seems."""
    seen: set[str] = set()
    for run in runs:
        try:
            first = _first(run)
        except OSError:
            continue  # whoever reads it says so
        if first is None:
            continue
        if _id(*first, run.key) in seen:
            run.key += run.name  # of merged runs there is one already
        seen.add(_id(*first, run.key))


def _first(run: Run) -> tuple[Path, bytes] | None:
    """Return the first event file of a run that has a record, and that record."""
    for path in run.files:
        head = first_record(path)
        if head is not None:
            return path, head
    return None


def _id(path: Path, head: bytes, key: str) -> str:
    made = hashlib.sha256(b"\0".join([os.fsencode(path.name), head, os.fsencode(key)])).hexdigest()
    return f"tensorboard-{made[:20]}"
