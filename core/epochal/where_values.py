"""What filter expressions compute: comparisons that never fail, arithmetic, and a few functions."""

from __future__ import annotations

import fnmatch
import math
import operator
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    def compared(left: Any, right: Any) -> bool:
        if left is None or right is None:
            return False
        try:
            return bool(compare(left, right))
        except TypeError:
            return False

    return compared


def contains(container: Any, item: Any) -> bool:
    """Return whether a list holds the item, a mapping has the key, or a text holds the text."""
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    if isinstance(container, (Mapping, Sequence)):
        try:
            return item in container
        except TypeError:
            return False
    return False


COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "is": lambda left, right: bool(left == right),
    "is not": lambda left, right: bool(left != right),
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": lambda left, right: left is not None and contains(right, left),
    "not in": lambda left, right: left is not None and right is not None and not contains(right, left),
}


def _arithmetic(compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def computed(left: Any, right: Any) -> Any:
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            return None
        try:
            return compute(left, right)
        except (ZeroDivisionError, OverflowError):
            return None

    return computed


ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv),
}


def member(value: Any, key: Any) -> Any:
    """Return `value[key]` of a mapping or list, None where there is none."""
    if type(value) is dict and type(key) is str:  # as nearly always: asking for a Mapping costs more than all else
        return value.get(key)
    if isinstance(value, Mapping):
        try:
            return value.get(key)
        except TypeError:
            return None
    if isinstance(value, (list, tuple)) and isinstance(key, int) and -len(value) <= key < len(value):
        return value[key]
    return None


def truth(value: Any) -> bool:
    """Return whether a value counts as true: NaN, None, 0 and what is empty do not."""
    return bool(value) and value == value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("takes a text")
    return value


def _matches(value: Any, pattern: Any) -> bool:
    return re.match(fnmatch.translate(_text(pattern)), _text(value)) is not None


def _length(value: Any) -> int:
    if not isinstance(value, (str, list, tuple, Mapping)):
        raise TypeError("takes a text, a list or a mapping")
    return len(value)


def _magnitude(value: Any) -> Any:
    if not isinstance(value, (int, float)):
        raise TypeError("takes a number")
    return abs(value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def date(text: Any) -> float:
    """Return the seconds since the epoch of an ISO date or time, local unless it names a zone."""
    try:
        return datetime.fromisoformat(_text(text)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f'cannot read {text!r} as a date: write "2026-07-31" or "2026-07-31 14:05"') from None


def ago(text: Any) -> float:
    """Return the seconds since the epoch of a moment so long ago: "90s", "30m", "2h", "7d", "3w"."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", _text(text))
    if match is None:
        raise ValueError(f'cannot read {text!r} as a time span: write "90s", "30m", "2h", "7d" or "3w"')
    return time.time() - float(match[1]) * _UNITS[match[2]]


#: name → (number of arguments, function). A TypeError or ValueError of a function makes its result None.
FUNCTIONS: Final[dict[str, tuple[int, Callable[..., Any]]]] = {
    "contains": (2, contains),
    "startswith": (2, lambda text, start: _text(text).startswith(_text(start))),
    "endswith": (2, lambda text, end: _text(text).endswith(_text(end))),
    "matches": (2, _matches),
    "lower": (1, lambda text: _text(text).lower()),
    "len": (1, _length),
    "abs": (1, _magnitude),
    "isnan": (1, _is_nan),
    "date": (1, date),
    "ago": (1, ago),
}


def sort_rank(value: Any) -> tuple[int, Any]:
    """Return a key by which values of any type can be sorted: numbers, then texts, then all else by its repr."""
    if isinstance(value, (int, float)):
        return 0, value
    if isinstance(value, str):
        return 1, value
    return 2, repr(value)


def is_missing(value: Any) -> bool:
    """Return whether a value has no place in an order: None and NaN sort behind all others, whatever the direction."""
    return value is None or value != value


def plain(values: Iterable[Any]) -> list[Any]:
    """Return the finite and infinite numbers among `values`, bools included; NaN and all else left out."""
    return [value for value in values if isinstance(value, (int, float)) and value == value]
