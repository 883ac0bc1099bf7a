"""Where a Trainer is: of what the values are that it gives its loggers next, and on which counter."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from epochal.adapter import AdapterRun

#: What the values are of, while they are not an epoch's, a whole validation's, or a script's own.
STEP: Final = "step"


class Progress:
    """What the logger's callback has heard of its Trainer.

    Lightning gives the values of an evaluation's batches at a counter of the evaluation loop, which begins anew with
    each `validate`, `test` and resumed fit. `placed` continues it, so that each batch has a place of its own.

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

    def follow(self, trainer: Any) -> None:
        """Hear of a Trainer from now on."""
        self.trainer, self.kind = trainer, None

    def leave(self) -> None:
        """Forget the Trainer: what is logged now is the script's."""
        self.trainer, self.kind = None, None

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
            runs.open().define_metric(names.name(name), step=names.name(column))
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
        return {key: place for key, (_, place) in self._last.items()}

    def restore(self, counts: Mapping[str, int] | None) -> None:
        """Go on where `counts` were taken; Lightning's own begin anew."""
        self._last = {key: (sys.maxsize, int(place)) for key, place in (counts or {}).items()}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "trainer": None, "kind": None}
