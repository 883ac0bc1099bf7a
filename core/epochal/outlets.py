"""Where a run's record goes besides its folder, and which rules watch it: as `init` was asked, or the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import BadValueError
from .settings import ModeChoice, tables

if TYPE_CHECKING:
    from .rules import Rule
    from .session import Session
    from .sinks.choosing import Chosen


class Outlets(NamedTuple):
    """The sinks and rules that a run has from the start."""

    sinks: list[Chosen]
    rules: list[Rule]

    def record(self, session: Session) -> None:
        """Write them into the run's record, from which the sink process takes them, and have it started."""
        for sink in self.sinks:
            session.writer.record("sink", sink._asdict())
        for rule in self.rules:
            session.writer.record("rule", rule.settings())
        session.deliver = any(not sink.held for sink in self.sinks)
        if self.rules:
            session.watch_rules()


def asked_for(sinks: Sequence[Any] | None, mode: ModeChoice) -> Outlets:
    """Return what a new run has; without an argument, the settings' `[[sinks]]`; always the settings' `[[rules]]`.

    Raises:
        BadValueError: something of it cannot be used.
    """
    given, place = tables("sinks") if sinks is None else (sinks, "sinks")
    rules, file = tables("rules")
    if not given and not rules:
        return Outlets([], [])
    chosen: list[Chosen] = []
    if given:
        from .plugins import get_manager
        from .sinks.choosing import choose

        offline = mode.mode == "offline" and mode.source != "default"
        chosen = choose(given, get_manager().collect("register_sinks"), place=place, offline=offline)
    return Outlets(chosen, [_rule(rule, f"{file}[{index}]") for index, rule in enumerate(rules)])


def _rule(settings: Any, place: str) -> Rule:
    from .rules import rule_of

    try:
        return rule_of(settings)
    except BadValueError as error:
        raise BadValueError(f"{place}: {error}") from error
