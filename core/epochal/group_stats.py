"""Mean, standard deviation, standard error, least and greatest of the numbers that several runs have under one name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

#: The statistics, in the order in which they are shown.
STATISTICS: Final = ("mean", "std", "sem", "min", "max", "n")


class Stats(NamedTuple):
    """Statistics of the numbers of several runs; bools count as 0 and 1.

    Attributes:
        mean: of the n numbers; NaN where there are none.
        std: the sample standard deviation (n - 1 in the denominator); NaN where n < 2.
        sem: the standard error of the mean, std / sqrt(n).
        min: the least of them, of the type it was recorded in; NaN where there are none.
        max: the greatest.
        n: how many numbers there are, NaN not counted.
        nan: how many runs have NaN.
        missing: how many runs have no number there: nothing, or a text.
    """

    mean: float
    std: float
    sem: float
    min: float
    max: float
    n: int
    nan: int
    missing: int

    def to_dict(self) -> dict[str, float]:
        """Return the statistics by name."""
        return self._asdict()


def stats(values: Iterable[Any]) -> Stats:
    """Return the statistics of what several runs have under one name, None where a run has nothing."""
    found = list(values)
    numbers = [int(value) if isinstance(value, bool) else value for value in found if isinstance(value, (int, float))]
    known = [value for value in numbers if value == value]
    nan, missing = len(numbers) - len(known), len(found) - len(numbers)
    if not known:
        return Stats(math.nan, math.nan, math.nan, math.nan, math.nan, 0, nan, missing)
    mean, std = _moments([_float(value) for value in known])
    return Stats(mean, std, std / math.sqrt(len(known)), min(known), max(known), len(known), nan, missing)


def _moments(numbers: Sequence[float]) -> tuple[float, float]:
    """Return mean and sample standard deviation, each rounded once where no intermediate sum leaves the floats."""
    n = len(numbers)
    if not all(map(math.isfinite, numbers)):
        return sum(numbers) / n, math.nan
    # scaled to 1, so that neither sums nor squares overflow
    scale = max(map(abs, numbers)) or 1.0
    exponent = math.frexp(scale)[1]
    scaled = [math.ldexp(number, -exponent) for number in numbers]
    mean = math.fsum(scaled) / n
    if n < 2:
        return numbers[0], math.nan
    squares = math.fsum((number - mean) ** 2 for number in scaled)
    return _unscaled(mean, exponent), _unscaled(math.sqrt(squares / (n - 1)), exponent)


def _unscaled(value: float, exponent: int) -> float:
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.copysign(math.inf, value)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond any float
        return math.inf if value > 0 else -math.inf
