"""Where a Trainer is: of what the values are that it gives its loggers next, and on which counter."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Mapping
from typing import Any, Final

from epochal.adapter import AdapterRun

#: What the values are of, while they are not an epoch's, a whole validation's, or a script's own.
STEP: Final = "step"


class Progress:
    """What the logger's callback has heard of its Trainer.

    Lightning gives the values of an evaluation's batches at a counter of the evaluation loop, which begins anew with
    each `validate`, `test` and resumed fit. `placed` continues it, so that each batch has a place of its own.

    Another Trainer counts its steps from 0 again. What it trains goes on behind the fit before, so that nothing is
    recorded over earlier steps; a fit from a checkpoint goes on where that one was.

    Attributes:
        trainer: whose events are heard; None before and after.
        kind: `STEP` between the beginning of a training batch and the end of its epoch; an evaluation's stage
            (`validation`, `test`) while its batches run; else None.
    """

    def __init__(self) -> None:
        self.trainer: Any = None
        self.kind: str | None = None
        self._loader = 0
        #: For each stage and loader: Lightning's count of the last batch, and ours.
        self._last: dict[str, tuple[int, int]] = {}
        #: Metrics whose axis is chosen.
        self._placed: set[str] = set()
        #: By how much the steps of each Trainer that has fitted are moved, and those of the newest one.
        self._offsets: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._offset = 0
        #: The offset that the checkpoint has which the next fit goes on from.
        self._resumed: int | None = None
        #: The first step behind all that a fit, or what followed it, has recorded.
        self._end = 0

    def follow(self, trainer: Any) -> None:
        """Hear of a Trainer from now on."""
        if trainer is not self.trainer:
            self._resumed = None
        self.trainer, self.kind = trainer, None

    def leave(self) -> None:
        """Forget the Trainer: what is logged now is the script's."""
        if self.trainer is not None and self.trainer in self._offsets:
            self._end = max(self._end, self.offset + (self.steps or 0))
        self.trainer, self.kind, self._resumed = None, None, None

    def fit_begins(self) -> int:
        """Hear that a fit begins, its Trainer set up; return by how much it is moved if it has just begun at 0."""
        steps, resumed, self._resumed = self.steps or 0, self._resumed, None
        if resumed is not None:
            self._offset, self._end = resumed, resumed + steps
        elif steps == 0:
            self._offset = self._end
        else:
            self._offset = self.offset
        self._offsets[self.trainer] = self._offset
        return self._offset if resumed is None and steps == 0 else 0

    @property
    def offset(self) -> int:
        """By how much the steps of the Trainer that is heard are moved."""
        return 0 if self.trainer is None else self._offsets.get(self.trainer, 0)

    def in_run(self, step: int | None) -> int | None:
        """Return the step in the run of a step of the Trainer's."""
        if step is None or self.trainer is None or self.trainer not in self._offsets:
            return step
        self._end = max(self._end, self.offset + (self.steps or 0) + 1)
        return step + self.offset

    def evaluating(self, stage: str, loader: int) -> None:
        """Hear that a batch of an evaluation begins."""
        self.kind, self._loader = stage, loader

    @property
    def steps(self) -> int | None:
        """How many batches have stepped the optimizer: Lightning's x axis. None without a Trainer."""
        loop = getattr(getattr(self.trainer, "fit_loop", None), "epoch_loop", None)
        count = getattr(loop, "_batches_that_stepped", None)
        return count if count is None else int(count)

    def is_connector(self, depth: int) -> bool:
        """Whether the caller, so many frames up, is Lightning itself, and no hook or callback of a user's."""
        method = getattr(type(getattr(self.trainer, "_logger_connector", None)), "log_metrics", None)
        return sys._getframe(depth + 1).f_code is getattr(method, "__code__", None)

    def placed(self, metrics: Mapping[str, Any], count: int, runs: AdapterRun) -> tuple[Mapping[str, Any], int]:
        """Return the values of an evaluation's batch with their place on an axis of their own, `validation_batch`.

        Args:
            metrics: the values; their axis is chosen when they come for the first time.
            count: Lightning's, from 0 on.
            runs: where they are recorded.
        """
        column = f"{self.kind}_batch"
        if column in metrics:  # somebody's own
            return metrics, count
        names = runs._names
        for name in metrics.keys() - self._placed:
            self._placed.add(name)
            runs.open()._define_axis(names.name(name), names.name(column))
        place = self._place(count)
        return {**metrics, column: place}, place

    def _place(self, count: int) -> int:
        key = f"{self.kind}/{self._loader}"
        before, last = self._last.get(key, (-1, -1))
        place = last + 1 if count <= before else last + count - before
        self._last[key] = count, place
        return place

    def counts(self) -> dict[str, int]:
        """Return how far the counters are, as plain values."""
        counts = {key: place for key, (_, place) in self._last.items()}
        return {**counts, "offset": self._offset} if self._offset else counts

    def restore(self, counts: Mapping[str, int] | None) -> None:
        """Go on where `counts` were taken; Lightning's own begin anew."""
        places = dict(counts or {})
        self._resumed = int(places.pop("offset", 0))
        self._last = {key: (sys.maxsize, int(place)) for key, place in places.items()}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "trainer": None, "kind": None, "_offsets": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _offsets=weakref.WeakKeyDictionary())
