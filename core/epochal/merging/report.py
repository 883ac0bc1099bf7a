"""What a merge did: run by run, and what it could not take over."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class Remark(NamedTuple):
    """Something that whoever merges should know.

    Attributes:
        path: what it is about: a path within the run, `.` for all of the run, or a folder that was given.
        what: a sentence's end, such as "is a symbolic link: left out".
    """

    path: str
    what: str


@dataclass
class MergedRun:
    """What became of one run.

    Attributes:
        project: the name of its project.
        id: the run's id.
        path: its folder in the target.
        status: `new`, `extended`, `unchanged`, or `trashed` where it lies in the target's trash and was left there.
        added: files that are new.
        extended: files that were replaced by a copy that holds more.
        unchanged: files that were there already.
        bytes: length of what was copied.
        conflicts: paths of which several versions are kept, since none holds all of the others.
        notices: what was left out by rule, or will not fit elsewhere.
        problems: what could not be taken over.
    """

    project: str
    id: str
    path: Path
    status: str = "unchanged"
    added: int = 0
    extended: int = 0
    unchanged: int = 0
    bytes: int = 0
    conflicts: list[str] = field(default_factory=list)
    notices: list[Remark] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        remarks = {name: [each._asdict() for each in getattr(self, name)] for name in ("notices", "problems")}
        return {**vars(self), "path": str(self.path), **remarks}


@dataclass
class MergeReport:
    """What `epochal.merge` did.

    Attributes:
        to: the runs folder that was merged into.
        dry_run: nothing was written; the report says what would have been.
        runs: every run that was found, by project and id.
        notices: what concerns no single run.
    """

    to: Path
    dry_run: bool
    runs: list[MergedRun] = field(default_factory=list)
    notices: list[Remark] = field(default_factory=list)

    @property
    def conflicts(self) -> int:
        """How many paths are there in several versions."""
        return sum(len(run.conflicts) for run in self.runs)

    @property
    def problems(self) -> int:
        """How many things could not be taken over."""
        return sum(len(run.problems) for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "to": str(self.to),
            "dry_run": self.dry_run,
            "runs": [run.to_dict() for run in self.runs],
            "notices": [notice._asdict() for notice in self.notices],
        }
