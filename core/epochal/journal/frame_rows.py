"""Rows that stand in frames, kept as the words that they would have in a table."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from .format import BOOL, FLOAT, INT
from .frames import Frame
from .points import Columns, Ints, uniform

_INT64: Final = range(-(1 << 63), 1 << 63)

#: Names and type letters: what tells one table from another.
Key = tuple[tuple[str, ...], str]


class Text(NamedTuple):
    """One text point."""

    seq: int
    step: int
    time: float
    text: str


class FrameRows:
    """The rows of one journal's `row` frames: those of a key set that was seen once or twice, and those with text."""

    def __init__(self) -> None:
        self._texts: dict[str, list[Text]] = {}
        self._rows: dict[Key, list[bytes]] = {}
        self._waiting: list[Frame] = []

    @property
    def texts(self) -> dict[str, list[Text]]:
        """Text points by name, in the order in which they were added."""
        self._absorb()
        return self._texts

    def keys(self) -> Iterable[Key]:
        """Return the key of each set of rows."""
        self._absorb()
        return self._rows.keys()

    def words(self, key: Key) -> Ints:
        """Return the rows of a key, one a line: step, values, time, seq."""
        self._absorb()
        width = len(key[0]) + 3
        return np.frombuffer(b"".join(self._rows.get(key, ())), np.int64).reshape(-1, width)

    def add(self, frame: Frame) -> None:
        """Take in a frame of kind `row`; values that cannot be are left out."""
        self._waiting.append(frame)

    def _absorb(self) -> None:
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self._absorb_one(frame)

    def _absorb_one(self, frame: Frame) -> None:
        step, values, time = (frame.payload.get(key) for key in ("step", "values", "t"))
        if type(step) is not int or step not in _INT64 or not isinstance(values, dict):
            return
        when = float(time) if isinstance(time, (int, float)) else 0.0
        names: list[str] = []
        cells: list[Any] = []
        types = ""
        for name, value in values.items():
            if not isinstance(name, str):
                continue
            if isinstance(value, str):
                self._texts.setdefault(name, []).append(Text(frame.seq, step, when, value))
                continue
            letter = _letter(value)
            if letter:
                names.append(name)
                cells.append(_float(value) if letter == FLOAT else value)
                types += letter
        if names:
            row = struct.pack("<q" + types.replace(BOOL, INT) + "dq", step, *cells, when, frame.seq)
            self._rows.setdefault((tuple(names), types), []).append(row)


def _letter(value: Any) -> str:
    if type(value) is bool:
        return BOOL
    if type(value) is int and value in _INT64:
        return INT
    return FLOAT if type(value) in (int, float) else ""


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def places(texts: list[Text]) -> Columns:
    """Return where text points stand; their cells mean nothing."""
    count = len(texts)
    return Columns(
        np.fromiter((text.step for text in texts), np.int64, count),
        np.fromiter((text.time for text in texts), np.float64, count),
        np.fromiter((text.seq for text in texts), np.int64, count),
        np.zeros(count, np.int64),
        uniform(INT, count),
    )
