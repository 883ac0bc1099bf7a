"""At which step a Keras metric belongs: the optimizer's count of iterations, made to go on across fits and restarts."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Final

from epochal import Run
from epochal.metric_names import MetricNames

from ._values import as_array

#: What the number of the epoch is recorded as, and where a metric of the user's is called so.
_EPOCH: Final = "epoch"
_OTHER_EPOCH: Final = "keras_epoch"


class StepCounter:
    """Turns epochs and batches of any fit into steps of one run.

    The count is the optimizer's own. Where an optimizer starts anew (a model compiled again, another model, or one
    restored without its optimizer), what was counted before is added, so that nothing is recorded over earlier steps.
    A model that trains by other optimizers than its own is counted in batches.

    Attributes:
        run: the id of the run that it counts for.
        training: a fit has begun and, as far as is known, not ended.
        batches: how many an epoch of the present fit has, None where that is not known.
    """

    def __init__(self, run: str, epoch_metrics: Sequence[str]) -> None:
        self.run = run
        self.training = False
        self.batches: int | None = None
        self._epoch_metrics = epoch_metrics
        #: The last step of each epoch that this process has recorded.
        self._ends: dict[int, int] = {}
        self._last = 0
        self._offset = 0
        self._begin = 0
        self._parts = 1
        self._phase = 0
        self._at_once = 1
        self._placed = False
        self._broken = False
        self._new_here = True
        #: How often each optimizer had stepped when it was last seen.
        self._seen: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

    def fit_begins(self, params: Mapping[str, Any] | None) -> None:
        """A fit has begun; the epoch it begins with is still to come."""
        self._broken, self.training = self.training, True
        self._placed = False
        self.batches = (params or {}).get("steps")

    def epoch_begins(self, epoch: int, model: Any, run: Run) -> None:
        """An epoch begins; with the first one of a fit it is known whether that goes on or back."""
        raw, self._parts = _raw_iterations(model)
        self._phase = raw % self._parts
        self._at_once = int(getattr(model, "steps_per_execution", None) or 1)
        iterations = raw // self._parts
        if not self._placed:
            self._placed = True
            self._place(epoch, iterations, run, _optimizer(model))
        self._begin = max(self._offset + iterations, self._last)
        self._see(model, iterations)

    def epoch_ends(self, epoch: int, model: Any, batches: int | None = None) -> int:
        """Return the step of an epoch's metrics.

        Args:
            epoch: its number.
            model: the one that was trained.
            batches: how many there were, where Keras did not know it before.
        """
        iterations = iterations_of(model)
        step = self._offset + iterations
        if step <= self._begin:  # its own optimizer does not step
            step = self._begin + (self.batches or batches or 1)
        self._ends[epoch] = self._last = step
        self._see(model, iterations)
        return step

    def batch_ends(self, batch: int) -> tuple[int, int]:
        """Return the steps done before and after what Keras calls a batch: after the same number, none was taken.

        It may run in several threads and in any order, so it is worked out from the number alone.

        Args:
            batch: its number in the epoch; of several in one call, the last one's, which may lie beyond the end.
        """
        done = batch + 1 if self.batches is None else min(batch + 1, self.batches)
        before = max(batch + 1 - self._at_once, 0)
        return tuple(self._begin + (self._phase + each) // self._parts for each in (before, done))  # type: ignore[return-value]

    def now(self, model: Any, run: Run) -> int:
        """Return the step at which the model stands; of one that knows none, the last of the run."""
        if self._new_here and not self._last:
            self._last = max((_recorded(run, self._epoch_metrics) or {}).values(), default=0)
            return iterations_of(model) or self._last
        optimizer, iterations = _optimizer(model), iterations_of(model)
        known = iterations if optimizer is None else self._seen.get(optimizer, iterations)
        return self._last + max(iterations - known, 0)

    def _place(self, epoch: int, iterations: int, run: Run, optimizer: Any) -> None:
        there, self._new_here = self._new_here, False
        earlier = _recorded(run, self._epoch_metrics) if there else self._ends
        if earlier is None:
            return
        before = max((end for each, end in earlier.items() if each < epoch), default=0)
        known = None if optimizer is None else self._seen.get(optimizer)
        if there:
            start = max(iterations, before)
            run.rewind(step=start + 1)
        elif known is not None and iterations >= known:  # it goes on, whatever its epoch is called
            start = self._last + iterations - known
        elif epoch == 0:
            start = self._last
        else:
            after = min((end for each, end in earlier.items() if each >= epoch), default=self._last)
            within = (each for each in (self._offset + iterations, iterations) if before <= each <= after)
            start = next(within, before)
        if not there and (start < self._last or self._broken):
            run.rewind(step=start + 1)
        self._offset = start - iterations
        self._last = start
        self._ends = {each: end for each, end in earlier.items() if end <= start}

    def _see(self, model: Any, iterations: int) -> None:
        optimizer = _optimizer(model)
        if optimizer is not None:
            self._seen[optimizer] = iterations

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_seen": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _seen=weakref.WeakKeyDictionary())


#: One for each run that is open here, so that several callbacks with one run go on behind each other.
_counters: weakref.WeakKeyDictionary[Run, StepCounter] = weakref.WeakKeyDictionary()


def counter_of(run: Run, names: MetricNames, own: StepCounter | None) -> StepCounter:
    """Return the counter of a run: a callback's own if it is of that run (which was opened again), else the shared."""
    if own is not None and own.run == run.id:
        return _counters.setdefault(run, own)
    epochs = [names.name(each) for each in (_OTHER_EPOCH, _EPOCH)]
    return _counters.setdefault(run, StepCounter(run.id, epochs))


def with_epoch(epoch: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an epoch's metrics with its number before them, under another name where a metric of the user's has it."""
    return {_OTHER_EPOCH if _EPOCH in row else _EPOCH: epoch, **row}


def iterations_of(model: Any) -> int:
    """Return how often the model's optimizer has stepped, 0 without one."""
    raw, parts = _raw_iterations(model)
    return raw // parts


def _raw_iterations(model: Any) -> tuple[int, int]:
    """Return how many batches the optimizer has seen, and from how many gradients it gathers for a step."""
    optimizer = _optimizer(model)
    # what `iterations` gives is of batches before Keras 3.3 and of steps from then on, where gradients are gathered
    count = getattr(optimizer, "_iterations", None)
    if count is None:
        count = getattr(optimizer, "iterations", None)
    parts = int(getattr(optimizer, "gradient_accumulation_steps", None) or 1)
    return (0 if count is None else int(as_array(count))), parts


def _optimizer(model: Any) -> Any:
    """Return a model's optimizer: of one that scales the loss, the one within, which alone steps."""
    optimizer = getattr(model, "optimizer", None)
    return getattr(optimizer, "inner_optimizer", optimizer)


def _recorded(run: Run, metrics: Sequence[str]) -> dict[int, int] | None:
    """Return the last step of each epoch that earlier processes have recorded; None for a new run."""
    if run.disabled or len(list((run.folder / "journal").glob(f"main-{run.rank}-*.epochal"))) < 2:
        return None
    from epochal.recorded import RecordedRun

    recorded = RecordedRun(run.folder)
    metric = next((each for each in metrics if each in recorded.metrics), None)
    if metric is None:
        return {} if recorded.metrics else None
    history = recorded.history(metric)
    return {int(epoch): int(step) for step, epoch in zip(history.steps, history.values, strict=True)}
