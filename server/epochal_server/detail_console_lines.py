"""Finds the lines in one process' console files, as they grow: where each stands, when it ended, on which stream."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np

from epochal.console.log_file import FOLDER
from epochal.run_files import open_inside

Ints = np.ndarray[Any, Any]
#: Part, offset and length of the text of a line or of a piece of one.
Place = tuple[int, int, int]

STREAMS: Final = ("stdout", "stderr", "epochal")
#: So much is looked at at once, in bytes; a line that is longer than `_LONGEST` is none of ours and is cut.
_PIECE: Final = 8 << 20
_LONGEST: Final = 1 << 20
#: Before a line's text stands `2026-11-29T00:31:10.123Z |` and one more mark: whole, piece, or state of a line.
_HEAD: Final = 27
_SIGNS: Final = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: ".", 23: "Z", 24: " "}
_DIGITS: Final = [at for at in range(23) if at not in _SIGNS]
_MARKS: Final = np.frombuffer(b"|!#", np.uint8)
_WHOLE, _PART, _STATE = b" +~"


class Lines(NamedTuple):
    """Lines that have ended, in order.

    Attributes:
        part: in which of the process' files each stands.
        start: offset of its text there.
        size: of its text, in bytes.
        time: when it ended, seconds since the epoch.
        stream: place in `STREAMS`.
        joined: the pieces that stand before its last one, for lines that came in pieces, by place in these arrays.
    """

    part: Ints
    start: Ints
    size: Ints
    time: Ints
    stream: Ints
    joined: Mapping[int, list[Place]]


class Pending(NamedTuple):
    """A line that has not ended: its pieces."""

    time: float
    stream: int
    places: list[Place]


class _Part:
    """One file of a process, and how far it was read."""

    def __init__(self, name: str) -> None:
        self.name, self.at = name, 0
        self.file: tuple[int, int] | None = None


class ProcessLines:
    """The console output of one process: `console/<writer>[-<pid>][.<part>].log`, one behind the other.

    Attributes:
        rank: whose output it is.
        ordinal: of its writer.
    """

    def __init__(self, run: str, rank: int, ordinal: int) -> None:
        """Read nothing yet; `run` is the run's folder."""
        self._run, self.rank, self.ordinal = run, rank, ordinal
        self._parts: dict[int, _Part] = {}
        self._time, self._stream = 0.0, 0
        self._pieces: list[list[Place]] = [[] for _ in STREAMS]
        self._states: list[list[tuple[float, Place]]] = [[] for _ in STREAMS]
        self._tail: Pending | None = None

    def names(self) -> dict[int, str]:
        """Return the files that were read, by part."""
        return {number: part.name for number, part in self._parts.items()}

    def read(self, names: Mapping[int, str]) -> list[Lines] | None:
        """Return the lines that have ended since the last call; None where what was read is there no more.

        Args:
            names: the files that there are now, by part.
        """
        found: list[Lines] = []
        for number in sorted(names):
            part = self._parts.setdefault(number, _Part(names[number]))
            try:
                file = open_inside(self._run, f"{FOLDER}/{part.name}")
            except OSError:  # deleted meanwhile, or not ours to read
                if part.at:
                    return None
                continue
            with file:
                status = os.fstat(file.fileno())
                identity = status.st_dev, status.st_ino
                if (part.file is not None and part.file != identity) or status.st_size < part.at:
                    return None
                part.file = identity
                ended = number != max(names)
                for data in self._growth(file.fileno(), part, status.st_size, ended=ended):
                    found.append(self._lines(number, part.at, data))
                    part.at += len(data)
                self._tail = self._unended(file.fileno(), number, part.at)
        return found

    def _unended(self, fd: int, number: int, at: int) -> Pending | None:
        """Return what stands behind the last end of a line: it is being written, or its writer was killed."""
        data = os.pread(fd, _LONGEST, at)
        if not data:
            return None
        start, size, time, stream, _ = (values[0].item() for values in _scan(data))
        place = (number, at + start, size)
        return Pending(self._time if time != time else time, self._stream if stream < 0 else stream, [place])

    def open(self, part: int) -> BinaryIO:
        """Open one of the files.

        Raises:
            OSError: it is gone.
        """
        return open_inside(self._run, f"{FOLDER}/{self._parts[part].name}")

    def pending(self) -> list[Pending]:
        """Return the lines that have not ended, as they stand now."""
        found = [Pending(self._time, stream, list(pieces)) for stream, pieces in enumerate(self._pieces) if pieces]
        found += [
            Pending(time, stream, [place]) for stream, states in enumerate(self._states) for time, place in states
        ]
        return found if self._tail is None else [*found, self._tail]

    @staticmethod
    def _growth(fd: int, part: _Part, size: int, *, ended: bool) -> Iterator[bytes]:
        """Yield whole lines of what was added to a file; where nothing follows any more, also the last one."""
        at = part.at
        while at < size:
            data = os.pread(fd, min(_PIECE, size - at), at)
            cut = data.rfind(b"\n") + 1
            if not cut:
                if len(data) >= _LONGEST:
                    data = data[:_LONGEST]
                elif not ended or not data:
                    return
                cut = len(data)
            yield data[:cut]
            at += cut

    def _lines(self, part: int, offset: int, data: bytes) -> Lines:
        """Return the lines that end within some bytes; what does not end waits, or takes the place of what waited."""
        start, size, time, stream, sort = _scan(data)
        time = _filled(time, np.isnan(time), self._time)
        stream = _filled(stream, stream < 0, self._stream)
        self._time, self._stream = float(time[-1]), int(stream[-1])
        start = start + offset
        ends = np.flatnonzero(sort == _WHOLE)
        joined: dict[int, list[Place]] = {}
        if any(self._pieces) or any(self._states) or len(ends) < len(sort):
            places = [(part, int(at), int(length)) for at, length in zip(start, size, strict=True)]
            for each in range(len(STREAMS)):
                ours = np.flatnonzero(stream == each).tolist()
                for at in ours:
                    if sort[at] == _STATE:
                        self._state(each, float(time[at]), places[at])
                        continue
                    self._states[each].clear()
                    if sort[at] == _PART:
                        self._pieces[each].append(places[at])
                    elif self._pieces[each]:
                        joined[int(np.searchsorted(ends, at))] = self._pieces[each]
                        self._pieces[each] = []
        return Lines(np.full(len(ends), part), start[ends], size[ends], time[ends], stream[ends], joined)

    def _state(self, stream: int, time: float, place: Place) -> None:
        states = self._states[stream]
        if states and states[-1][0] != time:
            states.clear()
        states.append((time, place))


def _scan(data: bytes) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return start and size of each line's text, its time (NaN without a head), stream (-1 without one) and sort."""
    found = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(found == ord("\n"))
    if not len(ends) or ends[-1] != len(data) - 1:
        ends = np.append(ends, len(data))
    start = np.concatenate([[0], ends[:-1] + 1])
    size = ends - start
    time = np.full(len(start), np.nan)
    stream = np.full(len(start), -1)
    sort = np.full(len(start), _WHOLE)
    long = np.flatnonzero(size >= _HEAD)
    head = found[start[long, None] + np.arange(_HEAD)]
    digits = head[:, _DIGITS] - np.uint8(ord("0"))  # of other signs some great number
    sound = (digits <= 9).all(1) & np.isin(head[:, 25], _MARKS) & np.isin(head[:, 26], (_WHOLE, _PART, _STATE))
    for at, sign in _SIGNS.items():
        sound &= head[:, at] == ord(sign)
    headed, head = long[sound], head[sound]
    time[headed] = _seconds(digits[sound].astype(np.int64))
    stream[headed] = np.argmax(head[:, 25, None] == _MARKS, 1)
    sort[headed] = head[:, 26]
    start[headed] += _HEAD
    size[headed] -= _HEAD
    return start, size, time, stream, sort


def _seconds(digits: Ints) -> Ints:
    """Return times from their 17 digits, NaN for those that no clock shows."""
    year, month, day, hour, minute, second, part = (
        digits[:, first:last] @ 10 ** np.arange(last - first)[::-1]
        for first, last in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14), (14, 17))
    )
    good = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour < 24) & (minute < 60) & (second < 60)
    months = (np.where(good, year, 1970) - 1970) * 12 + np.where(good, month, 1) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
    return np.where(good, ((days * 24 + hour) * 60 + minute) * 60 + second + part / 1000, np.nan)


def _filled(values: Ints, missing: Ints, before: float) -> Ints:
    """Return values in which each that is missing is the one before it."""
    if not missing.any():
        return values
    last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
    return np.where(last < 0, before, values[last]).astype(values.dtype)
