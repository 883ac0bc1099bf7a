"""Outliers of a panel, as TensorBoard leaves them out: the y axis reaches from the 5th to the 95th of 100 points."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from epochal.journal.points import Floats


def clip_of(lines: Sequence[Floats]) -> tuple[float, float] | None:
    """Return the lowest and highest value that a panel shows; None where there are too few points to tell.

    Args:
        lines: what is drawn of each line. NaN and infinities do not count.
    """
    if not lines:
        return None
    values = np.concatenate(lines)
    values = values[np.isfinite(values)]
    count = len(values)
    if count <= 2:
        return None
    low, high = math.ceil((count - 1) * 0.05), math.floor((count - 1) * 0.95)
    found = np.partition(values, (low, high))
    return float(found[low]), float(found[high])
