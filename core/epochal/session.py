"""What stands behind an open `Run`: its writer, lock, companion and plugins, and what changes in a forked child."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import active, liveness
from .clock import run_clock
from .console import capture
from .descriptors import close_own, identity
from .ending import Ending
from .faults import Faults
from .forks import signals_held
from .hookspecs import RunInfo
from .journal.writer import JournalWriter
from .redaction import redact, redact_text
from .terminal_lines import TerminalLines
from .values import Converters
from .writers import next_ordinal, record_opening

if TYPE_CHECKING:
    from .deferred_rows import DeferredRows
    from .plugins import PluginManager
    from .run import Run
    from .run_summary import RunSummary


class Session:
    """One run as this process holds it open."""

    def __init__(
        self,
        info: RunInfo,
        *,
        role: str,
        ordinal: int,
        world: int | None = None,
        parent: Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        plugins: PluginManager | None = None,
    ) -> None:
        """Create the journal and write its first frame.

        Raises:
            OSError: the journal cannot be created.
        """
        self.info = info
        self.meta: dict[str, Any] = dict(meta or {})
        self.plugins = plugins
        self.fault = Faults(self.record_notice)
        self.muted: set[str] = set()
        self.converters = Converters()
        #: The rows of this process whose values are on their way, once there was one.
        self.deferred: DeferredRows | None = None
        self.companion: Any = None
        #: What of the run's alerts was shown on the terminal.
        self.alerts: Any = None
        #: Whether the run has sinks or rules.
        self.deliver = False
        #: What the run's other processes have to say on the terminal.
        self.told = TerminalLines(info.folder, info.rank) if role == "main" else None
        self.world = world
        self._lock_fd = -1
        self._lock_file: tuple[int, int] | None = None
        #: A lock for each process that the run is forked into.
        self._entering: dict[int, Any] = {}
        self.writer = self._open_writer(role, ordinal, parent)

    def _open_writer(self, role: str, ordinal: int, parent: Mapping[str, Any] | None) -> JournalWriter:
        writer = JournalWriter(
            self.info.folder, role=role, rank=self.info.rank, ordinal=ordinal, clock=run_clock(), report=self.fault
        )
        lock: dict[str, Any] | None = None
        unlocked: OSError | None = None
        if role == "main":
            liveness.claim(writer.path)
            try:
                self._lock_fd, lock = liveness.hold_lock(writer.path)
                self._lock_file = identity(self._lock_fd)
            except OSError as error:
                unlocked = error
        record_opening(writer, run=self.info.id, project=self.info.project, world=self.world, parent=parent, lock=lock)
        if unlocked is not None:
            self.fault(
                "lock",
                f"the lock beside {writer.path} cannot be held ({unlocked}): "
                "other machines cannot see that this run is alive",
            )
        return writer

    def enter_child(self) -> None:
        """Go on in a forked process with a writer of its own; the parent's file and lock stay the parent's.

        Raises:
            OSError: the journal cannot be created; this process cannot record.
        """
        # A lock of this process's own: one that another thread held at the fork would be held here for ever.
        with signals_held(), self._entering.setdefault(os.getpid(), threading.RLock()):
            before = self.writer
            if before.here[0]:
                return  # another thread was faster
            self.companion = None
            self.deferred = None  # the parent writes them
            self._lock_file = None
            parent = {"writer": before.hex, "seq": before.last_seq, "ordinal": before.ordinal}
            writer = self._open_writer("child", next_ordinal(self.info.folder, self.info.rank), parent)
            if self.writer is before:  # else a signal handler of this thread was faster: its writer stays
                self.writer = writer

    def record_notice(self, code: str, text: str, data: Mapping[str, Any]) -> None:
        """Write a notice; a fault while there is no writer of this process's own is told by its warning alone."""
        writer = getattr(self, "writer", None)
        if writer is not None and writer.here[0]:
            from .config_values import jsonlike

            writer.record("notice", {"code": code, "text": redact_text(text), "data": jsonlike(data)})

    def safe_meta(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return name, tags, notes and so on with secrets replaced."""
        safe: dict[str, Any] = redact(dict(values))
        return safe

    def derived_summary(self) -> Mapping[str, Any]:
        """Return what the history gives for the summary, read back from the run's folder."""
        from .recorded import RecordedRun

        return RecordedRun(self.info.folder).derived_summary

    def observe(self, hook: str, **arguments: Any) -> None:
        """Call the plugins that watch; one that raises is named once, muted, and shown in the record."""
        if self.plugins is not None:
            self.plugins.observe(hook, mute=self.muted, on_problem=self.plugin_problem, **arguments)

    def plugin_problem(self, problem: Any) -> None:
        """Keep what a plugin did wrong in the run's record."""
        self.record_notice("plugin", str(problem), {})

    def start_companion(self) -> None:
        """Start the process that does what may be slow or fail; without it only what it adds is missing."""
        from .companion import spawn

        self.companion = spawn.start(
            run=self.info,
            journal=self.writer.path,
            writer=self.writer.hex,
            rank=self.info.rank,
            ordinal=self.writer.ordinal,
            plugins=self.plugins.module_names() if self.plugins is not None else [],
            deliver=self.deliver,
        )
        if self.companion.problem and self.companion.wanted:
            self.fault("companion", self.companion.problem)
        elif self.companion.problem:
            self.record_notice("companion", self.companion.problem, {})

    def watch_rules(self) -> None:
        """Have the rules in the record evaluated, by the process that the companion starts for it."""
        self.deliver = True
        if self.companion is not None:
            self.companion.deliver()

    def activate(self, run: Run) -> None:
        """Make a run the active one of this context."""
        active.activate(run)

    def end(self, ending: Ending, summary: RunSummary) -> None:
        """Write how the run ended and let go of everything."""
        if self.writer.role == "main":
            self.observe("run_finished", run=self.info, status=ending.state, summary=summary)
            self.writer.check(self.writer.clock(), last=True)  # the end is recorded where the rest is, and has room
            self.writer.record("finish", ending._asdict())
            if self.told is not None:
                self.told.look(0.0, last=True)
        capture.end(self)
        self.writer.close()
        if self.companion is not None:
            self.companion.finished()
        close_own(self._lock_fd, self._lock_file)
        if self.writer.role == "main":
            liveness.release(self.writer.path)

    def closed(self, run: Run) -> None:
        """Forget a run that has ended."""
        active.closed(run)


def attach(folder: str, rank: int, writer: str, seq: int, ordinal: int) -> Run:
    """Open a run again in a process that was spawned with it, by a journal of its own.

    A run that cannot be written from here becomes a disabled one, with a warning: unpickling must not end a worker.
    """
    from .disabled import DisabledRun
    from .faults import logger
    from .plugins import get_manager
    from .recorded import RecordedRun
    from .serial_run import run_class

    path = Path(folder)
    try:
        recorded = RecordedRun(path)
        info = RunInfo(recorded.id, recorded.project, recorded.name, path, path.parent.parent, rank)
        session = Session(
            info,
            role="child",
            ordinal=next_ordinal(path, rank),
            parent={"writer": writer, "seq": seq, "ordinal": ordinal},
            meta={"name": recorded.name},
        )
        session.converters.ask_later(lambda: get_manager().collect("register_converters"))
        run = run_class()(session, config=dict(recorded.config), summary={}, next_step=0)
    except Exception as error:
        logger.warning("run in %s cannot be written from process %d: %s", folder, os.getpid(), error)
        return DisabledRun(project="", name="", id=path.name, folder=path)
    active.opened(run)
    return run
