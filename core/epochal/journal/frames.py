"""Finds the sound frames of one record block, also while it is being written or is damaged."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ..records import decode
from .format import (
    FRAME_ALIGNMENT,
    FRAME_HEADER,
    SEQ_MASK,
    BlockHeader,
    aligned,
    frame_size,
    unpack_frame,
)
from .window import CHUNK, Window

#: The smallest frame there can be: its payload is at least a byte.
_SMALLEST: Final = aligned(FRAME_HEADER.size + 1, FRAME_ALIGNMENT)
#: Frames up to this many bytes are read before their checksum is known to hold.
_READ_AT_ONCE: Final = 1 << 24
_NOT_ZERO = re.compile(rb"[^\0]")


class Damage(NamedTuple):
    """A range of a file that is not as it was written, in bytes."""

    offset: int
    length: int
    what: str


class Frame(NamedTuple):
    """One sound record; `payload["k"]` is its kind, a text."""

    seq: int
    offset: int
    payload: dict[str, Any]


@dataclass
class _Room:
    """A range of the block in which no sound frame was found.

    Its checksum, once known, tells whether another look is worth it: a writer that was slow, or a file system
    that shows pages late, may complete a frame long after its neighbours.
    """

    start: int
    stop: int
    crc: int | None = None
    dirt: tuple[int, int] | None = None  # start and stop of the bytes in it that are not zero
    certain: bool = False  # the dirt was there at a second look


class RecordBlock:
    """The frames of one record block; `look` adds those that were written since.

    Attributes:
        frames: sound frames, by offset.
        in_doubt: the last look saw something unsound that a second look may explain.
    """

    def __init__(self, block: BlockHeader, writer: bytes) -> None:
        self.frames: list[Frame] = []
        self.in_doubt = False
        self._writer = writer
        self._writer_crc = zlib.crc32(writer)
        self._rooms = [_Room(block.body, block.end)] if block.end - block.body >= _SMALLEST else []
        self._undecodable: list[Damage] = []

    @property
    def has_room(self) -> bool:
        """True while frames may still appear."""
        return bool(self._rooms)

    def damages(self) -> list[Damage]:
        """Return what is damaged, as far as the last look could tell."""
        found = [
            Damage(room.dirt[0], room.dirt[1] - room.dirt[0], "not a sound frame")
            for room in self._rooms
            if room.dirt and room.certain
        ]
        return found + self._undecodable

    def look(self, window: Window, size: int, patience: int, *, second: bool) -> int:
        """Search the rooms of a file of `size` bytes; return what is left of `patience`.

        `patience` is how many bytes of unsound frames may be checked, so that crafted bytes cannot hold a reader up.
        At a `second` look, what is unsound is damage.
        """
        rooms, self._rooms = self._rooms, []
        self.in_doubt = False
        count = len(self.frames)
        for room in rooms:
            patience = self._search(room, window, min(room.stop, size), patience, second=second)
        if len(self.frames) != count:
            self.frames.sort(key=lambda frame: frame.offset)
        self.in_doubt = any(room.dirt and not room.certain for room in self._rooms)
        return patience

    def _search(self, room: _Room, window: Window, stop: int, patience: int, *, second: bool) -> int:
        if stop - room.start < _SMALLEST:
            self._rooms.append(room)
            return patience
        data = window.read(room.start, stop - room.start) if stop - room.start <= CHUNK else None
        crc = _checksum(window, room.start, stop, data)
        if crc == room.crc:
            room.certain |= second
            self._rooms.append(room)
            return patience
        if data is not None:
            taken = self._take_neighbours(data, room.start)
            if taken:
                room, data = _Room(room.start + taken, room.stop), data[taken:]
                crc = _checksum(window, room.start, stop, data)
        search = _Search(window, self._writer, stop, patience)
        start, dirt = room.start, None
        for at, behind, found in search.run(room.start, data):
            if found is None:
                dirt = (dirt[0] if dirt else at, behind)
                continue
            self._leave(_Room(start, at, dirt=dirt, certain=second))
            self._take(at, *found)
            start, dirt = behind, None
        whole = start == room.start
        self._leave(_Room(start, room.stop, crc if whole else None, dirt, second))
        return search.patience

    def _take_neighbours(self, data: bytes, start: int) -> int:
        """Take the sound frames that stand one behind the other from the start; return how many bytes they take."""
        at, count = 0, len(data)
        while at + FRAME_HEADER.size < count:
            length, seq, crc = FRAME_HEADER.unpack_from(data, at)
            end = at + FRAME_HEADER.size + length
            if not length or end > count or not 0 < seq <= SEQ_MASK:
                break
            payload = data[at + FRAME_HEADER.size : end]
            place = zlib.crc32((start + at).to_bytes(8, "little"), self._writer_crc)
            if zlib.crc32(payload, zlib.crc32(data[at : at + 12], place)) != crc:
                break
            self._take(start + at, seq, payload)
            at = aligned(end, FRAME_ALIGNMENT)
        return at

    def _leave(self, room: _Room) -> None:
        if room.stop - room.start >= _SMALLEST:
            self._rooms.append(room)

    def _take(self, offset: int, seq: int, data: bytes) -> None:
        try:
            payload = decode(data)
        except ValueError as error:
            self._undecodable.append(Damage(offset, frame_size(len(data)), f"a sound frame that is {error}"))
            return
        if not isinstance(payload.get("k"), str):
            self._undecodable.append(Damage(offset, frame_size(len(data)), "a sound frame without a kind"))
            return
        self.frames.append(Frame(seq, offset, payload))


def _checksum(window: Window, start: int, stop: int, data: bytes | None) -> int:
    if data is not None:
        return zlib.crc32(data, stop & 0xFFFFFFFF)
    crc = stop & 0xFFFFFFFF
    for offset, chunk in window.chunks(start, stop):
        crc = zlib.crc32(chunk, crc ^ (offset & 0xFFFFFFFF))
    return crc


class _Search:
    """One pass over a range in steps of the frame alignment."""

    def __init__(self, window: Window, writer: bytes, stop: int, patience: int) -> None:
        self.patience = patience
        self._window = window
        self._writer = writer
        self._stop = stop

    def run(self, start: int, data: bytes | None) -> Iterator[tuple[int, int, tuple[int, bytes] | None]]:
        """Yield (offset, end, (seq, payload)) of each sound frame, (offset, end, None) of each range of other bytes."""
        at = start
        chunks = iter([(start, data)]) if data is not None else self._window.chunks(start, self._stop)
        for base, chunk in chunks:
            at = max(at, base)
            if chunk == bytes(len(chunk)):
                continue
            while at < base + len(chunk):
                match = _NOT_ZERO.search(chunk, at - base)
                if match is None:
                    break
                at = base + match.start() // FRAME_ALIGNMENT * FRAME_ALIGNMENT
                found = self._frame(at, chunk, base)
                if found is not None:
                    behind = at + frame_size(len(found[1]))
                    yield at, behind, found
                else:
                    behind = base + _next_candidate(chunk, at - base)
                    yield at, at + len(chunk[at - base : behind - base].rstrip(b"\0")), None
                at = behind

    def _frame(self, at: int, chunk: bytes, base: int) -> tuple[int, bytes] | None:
        index = at - base
        head = chunk[index : index + FRAME_HEADER.size]
        if len(head) < FRAME_HEADER.size:
            head = self._window.read(at, FRAME_HEADER.size)
            if len(head) < FRAME_HEADER.size:
                return None
        length, seq, crc = FRAME_HEADER.unpack(head)
        size = FRAME_HEADER.size + length
        if not length or not 0 < seq <= SEQ_MASK or at + size > self._stop or length > self.patience:
            return None
        found = None
        if index + size <= len(chunk):
            found = unpack_frame(chunk, index, at, self._writer)
        elif size <= _READ_AT_ONCE or self._holds(at, length, crc):
            found = unpack_frame(self._window.read(at, size), 0, at, self._writer)
        if found is None:
            self.patience -= length
        return found

    def _holds(self, at: int, length: int, wanted: int) -> bool:
        """Tell whether a long frame's checksum holds, without holding the frame."""
        crc = zlib.crc32(self._writer + at.to_bytes(8, "little"))
        crc = zlib.crc32(self._window.read(at, 12), crc)
        at += FRAME_HEADER.size
        while length > 0:
            data = self._window.read(at, min(length, CHUNK))
            if not data:
                return False
            crc = zlib.crc32(data, crc)
            at += len(data)
            length -= len(data)
        return crc == wanted


def _next_candidate(chunk: bytes, index: int) -> int:
    """Return where behind `index` the next frame may begin: its seq has 48 bits, so its bytes 10 and 11 are zero."""
    place = index + FRAME_ALIGNMENT
    while True:
        zeros = chunk.find(b"\0\0", place + 10)
        if zeros < 0:
            # the last bytes of a chunk may begin a frame that goes on in the next
            return max(place, (len(chunk) - FRAME_HEADER.size) // FRAME_ALIGNMENT * FRAME_ALIGNMENT)
        place = aligned(zeros - 10, FRAME_ALIGNMENT)
        if place == zeros - 10:
            return place
        if chunk[place + 10 : place + 12] == b"\0\0":
            return place
