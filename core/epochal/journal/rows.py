"""Reads the rows of a journal's tables into arrays, also while they are being written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from .format import INT, SEQ_BITS, SEQ_MASK, BlockHeader
from .frames import Damage
from .points import Bools, Columns, Ints, uniform
from .window import Window, read_into

#: Bytes that are read at once: they stay in the processor's cache while the columns are taken out of them.
#: [one of five metrics over 1,000,000 rows: 20 ms with 1 MiB, 22 with 256 KiB, 31 with 64 KiB]
_PIECE: Final = 1 << 20
#: In a file that may be live, rows this near the end of a table, in bytes, count only when two readings agree …
_UNSETTLED: Final = 1 << 16
#: … that are at least so many seconds apart.
_APART_S: Final = 0.001
#: How often a last row is looked for that is caught half written each time.
_TRIES: Final = 5

#: From so many fields on, they are taken out of the rows together.
_MANY: Final = 24


class TableJob:
    """Rows of one set of names and types: what to read of them, and what was found.

    Attributes:
        fields: the words of a row to take: step, time, mark, then the columns asked for.
    """

    def __init__(
        self, names: Sequence[str], types: str, blocks: Sequence[BlockHeader], early: Ints, wanted: Sequence[str]
    ) -> None:
        """`early` holds rows that stand in frames, as words, with the seq instead of the mark."""
        place = {name: index for index, name in enumerate(names)}
        at = [place[name] for name in wanted]
        self.fields: Ints = np.array([0, -2, -1, *(index + 1 for index in at)])
        self.blocks = list(blocks)
        self.tail: list[tuple[BlockHeader, list[tuple[int, int]], Ints]] = []
        self.found: Ints = np.empty((len(self.fields), 0), np.int64)
        self.end = 0
        self._early = early
        self._names = wanted
        self._types = [types[index] for index in at]

    def make_room(self, count: int) -> None:
        """Make room for so many rows behind the early ones."""
        self.end = len(self._early)
        self.found = np.empty((len(self.fields), self.end + count), np.int64)
        self.take(self._early, self.found[:, : self.end])

    def take(self, words: Ints, found: Ints) -> None:
        """Copy the fields of rows of words into the columns of `found`."""
        if len(self.fields) > _MANY:
            found[:] = words[:, self.fields].T
        else:  # one by one costs half as much as long as they are few
            for row, field in enumerate(self.fields.tolist()):
                found[row] = words[:, field]

    def last_early(self, hidden: Callable[[Columns], Bools | None]) -> int | None:
        """Return which of the early rows is the last that is not hidden."""
        if not self.end:
            return None
        steps, times, seqs = self.found[0], self.found[1].view(np.float64), self.found[2].copy()
        out = hidden(Columns(steps, times, seqs, seqs, uniform(INT, len(seqs))))
        if out is not None:
            seqs[out] = 0
        return int(seqs.argmax()) if seqs.max() > 0 else None

    def result(self) -> dict[str, Columns]:
        """Return the points by name, in the order of their seq."""
        found = self.found[:, : self.end]
        if not (found[2, 1:] > found[2, :-1]).all():
            found = found[:, np.argsort(found[2], kind="stable")]
        steps, times, seqs = found[0], found[1].view(np.float64), found[2]
        return {
            name: Columns(steps, times, seqs, cells, uniform(kind, len(steps)))
            for name, kind, cells in zip(self._names, self._types, found[3:], strict=True)
        }


class RowReader:
    """Takes columns out of the tables of one open journal.

    Attributes:
        damages: slots with a mark that is neither empty nor the writer's.
        problem: what storage refused to read, if anything.
        settled: nothing is written any more where it reads.
    """

    def __init__(self, fd: int, size: int, tag: int, *, settled: bool) -> None:
        """`tag` is the writer's mark tag; in a `settled` file nothing is written any more."""
        self.damages: list[Damage] = []
        self.problem: str | None = None
        self._fd = fd
        self._size = size
        self._base = np.int64(tag << SEQ_BITS)
        self.settled = settled
        self._window = Window(fd)
        self._buffer = np.empty(_PIECE // 8, np.int64)

    def read(self, jobs: Sequence[TableJob]) -> None:
        """Read what the jobs ask for."""
        if not self.settled:
            for job in jobs:
                self._first_look(job)
        looked = time.monotonic()
        for job in jobs:
            self._read_settled(job)
        if any(job.tail for job in jobs):
            time.sleep(max(0.0, looked + _APART_S - time.monotonic()))
            for job in jobs:
                self._second_look(job)

    def read_last(self, jobs: Sequence[TableJob], hidden: Callable[[Columns], Bools | None]) -> None:
        """Read the last row of each job that is not hidden: in a live file, one that two readings agree on."""
        pending = list(jobs)
        for _ in range(_TRIES):
            found = [(job, self._find_last(job, hidden)) for job in pending]
            places = [(job, place) for job, place in found if place is not None]
            if self.settled or not places:
                return
            time.sleep(_APART_S)
            pending = [job for job, place in places if not self._still(job, *place)]
        for job in pending:
            job.end = 0

    def _still(self, job: TableJob, block: BlockHeader, slot: int) -> bool:
        """Tell whether a second reading of a row agrees with what was found."""
        words = self._words(block, slot, 1)[0, job.fields]
        words[2] ^= self._base
        return bool((words == job.found[:, -1]).all())

    def _find_last(self, job: TableJob, hidden: Callable[[Columns], Bools | None]) -> tuple[BlockHeader, int] | None:
        """Put the last row that counts into the job; return where it stands, None for a frame or for no row."""
        job.make_room(0)
        best, place = job.last_early(hidden), None
        kept = job.found[:, best : best + 1] if best is not None else job.found[:, :0]
        for block in job.blocks:
            for first, count in self._slots(block):
                step = max(1, _PIECE // block.stride)
                for at in range(first, first + count, step):
                    words = self._words(block, at, min(step, first + count - at))
                    seqs = words[:, -1].copy()
                    valid = self._counts(seqs, block, first=at)
                    if valid is not None:
                        seqs[~valid] = 0
                    out = hidden(
                        Columns(words[:, 0], words[:, -2].view(np.float64), seqs, seqs, uniform(INT, len(seqs)))
                    )
                    if out is not None:
                        seqs[out] = 0
                    slot = int(seqs.argmax())
                    if seqs[slot] > (kept[2, 0] if kept.shape[1] else 0):
                        kept = words[slot, job.fields].reshape(-1, 1)
                        kept[2] = seqs[slot]
                        place = block, at + slot
        job.found, job.end = kept, kept.shape[1]
        return place

    def _first_look(self, job: TableJob) -> None:
        """Read the last blocks of a table whole, as far back as rows may still be half written."""
        seen = 0
        while job.blocks and seen < _UNSETTLED:
            block = job.blocks.pop()
            slots = self._slots(block)
            found = np.empty((len(job.fields), sum(count for _, count in slots)), np.int64)
            self._fill(block, slots, job, found)
            job.tail.append((block, slots, found))
            valid = self._counts(found[2].copy())
            seen += block.stride * int(found.shape[1] if valid is None else np.count_nonzero(valid))

    def _second_look(self, job: TableJob) -> None:
        """Append what both readings agree on."""
        for block, slots, first in reversed(job.tail):
            second = np.empty_like(first)
            self._fill(block, slots, job, second)
            agree = (first == second).all(axis=0)
            if not agree.all():
                self._close_gaps(job, block, slots, first, second, agree)
            valid = self._counts(first[2], block, first=slots[0][0] if slots else 0, agree=agree)
            rows = first if valid is None else first[:, valid]
            job.found[:, job.end : job.end + rows.shape[1]] = rows
            job.end += rows.shape[1]

    def _close_gaps(
        self, job: TableJob, block: BlockHeader, slots: list[tuple[int, int]], first: Ints, second: Ints, agree: Bools
    ) -> None:
        """Take rows that the second reading alone has, but that stand before one that counts.

        A copy of the file's bytes that runs beside the writer may miss a row and catch the next. By the second reading
        such a row was whole; a third one makes sure.
        """
        counting = np.flatnonzero(agree & (first[2] != 0))
        late = ~agree
        late[counting[-1] if counting.size else 0 :] = False
        if late.any():
            time.sleep(_APART_S)
            third = np.empty_like(first)
            self._fill(block, slots, job, third)
            late &= (second == third).all(axis=0)
            first[:, late] = second[:, late]
            agree |= late

    def _read_settled(self, job: TableJob) -> None:
        slots = [self._slots(block) for block in job.blocks]
        total = sum(count for ranges in slots for _, count in ranges)
        job.make_room(total + sum(found.shape[1] for _, _, found in job.tail))
        for block, ranges in zip(job.blocks, slots, strict=True):
            for first, count in ranges:
                self._take(block, first, count, job)

    def _take(self, block: BlockHeader, first: int, count: int, job: TableJob) -> None:
        """Append the rows in a range of slots."""
        found = job.found
        step = max(1, _PIECE // block.stride)
        for at in range(first, first + count, step):
            words = self._words(block, at, min(step, first + count - at))
            start, stop = job.end, job.end + len(words)
            job.take(words, found[:, start:stop])
            valid = self._counts(found[2, start:stop], block, first=at)
            if valid is not None:
                kept = found[:, start:stop][:, valid]
                stop = start + kept.shape[1]
                found[:, start:stop] = kept
            job.end = stop

    def _fill(self, block: BlockHeader, slots: Sequence[tuple[int, int]], job: TableJob, found: Ints) -> None:
        end = 0
        for first, count in slots:
            step = max(1, _PIECE // block.stride)
            for at in range(first, first + count, step):
                words = self._words(block, at, min(step, first + count - at))
                job.take(words, found[:, end : end + len(words)])
                end += len(words)

    def _counts(
        self, marks: Ints, block: BlockHeader | None = None, *, first: int = 0, agree: Bools | None = None
    ) -> Bools | None:
        """Turn marks into seqs, in place, and return which of them count, None for all.

        Marks that do not count and are not empty are damage.
        """
        np.bitwise_xor(marks, self._base, out=marks)
        if (agree is None or agree.all()) and marks.size and marks.min() > 0 and marks.max() <= SEQ_MASK:
            return None
        valid = (marks > 0) & (marks <= SEQ_MASK)
        if block is not None:
            odd = ~valid & (marks != self._base)
            if agree is not None:
                odd &= agree
            for slot in np.flatnonzero(odd)[:100].tolist():
                offset = block.body + (first + slot) * block.stride
                self.damages.append(Damage(offset, block.stride, "a row whose commit mark is not the writer's"))
        return valid if agree is None else valid & agree

    def _slots(self, block: BlockHeader) -> list[tuple[int, int]]:
        """Return the ranges (first slot, count) of a block that the file holds data for."""
        fitting = (min(block.end, self._size) - block.body) // block.stride
        ranges: list[tuple[int, int]] = []
        behind = 0
        for start, stop in self._window.data_ranges(block.body, block.body + max(fitting, 0) * block.stride):
            first = max(behind, (start - block.body) // block.stride)
            behind = min(fitting, -(-(stop - block.body) // block.stride))
            if behind > first:
                ranges.append((first, behind - first))
        return ranges

    def _words(self, block: BlockHeader, first: int, count: int) -> Ints:
        """Return `count` slots as rows of words, in a buffer that the next call uses again."""
        width = block.stride // 8
        if count * width > len(self._buffer):
            self._buffer = np.empty(count * width, np.int64)
        words = self._buffer[: count * width]
        view = words.data.cast("B")
        done, offset = 0, block.body + first * block.stride
        while done < len(view):
            try:
                got = read_into(self._fd, view[done:], offset + done)
            except OSError as error:
                self.problem = f"rows at {offset + done} cannot be read: {error.strerror}"
                break
            if not got:
                break
            done += got
        if done < len(view):
            view[done:] = bytes(len(view) - done)
        return words.reshape(count, width)
