"""`EpochalLogger`: Lightning's events become a run's metrics, config, checkpoints and state."""

from __future__ import annotations

import multiprocessing
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import Any

from lightning_utilities.core.rank_zero import rank_zero_only

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.callers import caller_locals
from epochal.errors import BadValueError
from epochal.metric_names import MetricNames
from epochal_torch import describe_model

from . import _namespaces
from ._checkpoints import PendingCheckpoints
from ._describe import datasets_of, describe_trainer
from ._ending import reason
from ._progress import STEP, Progress
from ._vocabulary import common_name
from ._watch import watch

_lightning = _namespaces.loggers_of(_namespaces.primary())
#: Ignores everything; Fabric's own where there is no Trainer.
_Nothing = getattr(_lightning, "DummyExperiment", None) or _lightning._DummyExperiment


def _rank() -> int:
    return getattr(rank_zero_only, "rank", None) or 0


class EpochalLogger(_lightning.Logger):  # type: ignore[name-defined]
    """Records what a Trainer or Fabric logs: `Trainer(logger=…)`, `Fabric(loggers=…)`, alone or among other loggers.

    The run is opened when a training begins: constructing creates nothing, and a dry run (`fast_dev_run`, the
    learning rate finder) leaves nothing behind. One logger is one run, across fit, validate, test and predict. It is
    finished when the script ends, by `finish()`, or as failed or interrupted when a fit is.

    `fit(ckpt_path=…)` goes on with the run that the checkpoint is of, also in a new process: what was recorded after
    the checkpoint is hidden, and kept. With Fabric, the logger itself goes into the state that is saved and loaded.
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
        log_model: bool | str = False,
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
            log_model: whether checkpoints are copied into the run: True copies those that are kept at the end, `"all"`
                each as it is written. They are recorded in any case.
            fingerprint: `"quick"` reads a dataset for a second at most, `"full"` all of it.

        Raises:
            BadValueError: a run and arguments to open another, a vocabulary or `log_model` that there is not, or no
                number of steps.
        """
        if log_model not in (False, True, "all"):
            raise BadValueError(f"log_model={log_model!r} is not known: give False, True, or 'all'")
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
        self._progress = Progress()
        self._pending = PendingCheckpoints(self._runs, self._progress, log_model)

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
        return _Nothing() if _rank() > 0 else self._open()

    @property
    def run(self) -> Any:
        """The same as `experiment`, but one that is finished is not opened again for being looked at."""
        known = self._runs._run
        return self.experiment if known is None or _rank() > 0 else known

    # What Lightning says

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Record metrics at the step that the Trainer gives: the count of batches that stepped the optimizer.

        Without a step they are recorded where the Trainer is, and where there is none, one after the last.
        """
        if _rank() > 0:
            return
        if self._runs.current is None:
            self._open()
        progress, trained = self._progress, None
        if progress.kind not in (None, STEP) and step is not None and progress.is_connector(1):
            metrics, step = progress.placed(metrics, step, self._runs)
        else:
            done = progress.steps
            trained = done + 1 if progress.kind is STEP and done is not None else None
            step = progress.in_run(done if step is None else step)
        self._runs.log(metrics, step=step, trained=trained)

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
        """Learn that fit, validate, test or predict has ended; `"finished"` says that SLURM will start it again."""
        trainer = self._progress.trainer
        if status != "finished":
            self._progress.leave()
        if _rank() > 0 or self._runs.current is None:
            return
        self._pending.settle()
        self._pending.keep(trainer)
        if status == "finished":
            return  # and until it is killed, this training goes on
        if status == "failed":
            self._runs.finish(reason(), exit_code=1)
        elif multiprocessing.parent_process() is not None:
            self._runs.finish()  # a spawned worker, which may end without running exit handlers
        else:
            self._runs.rest()

    def finish(self) -> None:
        """Finish the run now, if this logger opened it."""
        self._pending.settle()
        self._runs.finish()

    # What Fabric saves and loads with the rest of a training's state

    def state_dict(self) -> dict[str, Any]:
        """Return the run's id and position, for `fabric.save(path, {"logger": logger, …})`."""
        return {} if _rank() > 0 else self._open().position()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with the run that `fabric.load` has read the position of; what was recorded after it is hidden."""
        if _rank() > 0 or not state.get("run"):
            return
        found = caller_locals("load", "path", accept=lambda fabric: self in getattr(fabric, "_loggers", ()))
        self._runs.resume(state, beside=(found or {}).get("path"))

    # What the trainer's callback says (see _watch)

    def _stage_started(self, trainer: Any, module: Any, stage: str) -> None:
        """Describe what takes part, once everything is set up and before the first metric of the stage."""
        self._open()
        moved = self._progress.fit_begins() if stage == "train" else 0
        if moved:
            text = f"this fit counts from step 0 again: it is recorded behind the one before, from step {moved} on"
            self._runs.open().notice("steps", text)
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
        if self._progress.trainer is None:
            found = caller_locals("_run", "self", "ckpt_path", accept=self._is_logger_of)
            if found is not None:
                self._follow(found["self"])
                self._pending.resume_from(found["self"], found.get("ckpt_path"))
        return self._runs.open()

    def _is_logger_of(self, trainer: Any) -> bool:
        loggers = getattr(trainer, "loggers", None)
        return isinstance(loggers, list) and any(each is self for each in loggers)

    def _follow(self, trainer: Any) -> None:
        """Hear of what a trainer tells its callbacks only."""
        _namespaces.make_known(type(self))
        self._progress.follow(trainer)
        watch(trainer, self)

    def __getstate__(self) -> dict[str, Any]:
        # who unpickles this in a process that Lightning spawns shall write the same run
        self._runs.fix_id()
        return self.__dict__.copy()
