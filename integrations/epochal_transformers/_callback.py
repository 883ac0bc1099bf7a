"""`EpochalCallback`: the events of Hugging Face's Trainer become a run's metrics, config, checkpoints and state."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import TrainerCallback

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.names import new_run_id

from ._asking import Evaluation, evaluation_of, is_training, others_of, trainer_of
from ._checkpoints import checkpoint_folder, judged_by, position_in, resumed_from, write_position
from ._describe import describe_training, evaluated_on, total_batch_size
from ._pace import Pace
from ._vocabulary import TrainerNames, common_name


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
        opening: dict[str, Any] = {
            "project": project,
            "name": name,
            "config": config,
            "dir": dir,
            "id": id,
            "resume": resume,
            "mode": mode,
            "group": group,
            "job_type": job_type,
            "tags": tuple(tags),
            "notes": notes,
        }
        self._names = TrainerNames(prefix, vocabulary, common_name)
        self._runs = AdapterRun(run, names=self._names, log_every=log_every, rank=0, **opening)
        #: Without a word about what to record where, it leaves that to another one in the same Trainer.
        said = (run, *opening.values(), prefix, vocabulary, log_every)
        self._yields = not any(each not in (None, "", ()) for each in said) and fingerprint == "quick"
        self._fingerprint = fingerprint
        self._training = False
        self._trained = False
        self._described = False
        self._search: str | None = None
        self._datasets: dict[str, Any] = {}
        self._evaluated: set[str] = set()
        self._pace = Pace()

    # What the Trainer says

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Open the run, new or the one that training goes on with, and describe what takes part."""
        if not self._records(state):
            return
        self._begin_run(args, state)
        self._training = self._trained = True
        trainer = trainer_of(self)
        self._describe(args, state, trainer, kwargs, again=True)
        given = getattr(trainer, "train_dataset", None)
        self._use_dataset("train", given if given is not None else _dataset_of(kwargs.get("train_dataloader")))
        with self._runs.guard("speed"):
            self._pace.begin(state, total_batch_size(args, state, trainer))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Record what the Trainer logs, at the count of optimizer steps."""
        if not logs or not self._records(state):
            return
        row = dict(logs)
        if "train_loss" in row and state.total_flos:
            row.setdefault("total_flos", state.total_flos)  # another callback may have taken it out
        evaluation, dataset = self._evaluation(row, args, state, kwargs)
        if dataset is not None:
            self._evaluated = set(row)
            self._pace.pause()
            self._log(row, state, evaluation)
        elif "loss" in row:
            speeds = self._pace.take(state)
            self._log(
                {**row, **{name: row.get(name, speed) for name, speed in speeds.items()}}, state, None, trained=True
            )
        else:
            self._log(row, state, None)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """Record what `on_log` was not given of an evaluation; leave the run open."""
        if not self._records(state):
            return
        left = {name: value for name, value in (metrics or {}).items() if name not in self._evaluated}
        self._evaluated = set()
        if left:
            evaluation, _ = self._evaluation(left, args, state, kwargs)
            self._log(left, state, evaluation)
        self._pace.pause()
        if not self._training:
            self._runs.rest()

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """Record the metrics of `predict`, which the Trainer does not log."""
        if not self._records(state):
            return
        evaluation, _ = self._evaluation(metrics or {}, args, state, kwargs)
        self._log(dict(metrics or {}), state, evaluation)
        self._pace.pause()
        if not self._training:
            self._runs.rest()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Note the time."""
        self._pace.touch()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Note the time."""
        self._pace.touch()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Put the position into the checkpoint's folder, and record the checkpoint."""
        run = self._runs.current
        if run is None or run.disabled or not self._records(state):
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
        self._pace.pause()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Leave the run open for an evaluation, and for what the script does next."""
        self._training = False
        if self._records(state):
            self._runs.rest()

    def finish(self) -> None:
        """Finish the run now, if this callback opened it."""
        if self._training and not is_training(self):
            self._left_behind()
        self._runs.finish()

    @property
    def run(self) -> Run:
        """The run, opened if need be; one that is finished is not opened again for being looked at."""
        known = self._runs._run
        return self._runs.open() if known is None else known

    # Within

    def _records(self, state: Any) -> bool:
        """Whether it is this process and this callback that records."""
        if not state.is_world_process_zero:
            return False
        # report_to="epochal" makes one beside what callbacks= may hold: the last one is that of the user
        return not (self._yields and any(isinstance(each, EpochalCallback) for each in others_of(self)))

    def _log(self, row: Any, state: Any, evaluation: Evaluation | None, *, trained: bool = False) -> None:
        self._names.evaluation = evaluation
        self._runs.log(row, step=state.global_step, trained=state.global_step if trained else None)

    def _begin_run(self, args: Any, state: Any) -> None:
        self._described = False
        name = getattr(args, "run_name", None)
        if name and name != args.output_dir:
            self._runs.hint(name=name)
        if state.is_hyper_param_search:
            self._begin_trial(state)
        again = self._training and self._left_behind()
        checkpoint = resumed_from(self, args, state)
        position = None
        if checkpoint is not None:
            with self._runs.guard("resume"):
                position = position_in(checkpoint)
        if position:
            self._runs.resume(position, beside=checkpoint)
        elif again:
            # the training before did not end: the Trainer tries again with smaller batches, or the script does
            self._runs.open().rewind(step=state.global_step)
        else:
            if self._trained:
                self._runs.renew()
            self._runs.open()

    def _left_behind(self) -> bool:
        """Note that an exception left a training: the script has caught it, and may end as if there was none."""
        self._training = False
        run = self._runs.current
        if run is not None and not run.disabled:
            self._runs.tell("training", "a training did not come to its end: an exception left it, and was caught")
        return True

    def _begin_trial(self, state: Any) -> None:
        if self._training:  # the trial before raised, and the search goes on
            self._runs.finish(exit_code=1)
        self._training = self._trained = False
        self._runs.renew()
        self._search = self._search or f"search-{new_run_id()}"
        self._runs.hint(name=state.trial_name, group=self._search, config=state.trial_params)

    def _evaluation(
        self, row: Mapping[str, Any], args: Any, state: Any, kwargs: Mapping[str, Any]
    ) -> tuple[Evaluation | None, str | None]:
        """Return what values were evaluated by, and the name of that dataset; open the run and record both."""
        if self._training and not is_training(self):
            self._left_behind()
        if not self._described:
            self._runs.open()
            self._describe(args, state, trainer_of(self), kwargs, again=False)
        evaluation = evaluation_of(self)
        guessed = evaluated_on(row) if evaluation is None and trainer_of(self) is None else None
        name = guessed if evaluation is None else evaluation.dataset_name
        if name is not None:
            given = None if evaluation is None else evaluation.dataset
            self._use_dataset(name, given if given is not None else _dataset_of(kwargs.get("eval_dataloader")))
        return evaluation, name

    def _describe(self, args: Any, state: Any, trainer: Any, kwargs: Mapping[str, Any], *, again: bool) -> None:
        self._described = True
        self._datasets.clear()
        with self._runs.guard("training"):
            self._runs.describe(describe_training(args, state, trainer, kwargs), again=again)

    def _use_dataset(self, name: str, dataset: Any) -> None:
        if dataset is None:
            return
        with self._runs.guard("datasets"):
            known = self._datasets.get(name)
            if known is None or known() is not dataset:
                self._datasets[name] = weakref.ref(dataset) if hasattr(dataset, "__weakref__") else lambda: dataset
                self._runs.open().use_dataset(name, dataset, fingerprint=self._fingerprint)

    def __getstate__(self) -> dict[str, Any]:
        # a search whose trials run in other processes is one search
        self._search = self._search or f"search-{new_run_id()}"
        return {**self.__dict__, "_datasets": {}, "_pace": Pace()}


def _dataset_of(loader: Any) -> Any:
    return getattr(loader, "dataset", None)
