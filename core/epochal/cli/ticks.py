"""Where an axis has its marks and what they say: linear, logarithmic, durations and times of day."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

_SUFFIXES: Final = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
#: Distances that read well on a clock, in seconds.
_TIME_STEPS: Final = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
)  # fmt: skip
#: The year 10000, in seconds since the epoch: what lies beyond is no time that anybody meant.
_FAR: Final = 253_402_300_800


class Tick(NamedTuple):
    """A mark on an axis: its value on the data's scale, and its label."""

    value: float
    label: str


def linear(low: float, high: float, count: int) -> list[Tick]:
    """Return about `count` (at least 1) marks at round values from `low` to `high`."""
    values = _spaced(low, high, _round_step(high / count - low / count))
    return list(map(Tick, values, _labels(values)))


def logarithmic(low: float, high: float, count: int) -> list[Tick]:
    """Return marks at powers of ten from `low` to `high`, both positive; between them too where they are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, math.ceil((last - first) / max(count, 1)))
    for factors in ((1,), (1, 3), (1, 2, 5)):
        marks = (factor * 10.0**power for power in range(first, min(last, 308) + 1, stride) for factor in factors)
        values = [mark for mark in marks if low <= mark * (1 + 1e-9) and mark * (1 - 1e-9) <= high and mark < math.inf]
        if len(values) >= min(3, count):
            return [Tick(value, _short(value)) for value in values]
    return linear(low, high, count)


def duration(low: float, high: float, count: int) -> list[Tick]:
    """Return marks at round durations, in seconds."""
    step = _time_step(high / count - low / count)
    if step < 1:
        return [Tick(tick.value, tick.label + "s") for tick in linear(low, high, count)]
    return [Tick(value, _duration_label(round(value))) for value in _spaced(low, high, step)]


def moment(low: float, high: float, count: int) -> list[Tick]:
    """Return marks at round local times, in seconds since the epoch."""
    if not 0 <= low <= high < _FAR:
        return duration(low, high, count)
    step = _time_step(high / count - low / count)
    if step < 1:
        return [Tick(value, f"{value % 60:.3g}s") for value in _spaced(low, high, step)]
    offset = time.localtime(low).tm_gmtoff or 0
    pattern = "%Y-%m-%d" if step >= 86400 else "%m-%d %H:%M" if high - low >= 86400 else "%H:%M" if step >= 60 else "%T"
    return [
        Tick(value - offset, time.strftime(pattern, time.localtime(value - offset)))
        for value in _spaced(low + offset, high + offset, step)
    ]


def _round_step(rough: float) -> float:
    if not rough > 0 or not math.isfinite(rough):
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= rough * 0.999), 10 * power)


def _time_step(rough: float) -> float:
    if rough < 1:
        return _round_step(rough)
    days = _round_step(rough / 86400) * 86400
    return next((float(step) for step in _TIME_STEPS if step >= rough * 0.999), days)


def _spaced(low: float, high: float, step: float) -> list[float]:
    if not step:  # the range is below what any float can divide
        return [low, high]
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last - first > 1000:  # the range is below what float64 can tell apart at this size
        return [low, high]
    return [i * step for i in range(first, last + 1)]


def _labels(values: Sequence[float]) -> list[str]:
    """Return labels that tell neighbours apart with as few digits as that takes."""
    if not values:
        return []
    largest = max(map(abs, values))
    step = min((b - a for a, b in itertools.pairwise(values)), default=largest) or 1.0
    if not math.isfinite(step):  # two marks further apart than any float
        return [_short(value, 1) for value in values]
    if largest >= 1e15 or 0 < largest < 1e-3:
        return [_short(value, max(0, math.ceil(math.log10(largest / step) - 1e-9) + 1)) for value in values]
    scale, suffix = next((pair for pair in _SUFFIXES if largest >= 10 * pair[0]), (1.0, ""))
    decimals = next((d for d in range(12) if abs(round(step / scale, d) * scale - step) < step * 1e-6), 12)
    return [f"{value / scale:.{decimals}f}{suffix if value else ''}" for value in values]


def _short(value: float, digits: int = 3) -> str:
    if 1e-3 <= abs(value) < 1e4:
        return f"{value:g}"
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    if not float(mantissa):
        return "0"
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def _duration_label(seconds: int) -> str:
    if not seconds:
        return "0"
    parts = []
    rest = abs(seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if seconds < 0 else "") + "".join(parts[:2])
