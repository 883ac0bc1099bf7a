"""`run.alert_on`: rules that watch the run from another process, and what they find, told in the trainer's terminal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import BadValueError

if TYPE_CHECKING:
    from .faults import Faults
    from .journal.writer import JournalWriter
    from .rules import Rule
    from .session import Session


class RunRules:
    """The verb that gives rules to a run."""

    _session: Session
    _writer: JournalWriter
    _fault: Faults

    @abstractmethod
    def _record(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Write a record, and never raise."""

    def alert_on(self, *rules: Rule) -> None:
        """Have rules look at every row of this run, in another process; what they find becomes an alert.

        Alerts stand in the run's record, in the terminal of the training (looked for every 5 s, and at `finish`), and
        go to the run's sinks. A rule that was given already is not given twice.

        Args:
            rules: of `epochal.rules`: `NotFinite("loss")`, `NoProgress("val/loss", steps=1000)`,
                `WorseThan("val/loss", run="baseline")`.
        """
        from .rules import rule_of

        for rule in rules:
            try:
                settings = rule_of(rule).settings()
            except BadValueError as error:
                self._fault("rule", f"run.alert_on: {error}: this rule does not count", once=str(error))
                continue
            except Exception as error:
                self._fault.internal("alert_on", error)
                continue
            self._record("rule", settings)
            try:
                self._session.watch_rules()
            except Exception as error:
                self._fault.internal("alert_on", error)

    def _check(self, now: float) -> None:
        """Look after what a row has no time for, when it is time to."""
        if now >= self._writer.check_at:
            deferred = self._session.deferred
            if deferred is not None and not deferred.due(now):
                return
            self._writer.check(now)
            if deferred is not None:
                deferred.checked()
            if self._session.told is not None and self._writer.role == "main":
                self._session.told.look(now)
