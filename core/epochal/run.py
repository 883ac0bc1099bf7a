"""`Run`: the verbs by which a training is recorded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from .ending import Ending, ending_of
from .faults import Faults, logger
from .journal.format import SEQ_MASK
from .run_alerts import RunAlerts
from .run_config import RunConfig
from .run_deferred import RunDeferred
from .run_description import RunDescription
from .run_rules import RunRules
from .run_saving import RunSaving
from .run_shown import RunShown
from .run_summary import RunSummary
from .values import Unusable, plain_metrics, plain_step

if TYPE_CHECKING:
    from typing_extensions import Self

    from .session import Session

_pwrite = os.pwrite
_LAST_STEP: Final = (1 << 63) - 1


class Run(RunSaving, RunAlerts, RunRules, RunDeferred, RunShown, RunDescription):
    """A run that is being recorded; `epochal.init` makes one.

    What `log` returned from is kept, whatever happens to the process the next microsecond. Every verb may be called
    from any thread, signal handler or forked process. After `init` nothing is raised into the training: a fault warns
    once and stands in the run's notices. Any step is accepted and kept, in any order.
    """

    def __init__(self, session: Session, *, config: dict[str, Any], summary: dict[str, Any], next_step: int) -> None:
        self._session = session
        self._fault: Faults = session.fault
        self._config = RunConfig(config, self._record_config)
        self._summary = RunSummary(summary, self._record_summary, session.derived_summary)
        self._steps = count(next_step)
        self._closed = False
        self._writer = session.writer

    # Recording

    def log(self, metrics: Mapping[str, Any], *, step: int | None = None, time: float | None = None) -> None:
        """Record values at a step; when it returns, no death of a process can lose them.

        Args:
            metrics: name to value: numbers, NumPy scalars, arrays and tensors of one element, anything with
                `__float__`, text, media (`Image`, `Histogram`, … or a list of them); nested mappings are joined with
                `/`; None is skipped.
            step: any integer of 64 bits, in any order; by default one more than the last call's.
            time: seconds since the epoch; by default now.
        """
        # Known names with plain values go straight to the file; all else takes the careful way below. The writer is
        # looked at once: in a forked child another thread may put the child's own in its place at any moment.
        writer = self._writer
        if time is None and writer.here[0]:
            try:
                table = writer.tables.get((*metrics, *map(type, metrics.values())))
            except Exception:
                table = None
            if table is not None and (step is None or type(step) is int):
                slot, end = table.slots
                at = slot()
                if at < end or (at := writer.grow(table)) >= 0:
                    steps = self._steps
                    if step is None:
                        step = next(steps)
                    else:
                        self._steps = count(step + 1)
                    now = writer.clock()
                    mark = writer.next_mark()
                    try:
                        row = table.pack(step, *metrics.values(), now, mark)
                    except Exception:  # an int or a step beyond 64 bits, a mapping that gives something else each time
                        self._steps = steps
                        self._log_carefully(metrics, step, now, mark)
                        return
                    try:
                        written = _pwrite(writer.fd, row, at)
                    except OSError as error:
                        writer.storage.refuse(row, at, mark & SEQ_MASK, error)
                    else:
                        if written != table.stride:
                            writer.storage.complete(row, at, written, mark & SEQ_MASK)
                    if now >= writer.check_at:
                        self._check(now)
                    return
        self._log_carefully(metrics, step, time)

    def _log_carefully(self, metrics: Any, step: Any, time: Any, mark: int | None = None) -> None:
        try:
            if not self._open("log"):
                return
            if not isinstance(metrics, Mapping):
                kind = type(metrics).__qualname__
                self._fault("log", f"run.log takes a mapping of names to values, got a {kind}: nothing was recorded")
                return
            later: dict[str, Any] = {}
            values, media, problems = plain_metrics(metrics, self._session.converters, later)
            for problem in problems:
                self._fault("value", problem.text, once=problem.name, metric=problem.name)
            if str in map(type, values.values()):
                from .redaction import redact

                values = redact(values)
            at = self._step(step)
            now = self._time(time)
            if later:
                self._later(values, later, at, now, mark)
            elif values:
                self._writer.row(values, at, now, mark)
            if media:
                from .media.recording import record_media

                record_media(self, media, step=at, time=now)
            self._check(self._writer.clock())
        except Exception as error:
            self._fault.internal("log", error)

    def extend(self, columns: Mapping[str, Any], *, steps: Any, times: Any = None) -> None:
        """Record whole columns in one call: importers and vectorised loops use it.

        Args:
            columns: name to values, each of shape (n,); NaN stays.
            steps: integers, shape (n,).
            times: seconds since the epoch, shape (n,); by default now for all.
        """
        try:
            if not self._open("extend"):
                return
            from .columns import plain_columns  # loads NumPy, which `log` alone never needs

            plain, at, when, problems = plain_columns(columns, steps, times, self._writer.clock())
            for problem in problems:
                self._fault("value", problem.text, once=f"extend {problem.name}", metric=problem.name)
            if plain and len(at):
                self._writer.extend(plain, at, when)
                self._steps = count(int(at[-1]) + 1)
            self._check(self._writer.clock())
        except Exception as error:
            self._fault.internal("extend", error)

    # Where the record stands

    def position(self) -> dict[str, Any]:
        """Return where the record stands, to be kept in a checkpoint and given to `init(resume=…, position=…)`.

        Returns:
            `{run, writer, seq, time, next_step}`: plain text and numbers.
        """
        try:
            if self._open("position"):
                now = self._writer.clock()
                self._check(now)
                seq = self._writer.record("position", {}, time=now)
                return {
                    "run": self.id,
                    "writer": self._writer.hex,
                    "seq": seq,
                    "time": now,
                    "next_step": self._next_step(),
                }
        except Exception as error:
            self._fault.internal("position", error)
        return {}

    def rewind(self, step: int | None = None, *, position: Mapping[str, Any] | None = None) -> None:
        """Open a new segment: what was recorded at and after `step` is hidden from now on, and kept.

        Args:
            step: the first step that may be logged again.
            position: instead of a step, what `position()` gave.
        """
        try:
            if not self._open("rewind"):
                return
            if position:
                cut: dict[str, Any] = {key: position[key] for key in ("writer", "seq", "time")}
                first = position["next_step"]
            else:
                first = plain_step(step, self._session.converters)
                cut = {"step": first}
            self._record("segment", {"why": "rewind", "cut": cut, "next_step": first})
            self._steps = count(first)
        except (Unusable, KeyError) as error:
            self._fault("rewind", f"run.rewind: {error}: nothing was hidden; give the first step to log again")
        except Exception as error:
            self._fault.internal("rewind", error)

    # The end

    def finish(self, exit_code: int = 0) -> None:
        """End the run: finished, or failed with an exit code other than 0. A second call does nothing.

        In a forked child only the child's own file is closed. Never waits for a network or another process.
        """
        self._end(Ending("failed" if exit_code else "finished", exit_code))

    def _end(self, ending: Ending) -> None:
        if self._closed:
            return
        self._end_deferred()
        self._closed = True  # first: a thread that finds the writer closed must not take itself for a forked child
        try:
            if self._writer.here[0]:
                self._session.end(ending, self._summary)
        except Exception as error:
            self._fault.internal("finish", error)
        finally:
            self._session.closed(self)

    def __enter__(self) -> Self:
        self._session.activate(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer.here[0]:
            self._end(ending_of(error))

    def __repr__(self) -> str:
        return f"<Run {self.name!r} ({self.id}) of {self.project!r}{', closed' if self._closed else ''}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a spawned worker log into this run, by a file of its own."""
        from .session import attach

        info = self._session.info
        return attach, (str(info.folder), info.rank, self._writer.hex, self._writer.last_seq, self._writer.ordinal)

    # Within

    def _open(self, verb: str) -> bool:
        """Whether a verb may write; moves on to a writer of its own in a forked process."""
        if self._closed:
            self._fault("closed", f"run.{verb} after finish: run {self.name!r} is closed, nothing more is recorded")
            return False
        if not self._writer.here[0]:
            try:
                self._session.enter_child()
            except OSError as error:
                self._closed = True
                self._fault.mute("closed")  # it would speak of a finish that never was
                logger.warning("process %d cannot record in %s: %s; its rows are lost", os.getpid(), self.folder, error)
                return False
            self._writer = self._session.writer
        return True

    def _step(self, step: Any) -> int:
        problem = ""
        if step is not None:
            try:
                plain = plain_step(step, self._session.converters)
            except Unusable as why:
                problem = f"step {why}"
            else:
                self._steps = count(plain + 1)
                return plain
        plain = next(self._steps)
        if plain > _LAST_STEP:
            problem = problem or "the automatic step has come to the end of 64 bits"
            plain = _LAST_STEP
        if problem:
            self._fault("step", f"run.log: {problem}; recorded at step {plain} instead")
        return plain

    def _next_step(self) -> int:
        # itertools.count offers no other way to look at it without taking a number
        return int(repr(self._steps)[6:-1])

    def _time(self, time: Any) -> float:
        if time is None:
            return self._writer.clock()
        try:
            return float(time.timestamp() if hasattr(time, "timestamp") else time)
        except Exception:
            self._fault(
                "time", f"run.log: time {time!r} is no number of seconds since the epoch; now was taken instead"
            )
            return self._writer.clock()

    def _record(self, kind: str, fields: Mapping[str, Any]) -> None:
        try:
            if self._open(kind):
                self._writer.record(kind, fields)
                self._check(self._writer.clock())
        except Exception as error:
            self._fault.internal(kind, error)
