"""Copies what this process prints to the console files of the runs that it has open."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ..clock import run_clock
from ..redaction import REDACTED, redact_text
from .lines import Folding
from .log_file import ConsoleFile
from .tee import Tee

if TYPE_CHECKING:
    from ..session import Session

#: The mark of each stream in the file; `#` marks what we say ourselves.
MARKS: Final = {"stdout": "|", "stderr": "!"}
REMARK: Final = "#"
#: What follows the mark: a line that has ended, a piece of one, the state of one that may still change.
WHOLE, PIECE, STATE = " ", "+", "~"

#: Seconds between two states of a line that does not end.
_STATES_S: Final = 5.0
#: So many texts that end no line are taken together, for at most so many seconds.
_GATHERED: Final = 32
_LOOK_S: Final = 1.0
#: So many waiting texts say that whoever held the gate has been torn away from it.
_STUCK: Final = 10_000
#: A private key has fewer lines than this.
_KEY_LINES: Final = 200


class _Stream:
    """What is known of one stream."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.folding = Folding()
        self.key_lines = 0
        self.state_at = 0.0
        self.states: list[str] = []


class Console:
    """One for the process. What is printed waits in a queue only while another thread is writing: nobody waits."""

    def __init__(self) -> None:
        self._clock = run_clock()
        self._second = (0, "")
        self._files: dict[int, tuple[Session, ConsoleFile]] = {}
        self._tees: list[Tee] = []
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._queue: deque[tuple[str, str]] = deque()
        self._gate = threading.Lock()
        self._look_at = 0.0
        self._streams = {name: _Stream(mark) for name, mark in MARKS.items()}

    def add(self, session: Session) -> None:
        """Copy into a run from now on."""
        self._files[id(session)] = session, self._file(session, session.writer.hex)
        for name in MARKS:
            self._stand_in(name)

    def remove(self, session: Session) -> None:
        """Write what was held back, and copy into a run no more; the last one gives the streams back."""
        if self._pid != os.getpid():
            self._enter_child()
        self._work()
        _, file = self._files.pop(id(session), (None, None))
        if file is not None:
            for stream in self._streams.values():
                rows = stream.folding.rows()
                if rows:
                    file.write(self._lines(stream, [(row, WHOLE) for row in rows]), len(rows))
            file.close()
            if file.lost:
                text = f"{file.lost} lines of console output could not be kept"
                session.record_notice("console", text, {"lines": file.lost})
        if not self._files:
            for tee in reversed(self._tees):
                tee.retire()
            self._tees.clear()

    @property
    def empty(self) -> bool:
        """Whether there is no run to copy into."""
        return not self._files

    def copy(self, name: str, text: Any) -> None:
        """Take what was printed; never raises, never waits for another thread."""
        try:
            if self._pid != os.getpid():
                self._enter_child()
            text = text if type(text) is str else str(text)
            queue = self._queue
            queue.append((name, text))
            # `print` writes its arguments one by one, bars draw many states: only an end of a line cannot wait
            if "\n" in text or len(queue) >= _GATHERED or time.monotonic() >= self._look_at:
                self._work()
        except Exception as error:
            for session, _ in list(self._files.values()):
                session.fault.internal("console", error)

    def _work(self) -> None:
        if len(self._queue) > _STUCK:
            self._gate = threading.Lock()
        # Who does not get the gate leaves the work to who has it, in another thread or below a signal handler.
        while self._queue and (gate := self._gate).acquire(blocking=False):
            try:
                self._write_waiting()
            finally:
                gate.release()

    def _write_waiting(self) -> None:
        queue = self._queue
        self._look_at = time.monotonic() + _LOOK_S
        while queue:
            name, text = queue.popleft()
            stream = self._streams[name]
            pieces = stream.folding.feed(text)
            if pieces:
                lines = [(piece.text, WHOLE if piece.whole else PIECE) for piece in pieces]
                self._append(self._lines(stream, lines), len(lines))
            for each in self._streams.values():
                if each.folding.pending:
                    self._write_states(each)
                else:
                    each.state_at = 0.0

    def _write_states(self, stream: _Stream) -> None:
        now = time.monotonic()
        if not stream.state_at:
            stream.state_at = now + _STATES_S
        elif now >= stream.state_at:
            stream.state_at = now + _STATES_S
            rows = stream.folding.rows()
            if rows and rows != stream.states:
                stream.states = rows
                self._append(self._lines(stream, [(row, STATE) for row in rows]), len(rows))

    def _append(self, lines: bytes, count: int) -> None:
        for _, file in list(self._files.values()):
            file.write(lines, count)

    def _lines(self, stream: _Stream, lines: list[tuple[str, str]]) -> bytes:
        """Return lines as they stand in the file, without secrets."""
        stamp = self._stamp()
        return "".join([f"{stamp} {stream.mark}{sort}{self._safe(stream, text)}\n" for text, sort in lines]).encode(
            "utf-8", "backslashreplace"
        )

    def _safe(self, stream: _Stream, text: str) -> str:
        if stream.key_lines:  # within a private key that began in an earlier line
            stream.key_lines = 0 if "-----END" in text else stream.key_lines - 1
            return REDACTED
        if "PRIVATE KEY-----" in text and "-----BEGIN" in text and "-----END" not in text:
            stream.key_lines = _KEY_LINES
        return redact_text(text)

    def _stamp(self) -> str:
        now = self._clock()
        second = int(now)
        if second != self._second[0]:
            self._second = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second[1]}.{int((now - second) * 1000):03d}Z"

    def _remark(self, text: str) -> bytes:
        return f"{self._stamp()} {REMARK}{WHOLE}{text}\n".encode()

    def _file(self, session: Session, name: str) -> ConsoleFile:
        return ConsoleFile(session.info.folder, name, remark=self._remark, fault=partial(session.fault, "console"))

    def _stand_in(self, name: str) -> None:
        import sys

        stream = getattr(sys, name, None)
        if stream is None or (type(stream) is Tee and stream.copies and stream in self._tees):
            return
        tees = [tee for tee in self._tees if tee.stands_for == name]
        for tee in tees:  # somebody put a stream of theirs over ours, which may pass on to it: copy once
            tee.retire()
            self._tees.remove(tee)
        try:
            self._tees.append(Tee(name, partial(self.copy, name)))
        except AttributeError:  # what stands there cannot be written to
            return

    def _enter_child(self) -> None:
        """Go on in a forked process: with files of its own, and without what the parent had not written yet."""
        self._begin()
        for key, (session, file) in list(self._files.items()):
            name = f"{file.name.partition('-')[0]}-{self._pid}"
            self._files[key] = session, self._file(session, name)


_console: Console | None = None


def begin(session: Session) -> None:
    """Copy what this process prints into a run from now on, unless the user has switched that off."""
    from ..settings import effective_console

    if not effective_console().on:
        return
    global _console
    if _console is None:
        _console = Console()
    _console.add(session)


def end(session: Session) -> None:
    """Copy into a run no more."""
    global _console
    if _console is not None:
        _console.remove(session)
        if _console.empty:
            _console = None
