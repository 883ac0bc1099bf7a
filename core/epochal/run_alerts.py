"""`run.alert`: tells whoever watches a run that something needs a look, in the record and on the terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final

from .redaction import redact_text
from .settings import is_set
from .values import Unusable, plain_step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .faults import Faults
    from .session import Session

LEVELS: Final = ("info", "warning", "error")
#: Characters of title and text that are kept.
_TITLE, _TEXT = 1_000, 100_000
#: On the terminal the same alert stands once in so many seconds, and so many different ones.
_PAUSE_S, _AT_ONCE = 10.0, 10


class RunAlerts:
    """The verb `alert` of a `Run`."""

    _session: Session
    _fault: Faults

    if TYPE_CHECKING:

        def _record(self, kind: str, fields: Mapping[str, Any]) -> None: ...
        def _next_step(self) -> int: ...

    def alert(self, title: str, text: str = "", level: str = "info", *, step: int | None = None) -> None:
        """Record an alert and print it on stderr as one line; never raises.

        Every alert stands in the record. On the terminal the same one (title and level) is shown at most once in 10
        seconds, and at most 10 different ones; EPOCHAL_QUIET=1 shows none.

        Args:
            title: what happened, in a few words; 1,000 characters are kept.
            text: more about it; 100,000 characters are kept.
            level: `"info"`, `"warning"` or `"error"`.
            step: where it belongs; by default the run's last step.
        """
        try:
            plain = str(getattr(level, "value", level)).lower()
            if plain not in LEVELS:
                self._fault("alert", f"run.alert: level {level!r} is none of {', '.join(LEVELS)}: warning was taken")
                plain = "warning"
            name = redact_text(str(title))[:_TITLE]
            fields = {
                "title": name,
                "text": redact_text(str(text))[:_TEXT],
                "level": plain,
                "step": self._step_of_alert(step),
                "source": "run",
            }
            self._record("alert", fields)
            _shown(self._session).show(name, plain, self._session.info.rank)
        except Exception as error:
            self._fault.internal("alert", error)

    def _step_of_alert(self, step: Any) -> int:
        if step is not None:
            try:
                return plain_step(step, self._session.converters)
            except Unusable as why:
                self._fault("alert step", f"run.alert: step {why}; the run's last step was taken")
        last = self._next_step() - 1
        return 0 if last == -1 else min(last, (1 << 63) - 1)


class _Terminal:
    """Shows alerts on stderr, and not too many."""

    def __init__(self) -> None:
        #: Title and level to when it was shown, and how often it came since.
        self._last: dict[tuple[str, str], tuple[float, int]] = {}

    def show(self, title: str, level: str, rank: int) -> None:
        if is_set("EPOCHAL_QUIET") or sys.stderr is None:
            return
        now = time.monotonic()
        key = title, level
        at, since = self._last.get(key, (-_PAUSE_S, 0))
        recent = [shown for shown, _ in list(self._last.values()) if now - shown < _PAUSE_S]
        if now - at < _PAUSE_S or len(recent) >= _AT_ONCE:
            if key in self._last:
                self._last[key] = at, since + 1
            return
        if len(self._last) >= 10 * _AT_ONCE:
            self._last.clear()
        self._last[key] = now, 0
        who = f" (rank {rank})" if rank else ""
        more = f" (and {since} more of it)" if since else ""
        line = f"epochal: {level}{who}: {_one_line(title)}{more}\n"
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except (OSError, ValueError):  # stderr is closed, or a pipe that nobody reads
            pass


def _shown(session: Session) -> _Terminal:
    if session.alerts is None:
        session.alerts = _Terminal()
    terminal: _Terminal = session.alerts
    return terminal


def _one_line(text: str) -> str:
    plain = " ".join(text.split())
    return "".join(char if char.isprintable() else "\ufffd" for char in plain)
