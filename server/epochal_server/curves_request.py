"""What can be asked of curves, read and checked."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

from .curves_groups import BANDS
from .inputs import Inputs, refused

#: Runs of one request, and what it shows of each.
MOST_RUNS: Final = 1000
MOST_SERIES: Final = 20
#: A line is drawn in at most so many stretches, in pixels; all lines of a request together in so many.
LEAST_WIDTH: Final = 50
MOST_WIDTH: Final = 8000
_MOST_DRAWN: Final = 4_000_000
_LONGEST_KEY: Final = 1000


class Grouping(NamedTuple):
    """By which columns runs are put together, and what the band around their mean shows."""

    by: tuple[str, ...]
    band: str


class CurvesRequest(NamedTuple):
    """A panel's lines.

    Attributes:
        runs: keys of the roster.
        series: of each (metric, None) or (None, formula).
        x: `step`, `relative`, `time` or `metric:NAME`.
        smoothing: TensorBoard's weight, 0 … 0.999.
        width: in how many stretches a line is drawn at most.
        range: the ends of the axis that were zoomed to.
        abandoned: with what was abandoned, as ghost lines.
        clip: with the values that are left when outliers are.
        group: means instead of runs.
        log_x: the axis is logarithmic.
        whole: lines of up to so many points come whole, whatever the width: a browser then smooths them itself.
        have: the `data` of an answer that is there already: where it still holds, only what smoothing changes is sent.
    """

    runs: tuple[str, ...]
    series: tuple[tuple[str | None, str | None], ...]
    x: str
    smoothing: float
    width: int
    range: tuple[float, float] | None
    abandoned: bool
    clip: bool
    group: Grouping | None
    log_x: bool
    whole: int = 0
    have: str | None = None


def read_request(inputs: Inputs) -> CurvesRequest:
    """Return what a request asks for.

    Raises:
        Problem: something that cannot be used, by its name.
    """
    runs = tuple(dict.fromkeys(keys(inputs, "runs")))
    series = tuple(_series(each) for each in inputs.objects("series", most=MOST_SERIES))
    if not series:
        raise refused("series", 'is empty: name what to show, such as [{"metric": "loss"}]')
    width = inputs.whole("width", 1000, least=LEAST_WIDTH, most=MOST_WIDTH)
    lines = max(1, len(runs) * len(series))
    found = CurvesRequest(
        runs=runs,
        series=series,
        x=axis(inputs),
        smoothing=inputs.number("smoothing", 0.0, least=0.0, most=0.999),
        width=max(LEAST_WIDTH, min(width, _MOST_DRAWN // lines)),
        range=_range(inputs.any("range")),
        abandoned=inputs.flag("abandoned"),
        clip=inputs.flag("clip"),
        group=_group(inputs.object("group")),
        log_x=inputs.flag("logx"),
        whole=min(inputs.whole("whole", 0, least=0, most=MOST_WIDTH), _MOST_DRAWN // lines),
        have=inputs.text("have", longest=100),
    )
    inputs.flag("system")  # system metrics are found by their names: there is nothing to be told
    inputs.done()
    return found


def keys(inputs: Inputs, name: str) -> list[str]:
    """Return keys of runs, which must be given, be it none."""
    if inputs.any(name) is None:
        raise refused(name, "is missing")
    return inputs.texts(name, most=MOST_RUNS, longest=_LONGEST_KEY)


def axis(inputs: Inputs) -> str:
    """Return the axis that is asked for."""
    x = inputs.text("x", "step", longest=1000)
    assert x is not None
    if x in ("step", "relative", "time") or (x.startswith("metric:") and len(x) > len("metric:")):
        return x
    raise refused("x", f"is {x!r}: take step, relative, time or metric:NAME")


def _series(each: Inputs) -> tuple[str | None, str | None]:
    metric, formula = each.text("metric", longest=1000), each.text("formula", longest=2000)
    each.done()
    if (metric is None) == (formula is None):
        raise refused("series", "must have either a metric or a formula in each of its items")
    return metric, formula


def _range(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(map(_finite, value)) or value[0] > value[1]:
        raise refused("range", "must be two finite numbers, the smaller one first, or null")
    return float(value[0]), float(value[1])


def _finite(value: Any) -> bool:
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(float(value))
    except OverflowError:
        return False


def _group(group: Inputs | None) -> Grouping | None:
    if group is None:
        return None
    found = Grouping(tuple(group.texts("by", most=10)), group.choice("band", BANDS, "std"))
    group.done()
    return found
