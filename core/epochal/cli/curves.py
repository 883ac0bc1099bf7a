"""The curves of single runs that `epochal plot` draws, and what they are on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .output import warn
from .text import number, shown

if TYPE_CHECKING:
    from ..recorded import RecordedRun
    from .chart import Series


@dataclass
class Curve:
    """One curve of a chart.

    Attributes:
        owner: whose it is; curves of one owner and metric have one colour.
        metric: what it shows.
        axis: what its x is.
        series: its points.
        record: what --json prints of it; None for what only accompanies another curve.
    """

    owner: str
    metric: str
    axis: str
    series: Series
    record: dict[str, Any] | None


def run_curves(
    run: RecordedRun, metric: str, *, x: str | None, smooth: float, abandoned: bool, rank: int, several: bool
) -> list[Curve]:
    """Return the curves of a metric: what is left behind or unsmoothed as ghosts, then the curve itself.

    Raises:
        BadValueError: the run has no such metric or axis, and is the only one.
    """
    import numpy as np

    from ..errors import BadValueError
    from ..smoothing import smooth as smoothed
    from .chart import Series

    try:
        history = run.history(metric, x=x or run.axis(metric), rank=rank)
    except BadValueError as error:
        if not several:
            raise
        warn(f"{run.name}: {error}")
        return []
    xs, ys = history.x.astype(np.float64), history.values.astype(np.float64)
    found = []
    if abandoned:
        every = run.history(metric, x=history.axis, rank=rank, abandoned=True)
        left = every.abandoned
        if left is not None and left.any():
            values = every.values[left].astype(np.float64)
            found.append(Series("", every.x[left].astype(np.float64), values, ghost=True))
    if smooth:
        found.append(Series("", xs, ys, ghost=True))
        ys = smoothed(ys, smooth)
    last = f"{number(history.values[-1].item())} at step {history.steps[-1]}" if len(history) else "no points"
    found.append(Series(f"{shown(run.name, 40)} · {shown(metric, 40)}   {last}", xs, ys))
    return [
        Curve(str(run.path), metric, history.axis, series, _record(run, metric, history.axis, series))
        for series in found
    ]


def _record(run: RecordedRun, metric: str, axis: str, series: Series) -> dict[str, Any]:
    return {
        "run": run.name, "id": run.id, "metric": metric, "axis": axis, "abandoned": series.ghost, "x": series.xs,
        "y": series.ys,
    }  # fmt: skip
