"""TensorBoard's smoothing: an exponential moving average, freed of the pull of its start."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import BadValueError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def smooth(values: ArrayLike, weight: float) -> NDArray[np.float64]:
    """Return `values` smoothed as TensorBoard does it: by index, NaN and ±inf left where they are and not counted.

    Args:
        values: shape (n,), numbers.
        weight: 0 leaves the values as they are, near 1 smooths strongly; clamped to 0 … 1, and 0 where it is NaN.

    Returns:
        float64, shape (n,). A series that is constant comes back as it is.

    Raises:
        BadValueError: the values are no flat sequence of numbers, or the weight is no number.
    """
    try:
        series = np.array(values, np.float64)
        weight = float(weight)
    except (TypeError, ValueError) as error:
        raise BadValueError(f"smooth takes a sequence of numbers and a weight from 0 to 1: {error}") from error
    if series.ndim != 1:
        raise BadValueError(f"smooth takes a flat sequence, got an array of shape {series.shape}: smooth each alone")
    weight = min(max(weight, 0.0), 1.0) if math.isfinite(weight) else 0.0
    if not len(series) or (series == series[0]).all():
        return series
    finite = np.isfinite(series)
    there = series[finite]
    series[finite] = _averages(there, weight) / _debias(len(there), weight)
    return series


def _averages(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    share = 1.0 - weight

    def step(last: float, value: float) -> float:
        return last * weight + share * value

    averages: Any = accumulate(values.tolist(), step, initial=0.0)
    return np.fromiter(averages, np.float64, len(values) + 1)[1:]


def _debias(count: int, weight: float) -> NDArray[np.float64]:
    """Return 1 - weight**n for n from 1 to `count`: the sum of the weights that each average has given out."""
    if weight == 1.0:
        return np.ones(count)
    # beyond this n, 1 - weight**n is 1 to the last bit
    needed = min(count, math.ceil(-40.0 / math.log(weight))) if weight > 0.0 else 0
    factors = np.ones(count)
    factors[:needed] -= np.power(weight, np.arange(1.0, needed + 1.0))
    return factors
