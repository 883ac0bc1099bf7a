"""Numbers for tags: which tag stands in each row of a table of bytes, found for all rows at once and exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ._chunks import Ints

_SMALLEST: Final = 1 << 8
#: Slots in which a tag may be.
_PROBES: Final = 4


def words_of(rows: np.ndarray, start: int, end: int) -> list[np.ndarray]:
    """Return some of each row's bytes as numbers of up to eight of them, the last of which may overlap the one before.

    Args:
        rows: uint8, shape (n, width), contiguous; n is not 0, and the width not below 8.
        start: of the bytes.
        end: of the bytes.

    Returns:
        uint64, each of shape (n,). They are equal where the bytes are.
    """
    if end - start >= 8:
        return [word_at(rows, at).copy() for at in (*range(start, end - 8, 8), end - 8)]
    if end == start:
        return []
    at = min(start, rows.shape[1] - 8)
    return [word_at(rows, at).copy() >> np.uint64(8 * (start - at)) & np.uint64((1 << 8 * (end - start)) - 1)]


def aligned(size: int) -> int:
    """Return the smallest multiple of eight that is at least `size`: words are read fastest at such places."""
    return -(-size // 8) * 8


def word_at(rows: np.ndarray, at: int) -> np.ndarray:
    """Return eight bytes of each row as a number; a copy is faster to work with where they are not aligned."""
    return np.ndarray((len(rows),), "<u8", rows, at, (rows.shape[1],))


class Tags:
    """Every tag that was met, with its number.

    Attributes:
        names: by number.
        raw: the same as bytes.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.raw: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        self._by_length: dict[int, _Shelf] = {}
        # nobody who writes tags knows which of them meet in a slot
        self._random = np.random.default_rng()

    def number(self, tag: bytes) -> int:
        """Return the number of a tag."""
        found = self._numbers.setdefault(tag, len(self.raw))
        if found == len(self.raw):
            self.raw.append(tag)
            self.names.append(tag.decode("utf-8", "backslashreplace"))
        return found

    def numbers(self, rows: np.ndarray, start: int, end: int) -> int | Ints:
        """Return the number of each row's tag, or the one that all have.

        Args:
            rows: as `words_of` has them.
            start: of the tag in each row.
            end: of the tag in each row.
        """
        words = words_of(rows, start, end)
        if all(np.count_nonzero(word == word[0]) == len(word) for word in words):
            return self.number(rows[0, start:end].tobytes())
        shelf = self._by_length.get(end - start)
        if shelf is None:
            shelf = self._by_length[end - start] = _Shelf(len(words), self._random)
        return shelf.find(words, rows[:, start:end], self)


class _Shelf:
    """The tags of one length: a table from some bits of a hash to a tag, whose bytes are then compared."""

    def __init__(self, words: int, random: np.random.Generator) -> None:
        self._factors = random.integers(1, 1 << 63, words, np.uint64) | np.uint64(1)
        self._slots = np.full(_SMALLEST, -1, np.int64)
        self._places: dict[int, int] = {}  # number of a tag to its place here
        self._waiting: list[int] = []  # places that have no slot yet
        self._numbers = np.empty(_SMALLEST, np.int64)
        self._words = np.empty((words, _SMALLEST), np.uint64)

    def find(self, words: Sequence[np.ndarray], rows: np.ndarray, tags: Tags) -> Ints:
        slots = self._slots_of(words)
        found, good = self._probe(words, slots)
        missing = np.flatnonzero(~good)
        for probe in range(1, _PROBES):
            if not len(missing):
                return found
            some, good = self._probe([word[missing] for word in words], slots[missing] + probe)
            found[missing[good]] = some[good]
            missing = missing[~good]
        if len(missing):
            found[missing] = self._add_all([word[missing] for word in words], rows[missing], tags)
        return found

    def _add_all(self, words: Sequence[np.ndarray], rows: np.ndarray, tags: Tags) -> Ints:
        """Return the numbers of tags that are new, or that do not have a slot."""
        found = np.empty(len(rows), np.int64)
        hashes = self._hashes(words)
        left = np.arange(len(rows))
        while len(left):  # one round, but for tags of one hash
            _, first, which = np.unique(hashes[left], return_index=True, return_inverse=True)
            numbers = np.array([self._add(rows[at].tobytes(), words, at, tags) for at in left[first].tolist()])
            self._settle_all()
            alike = left[first][which.ravel()]
            same = np.logical_and.reduce([word[left] == word[alike] for word in words])
            found[left[same]] = numbers[which.ravel()[same]]
            left = left[~same]
        return found

    def _probe(self, words: Sequence[np.ndarray], slots: Ints) -> tuple[Ints, np.ndarray]:
        places = self._slots.take(slots, mode="wrap")
        good = places >= 0
        np.maximum(places, 0, out=places)
        for known, word in zip(self._words, words, strict=True):
            good &= known.take(places) == word
        return self._numbers.take(places), good

    def _hashes(self, words: Sequence[np.ndarray]) -> np.ndarray:
        found: np.ndarray = words[0] * self._factors[0]
        for word, factor in zip(words[1:], self._factors[1:], strict=True):
            found ^= (word ^ (found >> np.uint64(31))) * factor
        found ^= found >> np.uint64(32)
        found *= self._factors[0]
        return found

    def _slots_of(self, words: Sequence[np.ndarray]) -> Ints:
        slots: Ints = (self._hashes(words) >> np.uint64(65 - len(self._slots).bit_length())).astype(np.int64)
        return slots

    def _add(self, tag: bytes, words: Sequence[np.ndarray], at: int, tags: Tags) -> int:
        number = tags.number(tag)
        if number in self._places:  # it is there, and others have its slots
            return number
        place = self._places[number] = len(self._places)
        if place == len(self._numbers):
            self._numbers = np.concatenate([self._numbers, np.empty_like(self._numbers)])
            self._words = np.concatenate([self._words, np.empty_like(self._words)], axis=1)
        self._numbers[place] = number
        for known, word in zip(self._words, words, strict=True):
            known[place] = word[at]
        self._waiting.append(place)
        return number

    def _settle_all(self) -> None:
        """Give slots to the tags that were added."""
        if len(self._places) * 8 > len(self._slots):
            size = 1 << (len(self._places) * 16).bit_length()
            self._slots, self._waiting = np.full(size, -1, np.int64), list(range(len(self._places)))
        slots = self._slots_of([known[self._waiting] for known in self._words])
        for place, slot in zip(self._waiting, slots.tolist(), strict=True):
            self._settle(place, slot)
        self._waiting = []

    def _settle(self, place: int, slot: int) -> None:
        for probe in range(_PROBES):
            here = (slot + probe) % len(self._slots)
            if self._slots[here] < 0:
                self._slots[here] = place
                return
