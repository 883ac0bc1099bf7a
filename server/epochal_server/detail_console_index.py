"""All lines that a run has printed, numbered as they came: windows of them, and those that hold some text."""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from epochal.console.log_file import FOLDER

from .detail_console_lines import STREAMS, Ints, Lines, Place, ProcessLines
from .detail_console_texts import MOST_TEXT, Texts, encoded, holds

_NAME: Final = re.compile(r"([0-9a-f]{32})(?:-([0-9]+))?(?:\.([0-9]{1,9}))?\.log\Z")


class Line(NamedTuple):
    """One line, as the pages know it.

    Attributes:
        n: its number, 0, 1, 2, … in the order in which lines came.
        time: when it ended, seconds since the epoch.
        stream: `stdout`, `stderr`, or `epochal` for a remark on what was left out.
        text: with its escape sequences.
        rank: who printed it.
        final: False for a line that has not ended: its number will be another line's.
        cut: it is longer than what is shown of it.
    """

    n: int
    time: float
    stream: str
    text: str
    rank: int
    final: bool
    cut: bool


class ConsoleIndex:
    """Knows where each line of a run's console output stands.

    Attributes:
        lock: to be held by whoever asks.
        base: another text whenever lines got other numbers: what was shown of them must be asked for anew.
    """

    def __init__(self, run: str | os.PathLike[str]) -> None:
        """Read nothing yet; `run` is the run's folder."""
        self._run = os.fspath(run)
        self.lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self.base = secrets.token_hex(4)
        self._processes: list[ProcessLines] = []
        self._by_name: dict[tuple[str, str], int] = {}
        self._columns: dict[str, Ints] = {
            name: np.zeros(0, kind)
            for name, kind in (("process", "i2"), ("part", "i4"), ("start", "i8"), ("size", "i4"), ("time", "f8"),
                               ("stream", "i1"))
        }  # fmt: skip
        self._joined: dict[int, list[Place]] = {}
        self._searched: tuple[bytes, int, Ints] = (b"", 0, np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self._columns["time"])

    def refresh(self, whose: Mapping[str, tuple[int, int]]) -> None:
        """Look for lines that have come since.

        Args:
            whose: rank and ordinal of each of the run's writers.
        """
        if not self._look(whose):  # files are there no more, or other ones: a stretch in the middle was deleted
            self._begin()
            self._look(whose)

    def _look(self, whose: Mapping[str, tuple[int, int]]) -> bool:
        listed: dict[tuple[str, str], dict[int, str]] = {}
        for name in self._listed():
            if found := _NAME.match(name):
                listed.setdefault((found[1], found[2] or ""), {})[int(found[3] or 1)] = name
        gained: list[tuple[int, Lines]] = []
        for key in self._by_name:
            listed.setdefault(key, {})
        for key in sorted(listed):
            names = listed[key]
            place = self._by_name.setdefault(key, len(self._processes))
            rank, ordinal = whose.get(key[0], (0, 0))
            if place == len(self._processes):
                self._processes.append(ProcessLines(self._run, rank, ordinal))
            process = self._processes[place]
            if (process.rank, process.ordinal) != (rank, ordinal) or process.names().items() - names.items():
                return False
            lines = process.read(names)
            if lines is None:
                return False
            gained += [(place, each) for each in lines]
        if gained:
            self._append(gained)
        return True

    def _append(self, gained: Sequence[tuple[int, Lines]]) -> None:
        """Number new lines: in the order of writers and of time, each process' in the order of its file."""
        at = np.cumsum([0] + [len(lines.time) for _, lines in gained])
        joined = {
            int(at[index]) + place: pieces
            for index, (_, lines) in enumerate(gained)
            for place, pieces in lines.joined.items()
        }
        new = {name: np.concatenate([getattr(lines, name) for _, lines in gained]) for name in Lines._fields[:-1]}
        new["process"] = np.concatenate([np.full(len(lines.time), place) for place, lines in gained])
        if len({place for place, _ in gained}) > 1:
            ordinals = np.array([process.ordinal for process in self._processes])[new["process"]]
            time = np.concatenate([np.maximum.accumulate(lines.time) for _, lines in gained if len(lines.time)])
            order = np.lexsort((np.arange(len(time)), time, ordinals))
            new = {name: values[order] for name, values in new.items()}
            places = np.empty(len(order), np.int64)
            places[order] = np.arange(len(order))
            joined = {int(places[place]): pieces for place, pieces in joined.items()}
        self._joined.update({len(self) + place: pieces for place, pieces in joined.items()})
        self._columns = {
            name: np.concatenate([values, new[name].astype(values.dtype)]) for name, values in self._columns.items()
        }

    def _listed(self) -> list[str]:
        try:
            return os.listdir(os.path.join(self._run, FOLDER))
        except OSError:
            return []

    def chosen(self, *, rank: int | str, stream: str | None, search: str) -> Ints:
        """Return the numbers of the lines of a rank (or `"all"`) and a stream that hold a text, in order."""
        columns = self._columns
        wanted = np.ones(len(self), bool)
        if stream is not None:
            wanted &= (columns["stream"] == STREAMS.index(stream)) | (columns["stream"] == STREAMS.index("epochal"))
        if rank != "all":
            wanted &= np.array([process.rank == rank for process in self._processes] or [False])[columns["process"]]
        found = np.flatnonzero(wanted)
        return np.intersect1d(found, self._holding(encoded(search)), assume_unique=True) if search else found

    def pending(self, *, rank: int | str, stream: str | None, search: str) -> list[Line]:
        """Return the lines that have not ended, as `chosen` chooses them."""
        found: list[Line] = []
        with Texts() as texts:
            for process in self._processes:
                for time, at, places in process.pending() if rank in {"all", process.rank} else ():
                    if stream in {None, STREAMS[at]} or STREAMS[at] == "epochal":
                        text = texts.read(process, places)
                        if holds(text, encoded(search)):
                            found.append(_line(len(self) + len(found), time, at, text, process.rank, final=False))
        return found

    def lines(self, numbers: Ints) -> Iterator[Line]:
        """Yield lines by their numbers; those whose file is gone meanwhile are empty."""
        columns = self._columns
        with Texts() as texts:
            for n in numbers.tolist():
                process = self._processes[int(columns["process"][n])]
                text = texts.read(process, self._places(n))
                yield _line(n, float(columns["time"][n]), int(columns["stream"][n]), text, process.rank)

    def _places(self, n: int) -> list[Place]:
        """Return where the pieces of a line stand."""
        part, start, size = (int(self._columns[name][n]) for name in ("part", "start", "size"))
        return [*self._joined.get(n, ()), (part, start, size)]

    def _holding(self, wanted: bytes) -> Ints:
        """Return the numbers of all lines that hold a text; the same text again is only looked for in new lines."""
        before, seen, known = self._searched
        if before != wanted:
            seen, known = 0, np.zeros(0, np.int64)
        found = [known]
        with Texts() as texts:
            columns = {name: self._columns[name][seen:] for name in ("process", "part", "start", "size")}
            pieces = [n for n in self._joined if n >= seen]
            plain = np.ones(len(self) - seen, bool)
            plain[np.array(pieces, np.int64) - seen] = False
            for place, process in enumerate(self._processes):
                ours = plain & (columns["process"] == place)
                for part in np.unique(columns["part"][ours]).tolist():
                    at = np.flatnonzero(ours & (columns["part"] == part))
                    hits = texts.search(process, part, columns["start"][at], columns["size"][at], wanted)
                    found.append(at[hits] + seen)
            of = self._columns["process"]
            found.append(np.array(
                [n for n in pieces if holds(texts.read(self._processes[of[n]], self._places(n)), wanted)], np.int64
            ))  # fmt: skip
        self._searched = wanted, len(self), np.sort(np.concatenate(found))
        return self._searched[2]


def _line(n: int, time: float, stream: int, text: bytes, rank: int, *, final: bool = True) -> Line:
    shown = text[:MOST_TEXT].decode("utf-8", "replace")
    return Line(n, time, STREAMS[stream], shown, rank, final, len(text) > MOST_TEXT)
