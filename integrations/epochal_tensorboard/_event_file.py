"""`EventFile`: reads an event file piece by piece, in bounded memory, and goes on behind whatever is damaged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from ._chunks import Chunk, Fault, Scalars
from ._damage import BAD_CRC, BAD_LENGTH, CUT_SHORT, STEP, Lost
from ._framing import AROUND, HEAD, Window, follow, length_at, length_holds, payload_holds
from ._layouts import Layouts
from ._records import RecordReader

if TYPE_CHECKING:
    from ._chunks import Form

#: What is read at once, in bytes.
_CHUNK: Final = 2 << 20
#: Records in one chunk: what is no scalar is an object each, and many tiny ones fit into a piece.
_MOST: Final = 1 << 16

__all__ = ["EventFile", "Layouts"]


class EventFile:
    """An event file, from an offset on, as far as it is written.

    Attributes:
        offset: up to where it was read; between two records, or behind damage.
        pending: bytes behind that: an unfinished record, or zeros up to the end.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | IO[bytes],
        *,
        offset: int = 0,
        plugins: dict[str, str] | None = None,
        layouts: Layouts | None = None,
        chunk_bytes: int = _CHUNK,
    ) -> None:
        """Open nothing yet.

        Args:
            source: a path, or a binary file that can be sought in.
            offset: where to begin, between two records.
            plugins: tag to the plugin that its first value's metadata has named; is added to.
            layouts: what was learnt from other files; is added to.
            chunk_bytes: what is read at once.
        """
        self._source = source
        self._records = RecordReader(Layouts() if layouts is None else layouts, {} if plugins is None else plugins)
        self._chunk = max(chunk_bytes, 64)
        self._searched = (-1, 0)  # where nothing sound was found up to the end, and how many bytes that were
        self.offset, self.pending = offset, 0

    @property
    def tags(self) -> list[str]:
        """The tags of points, by number."""
        return self._records.tags

    @property
    def forms(self) -> list[Form]:
        """The forms, by number."""
        return self._records.layouts.forms

    @property
    def plugins(self) -> dict[str, str]:
        """Tag to the plugin that its first value's metadata has named."""
        return self._records.plugins

    @property
    def file_version(self) -> str | None:
        """What the file says of itself; None before it does."""
        return self._records.file_version

    def chunks(self) -> Iterator[Chunk]:
        """Read from `offset` to the end of the file as it is now; called again later, what was written since.

        Raises:
            OSError: it cannot be read.
        """
        if isinstance(self._source, (str, os.PathLike)):
            with open(self._source, "rb", buffering=0) as file:
                yield from self._read(file)
        else:
            yield from self._read(self._source)

    def _read(self, file: IO[bytes]) -> Iterator[Chunk]:
        size = file.seek(0, os.SEEK_END)
        base, carried, want = self.offset, b"", self._chunk
        file.seek(base)
        lost: Lost | None = None
        while True:
            asked = max(min(want, size - base - len(carried)), 0)
            data = _read_fully(file, asked)
            window = Window(carried + data if carried else data)
            if len(data) < asked:  # the file has become shorter
                size = base + len(window)
            place, reach, needed = 0, len(window), 0
            while True:  # from one damaged place of the window to the next
                if lost is None:
                    chunk, place, needed, lost = self._sound(window, place, reach, base, size)
                    self.offset = base + place
                    if chunk is not None:
                        yield chunk
                    left = len(window) - place
                    if lost is None and (left < HEAD or needed > left):
                        break
                    if lost is None:
                        reach = max(reach * 4, needed)
                        continue
                    if self._was_searched(lost, window, base, size):
                        self.pending = size - self.offset
                        return
                found = lost.search(window, place, base, size)
                if found is None:
                    lost.leave(window, base)
                    place, needed = max(place, len(window) - HEAD + 1), 0
                    break
                place, needed = found
                if place + needed > len(window):
                    break
                chunk, lost, reach = self._damaged(lost, base + place), None, STEP
                yield chunk
            if base + len(window) >= size:
                break
            carried = window.raw[place:]
            base += place
            want = max(self._chunk, needed - len(carried))
        if lost is not None:
            chunk = self._damaged(lost, lost.end(size))
            if chunk.end > lost.begin:
                yield chunk
            else:
                self._searched = (lost.begin, size - lost.begin)
        self.pending = max(size - self.offset, 0)

    def _sound(
        self, window: Window, place: int, reach: int, base: int, size: int
    ) -> tuple[Chunk | None, int, int, Lost | None]:
        """Read the records from a place on, as far as nothing is damaged.

        Returns:
            what they hold, where they end, how many bytes the next one needs, and what is lost from there on.
        """
        offsets, lengths, stop = follow(window, place, min(place + reach, len(window)))
        if len(offsets) > _MOST:
            stop = int(offsets[_MOST])
            offsets, lengths = offsets[:_MOST], lengths[:_MOST]
        needed, lost, last = 0, None, None
        follows = len(window) - stop >= HEAD
        if follows and not length_holds(window, stop):
            lost = Lost(base + stop, BAD_LENGTH)
        elif follows:
            needed = AROUND + length_at(window.raw, stop)[0]
            if base + stop + needed > size:
                lost = Lost(base + stop, CUT_SHORT, unfinished=base + stop)
        if len(offsets) and (lost or not follows):
            last = int(offsets[-1])
        if last is not None and not payload_holds(window, last):
            # where no other follows, its length may be what is wrong with it: others may lie within
            if lost or base + len(window) >= size:
                lost = Lost(base + last, BAD_CRC, self._records.guess(window.raw[last + HEAD : stop - 4]))
            else:
                needed = stop - last + HEAD
            offsets, lengths, stop = offsets[:-1], lengths[:-1], last
        if not len(offsets):
            return None, stop, needed, lost
        read = self._records.read(window, offsets, lengths, base)
        return Chunk(read.scalars, read.others, read.faults, read.sound, base + stop), stop, needed, lost

    def _was_searched(self, lost: Lost, window: Window, base: int, size: int) -> bool:
        """Return whether an unfinished record, or zeros, are still there; looked into again when twice as long."""
        where, length = self._searched
        head = window.raw[lost.begin - base :][:HEAD]
        still = lost.unfinished == where or head == bytes(len(head))
        return lost.begin == where and size - where < 2 * length and still

    def _damaged(self, lost: Lost, end: int) -> Chunk:
        """Return the damage that ends in a place, as a chunk of its own."""
        self.offset = end
        fault = Fault(lost.begin, end - lost.begin, lost.what, lost.tag)
        none = np.empty(0, np.int64)
        return Chunk(Scalars(none, none, none, np.empty(0, np.float64), none, none), [], [fault], 0, end)


def _read_fully(file: IO[bytes], size: int) -> bytes:
    """Read so many bytes, fewer only at the end of the file."""
    data = file.read(size)
    while data and len(data) < size:
        more = file.read(size - len(data))
        if not more:
            break
        data += more
    return data
