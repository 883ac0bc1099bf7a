"""Reads and searches the text of console lines where they stand; colours and capital letters make no difference."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

if TYPE_CHECKING:
    from typing_extensions import Self

    from .detail_console_lines import Ints, Place, ProcessLines

#: A line is shown, and one with colours searched, up to this length, in bytes.
MOST_TEXT: Final = 64 << 10
#: So much is searched at once, in bytes.
_PIECE: Final = 8 << 20
_ESCAPE: Final = 0x1B
_ESCAPES: Final = re.compile(rb"\x1b(?:\[[0-9;:?]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\^_])")


class Texts:
    """Reads from the files of console output, which stay open as long as it does."""

    def __init__(self) -> None:
        self._files: dict[tuple[int, int], BinaryIO | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            if file is not None:
                file.close()

    def read(self, process: ProcessLines, places: Sequence[Place]) -> bytes:
        """Return a text, up to a byte more than is shown; empty where its file is gone."""
        text = b""
        for part, start, size in places:
            if len(text) <= MOST_TEXT:
                text += self._read(process, part, start, min(size, MOST_TEXT + 1 - len(text)))
        return text

    def search(self, process: ProcessLines, part: int, start: Ints, size: Ints, wanted: bytes) -> list[int]:
        """Return which lines of a file hold a text.

        Args:
            process: whose file.
            part: which of its files.
            start: offset of each line's text, ascending.
            size: its length in bytes.
            wanted: as `encoded` gives it.
        """
        found: list[int] = []
        first = 0
        while first < len(start):
            begin = int(start[first])
            last = max(int(np.searchsorted(start, begin + _PIECE)), first + 1)
            data = self._read(process, part, begin, int(start[last - 1] + size[last - 1]) - begin)
            found += [first + at for at in _hits(data, start[first:last] - begin, size[first:last], wanted)]
            first = last
        return found

    def _read(self, process: ProcessLines, part: int, at: int, size: int) -> bytes:
        key = (id(process), part)
        if key not in self._files:
            try:
                self._files[key] = process.open(part)
            except OSError:
                self._files[key] = None
        file = self._files[key]
        return b"" if file is None else os.pread(file.fileno(), size, at)


def encoded(search: str) -> bytes:
    """Return what is searched for as it would stand in a file, in small letters."""
    return search.lower().encode("utf-8", "backslashreplace")


def holds(text: bytes, wanted: bytes) -> bool:
    """Return whether a line holds a text."""
    return wanted in _plain(text)


def _plain(text: bytes) -> bytes:
    """Return lines without escape sequences, in small letters."""
    text = _ESCAPES.sub(b"", text)
    return text.lower() if text.isascii() else text.decode("utf-8", "replace").lower().encode()


def _hits(data: bytes, start: Ints, size: Ints, wanted: bytes) -> list[int]:
    """Return which lines of a stretch hold a text: plain ones are searched all at once."""
    signs = np.frombuffer(data, np.uint8)
    # lines with colours, and where letters beyond ASCII are looked for those that have any, are searched without them
    odd = (signs == _ESCAPE) if wanted.isascii() else (signs == _ESCAPE) | (signs >= 0x80)
    slow = np.unique(np.searchsorted(start, np.flatnonzero(odd), "right") - 1).tolist()
    plain = _plain(b"\n".join([data[first : first + length] for first, length in _of(start, size, slow)]))
    found = {at for at, line in zip(slow, plain.split(b"\n"), strict=False) if wanted in line}
    passed, hits = set(slow), list[int]()
    begins, ends = start.tolist(), (start + size).tolist()
    small, at = data.lower(), 0
    while (at := small.find(wanted, at)) >= 0:
        line = bisect_right(begins, at) - 1
        if at + len(wanted) <= ends[line]:
            hits.append(line)
            at = ends[line]
        else:  # in what stands between two lines
            at += 1
    return sorted(found.union(hit for hit in hits if hit not in passed))


def _of(start: Ints, size: Ints, lines: list[int]) -> Iterator[tuple[int, int]]:
    return zip(start[lines].tolist(), size[lines].tolist(), strict=True)
