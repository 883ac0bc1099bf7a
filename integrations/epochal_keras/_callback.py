"""`EpochalCallback`: Keras' events become a run's metrics, config and state."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.callers import caller_locals
from epochal.metric_names import MetricNames

from ._describe import datasets_in_fit, describe_model, describe_training, learning_rate
from ._steps import StepCounter
from ._vocabulary import common_name


class EpochalCallback(keras.callbacks.Callback):
    """Records what `fit` and `evaluate` report; pass it as `callbacks=[EpochalCallback()]`.

    The run is opened when a training begins: constructing creates nothing. Metrics are recorded at the end of each
    epoch, at the optimizer's count of iterations, with the epoch beside them. Further fits go on in the same run,
    one behind the other, and a standalone `evaluate` writes into it as `test_…`. It is finished when the script ends
    or by `finish()`; Keras tells no callback of an exception, so that is known when it ends the script.

    To go on with a run in a new process, give its id: what was recorded after the epoch that `fit` begins with
    (`initial_epoch=`, `BackupAndRestore`) is hidden, and kept.
    """

    def __new__(cls, *args: Any, log_every: int | None = None, **kwargs: Any) -> Any:
        # Keras converts the metrics of each batch, and makes the device wait for it, if any callback has a batch hook
        if log_every is not None and cls is EpochalCallback:
            cls = EpochalBatchCallback  # noqa: PLW0642
        return super().__new__(cls)

    def __init__(
        self,
        run: Run | None = None,
        *,
        project: str | None = None,
        name: str | None = None,
        config: Any = None,
        dir: str | os.PathLike[str] | None = None,
        id: str | None = None,
        resume: str | None = None,
        mode: str | None = None,
        group: str | None = None,
        job_type: str | None = None,
        tags: Sequence[str] = (),
        notes: str | None = None,
        prefix: str = "",
        vocabulary: str | None = None,
        log_every: int | None = None,
        dataset: Mapping[str, Any] | None = None,
        fingerprint: str = "quick",
    ) -> None:
        """Keep how to open the run.

        Args:
            run: a run that is open already; it stays yours to finish.
            project: this and what follows up to `notes` as in `epochal.init`.
            name: the run's name.
            config: settings.
            dir: the runs folder.
            id: the run's id.
            resume: `"allow"` or `"must"` to go on with the run of that id.
            mode: `"disabled"` records nothing.
            group: joins runs that belong together.
            job_type: what the run does.
            tags: short words to find it by.
            notes: free text.
            prefix: put before each metric's name, as it is.
            vocabulary: `"common"` records under the words that all frameworks share (`train/loss`, `val/loss`, `lr`).
            log_every: record the metrics of every n-th batch too. They are what Keras gives: running means since the
                epoch began.
            dataset: name to data, to be fingerprinted instead of what `fit` was given: `{"train": (x, y)}`.
            fingerprint: `"quick"` reads a dataset for a second at most, `"full"` all of it.

        Raises:
            BadValueError: a run and arguments to open another, a vocabulary that there is not, or no number of steps.
        """
        super().__init__()
        names = MetricNames(prefix, vocabulary, common_name)
        self._runs = AdapterRun(
            run,
            names=names,
            log_every=log_every,
            project=project,
            name=name,
            config=config,
            dir=dir,
            id=id,
            resume=resume,
            mode=mode,
            group=group,
            job_type=job_type,
            tags=tuple(tags),
            notes=notes,
        )
        self._dataset = dataset
        self._fingerprint = fingerprint
        self._steps = StepCounter(names.name("epoch"))
        self._training = False
        self._described = False

    # What Keras says

    def on_train_begin(self, logs: Any = None) -> None:
        """Open the run and describe what takes part."""
        run = self._runs.open()
        if self._training:
            run.notice("training", "the training before this one did not end: an exception left it")
        self._training = True
        self._describe(again=True)
        self._steps.fit_begins()
        with self._runs.guard("datasets"):
            data = self._dataset if self._dataset is not None else datasets_in_fit(self._model)
            for name, each in data.items():
                run.use_dataset(name, each, fingerprint=self._fingerprint)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Find out at which step a fit begins; a fit that goes back hides what was recorded after it."""
        with self._runs.guard("steps"):
            self._steps.epoch_begins(epoch, self.model, self.params, self._runs.open())

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the metrics of an epoch."""
        row = dict(logs or {})
        row.setdefault("epoch", epoch)
        with self._runs.guard("learning rate"):
            rate = learning_rate(self.model)
            if rate is not None:
                row.setdefault("learning_rate", rate)
        self._runs.log(row, step=self._steps.epoch_ends(epoch, self.model))

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the run open for what the script does next."""
        self._training = False
        self._runs.rest()

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Record a standalone `evaluate`; `fit` gives its own in the epoch's metrics."""
        if caller_locals("fit", accept=lambda model: model is self._model) is not None:
            return
        self._training = False
        self._runs.open()
        if not self._described:
            self._describe(again=False)
        tested = {f"test_{name}": value for name, value in (logs or {}).items()}
        self._runs.log(tested, step=self._steps.now(self.model))
        self._runs.rest()

    def finish(self) -> None:
        """Finish the run now, if this callback opened it."""
        self._runs.finish()

    @property
    def run(self) -> Run:
        """The run, opened if need be."""
        return self._runs.open()

    # Within

    def _describe(self, *, again: bool) -> None:
        self._described = True
        with self._runs.guard("model"):
            self._runs.describe({"model": describe_model(self.model)}, again=again)
        with self._runs.guard("training"):
            self._runs.describe(describe_training(self.model, self.params), again=again)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_model": None}


class EpochalBatchCallback(EpochalCallback):
    """An `EpochalCallback` that was asked for batches too.

    Its batch hook may run in any thread and order (Keras dispatches them so on torch and JAX): the step is worked out
    from the batch's number alone.
    """

    async_safe = True

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record every n-th batch's metrics, as Keras gives them: means since the epoch began."""
        step = self._steps.batch_ends(batch)
        if logs and step is not None:
            self._runs.log(logs, step=step, trained=step)
