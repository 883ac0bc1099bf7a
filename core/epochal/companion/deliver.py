"""The sink process: gives a run's rows and records to its sinks, and judges them by its rules, beside the training."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from ..plugins import companion_manager
from ..rules.judge import Finding, Judge
from ..sinks.choosing import Chosen
from ..sinks.delivery import Delivery
from ..sinks.recorded import recorded_sinks
from ..terminal_lines import leave_line
from ..writers import roles_and_ordinals
from .assignment import Assignment, received
from .system_journal import SystemJournal

#: How often rows are judged, and looked whether a resumed run has taken over, in seconds.
_LOOK_S: Final = 0.5
_SUPERSEDED_S: Final = 5.0
#: How long a run's folder may be away, in seconds.
_AWAY_S: Final = 30.0


class _Findings:
    """What this process adds to the run: a journal of its own, made when there is something to write."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._journal: SystemJournal | None = None
        self._lock = threading.Lock()

    def notice(self, text: str) -> None:
        """Record something that whoever reads the run should know, once."""
        with self._lock, contextlib.suppress(OSError):  # the folder is gone or full: nobody is left to be told
            self._opened().notice("sink", text)

    def alert(self, finding: Finding) -> None:
        """Record what a rule has found, and leave a line for the trainer's terminal."""
        fields = finding.fields()
        with self._lock:
            with contextlib.suppress(OSError):
                self._opened().record("alert", fields)
            line = f"epochal: alert ({fields['level']}): {fields['title']}: {fields['text']}"
            shown = "".join(sign if sign.isprintable() else "�" for sign in line)
            leave_line(self._assignment.folder, self._assignment.rank, f"{shown}\n")

    def close(self) -> None:
        """Close the journal, if there is one."""
        with self._lock:
            if self._journal is not None:
                self._journal.close()

    def _opened(self) -> SystemJournal:
        if self._journal is None:
            self._journal = SystemJournal(self._assignment)
        return self._journal


class _Process:
    """The deliveries, each in a thread of its own, and the judge in this one."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._findings = _Findings(assignment)
        self._judged = threading.Event()
        self._superseded_at = 0.0
        self._superseded = False
        self._away_at: float | None = None

    def run(self) -> None:
        """Go on until the run is over, judged and delivered, as far as its sinks let us."""
        threads = [threading.Thread(target=self._deliver, args=[one], daemon=True) for one in self._deliveries()]
        for thread in threads:
            thread.start()
        try:
            self._judge()
        except Exception as error:
            self._findings.notice(f"the rules are not looked at any more: {error!r}")
        self._judged.set()
        for thread in threads:
            thread.join()
        self._findings.close()

    def _deliveries(self) -> list[Delivery]:
        assignment = self._assignment
        chosen = [sink for sink in recorded_sinks(assignment.journal) if not sink.held]
        if not chosen:
            return []
        manager = companion_manager(assignment.plugins)
        for problem in manager.problems:
            self._findings.notice(str(problem))
        kinds = {sink.kind: sink for sink in manager.collect("register_sinks", on_problem=self._plugin_problem)}
        deliveries = []
        for one in chosen:
            if one.kind not in kinds:
                self._findings.notice(
                    f"sink {one.name}: its plugin does not offer {one.kind} in the sink process: nothing is delivered; "
                    f"`epochal sinks {assignment.id}` delivers it when that is mended"
                )
                continue
            deliveries.append(self._delivery(one, kinds[one.kind].open))
        return deliveries

    def _plugin_problem(self, problem: object) -> None:
        self._findings.notice(str(problem))

    def _delivery(self, chosen: Chosen, open: Callable[..., object]) -> Delivery:
        return Delivery(
            chosen,
            open,  # type: ignore[arg-type]
            self._assignment.run_info(),
            report=self._findings.notice,
            stop=self._stop,
            more=lambda: not self._judged.is_set(),
        )

    def _deliver(self, delivery: Delivery) -> None:
        try:
            delivery.run()
        except Exception as error:
            self._findings.notice(f"sink {delivery.name}: delivery ended early: {error!r}")

    def _judge(self) -> None:
        assignment = self._assignment
        judge = Judge(
            assignment.folder,
            assignment.root,
            assignment.rank,
            tell=self._findings.alert,
            report=self._findings.notice,
        )
        while not self._stop() and not self._away(judge):
            over = judge.feed.over()
            more = judge.look(deep=over)
            if over and not more:
                return
            if not more:
                time.sleep(_LOOK_S)

    def _away(self, judge: Judge) -> bool:
        now = time.monotonic()
        self._away_at = (self._away_at or now) if judge.feed.vanished() else None
        return self._away_at is not None and now - self._away_at > _AWAY_S

    def _stop(self) -> bool:
        """Return whether a process that has resumed the run since has taken over, with a companion of its own."""
        now = time.monotonic()
        if now >= self._superseded_at:
            self._superseded_at = now + _SUPERSEDED_S
            self._superseded = any(
                role == "main" and ordinal > self._assignment.ordinal
                for role, ordinal in roles_and_ordinals(self._assignment.folder, self._assignment.rank)
            )
        return self._superseded


def main() -> None:
    """Serve the run that the environment names."""
    os.environ.pop("EPOCHAL_STRICT", None)  # faults here become notices, whatever the trainer wants of its own
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(5)
    try:
        assignment = received()
    except ValueError:
        sys.exit(1)
    _Process(assignment).run()
