"""The numbers of an exported report: each array once, all of them in one compressed text that a page can open.

gzip of all arrays, one behind the other; each array of n float64 as eight stretches of n bytes, the lowest bytes
first: what is alike from number to number (signs, exponents, steps) stands together, and becomes small
"""

from __future__ import annotations

import base64
import gzip
import hashlib

import numpy as np

from epochal.journal.points import Floats


class Arrays:
    """Arrays of float64, told apart by what they hold."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._known: dict[bytes, list[int]] = {}
        self._count = 0

    def put(self, values: Floats) -> list[int]:
        """Return where an array stands: [index of its first number, how many]."""
        data = np.ascontiguousarray(values, np.dtype("<f8"))
        digest = hashlib.sha256(data.tobytes()).digest()
        place = self._known.get(digest)
        if place is None:
            place = self._known[digest] = [self._count, len(data)]
            self._parts.append(data.view(np.uint8).reshape(-1, 8).T.tobytes())
            self._count += len(data)
        return place

    def packed(self) -> str:
        """Return all arrays as base64 of gzip."""
        return base64.b64encode(gzip.compress(b"".join(self._parts), 6, mtime=0)).decode()


def unpacked(text: str) -> bytes:
    """Return the bytes of all arrays, as tests read them."""
    return gzip.decompress(base64.b64decode(text))
