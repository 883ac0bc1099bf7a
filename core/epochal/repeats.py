"""Whether a run repeats a finished one: the same code, config and data."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from .differences.code import code_state
from .differences.datasets import judged
from .differences.rows import same
from .errors import RunNotFoundError
from .recorded import RecordedRun

#: How long runs of the project are looked at, the newest first, in seconds.
LIMIT_S: Final = 2.0


class Repeat(NamedTuple):
    """A finished run that had the same code, config and data.

    Attributes:
        id, name: of that run.
        data_known: False where neither run has recorded a dataset.
        differing: what else is not the same: `command`, `packages`.
    """

    id: str
    name: str
    data_known: bool
    differing: list[str]

    @property
    def text(self) -> str:
        """What a person is told."""
        what = "code, config and data" if self.data_known else "code and config (neither has recorded its data)"
        but = f"; not the same: {', '.join(self.differing)}" if self.differing else ""
        return f"the finished run {self.name} ({self.id}) had the same {what}{but} — epochal compare shows both"

    def data(self) -> dict[str, Any]:
        """Return what stands beside the text in the record."""
        return {"run": self.id, "name": self.name, "data_known": self.data_known, "differing": self.differing}


def find_repeat(run: RecordedRun) -> Repeat | None:
    """Return the newest run of the same project that had finished when `run` started, and that it repeats by now.

    Code counts as the same where commit and uncommitted changes are, and nothing was left out; data where every
    dataset has the same digest of all of it. The config is compared without datasets; seeds are part of it. Runs are
    looked at from the newest on, for at most `LIMIT_S`.
    """
    code, config = code_state(run), _settings(run)
    if not code.complete:
        return None
    deadline = time.monotonic() + LIMIT_S
    for other in _others(run):
        if time.monotonic() > deadline:
            return None
        if not same(_settings(other), config) or not _was_over(other, run.started):
            continue
        if _same_data(run.datasets, other.datasets) and code.same(code_state(other)):
            return Repeat(other.id, other.name, bool(run.datasets), _differing(run, other))
    return None


def _others(run: RecordedRun) -> Iterator[RecordedRun]:
    """Yield the other runs of the project, the newest first: ids begin with the time unless the user gave them."""
    folder = Path(run.path).parent
    for name in sorted(os.listdir(folder), reverse=True):
        if name != run.path.name and not name.startswith("."):
            try:
                yield RecordedRun(folder / name)
            except RunNotFoundError:
                continue


def _was_over(other: RecordedRun, started: float | None) -> bool:
    """Return whether a run had finished when ours started: of two runs side by side, neither repeats the other."""
    if other.state != "finished" or started is None:
        return False
    return other.finished is not None and other.finished <= started


def _settings(run: RecordedRun) -> dict[str, Any]:
    return {key: value for key, value in run.config.items() if key != "datasets"}


def _same_data(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return ours.keys() == theirs.keys() and all(
        isinstance(ours[name], dict)
        and isinstance(theirs[name], dict)
        and judged([ours[name], theirs[name]])[0] == "same"
        for name in ours
    )


def _differing(run: RecordedRun, other: RecordedRun) -> list[str]:
    ours, theirs = run.environment, other.environment
    pairs = {
        "command": [_within(each, "command", "argv") for each in (ours, theirs)],
        "packages": [_within(each, "packages", "sha256") for each in (ours, theirs)],
    }
    return [name for name, (one, another) in pairs.items() if one != another]


def _within(environment: dict[str, Any], part: str, name: str) -> Any:
    found = environment.get(part)
    return found.get(name) if isinstance(found, dict) else None
