"""Looks at every row of a run with the run's rules, and tells each finding once, however often it starts over."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, NamedTuple

from ..errors import BadValueError
from ..journal.following import Entry
from ..sinks.feed import Feed
from ..sinks.messages import Source, row_of
from . import Rule, WorseThan, rule_of
from .baselines import Baselines
from .states import State, as_number

#: Rows that are taken at once.
_MOST = 1000


class Finding(NamedTuple):
    """What a rule has found.

    Attributes:
        rule: which.
        metric: where.
        step: at which step the rule fired.
        text: what, in a sentence.
        cause: the key of the row, `<writer>:<seq>`.
    """

    rule: Rule
    metric: str
    step: int
    text: str
    cause: str

    @property
    def id(self) -> str:
        """What the same finding has in common after a restart."""
        return f"{identity(self.rule)} {self.metric} {self.cause}"

    def fields(self) -> dict[str, Any]:
        """Return the `alert` record."""
        return {
            "title": title(self.rule, self.metric),
            "text": self.text,
            "level": getattr(self.rule, "level", "warning"),
            "step": self.step,
            "source": "rule",
            "metric": self.metric,
            "rule": self.rule.settings(),
            "cause": self.cause,
        }


class Judge:
    """Follows one rank of a run from its beginning. A rule that comes late is put to all rows, too."""

    def __init__(
        self,
        folder: str,
        root: str,
        rank: int,
        *,
        tell: Callable[[Finding], None],
        report: Callable[[str], None],
    ) -> None:
        """Prepare to look.

        Args:
            folder: the run's.
            root: the runs folder, where other runs are looked for.
            rank: whose rows.
            tell: is given each finding that the record does not hold yet.
            report: is told what is wrong with a rule.
        """
        self._folder, self._rank = folder, rank
        self._tell, self._report = tell, report
        self._baselines = Baselines(root, report)
        self._rules: dict[str, Rule] = {}
        self._known: set[str] = set()
        self._found: list[Finding] = []
        self._begin()

    def _begin(self) -> None:
        self.feed = Feed(self._folder, self._rank, lambda _: lambda _: False)
        self._states: dict[str, list[State]] = {}
        self._rows = 0

    def look(self, *, deep: bool = False) -> bool:
        """Take in what is new; return whether there is more."""
        taken = self.feed.take(_MOST, deep=deep)
        for source, entry in taken:
            kind = entry.payload.get("k", "row")
            if kind == "rule":
                if self._add(entry.payload) and self._rows:
                    self._begin()  # rows were passed that the new rule has not seen
                    return True
            elif kind == "alert":
                self._recall(entry.payload)
            elif kind == "segment" and isinstance(entry.payload.get("cut"), dict):
                for states in self._states.values():
                    for state in states:
                        state.begin_anew()
            elif kind == "row" and source.role in ("main", "child", "import"):
                self._rows += 1
                self._row(source, entry)
        if not self.feed.more:
            self._tell_all()
        return self.feed.more

    def _add(self, payload: dict[str, Any]) -> bool:
        fields = {key: value for key, value in payload.items() if key not in ("k", "t")}
        try:
            rule = rule_of(fields)
        except BadValueError as error:
            self._report(f"a rule cannot be used: {error}")
            return False
        new = identity(rule) not in self._rules
        self._rules[identity(rule)] = rule
        if new:
            self._states.clear()
        return new

    def _row(self, source: Source, entry: Entry) -> None:
        if not self._rules:
            return
        step, _, values = row_of(entry)
        if type(step) is not int:
            return
        for name, value in values:
            states = self._states.get(name)
            if states is None:
                states = self._states[name] = list(self._states_of(name))
            if not states:
                continue
            number = as_number(value)
            for state in states if number is not None else ():
                text = state.fires(step, number or 0.0)
                if text is not None:
                    self._found.append(Finding(state.rule, name, step, text, f"{source.writer}:{entry.seq}"))

    def _states_of(self, metric: str) -> Iterable[State]:
        for rule in self._rules.values():
            if _means(rule.metric, metric):
                baseline = partial(self._baselines.value, rule.run) if isinstance(rule, WorseThan) else None
                yield State(rule, metric, baseline)

    def _recall(self, payload: dict[str, Any]) -> None:
        """Remember a finding that an earlier process of this kind, or this one, has recorded."""
        if payload.get("source") == "rule":
            try:
                rule = rule_of(payload.get("rule"))
            except BadValueError:
                return
            self._known.add(f"{identity(rule)} {payload.get('metric')} {payload.get('cause')}")

    def _tell_all(self) -> None:
        """Tell what was found, once all that is recorded has been read: earlier alerts stand behind their rows."""
        found, self._found = self._found, []
        for finding in found:
            if finding.id not in self._known:
                self._known.add(finding.id)
                self._tell(finding)


def identity(rule: Rule) -> str:
    """Return what two equal rules have in common."""
    return json.dumps(rule.settings(), sort_keys=True)


def title(rule: Rule, metric: str) -> str:
    """Return an alert's title."""
    words = {"not_finite": "is not finite", "no_progress": "makes no progress", "worse_than": "is worse"}
    more = f" than in {rule.run}" if isinstance(rule, WorseThan) else ""
    return f"{metric} {words.get(rule.kind, rule.kind)}{more}"


def _means(pattern: str, metric: str) -> bool:
    if "*" not in pattern:
        return pattern == metric
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), metric, re.DOTALL) is not None
