"""The companion's life: it watches one trainer, and writes down what the trainer has no time or no chance to."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from typing import Any, Final

from . import cgroups
from .assignment import Assignment, received
from .checkpoints import Checkpoints
from .durability import SYNC_S, Durability
from .repeat_search import RepeatSearch
from .sink_process import SinkProcess
from .system_journal import SystemJournal
from .system_metrics import SystemMetrics
from .task import Task
from .trainer import Ending, Trainer, signal_name

_PIPE_FD: Final = 3
#: How long an exit status is waited for after a run that was finished while the interpreter shut down, in seconds.
_EXIT_WAIT_S: Final = 60.0
#: How long the environment may take while the run lives, and how long it is waited for after its end, in seconds.
_ENVIRONMENT_S: Final = 300.0
_AFTERWARDS_S: Final = 25.0
#: How long the trainer may outlive a SIGTERM that reached us, in seconds: a machine that shuts down sends it to all.
_TERM_WAIT_S: Final = 10.0
#: How often the process table is asked where there is no pidfd, in seconds.
_LOOK_S: Final = 1.0


class Watch:
    """Everything that one companion does, in one thread, around one `poll`."""

    def __init__(self, assignment: Assignment) -> None:
        """Open the companion's journal.

        Raises:
            OSError: it cannot be created.
        """
        self.assignment = assignment
        self.trainer = Trainer(assignment.pid, assignment.pid_start, _PIPE_FD)
        self.journal = SystemJournal(assignment)
        self.durability = Durability(assignment, self.journal)
        self.checkpoints = Checkpoints(assignment, self.journal)
        self.metrics: SystemMetrics | None = None
        self.environment: Task | None = None
        self.sinks = SinkProcess(assignment)
        self.poll = select.poll()
        self.trainer.register(self.poll)
        self.repeats = RepeatSearch(assignment, self.journal, self.poll)
        self._groups = cgroups.MemoryGroups(assignment.pid)
        self._kills = self._kills_before = self._count_kills()
        self._sync_due = time.monotonic() + SYNC_S
        self._finished_at: float | None = None
        self._term_at: float | None = None
        self._acting = True

    # ---- while the run lives ----

    def run(self) -> None:
        """Watch until the run has ended, then write down how."""
        self._guard(self._keep_sinks)
        self._guard(self._start_environment)
        self._guard(self._start_metrics)
        while not self._over():
            self._wait()
            now = time.monotonic()
            if now >= self._sync_due:
                self._sync_due = now + SYNC_S
                self._guard(self._housekeeping)
            if self.metrics is not None and self.metrics.due is not None and now >= self.metrics.due:
                self._guard(self.metrics.sample)
            if self.repeats.due is not None and now >= self.repeats.due:
                self._guard(self.repeats.look)
        if not self.journal.vanished():
            self._afterwards()
            if self.assignment.deliver or self.trainer.said_deliver:
                self._guard(lambda: self.sinks.keep_once_more(self.poll))
        if self.environment is not None:
            self.environment.give_up()
        self.repeats.give_up()
        self.checkpoints.give_up()
        self.durability.close()
        self.journal.close()

    def _over(self) -> bool:
        if self.trainer.gone() or self.journal.vanished():
            return True
        now = time.monotonic()
        if self._term_at is not None and now >= self._term_at + _TERM_WAIT_S:
            return True
        if self.trainer.said_finished and self._finished_at is None:
            self._finished_at = now
            self.durability.look_for_finish()
            if self.metrics is not None:
                self.metrics.stop()
        if self.durability.finish is not None and self._finished_at is None:
            self._finished_at = now
        if self._finished_at is None:
            return False
        finish = self.durability.finish
        return not (finish or {}).get("atexit") or now >= self._finished_at + _EXIT_WAIT_S

    def _wait(self) -> None:
        now = time.monotonic()
        due = self._sync_due
        if self.metrics is not None and self.metrics.due is not None:
            due = min(due, self.metrics.due)
        if self.repeats.due is not None:
            due = min(due, self.repeats.due)
        if self.trainer.pidfd is None:
            due = min(due, now + _LOOK_S)
        for fd, _ in self.poll.poll(max(due - now, 0.0) * 1000):
            if fd == self.trainer.pipe:
                self.trainer.listen(self.poll)
                self._guard(self._keep_sinks)
            elif fd == self.sinks.fd:
                self._guard(lambda: self.sinks.ended(self.poll))
            elif self.environment is not None and fd == self.environment.fd and self.environment.read():
                self._guard(self._take_environment)
            elif fd == self.repeats.fd:
                self._guard(self.repeats.take)
            elif fd == self.checkpoints.fd:
                self._guard(self.checkpoints.read)

    def _housekeeping(self) -> None:
        self.durability.keep()
        self._guard(lambda: self.checkpoints.look(self.durability.new_checkpoints(), self.poll))
        self.journal.check()
        self._guard(self._keep_sinks)
        # The kernel counts a kill a little before the process is gone: the count before the last one is compared.
        self._kills_before, self._kills = self._kills, self._count_kills()
        if self._acting and self.journal.superseded():
            self._acting = False
            if self.metrics is not None:
                self.metrics.stop()
        if self.environment is not None and time.monotonic() > self.environment.deadline:
            self._drop_environment("took too long")

    def _keep_sinks(self) -> None:
        if self.assignment.deliver or self.trainer.said_deliver:
            self.sinks.keep(self.poll)

    def _start_metrics(self) -> None:
        self.metrics = SystemMetrics(self.assignment, self.journal)

    # ---- the environment, in a process of its own ----

    def _start_environment(self) -> None:
        self.environment = Task("environment", self.assignment, _ENVIRONMENT_S)
        self.poll.register(self.environment.fd, select.POLLIN)

    def _take_environment(self) -> None:
        task, self.environment = self.environment, None
        if task is None:
            return
        self.poll.unregister(task.fd)
        self._record_environment(task.result())

    def _record_environment(self, result: dict[str, Any]) -> None:
        self.journal.record("environment", {"values": result["values"]})
        for notice in result["notices"]:
            self.journal.notice("environment", notice)
        self.repeats.begin(result["values"])

    def _drop_environment(self, why: str) -> None:
        task, self.environment = self.environment, None
        if task is not None:
            with contextlib.suppress(KeyError, OSError):
                self.poll.unregister(task.fd)
            task.give_up()
            self.journal.notice("environment", f"the environment is not recorded: collecting it {why}")

    # ---- afterwards ----

    def _afterwards(self) -> None:
        gone = self.trainer.gone()
        ending = self.trainer.ending() if gone else None
        self._guard(lambda: self.durability.keep(last=gone))
        if ending is not None:
            self.journal.record("end", self._end_record(ending))
        self._guard(lambda: self.checkpoints.look_last(self.durability.new_checkpoints(), self.poll, _AFTERWARDS_S))
        if self.environment is not None:
            self.environment.deadline = min(self.environment.deadline, time.monotonic() + _AFTERWARDS_S)
            task, self.environment = self.environment, None
            self._guard(lambda: self._record_environment(task.wait()))
        # The summary is rank 0's; and of a run that was resumed meanwhile, the later companion works it out.
        ended = gone or self.durability.finish is not None
        if ended and self.assignment.rank == 0 and not self.journal.superseded():
            self._guard(self._derive)
            if self.durability.finish is not None:
                self._guard(self.repeats.last)
        self._guard(self.checkpoints.wait)

    def _derive(self) -> None:
        values = Task("derive", self.assignment, _AFTERWARDS_S).wait()
        self.journal.record("derived", values)

    def _end_record(self, ending: Ending) -> dict[str, Any]:
        state, reason = self._judged(ending)
        return {
            "state": state,
            "exit_code": ending.exit_code,
            "signal": ending.signal,
            "reason": reason,
            "pid": self.assignment.pid,
        }

    def _judged(self, ending: Ending) -> tuple[str | None, str | None]:
        """Return what the ending makes of the run, and why; None where the run's own `finish` stands."""
        finish = self.durability.finish
        if finish is not None and not finish.get("atexit"):
            return None, None  # the run was over: what the process did afterwards is not its affair
        if ending.signal is not None:
            if ending.signal == signal.SIGKILL and self._was_out_of_memory():
                return "killed", "out of memory"
            return "killed", f"ended by {signal_name(ending.signal)}"
        if ending.exit_code:
            return "failed", f"exit status {ending.exit_code}"
        if finish is not None:
            return None, None
        if ending.exit_code is None and self._was_out_of_memory():
            return "killed", "out of memory"
        return "killed", "its process ended without finishing the run"

    def _count_kills(self) -> tuple[int | None, int | None]:
        return self._groups.kills(), cgroups.machine_kills()

    def _was_out_of_memory(self) -> bool:
        """Return whether the kernel killed something for want of memory within the last seconds.

        The count of the trainer's own control group decides; without one, that of the machine.
        """
        for before, after in zip(self._kills_before, self._count_kills(), strict=True):
            if before is not None and after is not None:
                return after > before
        return False

    # ---- ourselves ----

    def asked_to_end(self) -> None:
        """Note a SIGTERM: the trainer gets some seconds to end first."""
        if self._term_at is None:
            self._term_at = time.monotonic()

    def _guard(self, act: Any) -> None:
        try:
            act()
        except Exception as error:  # whatever fails, the rest of the companion's work goes on
            name = getattr(act, "__name__", "").strip("_<>")
            self.journal.notice("companion", f"the companion's step {name or 'afterwards'} failed: {error!r}")


def main() -> None:
    """Look after the trainer that the environment names."""
    os.environ.pop("EPOCHAL_STRICT", None)  # faults here become notices, whatever the trainer wants of its own
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        watch = Watch(received())
    except (OSError, ValueError):
        sys.exit(1)  # the run's folder is gone or full: the trainer's own warnings say so
    signal.signal(signal.SIGTERM, lambda *_: watch.asked_to_end())
    try:
        watch.run()
    except Exception as error:
        watch.journal.notice("companion", f"the companion ended early: {error!r}")
        raise
