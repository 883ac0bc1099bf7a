"""`EpochalLogger`: Lightning's events become a run's metrics, config, checkpoints and state."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.callers import caller_locals
from epochal.metric_names import MetricNames
from epochal_torch import describe_model

from . import _namespaces
from ._checkpoints import PendingCheckpoints, position_in
from ._describe import datasets_of, describe_trainer
from ._vocabulary import common_name
from ._watch import watch

_lightning = _namespaces.loggers_of(_namespaces.primary())


def _rank() -> int:
    from lightning_utilities.core.rank_zero import rank_zero_only

    return getattr(rank_zero_only, "rank", None) or 0


def _reason() -> BaseException | None:
    """Return the exception that ends a fit; Lightning's own for SIGTERM, a SystemExit without a status, gets one."""
    error = sys.exc_info()[1]
    if type(error).__name__ == "SIGTERMException" and error is not None:
        return SystemExit(128 + signal.SIGTERM).with_traceback(error.__traceback__)
    return error


class EpochalLogger(_lightning.Logger):  # type: ignore[name-defined]
    """Records what a Trainer logs; pass it as `Trainer(logger=…)`, alone or among other loggers.

    The run is opened when a training begins: constructing creates nothing, and a dry run (`fast_dev_run`, the
    learning rate finder) leaves nothing behind. One logger is one run, across fit, validate, test and predict. It is
    finished when the script ends, by `finish()`, or as failed or interrupted when a fit is.

    `fit(ckpt_path=…)` goes on with the run that the checkpoint is of, also in a new process: what was recorded after
    the checkpoint is hidden, and kept.
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
        fingerprint: str = "quick",
    ) -> None:
        """Keep how to open the run.

        Args:
            run: a run that is open already; it stays yours to finish.
            project: this and what follows up to `notes` as in `epochal.init`.
            name: the run's name.
            config: settings; the hyperparameters of module and data module are added.
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
            log_every: record the metrics of training steps at every n-th step only, at most as often as the Trainer
                gives them.
            fingerprint: `"quick"` reads a dataset for a second at most, `"full"` all of it.

        Raises:
            BadValueError: a run and arguments to open another, a vocabulary that there is not, or no number of steps.
        """
        super().__init__()
        _namespaces.make_known(type(self))
        self._runs = AdapterRun(
            run,
            names=MetricNames(prefix, vocabulary, common_name),
            log_every=log_every,
            rank=0,
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
        self._fingerprint = fingerprint
        self._in_trainer = False
        self._pending = PendingCheckpoints(self._runs)

    # What Lightning asks

    @property
    def name(self) -> str:
        """Empty: `save_dir` is this run's own folder already, so checkpoints lie in `<run folder>/checkpoints`."""
        return ""

    @property
    def version(self) -> str:
        """Empty, as `name` is; the run's id is `logger.experiment.id`."""
        return ""

    @property
    def save_dir(self) -> str | None:
        """The run's folder; None (the Trainer's own default) where nothing is recorded."""
        if _rank() > 0:
            return None
        run = self._open()
        return None if run.disabled else str(run.folder)

    @property
    def root_dir(self) -> str | None:
        """The run's folder."""
        return self.save_dir

    @property
    def log_dir(self) -> str | None:
        """The run's folder."""
        return self.save_dir

    @property
    def experiment(self) -> Any:
        """The `Run`, opened if need be; on ranks above zero an object that ignores everything."""
        return _lightning.DummyExperiment() if _rank() > 0 else self._open()

    @property
    def run(self) -> Any:
        """The same as `experiment`."""
        return self.experiment

    # What Lightning says

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Record metrics at the step that the Trainer gives: the count of batches that stepped the optimizer."""
        if _rank() > 0:
            return
        if self._runs.current is None:
            self._open()
        self._runs.log(metrics, step=step)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Write hyperparameters into the config, at its top level."""
        if _rank() > 0 or params is None:
            return
        self._open()
        with self._runs.guard("hyperparameters"):
            self._runs.hyperparameters(vars(params) if isinstance(params, Namespace) else dict(params))

    def log_graph(self, model: Any, input_array: Any = None) -> None:
        """Write what the model is made of into the config."""
        if _rank() > 0:
            return
        self._open()
        trainer = getattr(model, "_trainer", None)
        if trainer is not None:
            self._follow(trainer)
        with self._runs.guard("model"):
            self._runs.describe({"model": describe_model(model)}, again=False)

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Record the checkpoint that was just written; what is kept is copied at once."""
        if _rank() == 0:
            with self._runs.guard("checkpoint"):
                self._pending.written(checkpoint_callback)

    def save(self) -> None:
        """Do nothing: what was logged is kept already."""

    def finalize(self, status: str) -> None:
        """Learn that fit, validate, test or predict has ended."""
        self._in_trainer = False
        if _rank() > 0 or self._runs.current is None:
            return
        self._pending.settle()
        if status == "failed":
            self._runs.finish(_reason(), exit_code=1)
        elif multiprocessing.parent_process() is not None:
            self._runs.finish()  # a spawned worker, which may end without running exit handlers
        else:
            self._runs.rest()

    def finish(self) -> None:
        """Finish the run now, if this logger opened it."""
        self._pending.settle()
        self._runs.finish()

    # What the trainer's callback says (see _watch)

    def _stage_started(self, trainer: Any, module: Any, stage: str) -> None:
        """Describe what takes part, once everything is set up and before the first metric of the stage."""
        self._open()
        with self._runs.guard("trainer"):
            self._runs.describe(describe_trainer(trainer), again=stage == "train")
        with self._runs.guard("model"):
            self._runs.describe({"model": describe_model(module)}, again=stage == "train")
        with self._runs.guard("datasets"):
            run = self._runs.open()
            for name, dataset in datasets_of(trainer, stage):
                run.use_dataset(name, dataset, fingerprint=self._fingerprint)

    def _checkpoint_being_written(self, trainer: Any, checkpoint: dict[str, Any]) -> None:
        run = self._runs.current
        if run is None or run.disabled or not any(each is self for each in trainer.loggers):
            return
        with self._runs.guard("checkpoint"):
            checkpoint["epochal"] = self._pending.begin(run, trainer)

    # Within

    def _open(self) -> Run:
        if not self._in_trainer:
            found = caller_locals("_run", "self", "ckpt_path", accept=self._is_logger_of)
            if found is not None:
                self._follow(found["self"])
                self._resume_from(found["self"], found.get("ckpt_path"))
        return self._runs.open()

    def _is_logger_of(self, trainer: Any) -> bool:
        loggers = getattr(trainer, "loggers", None)
        return isinstance(loggers, list) and any(each is self for each in loggers)

    def _follow(self, trainer: Any) -> None:
        """Hear of what a trainer tells its callbacks only."""
        self._in_trainer = True
        watch(trainer, self)

    def _resume_from(self, trainer: Any, ckpt_path: Any) -> None:
        if not ckpt_path or trainer.state.fn.value != "fit":
            return
        position = None
        with self._runs.guard("resume"):
            position = position_in(ckpt_path)
        if position:
            self._pending.resume(position, ckpt_path)

    def __getstate__(self) -> dict[str, Any]:
        # who unpickles this in a process that Lightning spawns shall write the same run
        self._runs.fix_id()
        return {**self.__dict__, "_in_trainer": False}
