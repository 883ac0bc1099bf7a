"""Reads the console files of a run: lines with their time and stream, also while they are being written."""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final, NamedTuple

from ..run_files import open_inside
from .log_file import FOLDER

if TYPE_CHECKING:
    from ..journals import Journals

#: A line of a file that is longer is not ours; it is read in pieces.
_PIECE: Final = 1 << 20
_NAME: Final = re.compile(r"([0-9a-f]{32})(?:-([0-9]+))?(?:\.([0-9]{1,9}))?\.log\Z")
_LINE: Final = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{3})Z ([|!#])([ +~])")
_STREAMS: Final = {b"|": "stdout", b"!": "stderr", b"#": "epochal"}


class ConsoleLine(NamedTuple):
    """A line that was printed.

    Attributes:
        time: when it ended, seconds since the epoch.
        stream: `stdout` or `stderr`; `epochal` for a remark on what was left out.
        text: without its end; colours and other escape sequences are as they were printed.
        rank: who printed it.
        final: False for a line that had not ended, as that of a progress bar.
    """

    time: float
    stream: str
    text: str
    rank: int
    final: bool = True


class Console(tuple[ConsoleLine, ...]):
    """The lines that a run has printed, in order; as a string they are one text."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The lines, each with its end."""
        return "".join(f"{line.text}\n" for line in self)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Console: {len(self):,} line{'s' * (len(self) != 1)}>"


class ConsoleFiles:
    """The console files of a run; each look gives what came since the last.

    A resumed run's files stand in the order of its writers; files of processes that one of them has forked are sorted
    in by time.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """`folder` is the run's."""
        self._run = os.fspath(folder)
        self._readers: dict[str, _Reader] = {}

    def lines(
        self, journals: Journals, *, rank: int | str = 0, stream: str | None = None, last: bool = True
    ) -> Iterator[ConsoleLine]:
        """Yield the lines since the last call.

        Args:
            journals: the run's, which tell whose a file is.
            rank: whose lines, or `"all"`.
            stream: `stdout` or `stderr`; by default both.
            last: whether lines that have not ended are yielded too; else they wait, and of states each one is yielded.
        """
        ordinals = {journal.writer: (journal.rank, journal.ordinal) for journal in journals.ordered}
        writers: dict[tuple[int, int, str], dict[str, list[tuple[int, str]]]] = {}
        for name in self._names():
            found = _NAME.match(name)
            if found is None:
                continue
            writer, process, part = found.groups()
            whose, ordinal = ordinals.get(writer, (0, 0))
            if rank in ("all", whose):
                parts = writers.setdefault((ordinal, whose, writer), {})
                parts.setdefault(process or "", []).append((int(part or 1), name))
        for (_, whose, _), processes in sorted(writers.items()):
            each = [self._of_process(sorted(parts), whose, last=last) for parts in processes.values()]
            for line in heapq.merge(*each, key=lambda line: line.time):
                if stream is None or line.stream in (stream, "epochal"):
                    yield line

    def _names(self) -> list[str]:
        try:
            return os.listdir(os.path.join(self._run, FOLDER))
        except OSError:
            return []

    def _of_process(self, parts: list[tuple[int, str]], rank: int, *, last: bool) -> Iterator[ConsoleLine]:
        joined = _Joining(rank, last=last)
        for _, name in parts:
            reader = self._readers.setdefault(name, _Reader(self._run, f"{FOLDER}/{name}"))
            for raw in reader.lines(last=last):
                yield from joined.take(raw)
        yield from joined.rest()


class _Reader:
    """Reads one file from where it was read to."""

    def __init__(self, run: str, file: str) -> None:
        self._run, self._file, self._at = run, file, 0

    def lines(self, *, last: bool) -> Iterator[bytes]:
        try:
            file = open_inside(self._run, self._file)
        except OSError:  # deleted meanwhile, no file, or not ours to read
            return
        with file:
            file.seek(self._at)
            while raw := file.readline(_PIECE):
                if not raw.endswith(b"\n") and len(raw) < _PIECE and not last:
                    return  # it is being written
                self._at += len(raw)
                yield raw


class _Joining:
    """Joins pieces to lines, and leaves out states that something newer has taken the place of."""

    def __init__(self, rank: int, *, last: bool) -> None:
        self._rank, self._fold = rank, last
        self._time, self._stream = 0.0, "stdout"
        self._pieces: dict[str, str] = {}
        self._states: dict[str, list[ConsoleLine]] = {}

    def take(self, raw: bytes) -> Iterator[ConsoleLine]:
        found = _LINE.match(raw)
        sort = b" "
        if found:
            self._time, self._stream, sort = _seconds(found, self._time), _STREAMS[found[3]], found[4]
            raw = raw[found.end() :]
        text = raw.removesuffix(b"\n").decode("utf-8", "backslashreplace")
        states = self._states.get(self._stream)
        if sort == b"~":
            state = ConsoleLine(self._time, self._stream, text, self._rank, final=False)
            if not self._fold:
                yield state
            elif states and states[-1].time == self._time:
                states.append(state)
            else:
                self._states[self._stream] = [state]
            return
        if states:
            states.clear()
        if sort == b"+":
            self._pieces[self._stream] = self._pieces.get(self._stream, "") + text
            return
        yield ConsoleLine(self._time, self._stream, self._pieces.pop(self._stream, "") + text, self._rank)

    def rest(self) -> Iterator[ConsoleLine]:
        for stream, text in self._pieces.items():
            yield ConsoleLine(self._time, stream, text, self._rank, final=False)
        for states in self._states.values():
            yield from states


def _seconds(found: re.Match[bytes], before: float) -> float:
    try:
        moment = datetime.strptime(found[1].decode(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:  # the 32nd of a month
        return before
    return moment.timestamp() + int(found[2]) / 1000
