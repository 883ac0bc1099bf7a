"""Which seqs of one writer have been dealt with: all up to a low-water mark, and ranges above it."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import Any


class Seqs:
    """A set of seqs that is nearly the whole of 1 to n.

    Attributes:
        low: every seq up to this one is in the set.
    """

    def __init__(self, low: int = 0, above: Iterable[tuple[int, int]] = ()) -> None:
        """`above` holds ranges (first, last) above `low`, sorted, none touching another."""
        self.low = low
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in above:
            self._firsts.append(first)
            self._lasts.append(last)
        self._join_low()

    def __contains__(self, seq: int) -> bool:
        if seq <= self.low:
            return True
        at = bisect.bisect_right(self._firsts, seq) - 1
        return at >= 0 and seq <= self._lasts[at]

    def add(self, seq: int) -> None:
        """Put a seq into the set."""
        if seq == self.low + 1:
            self.low = seq
            self._join_low()
        elif seq not in self:
            at = bisect.bisect_right(self._firsts, seq)
            after_one = at > 0 and self._lasts[at - 1] == seq - 1
            before_one = at < len(self._firsts) and self._firsts[at] == seq + 1
            if after_one and before_one:
                self._lasts[at - 1 : at + 1] = [self._lasts[at]]
                del self._firsts[at]
            elif after_one:
                self._lasts[at - 1] = seq
            elif before_one:
                self._firsts[at] = seq
            else:
                self._firsts.insert(at, seq)
                self._lasts.insert(at, seq)

    def gaps(self) -> list[tuple[int, int]]:
        """Return the ranges (first, last) that are missing below the greatest seq."""
        befores = [self.low, *self._lasts]
        return [(before + 1, first - 1) for before, first in zip(befores, self._firsts, strict=False)]

    @property
    def greatest(self) -> int:
        """The greatest seq in the set, 0 where it is empty."""
        return self._lasts[-1] if self._lasts else self.low

    def close_gaps(self, until: int) -> None:
        """Take everything up to a seq for dealt with."""
        self.low = max(self.low, until)
        self._join_low()

    def plain(self) -> dict[str, Any]:
        """Return the set as JSON holds it."""
        return {"low": self.low, "above": [list(pair) for pair in zip(self._firsts, self._lasts, strict=True)]}

    @classmethod
    def of(cls, plain: Any) -> Seqs:
        """Return the set that `plain` gave.

        Raises:
            ValueError: it is something else.
        """
        try:
            above = [(int(first), int(last)) for first, last in plain["above"]]
            ends = [int(plain["low"]), *(end for pair in above for end in pair)]
        except (TypeError, KeyError, ValueError) as error:
            raise ValueError(f"no set of seqs: {error!r}") from error
        if ends != sorted(ends) or ends[0] < 0:
            raise ValueError("no set of seqs: its ranges are not in order")
        return cls(ends[0], above)

    def _join_low(self) -> None:
        while self._firsts and self._firsts[0] <= self.low + 1:
            self.low = max(self.low, self._lasts[0])
            del self._firsts[0], self._lasts[0]
