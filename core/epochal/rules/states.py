"""What a rule knows of one metric so far, and whether the next value makes it fire."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from . import NoProgress, NotFinite, Rule, WorseThan

#: A metric that fires and recovers in turn is told of so many times by one rule.
MOST_ALERTS: Final = 20

#: Gives, for a `WorseThan`, the other run's value at a step; None where it has none.
Baseline = Callable[[str, int], "float | None"]


class State:
    """One rule for one metric.

    Attributes:
        fired: it has fired, and the metric has not recovered since.
    """

    def __init__(self, rule: Rule, metric: str, baseline: Baseline | None = None) -> None:
        self.rule, self.metric = rule, metric
        self.fired = False
        self._count = 0
        self._best: float | None = None
        self._best_step = 0
        self._baseline = baseline

    def fires(self, step: int, value: float) -> str | None:
        """Take the next value; return what is wrong in one sentence if the rule fires at it."""
        text = self._judge(step, value)
        if text is None:
            self.fired = False
            return None
        if self.fired or self._count >= MOST_ALERTS:
            return None
        self.fired = True
        self._count += 1
        last = " (this rule has fired often here and is silent from now on)" if self._count == MOST_ALERTS else ""
        return text + last

    def begin_anew(self) -> None:
        """Forget the best value: the record goes on from an earlier step."""
        self._best = None

    def _judge(self, step: int, value: float) -> str | None:
        rule = self.rule
        if isinstance(rule, NotFinite):
            return None if math.isfinite(value) else f"{self.metric} is {value} at step {step}"
        if isinstance(rule, NoProgress):
            return self._progress(rule, step, value)
        if isinstance(rule, WorseThan):
            return self._compare(rule, step, value)
        return None

    def _progress(self, rule: NoProgress, step: int, value: float) -> str | None:
        sign = 1 if rule.goal == "min" else -1
        if value == value and (self._best is None or sign * value < sign * self._best - rule.min_delta):
            self._best, self._best_step = value, step
            return None
        if self._best is None:  # not a number yet: `NotFinite` is for that
            return None
        idle = step - self._best_step
        if idle < rule.steps:
            return None
        return f"{self.metric} has not been better than {self._best:.6g} for {idle} steps, at step {step}"

    def _compare(self, rule: WorseThan, step: int, value: float) -> str | None:
        if step < rule.after or self._baseline is None:
            return None
        other = self._baseline(rule.other_metric or self.metric, step)
        if other is None or other != other:
            return None
        sign = 1 if rule.goal == "min" else -1
        if value == value and not sign * value > sign * other + rule.tolerance:
            return None
        return f"{self.metric} is {value:.6g} at step {step}, where run {rule.run} had {other:.6g}"


def as_number(value: Any) -> float | None:
    """Return a recorded value as a float, None for text."""
    if type(value) is float:
        return value
    if isinstance(value, (bool, int)):
        return float(value)
    return None
