"""What an adapter writes beside metrics: config groups, checkpoints, notices, and the faults of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from .config_groups import as_settings, beside_users
from .faults import logger
from .metric_names import MetricNames
from .run import Run
from .settings import is_strict


class AdapterRecord:
    """The verbs of an `AdapterRun` that write; where the run comes from is the derived class's affair."""

    _run: Run | None
    _users: dict[str, Any]
    _names: MetricNames
    _every: int | None
    _trained: int | None
    _due: bool = False

    def open(self) -> Run:
        """Return the run, opened if it is not open."""
        raise NotImplementedError

    def log(self, metrics: Mapping[str, Any], *, step: int | None, trained: int | None = None) -> None:
        """Record metrics under the names that the user chose.

        Args:
            metrics: as the framework gives them; the mapping is not changed.
            step: the step to record them at.
            trained: they are of a training step, and this is the number of steps done by then: `log_every` takes
                every n-th. What an epoch, a validation or a test gives is recorded always.
        """
        if trained is None or self.due(trained):
            self.open().log(self._names.of(metrics), step=step)

    def due(self, trained: int) -> bool:
        """Whether `log_every` wants the values of a training step; ask in the order of steps, one thread at a time.

        Args:
            trained: the number of steps done, 1 after the first. Where the framework gives every tenth only, and every
                fifteenth is wanted, those are taken that come first after the 15th, the 30th, and so on.
        """
        if self._every is None:
            return True
        before, self._trained = self._trained, trained
        if trained != before:  # what comes in several parts is taken or left as a whole
            since = trained - 1 if before is None or trained < before else before
            self._due = trained // self._every > since // self._every
        return self._due

    def describe(self, groups: Mapping[str, Any], *, again: bool = True) -> None:
        """Write what the framework knows (`model`, `optimizer`, `trainer`, …) into the config.

        What the user has put there stays: a value of theirs is never replaced, and where they use a group's name for
        something else (`model="resnet"`), the group is written as `model_info`.

        Args:
            groups: name to settings.
            again: False leaves a group alone that is there already: a test after a training has other settings.
        """
        config = self.open().config
        beside = beside_users(groups, self._users)
        config.update({name: values for name, values in beside.items() if again or name not in config})

    def hyperparameters(self, values: Any) -> None:
        """Write what the user calls hyperparameters into the config, as its top level."""
        config = self.open().config
        config.update(values)
        self._users = {**self._users, **as_settings(values)}

    def tell(self, code: str, text: str, **data: Any) -> None:
        """Put something into the run's record, and warn with it."""
        logger.warning("%s", text)
        self.open().notice(code, text, **data)

    @contextlib.contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Let no fault of describing or recording reach the training: it costs what is done within.

        Raises:
            TrackingError: EPOCHAL_STRICT=1 is set.
        """
        try:
            yield
        except Exception as error:  # whatever a foreign object's own code may raise
            run = self._run
            if run is None and is_strict():
                raise
            if run is None or run.disabled:
                logger.warning("%s could not be recorded (%r): training goes on", what, error)
            else:
                run._fault.internal(what, error)

    def checkpoint(
        self,
        path: str | os.PathLike[str] | None,
        *,
        step: int | None,
        metrics: Mapping[str, Any] | None = None,
        goal: str | None = None,
        writing: bool = False,
        file: str | None = None,
        **more: Any,
    ) -> None:
        """Record that a checkpoint was written.

        Args:
            path: a file or folder; the companion hashes it.
            step: the optimizer step that it holds.
            metrics: what it is judged by, the first one above all.
            goal: `"min"` or `"max"`: which value of that one is better, where the framework knows.
            writing: it is still being written: it has no size yet, and is hashed when it has come to rest.
            file: its copy within the run's folder, which is there already.
            more: what else is known, as plain values; they become the record's `data`.
        """
        from .config_values import jsonlike

        data = jsonlike(more) if more else None
        self.open()._checkpoint(path, step=step, metrics=metrics, goal=goal, writing=writing, file=file, data=data)
