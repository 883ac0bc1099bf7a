"""The histogram of a tensor, counted already, with what is known of its elements."""

from __future__ import annotations

import math
from typing import Any

from epochal import Histogram

from ._spread import FACTS


class CountedHistogram(Histogram):
    """A histogram whose facts were worked out beside its counts, on the device."""

    def __init__(self, numbers: list[float]) -> None:
        """`numbers` are what `spread` gives."""
        size, nan, below, above, least, greatest, mean, std = numbers[:FACTS]
        counts = [int(each) for each in numbers[FACTS:]]
        self._facts: dict[str, Any] = {"count": int(size)}
        self._facts |= {key: int(each) for key, each in (("nan", nan), ("below", below), ("above", above)) if each}
        self._ends: list[float] = []
        if sum(counts):
            self._facts |= {"min": least, "max": greatest, "mean": mean, "std": std}
            # NumPy gives a value that stands alone a bin of this width too
            self._ends = [least, greatest] if least < greatest else [least - 0.5, greatest + 0.5]
            if not all(map(math.isfinite, self._ends)):
                counts, self._ends = [], []
        else:
            counts = []
        self._own_counts = counts
        super().__init__(counts=counts, edges=self._ends)

    def encode(self, remark: Any) -> dict[str, Any]:
        """See `Media.encode`."""
        return {**self._facts, "edges": self._ends, "counts": self._own_counts}
