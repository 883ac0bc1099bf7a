"""The metrics of other runs that `WorseThan` compares with, read when they are first needed."""

from __future__ import annotations

import bisect
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from ..errors import EpochalError

#: A run that still goes on is read again at most this often, in seconds.
_AGAIN_S: Final = 60.0


class _Curve(NamedTuple):
    steps: list[int]
    values: list[float]
    final: bool
    read_at: float


class Baselines:
    """Values of other runs by step; a run or a metric that is not there is told once, and compared with nothing."""

    def __init__(self, root: str, report: Callable[[str], None]) -> None:
        """`root` is the runs folder; `report` is told what cannot be read."""
        self._root = root
        self._report = report
        self._curves: dict[tuple[str, str], _Curve] = {}

    def value(self, run: str, metric: str, step: int) -> float | None:
        """Return a run's latest value of a metric at or before a step, None where it has none."""
        curve = self._curves.get((run, metric))
        behind = curve is not None and (not curve.steps or step > curve.steps[-1])
        if curve is None or (behind and not curve.final and time.monotonic() > curve.read_at + _AGAIN_S):
            curve = self._curves[run, metric] = self._read(run, metric)
        at = bisect.bisect_right(curve.steps, step) - 1
        return curve.values[at] if at >= 0 else None

    def _read(self, run: str, metric: str) -> _Curve:
        from ..recorded import RecordedRun
        from ..run_list import find_folder

        final = False
        try:
            recorded = RecordedRun(find_folder(run, self._root))
            final = bool(recorded.ending.proven)
            history: Any = recorded.history(metric)
            return _Curve(history.steps.tolist(), history.values.tolist(), final, time.monotonic())
        except EpochalError as error:
            first = str(error).partition("\n")[0]
            self._report(f"rule worse_than cannot compare {metric} with run {run}: {first}")
        return _Curve([], [], final, time.monotonic())
