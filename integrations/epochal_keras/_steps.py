"""At which step a Keras metric belongs: the optimizer's count of iterations, made to go on across fits and restarts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from epochal import Run

from ._values import as_array


class StepCounter:
    """Turns epochs and batches of any fit into steps of one run.

    The count is the optimizer's own. Where an optimizer starts anew (a model compiled again, or restored without its
    optimizer), what was counted before is added, so that nothing is recorded over earlier steps. A model that trains
    by other optimizers than its own is counted in batches.
    """

    def __init__(self, epoch_metric: str) -> None:
        self._epoch_metric = epoch_metric
        #: The last step of each epoch that this process has recorded.
        self._ends: dict[int, int] = {}
        self._last = 0
        self._offset = 0
        self._begin = 0
        self._steps: int | None = None
        self._parts = 1
        self._placed = False
        self._new_here = True

    def fit_begins(self) -> None:
        """A fit has begun; the epoch it begins with is still to come."""
        self._placed = False

    def epoch_begins(self, epoch: int, model: Any, params: Mapping[str, Any] | None, run: Run) -> None:
        """An epoch begins; with the first one of a fit it is known whether that goes on or back."""
        iterations = iterations_of(model)
        self._steps = (params or {}).get("steps")
        self._parts = int(getattr(model.optimizer, "gradient_accumulation_steps", None) or 1)
        if not self._placed:
            self._placed = True
            self._place(epoch, iterations, run)
        self._begin = max(self._offset + iterations, self._last)

    def epoch_ends(self, epoch: int, model: Any) -> int:
        """Return the step of an epoch's metrics."""
        step = self._offset + iterations_of(model)
        if step <= self._begin:  # its own optimizer does not step
            step = self._begin + (self._steps or 1)
        self._ends[epoch] = self._last = step
        return step

    def batch_ends(self, batch: int) -> int | None:
        """Return the step of a batch's metrics, None where gradients are gathered and the optimizer has not stepped.

        Args:
            batch: its number in the epoch; of several in one call, the last one's.
        """
        done = batch + 1 if self._steps is None else min(batch + 1, self._steps)
        return None if done % self._parts else self._begin + done // self._parts

    def now(self, model: Any) -> int:
        """Return the step at which the model stands."""
        return max(self._offset + iterations_of(model), self._last)

    def _place(self, epoch: int, iterations: int, run: Run) -> None:
        there, self._new_here = self._new_here, False
        earlier = _recorded(run, self._epoch_metric) if there else self._ends
        if earlier is None:
            return
        before = max((end for each, end in earlier.items() if each < epoch), default=0)
        if there:
            start = max(iterations, before)
            run.rewind(step=start + 1)
        elif epoch == 0:
            start = max(iterations, self._last)
        else:
            start = max(iterations, before)
            if start < self._last:
                run.rewind(step=start + 1)
        self._offset = start - iterations
        self._last = start
        self._ends = {each: end for each, end in earlier.items() if end <= start}


def iterations_of(model: Any) -> int:
    """Return how often the model's optimizer has stepped, 0 without one."""
    iterations = getattr(getattr(model, "optimizer", None), "iterations", None)
    return 0 if iterations is None else int(as_array(iterations))


def _recorded(run: Run, metric: str) -> dict[int, int] | None:
    """Return the last step of each epoch that earlier processes have recorded; None for a new run."""
    if run.disabled or len(list((run.folder / "journal").glob(f"main-{run.rank}-*.epochal"))) < 2:
        return None
    from epochal.recorded import RecordedRun

    recorded = RecordedRun(run.folder)
    if metric not in recorded.metrics:
        return {} if recorded.metrics else None
    history = recorded.history(metric)
    return {int(epoch): int(step) for step, epoch in zip(history.steps, history.values, strict=True)}
