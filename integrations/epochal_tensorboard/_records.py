"""Reads the records of a window: those that fit a layout column by column, the others one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ._chunks import Apart, Fault, Other, Scalars
from ._crc import masked
from ._damage import BAD_CRC
from ._framing import AROUND, HEAD, crc_at
from ._layouts import LONGEST, Layout, Layouts, Points
from ._told import Supposed, Told
from ._walk import Scalar, plugin_of, walk
from ._wire import WireError

if TYPE_CHECKING:
    from ._chunks import Ints
    from ._framing import Window

#: Fewer records of one length are sooner taken apart one by one.
_WORTH: Final = 8
#: As are fewer of one layout.
_FEW: Final = 3
#: Records of one length that fit nothing known, of which a layout is tried to be learnt.
_TRIES: Final = 8


class Read(NamedTuple):
    """What records hold."""

    scalars: Scalars
    others: list[Other]
    faults: list[Fault]
    sound: int


class RecordReader:
    """Reads records of one file.

    Attributes:
        layouts: what was learnt so far.
        tags: of the points of this file, by number.
        plugins: tag to the plugin that its first value's metadata named.
        file_version: what the file says of itself; None before it does.
    """

    def __init__(self, layouts: Layouts, plugins: dict[str, str]) -> None:
        self.layouts, self.plugins = layouts, plugins
        self.tags: list[str] = []
        self.file_version: str | None = None
        self._told, self._supposed = Told(plugins), Supposed(plugins)
        self._numbers: dict[str, int] = {}
        self._number_of: Ints = np.empty(0, np.int64)  # by the layouts' number of the tag; -1 where it is not met yet

    def read(self, window: Window, offsets: Ints, lengths: Ints, base: int) -> Read:
        """Read records whose lengths are known to hold.

        Args:
            window: what holds them.
            offsets: of each in the window.
            lengths: of their payloads.
            base: where in the file the window begins.
        """
        self._told.next_window()
        fast: list[Points] = []
        unsure: list[tuple[Points, list[bool]]] = []
        slow: list[Ints] = []
        for group in _by_length(lengths):
            length = int(lengths[group[0]])
            if length > LONGEST or len(group) < _WORTH:
                slow.append(group)
            else:
                slow += self._match(window, offsets, length, group, fast, unsure)
        others: list[Other] = []
        faults: list[Fault] = []
        by_hand = Apart()
        where = window.raw, offsets, lengths, base
        self._take_apart_all(_sorted(slow), *where, by_hand, others, faults)
        # only now it is known which tags' metadata came first
        self._take_apart_all(_sorted(self._settle(unsure, fast)), *where, by_hand, others, faults)
        for points in fast:
            for record, tag in zip(points.bad.tolist(), points.bad_tags.tolist(), strict=True):
                name = self.layouts.tags.names[tag]
                faults.append(Fault(base + int(offsets[record]), int(lengths[record]) + AROUND, BAD_CRC, name))
        faults.sort()
        others.sort(key=_place)
        return Read(self._in_order(fast, by_hand, offsets + base), others, faults, len(offsets) - len(faults))

    def _match(
        self, window: Window, offsets: Ints, length: int, group: Ints, fast: list[Points],
        unsure: list[tuple[Points, list[bool]]],
    ) -> Iterator[Ints]:  # fmt: skip
        """Read those of one length that fit a layout; yield the others."""
        rows = window.rows(offsets[group] + HEAD, length + 4)
        known, tries = list(reversed(self.layouts.of_length(length))), 0
        while len(group):
            layout: Layout | None
            if known:
                layout = known.pop()
            elif len(group) < _WORTH or tries >= _TRIES:
                break
            else:
                tries += 1
                layout = self.layouts.learn(rows[0, :length].tobytes(), self._supposed)
                if layout is None:
                    yield group[:1]
                    group, rows = group[1:], rows[1:]
                    continue
            good = layout.fits(rows)
            count = int(np.count_nonzero(good))
            if not count:
                continue
            if count == len(group):
                hit, fitting, group = group, rows, group[:0]
            else:
                those, others = np.flatnonzero(good), np.flatnonzero(~good)
                hit, fitting = group.take(those), rows.take(those, axis=0)
                group, rows = group.take(others), rows.take(others, axis=0)
            if count < _FEW:
                yield hit
                continue
            self.layouts.prefer(layout, length)
            points = layout.read(fitting, hit, self.layouts.tags)
            self._hear(points)
            needs = [column.needs_plugin for column in layout.columns]
            if any(needs):
                unsure.append((points, needs))
            else:
                fast.append(points)
        yield group

    def _hear(self, points: Points) -> None:
        """Take the plugins that metadata names."""
        for numbers, form in zip(points.tags, points.forms, strict=True):
            metadata = self.layouts.forms[form].metadata
            if metadata is not None and len(numbers):
                plugin = plugin_of(metadata)
                for number in _distinct(numbers):
                    name = self.layouts.tags.names[number]
                    if plugin and (name not in self.plugins or self._told.since(name) >= 0):
                        self._told.tell(name, plugin, int(points.records[(numbers == number).argmax()]))

    def _settle(self, unsure: list[tuple[Points, list[bool]]], fast: list[Points]) -> Iterator[Ints]:
        """Keep tensors of tags that are known to be scalars; yield the records of the others."""
        for points, needs in unsure:
            wrong = np.zeros(len(points.records), np.bool_)
            for numbers, need in zip(points.tags, needs, strict=True):
                for number in _distinct(numbers) if need and len(numbers) else ():
                    name = self.layouts.tags.names[number]
                    if self.plugins.get(name) != "scalars":
                        wrong |= numbers == number
                    elif self._told.since(name) >= 0:
                        wrong |= (numbers == number) & (points.records <= self._told.since(name))
            if wrong.any():
                yield points.records[wrong]
                fast.append(points.take(~wrong))
            else:
                fast.append(points)

    def _take_apart_all(
        self, records: Ints, raw: bytes, offsets: Ints, lengths: Ints, base: int, by_hand: Apart, others: list[Other],
        faults: list[Fault],
    ) -> None:  # fmt: skip
        for record, offset, length in zip(
            records.tolist(), offsets[records].tolist(), lengths[records].tolist(), strict=True
        ):
            self._take_apart(raw, offset, length, base, record, by_hand, others, faults)

    def _take_apart(
        self, raw: bytes, offset: int, length: int, base: int, record: int, by_hand: Apart, others: list[Other],
        faults: list[Fault],
    ) -> None:  # fmt: skip
        """Read one record."""
        start, end = offset + HEAD, offset + HEAD + length
        payload = raw[start:end]
        if masked(payload) != crc_at(raw, end)[0]:
            faults.append(Fault(base + offset, length + AROUND, BAD_CRC, self.guess(payload)))
            return
        try:
            self._told.record = record
            walked = walk(payload, 0, length, self._told)
        except WireError as error:
            faults.append(Fault(base + offset, length + AROUND, f"a record is no event: {error}"))
            return
        count, layouts = 0, self.layouts
        for at, part in enumerate(walked.parts):
            if isinstance(part, Scalar):
                tag = layouts.tags.number(payload[part.tag[0] : part.tag[1]])
                by_hand.records.append(record)
                by_hand.places.append(count)
                by_hand.tags.append(tag)
                by_hand.forms.append(layouts.form(part.form))
                by_hand.steps.append(walked.step)
                by_hand.times.append(walked.time)
                by_hand.cells.append(part.cell)
                count += 1
                if part.form.metadata is not None:
                    self._told.tell(layouts.tags.names[tag], plugin_of(part.form.metadata), record)
                continue
            name = payload[part.tag[0] : part.tag[1]].decode("utf-8", "backslashreplace")
            self._told.tell(name, part.plugin, record)
            data = payload[part.start : part.end]
            if part.what == "file_version" and self.file_version is None:
                self.file_version = data.decode("utf-8", "backslashreplace")
            others.append(Other(base + offset, at, walked.step, walked.time, part.what, name, part.plugin, data))

    def guess(self, payload: bytes) -> str | None:
        """Return the tag that a damaged record seems to be of."""
        try:
            walked = walk(payload, 0, len(payload), self.plugins)
        except WireError:
            return None
        tags = [payload[part.tag[0] : part.tag[1]] for part in walked.parts]
        return next((tag.decode("utf-8", "backslashreplace") for tag in tags if tag), None)

    def _in_order(self, fast: list[Points], by_hand: Apart, offsets: Ints) -> Scalars:
        """Bring all points into the order of the file, and give their tags this file's numbers."""
        records, places, *columns = by_hand.columns()
        tags, forms, steps, times, cells = columns
        alike: list[tuple[int, int, int]] = []  # of so many points the place in the record, and the form
        for points in fast:
            for at, (numbers, form, values) in enumerate(zip(points.tags, points.forms, points.cells, strict=True)):
                alike.append((len(numbers), at, form))
                records.append(points.records)
                tags.append(numbers)
                steps.append(points.steps)
                times.append(points.times)
                cells.append(values)
        counts, ats, numbers_of_forms = np.array(alike, np.int64).reshape(-1, 3).T
        places.append(ats.repeat(counts))
        forms.append(numbers_of_forms.repeat(counts))
        record = np.concatenate(records)
        held = np.bincount(record, minlength=len(offsets))  # how many points each record holds
        order = np.empty(len(record), np.int64)
        order[(np.cumsum(held) - held).take(record) + np.concatenate(places)] = np.arange(len(record))
        tag, form_, step, time, cell = (np.concatenate(parts).take(order) for parts in columns)
        simple = len(held) == len(record) and (held == 1).all()
        return Scalars(self._numbered(tag), form_, step, time, cell, offsets if simple else np.repeat(offsets, held))

    def _numbered(self, tags: Ints) -> Ints:
        """Return this file's numbers of tags from those of the layouts, which other files may share."""
        count = len(self.layouts.tags.raw)
        if count > len(self._number_of):
            unmet = np.full(max(count - len(self._number_of), 64), -1, np.int64)
            self._number_of = np.concatenate([self._number_of, unmet])
        found = self._number_of.take(tags)
        if len(found) and found.min() < 0:
            new = tags[found < 0]
            first = np.empty(count, np.int64)  # where each is met first: of places that have one tag the last remains
            first[new[::-1]] = np.arange(len(new))[::-1]
            for tag in sorted(np.flatnonzero(np.bincount(new)).tolist(), key=first.__getitem__):
                name = self.layouts.tags.names[tag]
                number = self._number_of[tag] = self._numbers.setdefault(name, len(self.tags))
                if number == len(self.tags):
                    self.tags.append(name)
            found = self._number_of.take(tags)
        return found


def _by_length(lengths: Ints) -> list[Ints]:
    """Return the records of each length; those that are too long for layouts together."""
    if not len(lengths):
        return []
    keys = np.minimum(lengths, LONGEST + 1).astype(np.uint16)
    order = np.argsort(keys, kind="stable")
    ends = [0, *(np.flatnonzero(np.diff(keys[order])) + 1).tolist(), len(order)]
    return [order[start:end] for start, end in pairwise(ends)]


def _distinct(numbers: Ints) -> list[int]:
    return [int(numbers[0])] if numbers.strides == (0,) else np.flatnonzero(np.bincount(numbers)).tolist()


def _sorted(groups: Iterable[Ints]) -> Ints:
    found = [group for group in groups if len(group)]
    return np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)


def _place(other: Other) -> tuple[int, int]:
    return other.offset, other.at
