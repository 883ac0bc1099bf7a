"""What restarts hide: by SessionLog as EventAccumulator does, or by steps that go back as the data server does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from ._chunks import Ints

#: What `--purge` takes.
PURGES: Final = ("eventaccumulator", "rustboard", "none")
_START: Final = 1
_FIRST_STEP: Final = -(1 << 63)


class Preemption:
    """Which points TensorBoard's data server would not show: those of a tag at or behind a step that comes later.

    Its rule (tensorboard/data/server/reservoir.rs, `StageReservoir::offer`): a point removes earlier ones of its tag
    that stand at its step or a greater one. Points at the same step need nothing here: history shows the latest.
    """

    def __init__(self) -> None:
        self._tops: dict[int, int] = {}  # the greatest step that is visible, by tag

    def cuts(
        self, names: Sequence[str], tags: Ints, steps: Ints, order: Ints, starts: Ints, ends: Ints
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield (before which point of the batch, what a segment there hides), tag by tag.

        Args:
            names: of the tags, by number.
            tags: of the points, sorted.
            steps: of the points in that order.
            order: where each stands in the batch.
            starts: of each tag's points.
            ends: behind each tag's points.
        """
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            tag, ours = int(tags[start]), steps[start:end]
            top = self._tops.get(tag, _FIRST_STEP)
            if ours[0] < top or (ours[1:] < ours[:-1]).any():
                for at in _descents(ours, top):
                    yield int(order[start + at]), {"metrics": {names[tag]: int(ours[at])}}
            self._tops[tag] = int(ours[-1])


def _descents(steps: Ints, top: int) -> Iterator[int]:
    """Yield the points that stay and hide something: each is smaller than all that follow it."""
    lowest = np.minimum.accumulate(steps[::-1])[::-1]
    stays = np.flatnonzero(np.append(steps[:-1] < lowest[1:], True))
    previous = -1
    for at in stays.tolist():
        between = steps[previous + 1 : at]
        highest = int(between.max()) if len(between) else _FIRST_STEP
        if max(highest, top if previous < 0 else _FIRST_STEP) > steps[at]:
            yield at
        previous = at


def is_start(session_log: bytes) -> bool:
    """Return whether a SessionLog message says START: its field 1 is the varint 1 (event.proto, SessionLog.status)."""
    from ._wire import fields

    status = 0
    try:
        for number, wire, value, *_ in fields(session_log, 0, len(session_log)):
            if number == 1 and wire == 0:
                status = value
    except (ValueError, IndexError):
        return False
    return status == _START
