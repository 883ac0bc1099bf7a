"""What the fields of foreign tables and objects mean: numbers, steps, times, and columns that hold them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any, Final

#: Names under which others keep the step, the most certain first; compared in lower case.
STEP_NAMES: Final = ("step", "_step", "global_step", "global step", "iteration", "iter", "steps", "epoch")
#: Names under which others keep the time of a row, in seconds since the epoch or as ISO 8601.
TIME_NAMES: Final = ("time", "_timestamp", "timestamp", "wall_time", "wall time", "datetime", "date")

_INT: Final = re.compile(r"[+-]?\d+\Z")
_WORDS: Final[dict[str, Any]] = {
    "true": True, "false": False, "nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf,
    "infinity": math.inf, "-infinity": -math.inf,
}  # fmt: skip
_INT64: Final = range(-(1 << 63), 1 << 63)


class NoStep(ValueError):
    """A field that is no step; the message says why."""


def number(text: str) -> float | int | bool | None:
    """Return what a field says as a number or truth value; None where it says neither."""
    word = text.strip()
    lower = word.lower()
    if lower in _WORDS:
        found: float | bool = _WORDS[lower]
        return found
    if not word or word[-1] not in "0123456789.":
        return None
    try:
        # int() takes _ and digits of other scripts, and digits by the thousand: none of these is meant
        if len(word) < 400 and _INT.match(word) and word.isascii():
            return int(word)
        return float(word) if word.isascii() and "_" not in word else None
    except ValueError:
        return None


def step_of(value: Any) -> int:
    """Return a step: an integer of 64 bits, or a float or text that is one.

    Raises:
        NoStep: it is none.
    """
    found = number(value) if isinstance(value, str) else value
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if type(found) is not int:
        raise NoStep(f"{_short(value)} is no step")
    if found not in _INT64:
        raise NoStep(f"{_short(value)} does not fit 64 bits")
    return found


def time_of(value: Any) -> float | None:
    """Return seconds since the epoch from a number, or from a text in ISO 8601 (without a zone: UTC)."""
    found = number(value) if isinstance(value, str) else value
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return float(found) if math.isfinite(found) else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def pick(names: Iterable[str], known: Iterable[str]) -> str | None:
    """Return the first of the known names that is there, whatever its case."""
    there: dict[str, str] = {}
    for name in names:
        there.setdefault(name.strip().lower(), name)
    return next((there[name] for name in known if name in there), None)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"
