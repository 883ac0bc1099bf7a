"""How values look in the terminal: numbers, times, and texts that cannot play tricks."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, Final

#: Invisible characters that belong to legible text: the joiner within emoji.
_KEPT: Final = "\u200d"
_STEPS: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "m"), (1.0, "s"))


def shown(text: object, limit: int | None = None) -> str:
    """Return `text` in one line: control characters, escapes and direction marks as backslash codes, cut at `limit`."""
    plain = str(text)
    if not plain.isprintable():
        plain = "".join(
            char if char.isprintable() or char in _KEPT else char.encode("unicode_escape").decode() for char in plain
        )
    return plain if limit is None or len(plain) <= limit else plain[: limit - 1] + "…"


def number(value: float, digits: int = 4) -> str:
    """Return a number with about so many significant digits; an int as it is, up to 12 digits of it."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        text = str(value) if abs(value) < 10**40 else f"{_leading(value)}"
        return text if len(text) <= 12 else f"{_leading(value)}"
    if not math.isfinite(value):
        return str(value)
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        if 0 <= int(exponent) < 7:
            return f"{value:.0f}"
        return f"{mantissa}e{int(exponent)}"
    return text


def _leading(value: int) -> str:
    # not through float: an int may be larger than any
    digits = str(abs(value)) if abs(value) < 10**4000 else hex(abs(value))
    if digits.startswith("0x"):
        return f"{'-' if value < 0 else ''}{digits[:6]}… ({value.bit_length()} bits)"
    return f"{'-' if value < 0 else ''}{digits[0]}.{digits[1:4]}e{len(digits) - 1}"


def value(item: Any, limit: int | None = None) -> str:
    """Return any config or summary value in one line."""
    if item is None:
        return "–"
    if isinstance(item, (bool, int, float)):
        return number(item)
    if isinstance(item, str):
        return shown(item, limit)
    if isinstance(item, Mapping):
        return shown("{" + ", ".join(f"{key}: {value(part)}" for key, part in item.items()) + "}", limit)
    if isinstance(item, (list, tuple)):
        return shown("[" + ", ".join(value(part) for part in item[:200]) + "]", limit)
    return shown(item, limit)


def span(seconds: float | None) -> str:
    """Return a duration such as 340ms, 4.5s, 45s, 3m12s, 2h05m or 3d04h."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 0:
        return f"-{span(-seconds)}"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 10:
        return f"{seconds:.1f}s"
    rest = round(seconds)
    for i, (size, unit) in enumerate(_STEPS):
        if rest >= size:
            whole, part = divmod(rest, int(size))
            if i == len(_STEPS) - 1:
                return f"{whole}{unit}"
            following, name = _STEPS[i + 1]
            return f"{whole}{unit}{int(part // following):02d}{name}"
    return "0s"


def since(moment: float | None, now: float | None = None) -> str:
    """Return how long ago a moment was, such as "just now", "12m ago" or "3d ago"; a date beyond 30 days."""
    if moment is None:
        return "–"
    passed = (time.time() if now is None else now) - moment
    if passed < 5:
        return "just now"
    if passed > 30 * 86400:
        return day(moment)
    for size, unit in _STEPS:
        if passed >= size:
            return f"{int(passed // size)}{unit} ago"
    return "just now"


def day(moment: float) -> str:
    """Return the local date of a moment, in seconds since the epoch."""
    return clock(moment)[:10]


def clock(moment: float | None) -> str:
    """Return the local date and time of a moment, to the second."""
    if moment is None:
        return "–"
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))
    except (OverflowError, ValueError, OSError):
        return number(moment)


def size(count: int | None) -> str:
    """Return a number of bytes such as 812 B, 3.4 kB or 1.2 GB."""
    if count is None:
        return "–"
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
