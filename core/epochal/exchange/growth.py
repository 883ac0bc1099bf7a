"""What of a source is new: points to add, and from which step on earlier ones are taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .foreign import ForeignRun, Track, first_difference

if TYPE_CHECKING:
    from ..journal.points import Ints
    from .earlier import Earlier

_FIRST_STEP = -(1 << 63)


class Growth(NamedTuple):
    """What is to be written of one rank's record, or of the system metrics beside it.

    Attributes:
        points: metric to the indices of the points of its track that are to be written.
        cuts: metric to the first step at which what was imported before is hidden.
        kept: system metrics that differ from what was imported before, which cannot be taken back.
    """

    points: dict[str, Ints]
    cuts: dict[str, int]
    kept: list[str]

    @property
    def added(self) -> int:
        """How many points are to be written."""
        return sum(map(len, self.points.values()))


def growth_of(run: ForeignRun, earlier: Earlier | None, rank: int, *, system: bool) -> Growth:
    """Return what is new of a rank, so that afterwards history shows each point of the source once, and no other."""
    points: dict[str, Ints] = {}
    cuts: dict[str, int] = {}
    kept: list[str] = []
    ours = {name: track for (of, is_system, name), track in run.tracks.items() if (of, is_system) == (rank, system)}
    before = earlier.metrics(rank, system=system) if earlier is not None else set()
    for name in before - ours.keys():
        if not system and len(earlier.track(name, rank, system=False)):  # type: ignore[union-attr]
            cuts[name] = _FIRST_STEP
    for name, track in ours.items():
        old = earlier.track(name, rank, system=system) if earlier is not None and name in before else Track()
        at = first_difference(old, track, timed=run.timed)
        if at is None:
            continue
        if at == len(old):
            points[name] = np.arange(at, len(track))
        elif system:
            kept.append(name)
        else:
            steps = np.frombuffer(track.steps, np.int64)
            cuts[name] = min([*old.steps[at:], *track.steps[at:]])
            points[name] = np.flatnonzero(steps >= cuts[name])
    return Growth({name: some for name, some in points.items() if len(some)}, cuts, kept)
