"""One column of the runs table: a value of each run, and the arrays that sorting, filters and groups need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from epochal.where_values import is_missing, sort_rank

from .runs_values import EXACT, shown, token

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
T = TypeVar("T")

_KINDS: Final[dict[frozenset[type], str]] = {
    frozenset({int}): "number",
    frozenset({float}): "number",
    frozenset({int, float}): "number",
    frozenset({str}): "text",
    frozenset({bool}): "bool",
    frozenset({list}): "list",
}
#: Values of a column are listed up to here.
FEW: Final = 20


class Codes(NamedTuple):
    """Values as numbers of groups: `codes[row]` is a place in `values`, which stand in no order."""

    codes: Ints
    values: list[Any]


class Column:
    """A value of each run, None where a run has none.

    Attributes:
        name: such as `state`, `config.optimizer.lr` or `summary.val/acc`.
        values: by row.
        stamp: grows with each change; arrays are made anew behind it.
    """

    def __init__(self, name: str, values: list[Any], *, time: bool = False) -> None:
        self.name = name
        self.values = values
        self.stamp = 0
        self._time = time
        self._made: dict[str, tuple[int, Any]] = {}

    def set(self, row: int, value: Any) -> None:
        """Change the value of a run."""
        before = self.values[row]
        if before is not value and (type(before) is not type(value) or before != value):
            self.values[row] = value
            self.stamp += 1

    def append(self, value: Any) -> None:
        """Add a run."""
        self.values.append(value)
        self.stamp += 1

    def remove(self, row: int) -> None:
        """Take a run away: the last one comes into its place."""
        last = self.values.pop()
        if row < len(self.values):
            self.values[row] = last
        self.stamp += 1

    @property
    def kind(self) -> str:
        """`number`, `text`, `bool`, `time`, `list`, or `mixed` where values are of several kinds, or mappings."""
        return self._once("kind", self._find_kind)

    @property
    def numbers(self) -> Floats:
        """The values as floats, NaN where they are no numbers."""
        return self._once("numbers", self._find_numbers)

    @property
    def missing(self) -> Bools:
        """Where a run has no value."""
        return self._once("missing", lambda: np.array([value is None for value in self.values], np.bool_))

    @property
    def order(self) -> Floats:
        """A number for each value by which it sorts as in the Python API; NaN where it has no place in an order."""
        return self._once("order", self._find_order)

    @property
    def codes(self) -> Codes:
        """The values as groups."""
        return self._once("codes", self._find_codes)

    @property
    def exact(self) -> bool:
        """Whether the values can be sent as they are."""
        return self._once("exact", self._find_exact)

    def at(self, rows: Sequence[int]) -> list[Any]:
        """Return the values of some runs, for JSON."""
        values = self.values
        if self.exact:
            return [values[row] for row in rows]
        return [shown(values[row]) for row in rows]

    def _once(self, name: str, make: Callable[[], T]) -> T:
        made = self._made.get(name)
        if made is None or made[0] != self.stamp:
            made = self._made[name] = self.stamp, make()
        found: T = made[1]
        return found

    def _find_kind(self) -> str:
        kinds = frozenset(map(type, self.values)) - {type(None)}
        found = _KINDS.get(kinds, "mixed" if kinds else "text")
        return "time" if self._time and found == "number" else found

    def _find_numbers(self) -> Floats:
        if self.kind in ("number", "time", "bool"):
            try:
                return np.array(self.values, np.float64)
            except OverflowError:
                pass
        return np.array([_float(value) for value in self.values], np.float64)

    def _find_order(self) -> Floats:
        if self.kind in ("number", "time", "bool") and self.exact_integers:
            return self.numbers
        ranked: dict[Any, float] = {}
        ranks = [None if is_missing(value) else sort_rank(value) for value in self.values]
        for place, rank in enumerate(sorted({rank for rank in ranks if rank is not None})):
            ranked[rank] = float(place)
        return np.array([np.nan if rank is None else ranked[rank] for rank in ranks], np.float64)

    def _find_codes(self) -> Codes:
        if self.kind == "text":
            keys: list[Any] = self.values
        else:
            keys = [token(value) for value in self.values]
        places: dict[Any, int] = {}
        codes = np.array([places.setdefault(key, len(places)) for key in keys], np.int64)
        first: dict[int, Any] = {}
        if self.kind == "text":
            return Codes(codes, list(places))
        for code, value in zip(codes.tolist(), self.values, strict=True):
            first.setdefault(code, value)
        return Codes(codes, [first[code] for code in range(len(first))])

    @property
    def exact_integers(self) -> bool:
        """Whether no integer is so large that a float rounds it."""
        return self._once("integers", self._find_exact_integers)

    def _find_exact_integers(self) -> bool:
        if self.kind != "mixed" and not bool((np.abs(self.numbers) >= EXACT).any()):
            return True
        return not any(type(value) is int and not -EXACT <= value <= EXACT for value in self.values)

    def _find_exact(self) -> bool:
        kind = self.kind
        if kind == "text":
            return all(map(_utf8, {value for value in self.values if value is not None}))
        if kind == "bool":
            return True
        if kind not in ("number", "time") or not self.exact_integers:
            return False
        return not bool((~np.isfinite(self.numbers) & ~self.missing).any())


def _utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _float(value: Any) -> float:
    """Return a number as a float, an integer beyond all floats as an infinity, what is no number as NaN."""
    if not isinstance(value, (int, float)):
        return np.nan
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
