"""What a `Run` does with values that are on their way, and with those recorded beside a step that is still to come."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .deferred import Deferred
    from .faults import Faults
    from .journal.writer import JournalWriter
    from .session import Session


class RunDeferred:
    """The part of a `Run` that keeps rows until their values are there."""

    _session: Session
    _writer: JournalWriter
    _fault: Faults
    _steps: Any

    if TYPE_CHECKING:

        def log(self, metrics: Mapping[str, Any], *, step: int | None = None, time: float | None = None) -> None: ...
        def _next_step(self) -> int: ...

    def _later(
        self, values: Mapping[str, Any], later: Mapping[str, Deferred], step: int, time: float, mark: int | None
    ) -> None:
        """Keep a row until its values are there."""
        if values and all(each.media for each in later.values()):  # numbers do not wait for media
            self._writer.row(values, step, time, mark)
            values, mark = {}, None
        rows = self._session.deferred
        if rows is None:
            from .deferred_rows import DeferredRows  # loaded by the first value that is on its way

            rows = self._session.deferred = DeferredRows(self)  # type: ignore[arg-type]
        rows.add(values, later, step=step, time=time, mark=mark)

    def _end_deferred(self) -> None:
        """Write what comes in time, as the run ends."""
        try:
            rows = self._session.deferred
            if rows is not None and self._writer.here[0]:
                rows.end()
        except Exception as error:
            self._fault.internal("finish", error)

    def _log_beside(self, metrics: Mapping[str, Any]) -> None:
        """Log at the step that the next call of `log` takes, and leave that step to it."""
        step = self._next_step()
        self.log(metrics, step=step)
        if self._steps is not None and self._next_step() == step + 1:
            self._steps = count(step)
