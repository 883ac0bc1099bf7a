"""`ForeignRun`: what an importer finds of one run, gathered row by row before anything is written."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from ..journal.format import BOOL, FLOAT, INT
from ..redaction import redact

TEXT: Final = "t"
_LETTERS: Final[dict[type, str]] = {float: FLOAT, int: INT, bool: BOOL, str: TEXT}
_INT64: Final = range(-(1 << 63), 1 << 63)
#: Up to here every integer is a float64 too.
_EXACT: Final = 1 << 53
_to_cell = struct.Struct("<d").pack
_from_bytes = int.from_bytes


class Ending(NamedTuple):
    """How a run ended, as far as its source tells.

    Attributes:
        state: `finished`, `failed`, `interrupted`, `killed`, or `lost` where the source does not tell.
        reason: why, in words.
        time: seconds since the epoch.
    """

    state: str = "finished"
    reason: str | None = None
    time: float | None = None
    exit_code: int | None = None
    signal: int | None = None

    def fields(self) -> dict[str, Any]:
        """Return what a `finish` record says of it."""
        told = {"reason": self.reason, "signal": self.signal}
        known = {key: value for key, value in told.items() if value is not None}
        return {"state": self.state, "exit_code": self.exit_code, "error": None, **known}


class Track:
    """The points of one metric of one rank, in the order in which they were found.

    `cells` holds a number's eight bytes, or for text the place in `texts`; `kinds` a letter for each point.
    """

    __slots__ = ("cells", "kinds", "rows", "steps", "texts", "times")

    def __init__(self) -> None:
        self.steps, self.times, self.cells, self.rows = array("q"), array("d"), array("q"), array("q")
        self.kinds = bytearray()
        self.texts: list[str] = []

    def add(self, step: int, time: float, value: Any, row: int) -> None:
        kind = _LETTERS[type(value)]
        if kind == TEXT:
            self.texts.append(value)
            value = len(self.texts) - 1
        self.cells.append(_from_bytes(_to_cell(value), "little", signed=True) if kind == FLOAT else int(value))
        self.kinds.append(ord(kind))
        self.steps.append(step)
        self.times.append(time)
        self.rows.append(row)

    def extend(self, kind: str, steps: array[int], times: array[float], cells: array[int], rows: array[int]) -> None:
        """Add points of one kind, not text, by their columns."""
        self.steps += steps
        self.times += times
        self.cells += cells
        self.rows += rows
        self.kinds += kind.encode() * len(steps)

    def __len__(self) -> int:
        return len(self.steps)

    def sort(self) -> None:
        """Put the points into the order of their rows."""
        rows = np.array(self.rows, np.int64)
        if (rows[1:] >= rows[:-1]).all():
            return
        order = np.argsort(rows, kind="stable")
        kinds = np.frombuffer(bytes(self.kinds), np.uint8)[order]
        for name in ("steps", "cells", "rows"):
            column = np.array(getattr(self, name), np.int64)[order]
            setattr(self, name, array("q", column.tobytes()))
        self.times = array("d", np.array(self.times, np.float64)[order].tobytes())
        self.kinds = bytearray(kinds.tobytes())
        words = np.flatnonzero(kinds == ord(TEXT)).tolist()
        self.texts = [self.texts[self.cells[at]] for at in words]
        for number, at in enumerate(words):
            self.cells[at] = number


class ForeignRun:
    """One run as its source tells of it; importers fill it, and hand it to `ImportJob.take`.

    Attributes:
        id: the run's id.
        source: where it was found, for messages.
        files: the files that tell of it.
        timed: whether the source tells times; else points get the time of its newest file, and are compared without.
        started: seconds since the epoch, where known.
        meta: any of `name`, `group`, `job_type`, `tags`, `notes`.
        config, summary, environment: as the run itself would have them; `summary` is what was set by hand.
        definitions: what `define_metric` would have said: `name`, `step`, `summary`, `goal`.
        notices: `code`, `text`, `time`, `data` of each.
        left_out: in words, what of the source was not taken over.
        tracks: (rank, whether a system metric, metric) to its points.
    """

    def __init__(self, id: str, source: Path, files: Sequence[Path], *, project: str | None = None) -> None:
        self.id, self.source, self.files, self.project = id, source, tuple(files), project
        self.timed = True
        self.started: float | None = None
        self.host: str | None = None
        self.ending = Ending()
        self.meta: dict[str, Any] = {}
        self.config: dict[str, Any] = {}
        self.summary: dict[str, Any] = {}
        self.environment: dict[str, Any] = {}
        self.definitions: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.left_out: dict[str, int] = {}
        self.tracks: dict[tuple[int, bool, str], Track] = {}
        self._row = 0

    def row(
        self, step: int, values: Mapping[str, Any], *, time: float | None = None, rank: int = 0, system: bool = False
    ) -> None:
        """Add values that were logged together.

        Args:
            step: within 64 bits.
            values: name to float, int, bool or text; an int beyond 64 bits becomes a float64.
            time: seconds since the epoch; None where the source tells none.
            rank: whose record.
            system: whether these are system metrics.
        """
        self._row += 1
        for name, value in values.items():
            self.point(name, step, value, time=time, rank=rank, system=system, row=self._row)

    def point(
        self, name: str, step: int, value: Any, *, row: int, time: float | None = None, rank: int = 0,
        system: bool = False,
    ) -> None:  # fmt: skip
        """Add one value; values of one `row` were logged together, and rows follow one another by their numbers."""
        track = self.track(name, rank=rank, system=system)
        if type(value) is str:
            value = redact({name: value})[name]
        elif type(value) is int and value not in _INT64:
            value = float(value)
            self.leave_out(f"{name}: integers beyond 64 bits were kept as float64")
        track.add(step, 0.0 if time is None else time, value, row)
        if time is None:
            self.timed = False

    def leave_out(self, what: str, count: int = 1) -> None:
        """Count something of the source that was not taken over."""
        self.left_out[what] = self.left_out.get(what, 0) + count

    def clean(self) -> None:
        """Bring what the source says of the run into the form in which it is recorded."""
        from ..config_values import jsonlike

        for name in ("config", "summary", "environment"):
            told = getattr(self, name)
            if told:  # most sources tell little
                setattr(self, name, redact(jsonlike(told)))
        self.meta = redact({key: value for key, value in self.meta.items() if value not in (None, "", [], ())})

    def track(self, name: str, *, rank: int = 0, system: bool = False) -> Track:
        """Return the points of a metric that were found so far."""
        return self.tracks.get((rank, system, name)) or self.tracks.setdefault((rank, system, name), Track())

    def unify(self) -> None:
        """Make metrics that hold floats and integers hold floats alone, where these say the same."""
        for track in self.tracks.values():
            kinds = np.frombuffer(bytes(track.kinds), np.uint8)
            whole = kinds == ord(INT)
            cells = np.array(track.cells, np.int64)
            if not whole.any() or not (kinds == ord(FLOAT)).any() or (np.abs(cells[whole]) > _EXACT).any():
                continue
            cells[whole] = cells[whole].astype(np.float64).view(np.int64)
            track.cells = array("q", cells.tobytes())
            track.kinds = bytearray(np.where(whole, ord(FLOAT), kinds).astype(np.uint8).tobytes())

    @property
    def metrics(self) -> int:
        """How many metrics there are."""
        return len({name for _, _, name in self.tracks})

    @property
    def points(self) -> int:
        """How many points there are."""
        return sum(map(len, self.tracks.values()))

    @property
    def ranks(self) -> list[int]:
        """The ranks that have points, and 0."""
        return sorted({0, *(rank for rank, _, _ in self.tracks)})


def first_difference(old: Track, new: Track, *, timed: bool) -> int | None:
    """Return the index of the first point in which two tracks differ, None where they do not.

    Where one is the other's beginning, that is the shorter one's length.
    """
    shared = min(len(old), len(new))
    if not shared:
        return None if len(old) == len(new) else 0
    same = np.ones(shared, np.bool_)
    for name, needed in (("steps", True), ("times", timed), ("cells", True)):
        if needed:
            same &= _column(old, name, shared) == _column(new, name, shared)
    same &= np.frombuffer(old.kinds, np.uint8, shared) == np.frombuffer(new.kinds, np.uint8, shared)
    if old.texts != new.texts[: len(old.texts)]:
        kinds = zip(old.cells, old.kinds, new.cells, strict=False)
        for at, (one, kind, other) in enumerate(kinds):
            if kind == ord(TEXT) and same[at]:
                same[at] = old.texts[one] == new.texts[other]
    if not same.all():
        return int(np.argmin(same))
    return None if len(old) == len(new) else shared


def _column(track: Track, name: str, count: int) -> np.ndarray:
    # by their bits: NaN equals itself, and 0.0 is not -0.0
    return np.frombuffer(getattr(track, name), np.int64, count)
