"""Rules that watch a run from outside its training and raise alerts: `run.alert_on(NotFinite("loss"))`.

Each is looked at for every metric that its name or pattern means, at every row. It fires once, and again only after the
metric has recovered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final

from ..errors import BadValueError

__all__ = ["NoProgress", "NotFinite", "Rule", "WorseThan", "rule_of"]

_LEVELS: Final = ("info", "warning", "error")


@dataclass(frozen=True)
class Rule:
    """What every rule has; use one of those below.

    Attributes:
        metric: a name, or a pattern with `*`.
        level: of the alert: info, warning or error.
    """

    kind: ClassVar[str] = ""
    metric: str

    def settings(self) -> dict[str, Any]:
        """Return the rule as a mapping, as `[[rules]]` in `.epochal.toml` and the run's record have it."""
        return {"kind": self.kind, **asdict(self)}

    def check(self) -> None:
        """Raise BadValueError where a value cannot be used."""
        _text(self, "metric", self.metric)
        level = getattr(self, "level", "warning")
        if level not in _LEVELS:
            raise BadValueError(f"{self.kind}: level {level!r} is not known: take info, warning or error")
        goal = getattr(self, "goal", "min")
        if goal not in ("min", "max"):
            raise BadValueError(f"{self.kind}: goal {goal!r} is not known: take 'min' or 'max'")


@dataclass(frozen=True)
class NotFinite(Rule):
    """Fires at a value that is NaN or infinite; recovers at a finite one."""

    kind: ClassVar[str] = "not_finite"
    level: str = "error"


@dataclass(frozen=True)
class NoProgress(Rule):
    """Fires when a metric has not become better for some steps; recovers when it does.

    Attributes:
        steps: so many behind the step of the best value.
        goal: `"min"` or `"max"`: which way is better.
        min_delta: a smaller change is none.
    """

    kind: ClassVar[str] = "no_progress"
    steps: int = 1000
    goal: str = "min"
    min_delta: float = 0.0
    level: str = "warning"

    def check(self) -> None:
        """Raise BadValueError where a value cannot be used."""
        super().check()
        _whole(self, "steps", self.steps, least=1)
        _number(self, "min_delta", self.min_delta)


@dataclass(frozen=True)
class WorseThan(Rule):
    """Fires when a metric is worse than that of another run at the same step; recovers when it is not.

    Attributes:
        run: the other run's id, name or path; its latest value at or before the step counts.
        goal: `"min"` or `"max"`: which way is better.
        tolerance: so much worse is not worse yet.
        after: earlier steps are not compared.
        other_metric: what the other run's metric is called, if not the same.
    """

    kind: ClassVar[str] = "worse_than"
    run: str = ""
    goal: str = "min"
    tolerance: float = 0.0
    after: int = 0
    other_metric: str | None = None
    level: str = "warning"

    def check(self) -> None:
        """Raise BadValueError where a value cannot be used."""
        super().check()
        _text(self, "run", self.run)
        _number(self, "tolerance", self.tolerance)
        _whole(self, "after", self.after, least=-(1 << 63))
        if self.other_metric is not None:
            _text(self, "other_metric", self.other_metric)


_KINDS: Final[dict[str, type[Rule]]] = {rule.kind: rule for rule in (NotFinite, NoProgress, WorseThan)}


def rule_of(settings: Any) -> Rule:
    """Return the rule that a mapping (or a rule) describes.

    Raises:
        BadValueError: it describes none; the message says why.
    """
    if isinstance(settings, Rule):
        if type(settings) is Rule:
            raise BadValueError("Rule is what all rules have in common: take NotFinite, NoProgress or WorseThan")
        settings.check()
        return settings
    if not isinstance(settings, Mapping):
        raise BadValueError(
            f"a rule is a {type(settings).__name__}: give epochal.rules.NotFinite('loss'), NoProgress(…), WorseThan(…)"
        )
    given = dict(settings)
    kind = given.pop("kind", None)
    if kind not in _KINDS:
        raise BadValueError(f"there is no kind of rule {kind!r}: there are {', '.join(_KINDS)}")
    try:
        rule = _KINDS[kind](**given)
    except TypeError as error:
        known = ", ".join(_KINDS[kind].__dataclass_fields__)
        raise BadValueError(f"{kind}: {' '.join(map(str, given))} cannot be used, there are {known}") from error
    rule.check()
    return rule


def _text(rule: Rule, name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise BadValueError(f"{rule.kind}: {name} is {value!r}: give a text")


def _whole(rule: Rule, name: str, value: object, *, least: int) -> None:
    if type(value) is not int or value < least:
        raise BadValueError(f"{rule.kind}: {name} is {value!r}: give a whole number of at least {least}")


def _number(rule: Rule, name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        raise BadValueError(f"{rule.kind}: {name} is {value!r}: give a number of at least 0")
