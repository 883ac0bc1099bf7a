"""What an import of event files needs to go on: how far it has read, and what it has met so far."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ._source_files import SourceFile, files_kept

#: Places of damage that are told one by one.
_TOLD: Final = 20
_MORE: Final = "more damaged places: the run's notices tell each"


@dataclass
class ImportState:
    """State of one run's import.

    Attributes:
        files: by name, those that were read and how far.
        points: how many scalar points all imports of the run have found.
        plugins: prefix of a sub-run (empty for the run itself) to tag to the plugin whose it is.
        damage: in words, damaged places that were met.
        lost: how many bytes were skipped there.
        tops: prefix of a sub-run to its greatest step so far.
        first: the smallest wall time so far, seconds since the epoch.
        last: the greatest.
        described: what the description of the run was made of, as `Described` has it.
    """

    files: dict[str, SourceFile] = field(default_factory=dict)
    points: int = 0
    plugins: dict[str, dict[str, str]] = field(default_factory=dict)
    damage: list[str] = field(default_factory=list)
    lost: int = 0
    tops: dict[str, int] = field(default_factory=dict)
    first: float | None = None
    last: float | None = None
    described: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def kept(cls, fields: Mapping[str, Any]) -> ImportState:
        """Return what a record of an earlier import says; a new state where it says nothing."""
        known = {name: fields[name] for name in cls.__dataclass_fields__ if fields.get(name) is not None}
        return cls(**{**known, "files": files_kept(fields)})

    def to_keep(self) -> dict[str, Any]:
        """Return what is recorded of it."""
        return {**vars(self), "files": [file._asdict() for file in self.files.values()]}

    def note_damage(self, text: str, size: int) -> None:
        """Count a damaged place."""
        self.lost += size
        if len(self.damage) < _TOLD:
            self.damage.append(text)
        elif self.damage[-1] != _MORE:
            self.damage.append(_MORE)

    def tags(self) -> dict[str, int]:
        """Return how many tags there are of each plugin."""
        found = Counter(plugin or "unknown" for tags in self.plugins.values() for plugin in tags.values())
        return dict(sorted(found.items()))

    def saw(self, prefix: str, top: int, times: tuple[float, float] | None) -> None:
        """Widen the range of a sub-run's steps, and that of wall times (smallest, greatest), where there are any."""
        self.tops[prefix] = max(self.tops.get(prefix, top), top)
        if times is not None:
            self.first = times[0] if self.first is None else min(self.first, times[0])
            self.last = times[1] if self.last is None else max(self.last, times[1])

    def cut_from(self, step: int, prefix: str) -> dict[str, Any]:
        """Return what hides all points at a step and later ones, of one sub-run where there are several."""
        if self.plugins.keys() <= {prefix}:
            return {"step": step}
        return {"metrics": {prefix + tag: step for tag in self.plugins.get(prefix, ())}}
