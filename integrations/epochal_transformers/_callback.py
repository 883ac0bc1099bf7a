"""`EpochalCallback`: the events of Hugging Face's Trainer become a run's metrics, config, checkpoints and state."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import TrainerCallback

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.metric_names import MetricNames
from epochal.names import new_run_id

from ._checkpoints import checkpoint_folder, judged_by, position_in, resumed_from, write_position
from ._describe import describe_training, evaluation_of
from ._vocabulary import common_name


class EpochalCallback(TrainerCallback):
    """Records what a Trainer logs; pass it as `callbacks=[EpochalCallback()]`, or name it by `report_to="epochal"`.

    The run is opened when a training or an evaluation begins: constructing creates nothing. `evaluate` and `predict`
    after a training write into its run; another training gets a run of its own, as does each trial of a
    hyperparameter search. A run is finished when the script ends, when the next one begins, or by `finish()`; the
    Trainer tells no callback of an exception, so that is known when it ends the script.

    `train(resume_from_checkpoint=…)` goes on with the run that the checkpoint is of, also in a new process: what was
    recorded after the checkpoint is hidden, and kept.
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
            name: the run's name; by default the training arguments' `run_name`.
            config: settings; the training arguments and the model's config are added.
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
        self._training = False
        self._trained = False
        self._described = False
        self._search: str | None = None
        self._datasets: dict[str, Any] = {}

    # What the Trainer says

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Open the run, new or the one that training goes on with, and describe what takes part."""
        if not state.is_world_process_zero:
            return
        self._begin_run(args, state)
        self._training = self._trained = True
        self._describe(args, kwargs, again=True)
        self._use_dataset("train", kwargs.get("train_dataloader"))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Record what the Trainer logs, at the count of optimizer steps."""
        if not state.is_world_process_zero or not logs:
            return
        if not self._described:
            self._begin_evaluation(args, kwargs)
        row = dict(logs)
        if "train_runtime" in row and state.total_flos:
            row.setdefault("total_flos", state.total_flos)  # another callback may have taken it out
        evaluation = evaluation_of(row)
        if evaluation is not None:
            self._use_dataset(evaluation, kwargs.get("eval_dataloader"))
        trained = state.global_step if evaluation is None and "loss" in row else None
        self._runs.log(row, step=state.global_step, trained=trained)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave the run open; `on_log` has given the metrics."""
        if not self._training:
            self._runs.rest()

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """Record the metrics of `predict`, which the Trainer does not log."""
        if not state.is_world_process_zero:
            return
        if not self._described:
            self._begin_evaluation(args, kwargs)
        self._use_dataset("test", kwargs.get("eval_dataloader"))
        self._runs.log(dict(metrics or {}), step=state.global_step)
        if not self._training:
            self._runs.rest()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Put the position into the checkpoint's folder, and record the checkpoint."""
        run = self._runs.current
        if not state.is_world_process_zero or run is None or run.disabled:
            return
        with self._runs.guard("checkpoint"):
            folder = checkpoint_folder(args, state)
            if folder is not None:
                position = run.position()
                metrics, goal = judged_by(args, state)
                known = {"epoch": state.epoch, "position": position}
                try:
                    write_position(folder, position)
                finally:  # behind it: what is recorded is the folder with all its files
                    self._runs.checkpoint(folder, step=state.global_step, metrics=metrics, goal=goal, **known)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave the run open for an evaluation, and for what the script does next."""
        self._training = False
        if state.is_world_process_zero:
            self._runs.rest()

    def finish(self) -> None:
        """Finish the run now, if this callback opened it."""
        self._runs.finish()

    @property
    def run(self) -> Run:
        """The run, opened if need be."""
        return self._runs.open()

    # Within

    def _begin_run(self, args: Any, state: Any) -> None:
        self._described = False
        name = getattr(args, "run_name", None)
        if name and name != args.output_dir:
            self._runs.hint(name=name)
        if state.is_hyper_param_search:
            self._begin_trial(state)
        checkpoint = resumed_from(self, args, state)
        position = None
        if checkpoint is not None:
            with self._runs.guard("resume"):
                position = position_in(checkpoint)
        if position:
            self._runs.resume(position, beside=checkpoint)
        elif self._training:
            # the training before did not end: the Trainer tries again with smaller batches, or the script does
            self._runs.open().rewind(step=state.global_step)
        else:
            if self._trained:
                self._runs.renew()
            self._runs.open()

    def _begin_trial(self, state: Any) -> None:
        self._training = self._trained = False
        self._runs.renew()
        self._search = self._search or f"search-{new_run_id()}"
        self._runs.hint(name=state.trial_name, group=self._search, config=state.trial_params)

    def _begin_evaluation(self, args: Any, kwargs: Mapping[str, Any]) -> None:
        self._runs.open()
        self._describe(args, kwargs, again=False)

    def _describe(self, args: Any, kwargs: Mapping[str, Any], *, again: bool) -> None:
        self._described = True
        self._datasets.clear()
        with self._runs.guard("training"):
            self._runs.describe(describe_training(args, kwargs), again=again)

    def _use_dataset(self, name: str, loader: Any) -> None:
        dataset = getattr(loader, "dataset", None)
        if dataset is None:
            return
        with self._runs.guard("datasets"):
            known = self._datasets.get(name)
            if known is None or known() is not dataset:
                self._datasets[name] = weakref.ref(dataset) if hasattr(dataset, "__weakref__") else lambda: dataset
                self._runs.open().use_dataset(name, dataset, fingerprint=self._fingerprint)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_datasets": {}}
