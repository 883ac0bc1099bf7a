"""Results side by side: each name of the summaries, and which run did best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..goals import goal, metric_of
from .rows import MISSING, Row, row

if TYPE_CHECKING:
    from ..metadata import Definitions


@dataclass(frozen=True)
class Result(Row):
    """One name of the summaries and what each run has under it.

    Attributes:
        goal: "min" or "max": which is better; None where that is not known.
        best: the indices of the runs that did best; empty without a goal, and where no two of the numbers differ.
    """

    goal: str | None = None
    best: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {**super().to_dict(), "goal": self.goal, "best": list(self.best)}


def results(summaries: Sequence[Mapping[str, Any]], definitions: Sequence[Definitions]) -> list[Result]:
    """Return a result for each name: those with a goal first, then what most runs have, then by name."""
    found = []
    for name in dict.fromkeys(name for summary in summaries for name in summary):
        values = [summary.get(name, MISSING) for summary in summaries]
        metric = metric_of(name)
        wanted = goal(name, (each.of(metric) for each in definitions))
        found.append(Result(name, tuple(values), row(name, values).same, wanted, _best(values, wanted)))
    return sorted(found, key=_order)


def _best(values: Sequence[Any], wanted: str | None) -> tuple[int, ...]:
    numbers = {at: value for at, value in enumerate(values) if isinstance(value, (int, float)) and value == value}
    if wanted is None or len(set(numbers.values())) < 2:
        return ()
    best = min(numbers.values()) if wanted == "min" else max(numbers.values())
    return tuple(at for at, value in numbers.items() if value == best)


def _order(result: Result) -> tuple[bool, int, str]:
    return result.goal is None, sum(value is MISSING for value in result.values), result.key
