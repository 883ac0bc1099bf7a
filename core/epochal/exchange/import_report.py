"""What an import gave: for each source the runs that were taken over, and what was not, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class TakenRun:
    """One run of a source.

    Attributes:
        id, name, project: of the run.
        path: its folder.
        source: where it came from.
        outcome: `new`, `grown`, `unchanged`, `here` (the root holds the run itself, and not by an import), `differs`
            (it holds another record of it), `damaged` (the archive's bytes are not what they were).
        metrics: how many metrics the source has.
        points: how many points the source has; None where it was not read because nothing had changed.
        added: how many points are new.
        left_out: in words, what of it was not taken over, with how often.
        damage: in words, each place where the source itself is damaged.
        skipped_bytes: how many bytes these places have.
        tags: how many metrics or tags of each kind the source has, where it knows kinds.
    """

    id: str
    name: str
    project: str
    path: Path
    source: Path
    outcome: str
    metrics: int | None = None
    points: int | None = None
    added: int = 0
    left_out: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    skipped_bytes: int = 0
    tags: Mapping[str, int] = field(default_factory=dict)


@dataclass
class ImportReport:
    """What an import gave.

    Attributes:
        format: the importer's name.
        root: the runs folder that the runs are in.
        runs: what was found, in order.
        skipped: (source, why) of each source, or part of one, that gave no run.
        remarks: (source, what) of what should be known of a source, and is nothing wrong.
    """

    format: str
    root: Path
    runs: list[TakenRun] = field(default_factory=list)
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    remarks: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether every source gave a run, every run is in the root now, and nothing of it was lost to damage."""
        return not self.skipped and all(
            run.outcome not in ("differs", "damaged") and not run.damage for run in self.runs
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "format": self.format,
            "dir": str(self.root),
            "runs": [
                {
                    **vars(run),
                    "path": str(run.path),
                    "source": str(run.source),
                    "left_out": list(run.left_out),
                    "damage": list(run.damage),
                    "tags": dict(run.tags),
                }
                for run in self.runs
            ],
            "skipped": [{"source": str(source), "why": why} for source, why in self.skipped],
            "remarks": [{"source": str(source), "what": what} for source, what in self.remarks],
        }
