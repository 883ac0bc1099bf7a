"""`EpochalTracker`: what a loop of accelerate logs becomes a run: `Accelerator(log_with=EpochalTracker())`."""

from __future__ import annotations

import os
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from accelerate.state import PartialState
from accelerate.tracking import GeneralTracker

from epochal import Run
from epochal.adapter import AdapterRun
from epochal.callers import caller_locals
from epochal.metric_names import MetricNames

from ._accelerated import describe_accelerator


class EpochalTracker(GeneralTracker):
    """Records what `accelerator.log` is given; pass it as `log_with=`, or name it by `log_with="epochal"`.

    The run is opened by the first value, or by `finish`, so that `accelerator.load_state` can come before: with
    `accelerator.register_for_checkpointing(tracker)` a loaded checkpoint goes on with the run that it is of, and what
    was recorded after it is hidden. Only the main process records.

    Models, optimizers and data loaders that the accelerator has prepared are described; which data loader trains and
    which validates is known to the script alone, that says so by `describe(train=…, validation=…)`.
    """

    name = "epochal"
    requires_logging_directory = False
    main_process_only = True

    def __init__(
        self,
        project: str | None = None,
        *,
        run: Run | None = None,
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
        fingerprint: str = "quick",
    ) -> None:
        """Keep how to open the run.

        Args:
            project: this and what follows up to `notes` as in `epochal.init`; by default what `init_trackers` is given.
            run: a run that is open already; it stays yours to finish.
            name: the run's name.
            config: settings; what `init_trackers` is given is added.
            dir: the runs folder.
            id: the run's id.
            resume: `"allow"` or `"must"` to go on with the run of that id.
            mode: `"disabled"` records nothing.
            group: joins runs that belong together.
            job_type: what the run does.
            tags: short words to find it by.
            notes: free text.
            prefix: put before each metric's name, as it is.
            fingerprint: `"quick"` reads a dataset for a second at most, `"full"` all of it.

        Raises:
            BadValueError: a run and arguments to open another.
        """
        super().__init__()
        opening: dict[str, Any] = {
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
        if run is None:
            opening["project"] = project  # by name, accelerate gives its project whatever else was said
        self._runs = AdapterRun(run, names=MetricNames(prefix), rank=0, **opening)
        self._fingerprint = fingerprint
        self._accelerator: Any = None
        self._settings: dict[str, Any] = {}
        self._described = 0
        self._named: dict[str, Any] = {}

    # What accelerate calls

    def start(self) -> None:
        """Note who asks, and for which project; nothing is opened yet."""
        self._meet("init_trackers")

    @property
    def tracker(self) -> Run:
        """The run, opened if need be; one that records nothing in other processes than the main one."""
        if not self._records():
            from epochal.disabled import DisabledRun

            return DisabledRun(project="", name="", id="")
        known = self._runs._run  # one that is finished is not opened again for being looked at
        return self._opened() if known is None or known is self._runs.current else known

    run = tracker

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        """Keep settings for the config of the run."""
        if not self._records():
            return
        self._meet("init_trackers")
        self._settings.update(values)
        if self._runs.current is not None:
            self._store()

    def log(self, values: Mapping[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Record values.

        Args:
            values: name to number, tensor of one element, text, or what else `Run.log` takes.
            step: where; one more than the last one if left out.
            kwargs: what `log_kwargs` gave for this tracker: nothing is known here.
        """
        if self._records():
            self._opened()
            self._runs.log(values, step=step)

    def log_images(self, values: Mapping[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """Record images.

        Args:
            values: name to images: a list, or an array of height × width × channels each.
            step: where.
            kwargs: arguments of `epochal.Image`.
        """
        if not self._records():
            return
        import epochal

        self._opened()
        with self._runs.guard("images"):
            made: dict[str, Any] = {}
            for name, images in values.items():
                arrays = getattr(images, "ndim", 0) == 4
                layout = {"layout": "HWC"} if arrays else {}  # what accelerate says arrays of images are
                made[name] = [epochal.Image(each, **{**layout, **kwargs}) for each in images]
            self._runs.log(made, step=step)

    def log_table(
        self,
        table_name: str,
        columns: list[str] | None = None,
        data: Any = None,
        dataframe: Any = None,
        step: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Record a table, from its columns' names and rows, or a DataFrame.

        Args:
            table_name: the name to record it by.
            columns: names of the columns.
            data: a list of rows.
            dataframe: a pandas DataFrame instead of both.
            step: where.
            kwargs: arguments of `epochal.Table`.
        """
        if not self._records():
            return
        import epochal

        self._opened()
        with self._runs.guard("table"):
            table = epochal.Table(data if dataframe is None else dataframe, columns=columns, **kwargs)
            self._runs.log({table_name: table}, step=step)

    def finish(self) -> None:
        """Finish the run, if this tracker opened it."""
        if self._records():
            self._opened()
            self._runs.finish()

    # What accelerate's checkpoints call

    def state_dict(self) -> dict[str, Any]:
        """Return the position in the run, for `accelerator.register_for_checkpointing(tracker)`."""
        if not self._records():
            return {}
        run = self._opened()
        return {} if run.disabled else {"position": run.position()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on with the run that a checkpoint is of; what was recorded after it is hidden."""
        position = state.get("position")
        if not position or not self._records():
            return
        with self._runs.guard("resume"):
            self._runs.resume(position)

    # What a script may say

    def describe(self, *, model: Any = None, optimizer: Any = None, scheduler: Any = None, **datasets: Any) -> None:
        """Write into the config what the accelerator cannot know, or does not hold.

        Args:
            model: a module.
            optimizer: of `torch.optim`, prepared or not.
            scheduler: of its learning rate.
            datasets: name to dataset or data loader: `train=`, `validation=`.
        """
        if not self._records():
            return
        self._named.update(datasets)
        run = self._opened()
        with self._runs.guard("training"):
            self._runs.describe(describe_accelerator(None, model=model, optimizer=optimizer, scheduler=scheduler))
            for name, data in datasets.items():
                run.use_dataset(name, getattr(data, "dataset", data), fingerprint=self._fingerprint)

    # Within

    def _records(self) -> bool:
        return bool(PartialState().is_main_process)

    def _meet(self, *methods: str) -> None:
        """Note the accelerator, if one is calling by one of these methods and none is known.

        Before 1.0 or so accelerate does not start the trackers that it is given: it is met at the settings then, or,
        where there are none, at the first value.
        """
        for method in methods if self._accelerator is None else ():
            call = caller_locals(method, "self", "project_name", accept=lambda each: hasattr(each, "trackers"))
            if call is not None:
                self._accelerator = weakref.ref(call["self"])
                self._runs.hint(project=call.get("project_name"))
                return

    def _opened(self) -> Run:
        self._meet("log", "get_tracker", "save_state", "end_training")
        run = self._runs.open()
        if self._settings:
            self._store()
        accelerator = None if self._accelerator is None else self._accelerator()
        if accelerator is not None:
            self._describe_prepared(run, accelerator)
        return run

    def _store(self) -> None:
        settings, self._settings = self._settings, {}
        self._runs.hyperparameters(settings)

    def _describe_prepared(self, run: Run, accelerator: Any) -> None:
        """Describe what the accelerator has prepared, again whenever that has become more."""
        prepared = (accelerator._models, accelerator._optimizers, accelerator._schedulers, accelerator._dataloaders)
        count = 1 + sum(map(len, prepared))
        if count == self._described:
            return
        self._described = count
        with self._runs.guard("training"):
            self._runs.describe(describe_accelerator(accelerator))
            if not self._named:
                for number, loader in enumerate(accelerator._dataloaders):
                    run.use_dataset(f"dataloader/{number}", loader.dataset, fingerprint=self._fingerprint)
