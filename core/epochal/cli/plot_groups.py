"""`epochal plot --group`: the mean of each group of runs as a curve, within a dotted band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from . import text
from .curves import Curve
from .options import expressions

if TYPE_CHECKING:
    import numpy as np

    from ..group_history import GroupHistory
    from ..groups import Group
    from ..run_list import Runs

#: What a band can be.
BANDS: Final = ("std", "sem", "range", "none")
#: Places of a grid where all places at which any run has a point would be too many.
_PLACES: Final = 2000


def grouped(runs: Runs, by: str) -> list[Group]:
    """Return runs in groups by fields in which settings and metrics may stand bare.

    Raises:
        WhereError: a field that cannot be understood.
    """
    from ..groups import group_by

    return list(group_by(runs, expressions(by, runs.entries)).values())


def group_curves(groups: Sequence[Group], metric: str, *, x: str | None, band: str, smooth: float) -> list[Curve]:
    """Return the curves of the groups that have a metric: the edges of its band as ghosts, then its mean.

    Raises:
        BadValueError: no group has the metric, or none that has it has the axis.
    """
    from ..errors import BadValueError

    found: list[Curve] = []
    why = None
    for group in groups:
        try:
            history = _history(group, metric, x or _axis(group, metric))
        except BadValueError as error:
            why = error
        else:
            found += _curves(group, history, band, smooth)
    if not found and why is not None:
        raise why
    return found


def _history(group: Group, metric: str, axis: str) -> GroupHistory:
    from ..errors import BadValueError

    try:
        return group.history(metric, x=axis)
    except BadValueError:  # what is wrong may be that there are too many places
        return group.history(metric, x=axis, grid=_PLACES)


def _axis(group: Group, metric: str) -> str:
    axes = {run.axis(metric) for run in group.runs if metric in run.metrics}
    return axes.pop() if len(axes) == 1 else "step"


def _curves(group: Group, history: GroupHistory, band: str, smooth: float) -> list[Curve]:
    import numpy as np

    from ..smoothing import smooth as smoothed
    from .chart import Series

    owner = repr(group.fields)
    xs = history.x.astype(np.float64)

    def curve(label: str, ys: np.ndarray[Any, Any], record: dict[str, Any] | None) -> Curve:
        series = Series(label, xs, smoothed(ys, smooth) if smooth else ys, ghost=record is None)
        return Curve(owner, history.name, history.axis, series, record)

    edges = [curve("", edge, None) for edge in _edges(history, band)]
    return [*edges, curve(_label(group, history), history.mean, _record(group, history))]


def _edges(history: GroupHistory, band: str) -> list[np.ndarray[Any, Any]]:
    if band == "none":
        return []
    if band == "range":
        return [history.min, history.max]
    half = history.std if band == "std" else history.sem
    return [history.mean - half, history.mean + half]


def _label(group: Group, history: GroupHistory) -> str:
    named = ", ".join(f"{text.shown(name, 24)} {text.value(value, 24)}" for name, value in group.fields.items())
    count = len(history.runs)
    return f"{named} · {text.shown(history.name, 40)}   mean of {count} run{'s' * (count != 1)}"


def _record(group: Group, history: GroupHistory) -> dict[str, Any]:
    """Return what --json prints."""
    found = {name: getattr(history, name) for name in ("mean", "std", "sem", "min", "max", "n")}
    return {
        "group": group.fields, "runs": history.runs, "metric": history.name, "axis": history.axis, "x": history.x,
        **found,
    }  # fmt: skip
