"""Where records begin and end in a TFRecord file: length, masked CRC of the length, payload, masked CRC of the payload.

See tensorflow/core/lib/io/record_writer.h. All numbers are little-endian; 16 bytes stand around each payload.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from ._crc import crc32c, mask, masked, table, unmask
from ._tags import aligned

if TYPE_CHECKING:
    from ._chunks import Ints

HEAD: Final = 12
AROUND: Final = 16
length_at: Final = struct.Struct("<Q").unpack_from
crc_at: Final = struct.Struct("<I").unpack_from
_pack_length: Final = struct.Struct("<Q").pack
#: Records that are looked at one by one before a period is looked for, and when none was found.
_FEW: Final = (64, 256, 4096)
#: Lengths below this have their CRC in a table.
_SMALL: Final = 4096
_ALL: Final = 0xFFFFFFFF


class Window:
    """A piece of a file in memory, with its bytes as numbers at every place.

    Attributes:
        raw: the piece.
        bytes: uint8.
        lengths: the eight bytes from each place on, as a number. `take` would copy it, since it overlaps itself.
        crcs: the four bytes from each place on.
    """

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.bytes = np.frombuffer(raw, np.uint8)
        size = len(raw)
        self.lengths = np.ndarray((max(size - 7, 0),), "<u8", raw, strides=(1,)) if size >= 8 else np.empty(0, "<u8")
        self.crcs = np.ndarray((max(size - 3, 0),), "<u4", raw, strides=(1,)) if size >= 4 else np.empty(0, "<u4")

    def __len__(self) -> int:
        return len(self.raw)

    def rows(self, starts: Ints, width: int) -> np.ndarray:
        """Return pieces of one width as rows, uint8, shape (n, width or more): what follows them fills up words.

        Args:
            starts: where each begins, ascending, at least eight bytes apart; the window is longer than a row.
            width: bytes of each.
        """
        wide = aligned(width)
        highest, last = len(self.raw) - wide, int(starts[-1])
        if last > highest:  # behind it there is nothing to fill it up with
            starts = np.minimum(starts, highest)
        rows = np.ndarray((highest + 1,), f"V{wide}", self.raw, strides=(1,))[starts].view(np.uint8).reshape(-1, wide)
        if last > highest:
            rows[-1, :width] = self.bytes[last : last + width]
        return rows


def follow(window: Window, at: int, end: int) -> tuple[Ints, Ints, int]:
    """Return the records from a place on that lie before an end as a whole.

    Most files repeat a few lengths in a short period: where the last ones did, the next are expected to, and all
    that do are found at once.

    Returns:
        offsets, lengths of the payloads, and where the first record begins that is not whole or not right.
    """
    parts: list[np.ndarray] = []
    start, tries = at, 0
    while True:
        few = _FEW[min(tries, len(_FEW) - 1)]
        lengths, stop = _one_by_one(window.raw, at, end, few)
        if not lengths:
            break
        found = np.array(lengths, np.int64)
        good = _first_bad(window, at + np.cumsum(found + AROUND) - found - AROUND, found)
        parts.append(found[:good])
        if good < len(lengths):
            at += int((found[:good] + AROUND).sum())
            break
        at = stop
        if len(lengths) < few:
            break
        period = _period(lengths)
        tries = 0 if period else tries + 1
        if period:
            at = _by_period(window, at, end, lengths[-period:], parts)
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), at
    found = np.concatenate(parts)
    offsets = np.empty(len(found), np.int64)
    offsets[:1] = start
    np.cumsum(found[:-1] + AROUND, out=offsets[1:])
    offsets[1:] += start
    return offsets, found, at


def _by_period(window: Window, at: int, end: int, period: list[int], parts: list[np.ndarray]) -> int:
    size = sum(period) + AROUND * len(period)
    rounds = (end - at) // size
    if rounds < 4:
        return at
    place, good = at, rounds
    for length in period:
        # copied because numbers that lie together are compared much faster
        lengths = np.ndarray((good,), "<u8", window.raw, place, (size,)).copy()
        crcs = np.ndarray((good,), "<u4", window.raw, place + 8, (size,)).copy()
        same = (lengths == length) & (crcs == _crc_of(length))
        if np.count_nonzero(same) < good:
            good = int(same.argmin())
        place += length + AROUND
    found = np.empty((good, len(period)), np.int64)
    found[:] = period
    parts.append(found.ravel())
    return at + good * size


def _first_bad(window: Window, offsets: Ints, lengths: Ints) -> int:
    """Return the first record whose length does not fit its CRC; their number where there is none."""
    stored = window.crcs[offsets + 8]
    good = stored == _CRCS.take(lengths, mode="clip")
    for place in np.flatnonzero(lengths >= len(_CRCS)).tolist():
        good[place] = _crc_of(int(lengths[place])) == int(stored[place])
    return len(offsets) if good.all() else int(good.argmin())


def _crc_of(length: int) -> int:
    """Return the masked CRC of a length."""
    return int(_CRCS[length]) if length < len(_CRCS) else masked(_pack_length(length))


def _crcs_of_small() -> np.ndarray:
    """Return the masked CRC of each length that has two bytes at most, and is below `_SMALL`."""
    lengths = np.arange(_SMALL)
    return mask(table(7)[lengths & 0xFF] ^ table(6)[lengths >> 8] ^ np.uint32(crc32c(bytes(8))))


_CRCS: Final = _crcs_of_small()


def _one_by_one(raw: bytes, at: int, end: int, most: int) -> tuple[list[int], int]:
    lengths: list[int] = []
    while len(lengths) < most and at + AROUND <= end:
        (length,) = length_at(raw, at)
        if at + AROUND + length > end:
            break
        lengths.append(length)
        at += AROUND + length
    return lengths, at


def _period(lengths: list[int]) -> int:
    """Return after how many records the lengths repeat, 0 where they have not done so often enough to be believed."""
    last = lengths[-192:] if len(lengths) >= 256 else lengths[-len(lengths) * 3 // 4 :]
    return next((period for period in range(1, len(last) // 3 + 1) if last[period:] == last[:-period]), 0)


def length_holds(window: Window, at: int) -> bool:
    """Return whether the length at a place fits its CRC."""
    return bool(masked(window.raw[at : at + 8]) == crc_at(window.raw, at + 8)[0])


def payload_holds(window: Window, at: int) -> bool:
    """Return whether the payload of the record at a place, which the window holds as a whole, fits its CRC."""
    start = at + HEAD
    end = start + length_at(window.raw, at)[0]
    return bool(masked(window.raw[start:end]) == crc_at(window.raw, end)[0])


def candidates(window: Window, at: int, end: int, most: int) -> Ints:
    """Return the places up to an end where a record may begin: a length that is not beyond `most`, and its CRC.

    A record of no bytes is none that anybody writes.
    """
    lengths = window.lengths[at:end]
    places = at + np.flatnonzero((lengths <= np.uint64(most)) & (lengths > 0))
    crc = np.full(len(places), crc32c(bytes(8)), np.uint32)
    for byte in range(8):
        crc ^= table(7 - byte).take(window.bytes[places + byte])
    found: Ints = places[unmask(window.crcs[places + 8]) == crc]
    return found
