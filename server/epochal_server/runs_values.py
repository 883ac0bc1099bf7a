"""Values of runs as the API gives them: what JSON and JavaScript can hold, exactly."""

from __future__ import annotations

from typing import Any, Final

from epochal.json_values import json_safe

from .run_keys import readable

#: JavaScript's numbers are exact up to here; larger integers are sent as texts of their digits.
EXACT: Final = 1 << 53
_TEXTS: Final = frozenset({str})


def shown(value: Any) -> Any:
    """Return a value for JSON: NaN and infinities as words, integers beyond 2^53 as texts, anything else as it is."""
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return readable(value)
    if kind is int:
        return value if -EXACT <= value <= EXACT else str(value)
    if kind is float:
        return value if value - value == 0.0 else json_safe(value)
    if kind is list or kind is tuple:
        return [shown(item) for item in value]
    if kind is dict:
        return {readable(str(key)): shown(item) for key, item in value.items()}
    return json_safe(value)


def token(value: Any) -> Any:
    """Return what is equal for values that belong together: numbers by value, bools apart, NaN equal to NaN."""
    kind = type(value)
    if kind is str or value is None:
        return value
    if kind is bool:
        return "bool", value
    if kind is int or kind is float:
        return value if value == value else ("nan",)
    if kind is dict:
        return "map", tuple(sorted((str(key), repr(token(item))) for key, item in value.items()))
    if kind is list or kind is tuple:
        if _TEXTS.issuperset(map(type, value)):  # as tags and metrics are
            return "list", tuple(value)
        return "list", tuple(map(token, value))
    return "other", repr(value)
