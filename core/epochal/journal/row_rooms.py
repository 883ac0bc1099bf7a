"""The slots of one row block that have not been seen filled yet, and the rows that appear in them."""

from __future__ import annotations

from typing import Final

from .format import SEQ_BITS, SEQ_MASK, BlockHeader
from .window import pread

#: Bytes that are read at once.
_PIECE: Final = 1 << 14


class RowRooms:
    """Ranges of slots in which no committed row was found: at first the whole block.

    Slots are claimed in order and may be filled in any, by threads; what a lost race leaves is never filled.
    """

    def __init__(self, block: BlockHeader, base: int) -> None:
        """`base` is the writer's mark tag, shifted to its place in a mark."""
        self._body, self._stride = block.body, block.stride
        self._tag = base >> SEQ_BITS
        slots = (block.end - block.body) // block.stride
        self._rooms: list[tuple[int, int]] = [(0, slots)] if slots else []

    @property
    def full(self) -> bool:
        """Whether every slot was seen filled."""
        return not self._rooms

    def first_seq(self, fd: int) -> int:
        """Return the seq in the first slot, 0 where it is empty."""
        mark = int.from_bytes(pread(fd, 8, self._body + self._stride - 8), "little")
        return mark & SEQ_MASK if mark >> SEQ_BITS == self._tag else 0

    def next_rows(self, fd: int, size: int, *, deep: bool) -> list[tuple[int, bytes]]:
        """Return (seq, bytes) of rows that were not seen before, about one piece of the file's at once.

        Args:
            fd: the open journal.
            size: its length in bytes.
            deep: look through every room to its end, not only at the beginning of each.
        """
        fitting = (size - self._body) // self._stride
        step = max(1, _PIECE // self._stride)
        for index, (start, stop) in enumerate(self._rooms):
            at = start
            while at < min(stop, fitting):
                count = min(step, min(stop, fitting) - at)
                slots = self._filled(fd, at, count)
                if slots:
                    # Read again: a row can be caught half written, but once its mark is seen all of it is there.
                    rows = self._rows(fd, at, slots)
                    self._rooms[index : index + 1] = _left(start, stop, [at + slot for slot in slots])
                    return rows
                at += count
                if not deep:
                    break
        return []

    def _filled(self, fd: int, at: int, count: int) -> list[int]:
        data = pread(fd, count * self._stride, self._body + at * self._stride)
        cells = memoryview(data)[: len(data) // self._stride * self._stride].cast("q")
        marks = cells[self._stride // 8 - 1 :: self._stride // 8].tolist()
        return [slot for slot, mark in enumerate(marks) if mark >> SEQ_BITS == self._tag and mark & SEQ_MASK]

    def _rows(self, fd: int, at: int, slots: list[int]) -> list[tuple[int, bytes]]:
        stride = self._stride
        data = pread(fd, (slots[-1] + 1) * stride, self._body + at * stride)
        rows = (data[slot * stride : (slot + 1) * stride] for slot in slots)
        return [(int.from_bytes(row[-8:-2], "little"), row) for row in rows if len(row) == stride]


def _left(start: int, stop: int, filled: list[int]) -> list[tuple[int, int]]:
    """Return what is left of a range of slots without those that are filled."""
    left = []
    for slot in filled:
        if slot > start:
            left.append((start, slot))
        start = slot + 1
    if start < stop:
        left.append((start, stop))
    return left
