"""Which packages the runs had installed, and in which versions, by the lists in their folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..run_files import inside, open_inside
from .rows import MISSING, Row, row

if TYPE_CHECKING:
    from ..recorded import RecordedRun

#: A longer list is none, in bytes.
_LONGEST: Final = 4 << 20


@dataclass(frozen=True)
class Packages:
    """Packages side by side.

    Attributes:
        changed: those that are not in all runs, or not in the same version; a version for each run, `MISSING` where
            it was not installed, None where the run's list is not known.
        same: how many are the same in all runs whose list is known.
        unknown: index of a run to why its list is not known.
    """

    changed: tuple[Row, ...]
    same: int
    unknown: dict[int, str]

    @property
    def added(self) -> list[Row]:
        """What the first run did not have."""
        return [found for found in self.changed if found.values[0] is MISSING]

    @property
    def removed(self) -> list[Row]:
        """What the first run had and another has not."""
        return [found for found in self.changed if found.values[0] is not MISSING and MISSING in found.values]

    @property
    def versions(self) -> list[Row]:
        """What all have, in several versions."""
        return [found for found in self.changed if MISSING not in found.values]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return {
            "changed": [found.to_dict() for found in self.changed],
            "same": self.same,
            "unknown": [{"run": at, "why": why} for at, why in self.unknown.items()],
        }


def packages(runs: Sequence[RecordedRun]) -> Packages:
    """Return the packages of runs side by side."""
    lists: dict[int, dict[str, str]] = {}
    unknown: dict[int, str] = {}
    for at, run in enumerate(runs):
        found = _listed(run)
        if isinstance(found, str):
            unknown[at] = found
        else:
            lists[at] = found
    names = sorted(set().union(*lists.values()))
    changed = []
    for name in names:
        known = [found.get(name, MISSING) for found in lists.values()]
        if not row(name, known).same:
            versions = [lists[at].get(name, MISSING) if at in lists else None for at in range(len(runs))]
            changed.append(Row(name, tuple(versions), same=False))
    return Packages(tuple(changed), len(names) - len(changed), unknown)


def _listed(run: RecordedRun) -> dict[str, str] | str:
    """Return name to version, or why they are not known."""
    told = run.environment.get("packages")
    if not isinstance(told, dict) or inside(run.path, told.get("file")) is None:
        return "no list of packages was recorded"
    try:
        with open_inside(run.path, told["file"]) as file:
            data = file.read(_LONGEST + 1)
    except OSError as error:
        return f"its list of packages cannot be read ({error.strerror})"
    if len(data) > _LONGEST:
        return "its list of packages is too long to be one"
    found: dict[str, str] = {}
    for line in data.decode("utf-8", "backslashreplace").splitlines():
        name, _, version = line.partition("==")
        name = re.sub(r"[-_.]+", "-", name).lower()  # as package indexes do
        if name:
            found[name] = f"{found[name]}, {version}" if name in found else version
    return found
