"""Rows whose values are still on their way: each keeps its place, and is written when they are there."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .deferred import Deferred
from .journal.format import SEQ_MASK
from .values import plain_metrics

if TYPE_CHECKING:
    from .run import Run

#: Rows that wait at most; one more makes the oldest be waited for.
MOST_WAITING: Final = 4096
#: How long the end of a run waits for what is on its way, in seconds.
LAST_WAIT_S: Final = 0.8
_PAUSE_S: Final = 0.0005


class _Waiting(NamedTuple):
    values: dict[str, Any]
    media: dict[str, Deferred]
    later: list[Deferred]
    step: int
    time: float
    mark: int
    marks: dict[str, int]  # of media: each is a record with a place of its own

    def ready(self) -> bool:
        return all(each.ready() for each in self.later)

    @property
    def seqs(self) -> list[int]:
        return [mark & SEQ_MASK for mark in ([self.mark] if self.values else []) + list(self.marks.values())]


class DeferredRows:
    """The rows of one process that wait, in the order of their calls.

    A row's seq, step and time are taken at the call, so that its place among the others, positions and segments is
    that of the call. Its slot in the file is taken when it is written: a slot that stays empty would hold back the
    checksums of those behind it, and readers would have to look at it again and again.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rows: deque[_Waiting] = deque()
        #: When the writer's own check is due; while rows wait, the writer is asked to look at each call.
        self._check_at = 0.0
        self._looking = False

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return len(self._rows)

    def add(self, values: Mapping[str, Any], later: Mapping[str, Deferred], *, step: int, time: float,
            mark: int | None) -> None:  # fmt: skip
        """Give a row its place and keep it until its values are there.

        Args:
            values: name to plain or deferred value.
            later: the deferred ones, media among them, which `values` lacks.
            step: within 64 bits.
            time: seconds since the epoch.
            mark: one that was taken already and must be used up.
        """
        writer = self._run._writer
        media = {name: each for name, each in later.items() if each.media}
        row = _Waiting(
            dict(values), media, list(later.values()), step, time,
            writer.next_mark() if mark is None and values else mark or 0, {name: writer.next_mark() for name in media},
        )  # fmt: skip
        self._rows.append(row)
        self.keep_looking()
        while len(self._rows) > MOST_WAITING:
            self._run._fault(
                "deferred",
                f"more than {MOST_WAITING} rows wait for their values: log waits for the oldest; log less often",
            )
            self._write_next(wait=True)

    def keep_looking(self) -> None:
        """Have the next call of `log` look after the rows that wait; plain rows pay nothing otherwise."""
        writer = self._run._writer
        if self._rows and not self._looking:
            self._looking = True
            self._check_at, writer.check_at = writer.check_at, 0.0

    def checked(self) -> None:
        """Take over when the writer's next check is due."""
        self._looking = False
        self.keep_looking()

    def due(self, now: float) -> bool:
        """Write what is there, and return whether the writer's own check is due."""
        while self._write_next():
            continue
        if not self._looking:
            return True
        if not self._rows:
            self._looking = False
            self._run._writer.check_at = self._check_at
            self.keep_looking()  # another thread may have added one just now
        return now >= self._check_at

    def end(self) -> None:
        """Write what comes within 0.8 s, and say in the record what did not."""
        until = time.monotonic() + LAST_WAIT_S
        while self._rows and time.monotonic() < until:
            if not self._write_next():
                time.sleep(_PAUSE_S)
        lost: list[int] = []
        while True:
            try:
                row = self._rows.popleft()
            except IndexError:
                break
            if self._is_ready(row):
                self._write(row)
            else:
                lost += row.seqs
        if lost:
            fields: dict[str, Any] = {"rows": len(lost), "first": min(lost), "last": max(lost)}
            self._run._fault(
                "deferred_lost",
                f"{fields['rows']} rows missing, seq {fields['first']} to {fields['last']}: "
                f"their values did not come from the device within {LAST_WAIT_S} s",
                **fields,
            )

    def _write_next(self, *, wait: bool = False) -> bool:
        """Write the oldest row if it is there, and return whether it was."""
        try:
            row = self._rows.popleft()  # taken before it is looked at: several threads may be here
        except IndexError:
            return False
        if not wait and not self._is_ready(row):
            self._rows.appendleft(row)
            return False
        self._write(row)
        return True

    def _is_ready(self, row: _Waiting) -> bool:
        try:
            return row.ready()
        except Exception:  # told when its result fails too
            return True

    def _write(self, row: _Waiting) -> None:
        try:
            values = self._results(row.values)
            if values:
                self._run._writer.row(values, row.step, row.time, row.mark)
            if row.media:
                self._write_media(row)
        except Exception as error:
            self._run._fault.internal("log", error)

    def _write_media(self, row: _Waiting) -> None:
        from .media.recording import record_media

        several = {name: each for name, each in self._results(row.media).items() if isinstance(each, list)}
        record_media(self._run, several, step=row.step, time=row.time, marks=row.marks)

    def _results(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        odd: dict[str, Any] = {}
        for name, value in values.items():
            result = value
            if isinstance(value, Deferred):
                with contextlib.suppress(Exception):  # it fails again where that is told
                    result = value.result()
                if type(result) not in (float, bool):
                    odd[name] = result
            found[name] = result
        if odd:
            plain = plain_metrics(odd, self._run._session.converters)
            for problem in plain.problems:
                self._run._fault("value", problem.text, once=problem.name, metric=problem.name)
            usable = {**plain.values, **plain.media}
            found = {name: usable.get(name) if name in odd else value for name, value in found.items()}
        return {name: value for name, value in found.items() if value is not None}
