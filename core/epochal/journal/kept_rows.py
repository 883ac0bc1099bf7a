"""What is kept of one table's rows: cells and times as arrays, steps and seqs as little as they can be told in."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from .arithmetic import Arithmetic, Steps, arithmetic, goes_on
from .format import BlockHeader
from .frame_rows import Key
from .points import Columns, Floats, Ints, uniform
from .rows import RowReader, TableJob

#: How much larger than needed arrays are made that must grow.
_ROOM: Final = 1.5
#: Bytes of a file that are read into one piece of memory, before what is kept is taken out of it.
#: [80 MB for each of steps, seqs, times and cells of 10,000,000 rows: where memory is handed out slowly, as in small
#: virtual machines, that costs more than reading them]
_CHUNK: Final = 1 << 24
#: A block with empty slots is given up when it stayed so for so long, in seconds, and is none of so many last ones.
PATIENCE_S: Final = 5.0
_LAST: Final = 4


class Plain(NamedTuple):
    """Points of one metric that stand in one table, with steps that ascend in the order in which they were recorded."""

    steps: Steps
    times: Floats
    cells: Ints
    kind: str


class SpanJob(TableJob):
    """A job that remembers which of the rows found came out of which block."""

    def __init__(self, key: Key, blocks: Sequence[BlockHeader], early: Ints, wanted: Sequence[str]) -> None:
        super().__init__(*key, blocks, early, wanted)
        self.early = len(early)
        self.asked = tuple(blocks)
        self.spans: list[tuple[BlockHeader, int, int]] = []


class SpanReader(RowReader):
    """Notes for each block that is read at once how many rows it gave."""

    def _take(self, block: BlockHeader, first: int, count: int, job: TableJob) -> None:
        before = job.end
        super()._take(block, first, count, job)
        if isinstance(job, SpanJob):
            job.spans.append((block, before, job.end))


class KeptRows:
    """The rows of one table: those of its frames and first blocks stay, behind them stands what the last look found.

    A block stays when every slot of it and of all blocks before it was read, so that rows stand in their order. So does
    one with empty slots, if it was found unchanged some seconds later with others behind it: columns that are written
    at once may leave such slots, and so does a writer that died or lost a race. A row that comes later still is found
    once the file is settled: then all is read again.

    Attributes:
        key: names and types of the table.
        names: the metrics whose cells are kept.
        complete: all that was in the file at its last known change was read.
    """

    def __init__(self, key: Key, early: Ints, names: Sequence[str]) -> None:
        """`early` holds the rows that stand in frames."""
        self.key = key
        self.names = tuple(names)
        self.complete = False
        self._early = early
        self._types = dict(zip(*key, strict=True))
        self._clear()

    def _clear(self) -> None:
        self._stays: set[int] = set()  # offsets of the blocks that stay
        self._asleep = False  # some of them have empty slots
        self._seen: dict[int, tuple[int, float]] = {}  # of the others the rows, and since when there are so many
        self._count = -1  # rows that stay; none were read yet
        self._end = self._given = 0  # rows in all; rows of which something was given away
        self._in_order = True
        self._steps, self._seqs = _Integers(), _Integers()
        self._lines = [_Line() for _ in range(1 + len(self.names))]  # times, then the cells of each name

    @property
    def nbytes(self) -> int:
        """What is kept, in bytes."""
        return sum(line.rows.nbytes for line in self._lines) + self._steps.nbytes + self._seqs.nbytes

    def has(self, names: Iterable[str], early: Ints) -> bool:
        """Tell whether metrics are among the names, and nothing new stands in frames."""
        return set(names) <= set(self.names) and len(early) == len(self._early)

    def jobs(self, blocks: Sequence[BlockHeader], *, settled: bool) -> Iterator[SpanJob]:
        """Yield what is to be read, in pieces that are to be taken one after the other; there is at least one."""
        # a block that was there is none any more, or may have got rows that were not waited for
        if not self._stays <= {block.offset for block in blocks} or (settled and self._asleep):
            self._clear()
        left = [block for block in blocks if block.offset not in self._stays]
        self._last = {block.offset for block in left[-_LAST:]}
        early = self._early if self._count < 0 else self._early[:0]
        if self._count < 0:
            room = len(early) + sum((block.end - block.body) // block.stride for block in left)
            self._lines = [_Line(room) for _ in self._lines]
            self._count = 0
        self._given, self._end, self._in_order = max(self._given, self._end), self._count, True
        chunk: list[BlockHeader] = []
        size = 0
        for block in left:
            # the last blocks stand in one piece: they may still be written
            if size >= _CHUNK and left[-1].offset - block.offset >= _CHUNK:
                yield SpanJob(self.key, chunk, early, self.names)
                chunk, size, early = [], 0, early[:0]
            chunk.append(block)
            size += block.capacity
        yield SpanJob(self.key, chunk, early, self.names)

    def take(self, job: SpanJob, *, sound: bool) -> None:
        """Take in what was read; `sound`: storage refused nothing of it."""
        found, before = job.found[:, : job.end], self._end
        # what was given away of rows that do not stay must not change
        known = self._seqs.kept(before, min(self._given, before + job.end))
        same = bool((known == found[2, : len(known)]).all())
        self._steps.put(before, found[0], same=same)
        self._seqs.put(before, found[2], same=same)
        for line, row in zip(self._lines, (found[1], *found[3:]), strict=True):
            line.put(before, row, same=same)
        self._end = before + job.end
        self._let_stay(job, before, sound=sound)

    def _let_stay(self, job: SpanJob, before: int, *, sound: bool) -> None:
        """Find out which blocks stay from now on, and with them the rows that were put behind the first `before`."""
        rows: dict[int, int] = {}
        for block, start, stop in job.spans:
            rows[block.offset] = rows.get(block.offset, 0) + stop - start
        at_once = {block.offset for block in job.blocks}  # the others were read twice, with those at the end
        now = time.monotonic()
        if self._in_order:
            self._count = before + job.early
        for block in job.asked:
            found = rows.get(block.offset, 0)
            full = found == (block.end - block.body) // block.stride
            known, since = self._seen.get(block.offset, (-1, now))
            if known != found:
                self._seen[block.offset] = found, now
            waited = sound and known == found and now - since >= PATIENCE_S and block.offset not in self._last
            self._in_order &= block.offset in at_once and (full or waited)
            if self._in_order:
                self._asleep |= not full
                self._stays.add(block.offset)
                self._seen.pop(block.offset, None)
                self._count += found

    def columns(self, name: str) -> Columns:
        """Return the points of one of the names, in the order in which they were read."""
        end = self._end
        times, cells = self._lines[0].rows[:end], self._lines[1 + self.names.index(name)].rows[:end]
        kind = uniform(self._types[name], end)
        return Columns(self._steps.array(), times.view(np.float64), self._seqs.array(), cells, kind)

    def plain(self, name: str) -> Plain | None:
        """Return the points of one of the names, where their steps ascend as they were recorded."""
        steps, seqs = self._steps.known(), self._seqs.known()
        if not (_ascends(seqs) and _ascends(steps)):
            return None
        times, cells = self._lines[0].rows[: self._end], self._lines[1 + self.names.index(name)].rows[: self._end]
        return Plain(steps, times.view(np.float64), cells, self._types[name])


class _Line:
    """An array that grows at its end; what was given away of it stays as it was."""

    def __init__(self, room: int = 0) -> None:
        self.rows: Ints = np.empty(room, np.int64)

    def put(self, before: int, values: Ints, *, same: bool) -> None:
        """Put values behind the first `before`; `same`: they begin with what stands there."""
        end = before + len(values)
        if not same or end > len(self.rows):
            rows = np.empty(max(int(end * _ROOM) + 64, len(self.rows)), np.int64)
            rows[:before] = self.rows[:before]
            self.rows = rows
        self.rows[before:end] = values


class _Integers:
    """Integers that are kept as an arithmetic sequence for as long as they are one."""

    def __init__(self) -> None:
        self._sequence: Arithmetic | None = None
        self._line = _Line()
        self._end = 0

    @property
    def nbytes(self) -> int:
        return self._line.rows.nbytes

    def kept(self, first: int, stop: int) -> Ints:
        """Return what stands at some places, be it behind the end."""
        if stop <= first or (self._sequence is None and stop > len(self._line.rows)):
            return np.empty(0, np.int64)
        if self._sequence is None:
            return self._line.rows[first:stop]
        return np.arange(first, stop) * self._sequence.stride + self._sequence.start

    def put(self, before: int, values: Ints, *, same: bool) -> None:
        self._end = before + len(values)
        if not len(self._line.rows):
            known = None
            if before == 0:
                self._sequence = arithmetic(values)
            elif self._sequence is not None:
                known = Arithmetic(self._sequence.start, self._sequence.stride, before)
                going = goes_on(known, values)
                self._sequence = Arithmetic(known.start, known.stride, self._end) if going else None
            if self._sequence is not None:
                return
            if known is not None:
                self._line.put(0, known[:], same=True)
        self._line.put(before, values, same=same)

    def known(self) -> Steps:
        return self._line.rows[: self._end] if self._sequence is None else self._sequence

    def array(self) -> Ints:
        found: Ints = np.asarray(self.known())
        return found


def _ascends(values: Steps) -> bool:
    return isinstance(values, Arithmetic) or bool((values[1:] > values[:-1]).all())
