"""`run.alert_on`: rules that watch the run from another process, and what they find, told in the trainer's terminal."""

from __future__ import annotations

import os
import sys
from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .errors import BadValueError
from .settings import is_set

if TYPE_CHECKING:
    from .faults import Faults
    from .hookspecs import RunInfo
    from .journal.writer import JournalWriter
    from .rules import Rule
    from .session import Session

#: How often the trainer looks for findings, in seconds.
LOOK_S: Final = 5.0


def alerts_path(run: RunInfo) -> str:
    """Return the file in which the sink process leaves one line for each alert, for the trainer to print."""
    return os.path.join(run.folder, "sinks", f"alerts-{run.rank}.txt")


class AlertLines:
    """Prints what the rules have found on the trainer's stderr: one system call each time it looks, and never waits."""

    def __init__(self, run: RunInfo) -> None:
        """What an earlier process of the run has been told is not printed again."""
        self._path = alerts_path(run)
        self._fd = -1
        self._due = 0.0
        try:
            self._at = os.stat(self._path).st_size
        except OSError:
            self._at = 0

    def look(self, now: float) -> None:
        """Print what is new, if it is time to look."""
        if now < self._due:
            return
        self._due = now + LOOK_S
        try:
            if self._fd < 0:
                from .descriptors import high

                self._fd = high(os.open(self._path, os.O_RDONLY | os.O_CLOEXEC))
            text = os.pread(self._fd, 1 << 16, self._at)
        except OSError:  # nothing was found yet, or the folder is gone
            return
        whole = text[: text.rfind(b"\n") + 1]
        self._at += len(whole)
        if not whole or is_set("EPOCHAL_QUIET") or sys.stderr is None:
            return
        try:
            sys.stderr.write(whole.decode("utf-8", "replace"))
            sys.stderr.flush()
        except Exception:  # closed, or somebody's own stream: no alert is worth a training
            return

    def close(self) -> None:
        """Look once more, and let go of the file."""
        self._due = 0.0
        self.look(0.0)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


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
            self._writer.check(now)
            if self._session.rule_alerts is not None and self._writer.role == "main":
                self._session.rule_alerts.look(now)
