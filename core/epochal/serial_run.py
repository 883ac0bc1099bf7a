"""A run for interpreters without the global lock: there, counters and dicts are no steps that nothing interrupts."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from .run import Run


def run_class() -> type[Run]:
    """Return `Run`, or `SerialRun` where threads run side by side without a global lock."""
    enabled: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return Run if enabled() else SerialRun


class SerialRun(Run):
    """A `Run` whose verbs take turns.

    The lock is re-entrant, so that a signal handler or a `__float__` that logs goes on in its own thread.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        # one for each process: what another thread held at a fork would be held in the child for ever
        self._turns: dict[int, Any] = {}
        super().__init__(*arguments, **named)

    @property
    def _turn(self) -> AbstractContextManager[Any]:
        turn: AbstractContextManager[Any] = self._turns.setdefault(os.getpid(), threading.RLock())
        return turn

    def log(self, metrics: Mapping[str, Any], *, step: int | None = None, time: float | None = None) -> None:
        """Record values at a step; see `Run.log`."""
        with self._turn:
            super().log(metrics, step=step, time=time)

    def extend(self, columns: Mapping[str, Any], *, steps: Any, times: Any = None) -> None:
        """Record whole columns in one call; see `Run.extend`."""
        with self._turn:
            super().extend(columns, steps=steps, times=times)

    def position(self) -> dict[str, Any]:
        """Return where the record stands; see `Run.position`."""
        with self._turn:
            return super().position()

    def rewind(self, step: int | None = None, *, position: Mapping[str, Any] | None = None) -> None:
        """Open a new segment; see `Run.rewind`."""
        with self._turn:
            super().rewind(step, position=position)

    def notice(self, code: str, text: str, **data: Any) -> None:
        """Put something into the record; see `Run.notice`."""
        with self._turn:
            super().notice(code, text, **data)

    def _record(self, kind: str, fields: Mapping[str, Any]) -> None:
        with self._turn:
            super()._record(kind, fields)
