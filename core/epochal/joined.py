"""Several metrics of a run side by side, joined by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .history import load_pandas
from .journal.points import Ints, Values

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]

#: Integers up to this size stay what they are as float64.
_EXACT = 1 << 53


class Table:
    """A column for each metric and a line for each step at which any of them has a value.

    Attributes:
        steps: int64, ascending, shape (n,).
        columns: metric to its values, shape (n,). Where a metric has holes, they are NaN in float64; for texts, bools
            and integers beyond 2^53 they are None in an array of objects.
    """

    def __init__(self, steps: Ints, columns: Mapping[str, Values]) -> None:
        self.steps = steps
        self.columns = dict(columns)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, metric: str) -> Values:
        return self.columns[metric]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __repr__(self) -> str:
        return f"<Table of {len(self):,} steps: {', '.join(self.columns)}>"

    def to_pandas(self) -> pd.DataFrame:
        """Return a data frame with the steps as its index.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        pandas = load_pandas()
        return pandas.DataFrame(self.columns, index=pandas.Index(self.steps, name="step"))


def join(histories: Mapping[str, tuple[Ints, Values]]) -> Table:
    """Return (steps, values) by metric as one table; the steps of each ascend and are there once."""
    steps = np.unique(np.concatenate([np.empty(0, np.int64), *(steps for steps, _ in histories.values())]))
    return Table(steps, {name: _spread(steps, *points) for name, points in histories.items()})


def _spread(steps: Ints, own: Ints, values: Values) -> Values:
    if len(own) == len(steps):
        return values
    if values.dtype.kind == "f":
        spread: Values = np.full(len(steps), np.nan)
    elif values.dtype.kind == "i" and not (np.abs(values) > _EXACT).any() and values.min(initial=0) >= -_EXACT:
        spread = np.full(len(steps), np.nan)
    else:
        spread = np.full(len(steps), None, object)
    where: Any = np.searchsorted(steps, own)
    spread[where] = values
    return spread
