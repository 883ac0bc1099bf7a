"""Delivers one run to one sink: batch by batch, until all is confirmed, in spite of failures on either side."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from . import LaterError, OpenSink, RefusedError, TooLargeError
from .choosing import Chosen
from .cursor import Cursor, CursorBusyError
from .feed import Feed
from .messages import INTERNAL, message

if TYPE_CHECKING:
    from ..hookspecs import RunInfo
    from .seqs import Seqs

#: Rows and records of a batch, at most.
_MOST: Final = 1000
#: How often the journals are looked at while nothing comes, in seconds.
_LOOK_S: Final = 0.5
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 60.0
#: What is missing between what came is given up after this time, in seconds.
_GAP_S: Final = 600.0
#: How long a run's folder may be away, in seconds: a training that goes on writes it anew.
_AWAY_S: Final = 30.0
_LISTED: Final = 5

Report = Callable[[str], None]


class _Leave(Exception):
    """Delivery ends here, with what is left for later."""


class Delivery:
    """One run's way to one sink.

    Guarantees: a record counts as passed only after the sink confirmed it, and is given again otherwise, under the
    same key. At most one batch is held in memory; what waits, waits in the journals. Nothing is raised.
    """

    def __init__(
        self,
        chosen: Chosen,
        open: Callable[[Mapping[str, Any], RunInfo], OpenSink],
        run: RunInfo,
        *,
        report: Report,
        stop: Callable[[], bool] = lambda: False,
        more: Callable[[], bool] = lambda: False,
        once: bool = False,
    ) -> None:
        """Prepare a delivery; `run` does it.

        Args:
            chosen: the sink.
            open: opens it.
            run: the run, with the rank whose record is delivered.
            report: is told what whoever reads the run should know.
            stop: says that somebody else goes on with it.
            more: says that this process itself may still add records.
            once: deliver what is there now, and do not wait for the run's end or for another deliverer.
        """
        self.name = chosen.name
        self.delivered = 0
        self._chosen, self._open, self._run = chosen, open, run
        self._report, self._stop, self._more = report, stop, more
        self._once = once
        self._sink: OpenSink | None = None
        self._over_at: float | None = None
        self._away_at: float | None = None
        self._gaps: dict[str, tuple[float, int]] = {}

    def run(self) -> bool:
        """Deliver until the run is over and all of it has been confirmed; return whether that was reached."""
        try:
            cursor = self._take_cursor()
        except _Leave:
            return False
        except OSError as error:
            self._report(
                f"sink {self.name}: its cursor cannot be kept ({error.strerror or error}): nothing is delivered"
            )
            return False
        if cursor.problem:
            self._report(f"sink {self.name}: {cursor.problem}")
        self._feed = Feed(str(self._run.folder), self._run.rank, cursor.passed)
        try:
            self._go_on(cursor)
        except _Leave:
            return False
        except RefusedError as error:
            self._report(
                f"sink {self.name}: {error}: it is not tried again; what is left waits — "
                f"`epochal sinks {self._run.id}` delivers it when that is mended"
            )
            return False
        finally:
            self._close()
            cursor.close()
        return True

    def _take_cursor(self) -> Cursor:
        while True:
            try:
                return Cursor(str(self._run.folder), self.name, self._run.rank)
            except CursorBusyError as error:
                if self._once:
                    self._report(f"sink {self.name}: {error}, as long as the run goes on")
                if self._once or self._stop():
                    raise _Leave from None
                time.sleep(_LOOK_S)

    def _go_on(self, cursor: Cursor) -> None:
        closed = False
        while True:
            self._look_around()
            over = self._over_at is not None
            taken = self._feed.take(_MOST, deep=over)
            batch: list[Mapping[str, Any]] = []
            passed: list[tuple[Seqs, int]] = []
            for source, entry in taken:
                passed.append((cursor.seqs(source.writer), entry.seq))
                if entry.payload.get("k") not in INTERNAL:
                    batch.append(message(source, entry))
            if batch:
                self._hand_over(batch)
            for seqs, seq in passed:
                seqs.add(seq)
            if not over:
                self._give_up_gaps(cursor, time.monotonic() - _GAP_S)
            elif not taken and not self._feed.more:
                if closed:
                    self._save(cursor)
                    return
                closed = True
                if self._feed.over():
                    self._give_up_gaps(cursor, None)
            if batch:
                self._save(cursor)
            if not over and not self._feed.more:
                time.sleep(_LOOK_S)

    def _look_around(self) -> None:
        now = time.monotonic()
        if self._stop():
            raise _Leave
        if self._feed.vanished():
            self._away_at = self._away_at or now
            if now - self._away_at > _AWAY_S:
                raise _Leave
        else:
            self._away_at = None
        if not self._once and (not self._feed.over() or self._more()):
            self._over_at = None
        elif self._over_at is None:
            self._over_at = now

    def _hand_over(self, batch: list[Mapping[str, Any]]) -> None:
        """Give a batch to the sink until it takes it."""
        wait = _FIRST_WAIT_S
        while True:
            try:
                if self._sink is None:
                    self._sink = self._open(self._chosen.settings, self._run)
                self._sink.write(batch)
            except RefusedError:
                raise
            except TooLargeError as error:
                self._halve(batch, error)
                return
            except LaterError as error:
                self._pause(f"{error}", error.after_s + random.uniform(0, 1))
            except Exception as error:  # whatever somebody's sink raises may pass
                self._close()
                self._pause(_words(error), wait * random.uniform(0.5, 1.5))
                wait = min(2 * wait, _LONGEST_WAIT_S)
            else:
                self.delivered += len(batch)
                return

    def _halve(self, batch: list[Mapping[str, Any]], error: TooLargeError) -> None:
        if len(batch) > 1:
            middle = len(batch) // 2
            self._hand_over(batch[:middle])
            self._hand_over(batch[middle:])
        else:
            self._report(f"sink {self.name}: {error}: record {batch[0]['key']} is too large for it and is left out")

    def _pause(self, why: str, seconds: float) -> None:
        """Wait, unless the run is over for longer than the sink's patience."""
        self._report(f"sink {self.name}: {why}: it is tried again; what waits is in the run's journals")
        until = time.monotonic() + seconds
        patience = self._chosen.settings.get("patience_s", 600.0)
        while True:
            self._look_around()
            now = time.monotonic()
            if self._over_at is not None and now - self._over_at > patience:
                self._report(
                    f"sink {self.name}: {why} until {patience:g} s after the end: "
                    f"`epochal sinks {self._run.id}` delivers what is left"
                )
                raise _Leave
            if now >= until:
                return
            time.sleep(min(_LOOK_S, until - now))

    def _give_up_gaps(self, cursor: Cursor, before: float | None) -> None:
        """Take what has been missing for long, or for good, for lost, and say so."""
        for writer, seqs in cursor.writers.items():
            gaps = seqs.gaps()
            if not gaps:
                self._gaps.pop(writer, None)
                continue
            since, greatest = self._gaps.setdefault(writer, (time.monotonic(), seqs.greatest))
            if before is None:
                greatest = seqs.greatest
            elif since > before:
                continue
            lost = [gap for gap in gaps if gap[1] < greatest]
            if lost:
                ranges = ", ".join(f"{first} to {last}" for first, last in lost[:_LISTED])
                more = f" and {len(lost) - _LISTED} more ranges" if len(lost) > _LISTED else ""
                self._report(f"journal {writer}: seq {ranges}{more} never came: sinks do without")
            seqs.close_gaps(greatest)
            self._gaps.pop(writer, None)

    def _save(self, cursor: Cursor) -> None:
        try:
            cursor.save()
        except OSError as error:
            self._report(
                f"sink {self.name}: its cursor cannot be kept ({error.strerror or error}): "
                "after a restart, what was delivered since comes again, under the same keys"
            )

    def _close(self) -> None:
        sink, self._sink = self._sink, None
        if sink is not None:
            try:
                sink.close()
            except Exception as error:  # somebody's sink
                self._report(f"sink {self.name}: closing it failed: {_words(error)}")


def _words(error: Exception) -> str:
    """Return an error as one line for the record: its kind, and what it says, without secrets."""
    from ..redaction import redact_text

    text = redact_text(" ".join(str(getattr(error, "strerror", None) or error).split()))[:300]
    return f"{text} ({type(error).__name__})" if text else type(error).__name__
