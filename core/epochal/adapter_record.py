"""What an adapter writes beside metrics: config groups, checkpoints, notices, and the faults of its own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

from .config_groups import as_settings, beside_users
from .faults import logger
from .run import Run
from .settings import is_strict


class AdapterRecord:
    """The verbs of an `AdapterRun` that write; where the run comes from is the derived class's affair."""

    _run: Run | None
    _users: dict[str, Any]

    def open(self) -> Run:
        """Return the run, opened if it is not open."""
        raise NotImplementedError

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
        **more: Any,
    ) -> None:
        """Record that a checkpoint was written.

        Args:
            path: a file or folder; the companion hashes it.
            step: the optimizer step that it holds.
            metrics: what it is judged by, the first one above all.
            goal: `"min"` or `"max"`: which value of that one is better, where the framework knows.
            writing: it is still being written: it has no size yet, and is hashed when it has come to rest.
            more: what else is known, as plain values; they become the record's `data`.
        """
        from .config_values import jsonlike

        data = jsonlike(more) if more else None
        self.open()._checkpoint(path, step=step, metrics=metrics, goal=goal, writing=writing, data=data)
