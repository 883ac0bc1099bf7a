"""One run as the catalog knows it: what lists show, filters ask for and sorting needs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: The state of a run whose journals cannot be read; `reason` says why. No recorded run has it.
UNREADABLE = "unreadable"


@dataclass(slots=True)
class Entry:
    """A run in the catalog.

    Attributes:
        folder: the run's folder, absolute.
        id: the run's id.
        project: the project that it is in.
        name: the run's name.
        state: running, finished, failed, interrupted, killed or lost; unreadable where no journal can be read.
        reason: why it is in that state, where known.
        started: seconds since the epoch, None where unknown.
        finished: seconds since the epoch, None while it runs and where unknown.
    """

    folder: str
    id: str
    project: str
    name: str
    state: str
    reason: str | None = None
    started: float | None = None
    finished: float | None = None
    packed: bytes | None = field(default=None, repr=False)
    _details: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """The run's folder."""
        return Path(self.folder)

    @property
    def details(self) -> dict[str, Any]:
        """All that is looked at less often; unpacked when first asked for."""
        if self._details is None:
            from .records import decode  # not before it is needed: help on the command line needs none

            self._details = decode(self.packed) if self.packed else {}
        return self._details

    @property
    def config(self) -> dict[str, Any]:
        """The run's config."""
        found: dict[str, Any] = self.details.get("config") or {}
        return found

    @property
    def summary(self) -> dict[str, Any]:
        """The run's summary: derived values and those set by hand."""
        found: dict[str, Any] = self.details.get("summary") or {}
        return found

    @property
    def metrics(self) -> list[str]:
        """The names of the run's metrics."""
        found: list[str] = self.details.get("metrics") or []
        return found

    @property
    def tags(self) -> list[str]:
        """The run's tags."""
        found: list[str] = self.details.get("tags") or []
        return found

    @property
    def group(self) -> str | None:
        """The run's group."""
        return self.details.get("group")

    @property
    def job_type(self) -> str | None:
        """What the run does, such as train or evaluate."""
        return self.details.get("job_type")

    @property
    def notes(self) -> str | None:
        """The run's notes."""
        return self.details.get("notes")

    @property
    def host(self) -> str | None:
        """The name of the machine that the run was started on."""
        return self.details.get("host")

    @property
    def ranks(self) -> int:
        """How many ranks have recorded something."""
        count: int = self.details.get("ranks") or 0
        return count

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; to now while it runs."""
        if self.started is None:
            return None
        if self.state == "running":
            return time.time() - self.started
        return None if self.finished is None else self.finished - self.started

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "id": self.id,
            "name": self.name,
            "project": self.project,
            "state": self.state,
            "reason": self.reason,
            "started": self.started,
            "finished": self.finished,
            "duration": self.duration,
            "group": self.group,
            "job_type": self.job_type,
            "tags": self.tags,
            "notes": self.notes,
            "host": self.host,
            "ranks": self.ranks,
            "config": self.config,
            "summary": self.summary,
            "metrics": self.metrics,
            "path": self.folder,
        }


def flat(values: dict[str, Any], above: str = "") -> dict[str, Any]:
    """Return nested mappings as one, with the names joined by dots; empty ones are kept."""
    found: dict[str, Any] = {}
    stack = [(above, values)]
    while stack:
        prefix, mapping = stack.pop()
        for key, value in mapping.items():
            if isinstance(value, dict) and value:
                stack.append((f"{prefix}{key}.", value))
            else:
                found[f"{prefix}{key}"] = value
    return found
