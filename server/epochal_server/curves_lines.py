"""What a panel draws of one run: a metric, or a formula over metrics that are brought to the same steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from epochal.journal.arithmetic import Steps
from epochal.journal.points import Floats, Ints

from .curves_cache import HeldRun
from .curves_formula import Formula
from .curves_series import Series, same_steps


class Wanted(NamedTuple):
    """One of the things that a panel shows of each run: a metric, or a formula."""

    metric: str | None
    formula: Formula | None


def line_of(run: HeldRun, wanted: Wanted, x: str, *, abandoned: bool = False) -> Series:
    """Return the series of a run.

    Raises:
        BadValueError: the run has no such metric or axis.
    """
    if wanted.metric is not None:
        return run.series(wanted.metric, x, abandoned=abandoned)
    formula = wanted.formula
    assert formula is not None
    parts = {metric: run.series(metric, x) for metric in formula.metrics}
    first, *others = parts.values()
    # worked out once as long as its metrics stay what they are
    made: Series = first.memo("formula", (formula.text, *others), lambda: combine(formula, parts, x))
    return made


def combine(formula: Formula, parts: Mapping[str, Series], x: str) -> Series:
    """Return a formula's series: at the steps that all its metrics have.

    Where there is no such step, it stands at the steps of the metric that has the fewest, with the latest value of each
    of the others.

    Args:
        formula: what to work out.
        parts: the series of each of its metrics.
        x: their axis.
    """
    series = list(parts.values())
    steps, rows, joined = _steps(series)
    chosen = series if joined is None else [_taken(each, row) for each, row in zip(series, rows, strict=True)]
    values: dict[str, Floats] = {metric: each.values for metric, each in zip(parts, chosen, strict=True)}
    times = reduce(np.maximum, [each.times for each in chosen])
    if x == "step":
        places = steps
    elif x in ("relative", "time"):
        places = reduce(np.maximum, [each.x for each in chosen])
    else:
        places = min(zip(series, chosen, strict=True), key=lambda pair: len(pair[0]))[1].x
    return Series(steps, formula(values), times, places, joined=joined)


def _steps(series: Sequence[Series]) -> tuple[Steps, Sequence[Ints], str | None]:
    """Return the steps at which a formula stands, and which points of each series belong there."""
    first = series[0].steps
    if all(same_steps(first, other.steps) for other in series[1:]):
        return first, (), None
    arrays = [np.asarray(each.steps) for each in series]
    common = reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), arrays)
    if len(common):
        return common, [np.searchsorted(steps, common) for steps in arrays], "same steps"
    if not all(map(len, series)):
        return common, [common] * len(series), "same steps"
    fewest = min(arrays, key=len)
    begun = max(steps[0] for steps in arrays)
    chosen = fewest[fewest >= begun]
    return chosen, [np.searchsorted(steps, chosen, "right") - 1 for steps in arrays], "latest"


def _taken(series: Series, rows: Ints) -> Series:
    return Series(series.steps[rows], series.values[rows], series.times[rows], series.x[rows])
