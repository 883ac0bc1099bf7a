"""`EpochalCallback`: Keras' events become a run's metrics, config, checkpoints and state."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import keras

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.metric_names import MetricNames

from ._backup import Backup
from ._calls import Call, SeenData, call_of, callbacks_around
from ._checkpoints import Checkpoints, Moment
from ._describe import learning_rates
from ._description import Description
from ._ranks import rank_here
from ._steps import StepCounter, counter_of, with_epoch
from ._stopping import why_stopped
from ._vocabulary import Words, common_name

#: What belongs to a fit that is going on, and hooks that are put on an object: copies have none of it.
_OF_ONE_FIT: Final = ("_model", "_checkpoints", "_backup", "on_train_batch_end", "async_safe")


class EpochalCallback(keras.callbacks.Callback):
    """Records what `fit`, `evaluate` and `predict` report; pass it as `callbacks=[EpochalCallback()]`.

    The run is opened when a training begins: constructing creates nothing. Metrics are recorded at the end of each
    epoch, at the optimizer's count of iterations, with the epoch beside them. Further fits go on in the same run,
    one behind the other, and a standalone `evaluate` writes into it as `test_…`. It is finished when the script ends
    or by `finish()`; Keras tells no callback of an exception, so that is known when it ends the script.

    Beside a `BackupAndRestore` a new process goes on with the run of the backup; else give the run's id. What was
    recorded after the epoch that `fit` begins with is hidden then, and kept.
    """

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
            log_every: record the metrics of every n-th step too. They are what Keras gives: running means since the
                epoch began.
            dataset: name to data, to be fingerprinted instead of what Keras was given: `{"train": (x, y)}`.
            fingerprint: `"quick"` reads a dataset for a second at most, `"full"` all of it.

        Raises:
            BadValueError: a run and arguments to open another, a vocabulary that there is not, or no number of steps.
        """
        super().__init__()
        self._names = MetricNames(prefix, vocabulary, common_name)
        self._words = Words(common=vocabulary == "common")
        self._runs = AdapterRun(
            run,
            names=self._names,
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
        self._every = log_every
        self._dataset = dataset
        self._fingerprint = fingerprint
        self._seen = SeenData()
        self._steps: StepCounter | None = None
        self._description = Description(self._runs)
        self._epoch, self._epochs = 0, 1
        self._validated: frozenset[str] = frozenset()
        self._checkpoints: Checkpoints | None = None
        self._backup: Backup | None = None
        self._hook_batches()

    # What Keras says

    def on_train_begin(self, logs: Any = None) -> None:
        """Open the run and describe what takes part."""
        callbacks = callbacks_around(self)
        self._backup = Backup(callbacks)
        run, steps = self._open(self._backup.run)
        if steps.training:
            run.notice("training", "the training before this one did not end: an exception left it")
        params = dict(self.params or {})
        self._epochs = params.get("epochs") or 1
        steps.fit_begins(params)
        self._validated = frozenset()
        call = call_of(self._model, "fit")
        self._description.of(self.model, params, call, [each for each in callbacks if each is not self])
        self._use_datasets(call)
        self._checkpoints = None
        with self._runs.guard("checkpoints"):
            self._checkpoints = Checkpoints(self._runs, self._names, self._words, self, callbacks)
            self._backup.mark(run)
        self._hook_batches()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Find out at which step a fit begins; a fit that goes back hides what was recorded after it."""
        run, steps = self._open()
        self._settle()
        self._epoch, self._validated = epoch, frozenset()
        with self._runs.guard("steps"):
            steps.epoch_begins(epoch, self.model, run)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record the metrics of an epoch."""
        logs = {} if logs is None else logs
        _, steps = self._open()
        row = with_epoch(epoch, self._words.epoch(logs, self._validated))
        with self._runs.guard("learning rate"):
            for name, rate in learning_rates(self.model):
                row.setdefault(self._words.own(name), rate)
        with self._runs.guard("metrics"):
            call = None if steps.batches else call_of(self._model, "fit")
            step = steps.epoch_ends(epoch, self.model, None if call is None else call.batches)
            self._runs.log(row, step=step)
            self._wrote(Moment(step, epoch, None, logs, self._validated))
        self._description.complete(self.model)

    def on_train_end(self, logs: Any = None) -> None:
        """Leave the run open for what the script does next."""
        run, steps = self._open()
        steps.training = False
        self._settle()
        with self._runs.guard("stopping"):
            why = why_stopped(self.model, self._epoch, self._epochs, callbacks_around(self))
            if why is not None:
                run.notice("stopped", **why)
        self._checkpoints = self._backup = None
        self._runs.rest()

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Record a standalone `evaluate`; `fit` gives its own in the epoch's metrics."""
        call = call_of(self._model, "evaluate")
        if call is not None and call.is_validation:
            self._validated = frozenset(logs or ())
            return
        self._alone(call)
        with self._runs.guard("metrics"):
            run, steps = self._open()
            self._runs.log(self._words.tested(logs or {}), step=steps.now(self.model, run))

    def on_predict_end(self, logs: Any = None) -> None:
        """Record what was predicted on, and no prediction."""
        call = call_of(self._model, "predict")
        self._alone(call)
        count = (self.params or {}).get("steps") or (None if call is None else call.batches)
        if count is not None:
            self._runs.open().config.update({"datasets": {"predict": {"batches": count}}})

    def finish(self) -> None:
        """Finish the run now, if this callback opened it."""
        self._settle()
        self._runs.finish()

    @property
    def run(self) -> Run:
        """The run, opened if need be; one that is finished is not opened again for being looked at."""
        return self._runs._run or self._open()[0]

    # Within

    def _open(self, of_backup: tuple[dict[str, Any], Any] | None = None) -> tuple[Run, StepCounter]:
        """Return the run and its counter of steps; of a backup's run, that one, if it can be had."""
        if self._runs.current is None:
            rank = rank_here()
            if rank.rank:
                self._runs.hint(rank=rank.rank)
        if of_backup is None:
            run = self._runs.open()
        else:
            run = self._runs.resume(of_backup[0], beside=of_backup[1], cut=False)
        self._steps = counter_of(run, self._names, self._steps)
        return run, self._steps

    def _alone(self, call: Call | None) -> None:
        """Describe what takes part in an `evaluate` or `predict`; within a fit (of a callback's) that is known."""
        self._open()
        if call_of(self._model, "fit") is None:
            self._runs.rest()
            self._description.of(self.model, {}, call, [], again=False)
        self._use_datasets(call)

    def _use_datasets(self, call: Call | None) -> None:
        """Fingerprint what a call was given; what is named by the user stands for all of it, once."""
        with self._runs.guard("datasets"):
            run, given = self._runs.open(), {} if call is None else call.datasets
            for name, data in (given if self._dataset is None else self._dataset).items():
                if not self._seen.is_new(name, data) and self._fingerprint != "full":
                    continue
                found = run.use_dataset(name, data, fingerprint=self._fingerprint)
                if found.get("coverage") == "none" and self._dataset is None:
                    why = f"{found.get('why')}; EpochalCallback(dataset={{{name!r}: …}}) takes them"
                    run.config.update({"datasets": {name: {"why": why}}})

    def _batch_ended(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Record every n-th step's metrics, as Keras gives them: means since the epoch began.

        Any thread may call it, in any order: all is worked out from the batch's number.
        """
        steps = self._steps
        if steps is not None:
            before, step = steps.batch_ends(batch)
            if self._every is not None and logs and step // self._every > before // self._every:
                self._runs.log(self._words.trained(logs), step=step)
            if self._checkpoints is not None and self._by_batches:
                self._wrote(Moment(step, self._epoch, batch, logs or {}))
        type(self).on_train_batch_end(self, batch, logs)  # of a class that is derived from this one

    @property
    def _by_batches(self) -> bool:
        """Whether files are written within epochs: then Keras has each batch's metrics converted already."""
        return any(each is not None and each.by_batches for each in (self._checkpoints, self._backup))

    def _hook_batches(self) -> None:
        """Have a batch hook only where there is use for one.

        With one, Keras makes the device wait for each batch's metrics; it looks at the object, not at its class.
        """
        self.__dict__.pop("on_train_batch_end", None)
        if self._every is not None or self._by_batches:
            self.__dict__["on_train_batch_end"] = self._batch_ended
        if self._every is not None and type(self).on_train_batch_end is keras.callbacks.Callback.on_train_batch_end:
            self.__dict__["async_safe"] = True

    def _wrote(self, moment: Moment) -> None:
        """See what the other callbacks have written."""
        with self._runs.guard("checkpoints"):
            if self._checkpoints is not None:
                self._checkpoints.at(moment)
            if self._backup is not None:
                self._backup.mark(self._runs.open())

    def _settle(self) -> None:
        with self._runs.guard("checkpoints"):
            if self._checkpoints is not None:
                self._checkpoints.settle()
            if self._backup is not None and self._runs.current is not None:
                self._backup.mark(self._runs.open())

    # Copies

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name not in _OF_ONE_FIT}
        return {**state, "_model": None, "_checkpoints": None, "_backup": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._hook_batches()

    def __deepcopy__(self, memo: dict[int, Any]) -> EpochalCallback:
        memo[id(self._dataset)] = self._dataset  # the user's data is not copied for each trial of a search
        copied = object.__new__(type(self))
        copied.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        return copied
