"""How the bytes of scalar events lie: learnt from one record, matched by many, which are then read column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ._chunks import Form
from ._crc import crc32c, table, unmask
from ._dtypes import BOOL, DTYPES, HALVES, INT64, LISTED, UINT64, cells_of
from ._tags import Tags, aligned, word_at
from ._walk import Plugins, Scalar, plugin_of, walk
from ._wire import WireError

if TYPE_CHECKING:
    from ._chunks import Ints

#: Records longer than this are taken apart one by one.
LONGEST: Final = 2048
#: Layouts that are remembered for records of one length, and bytes that all may have together.
_MOST: Final = 24
_HEAVIEST: Final = 24 << 20


class _Column(NamedTuple):
    """One scalar of a layout: where its tag and its value lie, and how it stands there."""

    tag: tuple[int, int]
    at: tuple[int, int]
    varint: bool
    form: int
    dtype: int
    needs_plugin: bool

    def stored(self, rows: np.ndarray) -> np.ndarray:
        """Return the values as they are stored; those of varints as int64."""
        if self.varint:
            return _varints(rows, *self.at)
        return np.ndarray((len(rows),), DTYPES[self.dtype].stored, rows, self.at[0], (rows.shape[1],))


class Points(NamedTuple):
    """What the records that fit a layout hold.

    Attributes:
        records: their numbers, int64, shape (n,).
        tags: for each scalar of the layout the numbers of the tags, int64, shape (n,).
        forms: the number of each scalar's form.
        steps: int64, shape (n,).
        times: float64, shape (n,).
        cells: for each scalar int64, shape (n,).
        bad: the records whose CRC does not hold, which are in none of these.
        bad_tags: the number of the first tag of each.
    """

    records: Ints
    tags: list[Ints]
    forms: list[int]
    steps: Ints
    times: np.ndarray
    cells: list[Ints]
    bad: Ints
    bad_tags: Ints

    def take(self, which: np.ndarray) -> Points:
        """Return those of some records; what is bad stays."""
        return self._replace(
            records=self.records[which],
            tags=[of[which] for of in self.tags],
            steps=self.steps[which],
            times=self.times[which],
            cells=[of[which] for of in self.cells],
        )


class Layout:
    """The layout of records of one length: bytes that are the same in all, and columns that are not."""

    def __init__(self, example: bytes, time: int, step: tuple[int, int], columns: list[_Column]) -> None:
        self.columns = columns
        self._length = len(example)
        self._example = np.frombuffer(example, np.uint8)
        self._time, self._step = time, step if step[0] >= 0 else (0, 0)
        self._crc = crc32c(example)
        fixed = np.full(len(example), 0xFF, np.uint8)
        fixed[time : time + 8] = 0
        for column in columns:
            fixed[slice(*column.at)] = 0
            fixed[slice(*column.tag)] = 0
        for start, end in (self._step, *(column.at for column in columns if column.varint)):
            fixed[start:end] = 0x80  # which bytes of a varint have another behind them
            fixed[start + 9 : end] = 0xFF  # there is one bit left for the tenth
        masks = _words(fixed.tobytes())
        wanted = _words(example) & masks
        self._checks = [(8 * at, masks[at], wanted[at]) for at in np.flatnonzero(masks).tolist()]
        varying = [*range(*self._step)]
        varying += [place for column in columns for place in range(*column.at)]
        # of what has these types, cells do not hold everything
        limits = [(column, LISTED.get(column.dtype, (0, 0))) for column in columns]
        self._limited = [
            (column, *limits) for column, limits in limits
            if (column.varint and column.dtype != INT64) or column.dtype in (BOOL, UINT64)
        ]  # fmt: skip
        self._varying = [self._contribution(place) for place in varying]
        self._of_time = [self._contribution(place) for place in range(time, time + 8)]
        self.weight = 1024 * (len(self._varying) + 8)
        self._parts: list[np.ndarray] = [np.empty(0, np.uint32) for _ in columns]  # CRC parts, by number of the tag

    def _contribution(self, place: int) -> tuple[int, np.ndarray]:
        """Return a place, and by its byte what that changes of the example's CRC."""
        found = table(self._length - 1 - place)
        return place, found[np.arange(256) ^ self._example[place]]

    def fits(self, rows: np.ndarray) -> np.ndarray:
        """Return which rows have this layout.

        Args:
            rows: payloads with their CRCs behind them, uint8, shape (n, width); the width is a multiple of eight.
        """
        at, mask, wanted = self._checks[0]
        good: np.ndarray = word_at(rows, at) & mask == wanted
        for at, mask, wanted in self._checks[1:]:
            good &= word_at(rows, at) & mask == wanted
        for column, lowest, highest in self._limited:
            stored = column.stored(rows)
            good &= (stored >= lowest) & (stored <= highest)
        return good

    def read(self, rows: np.ndarray, records: Ints, tags: Tags) -> Points:
        """Return what rows hold that fit.

        Args:
            rows: as `fits` has them.
            records: their numbers.
            tags: the tags' numbers.
        """
        numbers = [tags.numbers(rows, *column.tag) for column in self.columns]
        times = word_at(rows, self._time).copy()
        crc = unmask(np.ndarray((len(rows),), "<u4", rows, self._length, (rows.shape[1],)).copy())
        same = self._crc  # what is the same in all rows is gathered first
        for at, of in enumerate(numbers):
            if isinstance(of, int):
                same ^= int(self._tag_parts(at, tags)[of])
            else:
                crc ^= self._tag_parts(at, tags)[of]
        for place, contribution in self._varying:
            crc ^= contribution.take(rows[:, place])
        # the highest bytes of a time stay the same for days
        changes = int(np.bitwise_or.reduce(times ^ times[0]))
        for byte, (place, contribution) in enumerate(self._of_time):
            if changes >> 8 * byte & 0xFF:
                crc ^= contribution.take(rows[:, place])
            else:
                same ^= int(contribution[rows[0, place]])
        good = crc == same
        tagged = [_repeated(of, len(rows)) if isinstance(of, int) else of for of in numbers]
        steps = _varints(rows, *self._step)
        cells = [_cells(column, column.stored(rows)) for column in self.columns]
        forms = [column.form for column in self.columns]
        if np.count_nonzero(good) == len(good):
            none = records[:0]
            return Points(records, tagged, forms, steps, times.view(np.float64), cells, none, none)
        bad = ~good
        points = Points(records, tagged, forms, steps, times.view(np.float64), cells, records[bad], tagged[0][bad])
        return points.take(good)

    def _tag_parts(self, at: int, tags: Tags) -> np.ndarray:
        """Return what each tag contributes to the CRC at one place, by the tag's number."""
        parts, count = self._parts[at], len(tags.raw)
        if len(parts) < count:
            known = np.zeros(count, np.uint32)
            known[: len(parts)] = parts
            start, end = self.columns[at].tag
            new = [number for number in range(len(parts), count) if len(tags.raw[number]) == end - start]
            if new and end > start:
                found = np.frombuffer(b"".join(tags.raw[number] for number in new), np.uint8).reshape(len(new), -1)
                for byte in range(end - start):
                    known[new] ^= self._contribution(start + byte)[1].take(found[:, byte])
            self._parts[at] = parts = known
        return parts


def _words(data: bytes) -> np.ndarray:
    """Return bytes as numbers of eight of them, with zeros behind the last."""
    return np.frombuffer(data.ljust(aligned(len(data)), b"\0"), "<u8")


def _repeated(number: int, count: int) -> Ints:
    """Return the same number so many times, in the room of one."""
    return np.ndarray((count,), np.int64, np.array([number]), strides=(0,))


def _varints(rows: np.ndarray, start: int, end: int) -> Ints:
    """Return signed numbers out of varints that all have so many bytes."""
    if start == end:
        return np.zeros(len(rows), np.int64)
    found: Ints = rows[:, start].astype(np.int64)
    if end - start > 1:
        found &= 0x7F
    for shift, place in enumerate(range(start + 1, min(end, start + 9)), 1):
        found |= (rows[:, place] & 0x7F).astype(np.int64) << (7 * shift)
    return found | np.int64(-1 << 63) if end - start == 10 else found


def _is_usual(record: bytes, start: int, end: int) -> bool:
    """Return whether a varint of ten bytes is a negative number, as it is for every writer."""
    return end - start < 10 or record[end - 1] == 1


def _cells(column: _Column, stored: np.ndarray) -> Ints:
    if not column.varint:
        return cells_of(stored, column.dtype)
    return cells_of(stored.astype("<u2"), column.dtype) if DTYPES[column.dtype].field == HALVES else stored


class Layouts:
    """What was learnt of records' bytes, and the numbers of tags and forms: files may share it, which saves time.

    Attributes:
        tags: of every file that shares it.
        forms: by number.
    """

    def __init__(self) -> None:
        self.tags = Tags()
        self.forms: list[Form] = []
        self._form_numbers: dict[Form, int] = {}
        self._by_length: dict[int, list[Layout]] = {}
        self._weight = 0

    def form(self, form: Form) -> int:
        """Return the number of a form."""
        found = self._form_numbers.setdefault(form, len(self.forms))
        if found == len(self.forms):
            self.forms.append(form)
        return found

    def of_length(self, length: int) -> list[Layout]:
        """Return the layouts that records of a length had so far, in the order in which they are tried."""
        return self._by_length.setdefault(length, [])

    def prefer(self, layout: Layout, length: int) -> None:
        """Try a layout first from now on, and forget it last."""
        known = self.of_length(length)
        if layout in known[1:]:
            known.remove(layout)
            known.insert(0, layout)

    def learn(self, record: bytes, plugins: Plugins) -> Layout | None:
        """Return the layout of a record, None where it is not made of plain scalars."""
        try:
            walked = walk(record, 0, len(record), plugins)
        except WireError:
            return None
        if not walked.plain or not _is_usual(record, *walked.step_at):
            return None
        columns = []
        for part in walked.parts:
            if not isinstance(part, Scalar) or (part.varint and not _is_usual(record, *part.at)):
                return None
            needs = part.form.tensor and not (part.form.metadata and plugin_of(part.form.metadata))
            columns.append(_Column(part.tag, part.at, part.varint, self.form(part.form), part.form.dtype, needs))
        layout = Layout(record, walked.time_at, walked.step_at, columns)
        if self._weight > _HEAVIEST:
            self._by_length, self._weight = {}, 0
        self._weight += layout.weight + 4 * len(columns) * len(self.tags.raw)
        known = self.of_length(len(record))
        del known[_MOST - 1 :]
        known.append(layout)
        return layout
