"""CRC-32C as TFRecord files have it, masked: of one piece of bytes, or of many rows at once by what differs in them.

The CRC (Castagnoli polynomial, reflected 0x82F63B78; RFC 3720, appendix B.4) is linear over GF(2): two texts of one
length have CRCs that differ by the sum of what each differing byte contributes, and that depends on the byte and on its
distance from the end alone. So rows that equal an example but for a few columns need a table look-up for each of these,
and no more. The mask is that of TensorFlow (core/lib/hash/crc32c.h): rotated right by 15 bits, plus 0xA282EAD8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

_POLYNOMIAL: Final = 0x82F63B78
_ALL: Final = 0xFFFFFFFF
_DELTA: Final = 0xA282EAD8
#: Bytes of a piece that NumPy works out in one go.
_PIECE: Final = 1 << 12


def _first_table() -> np.ndarray:
    table: np.ndarray = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> 1) ^ (np.uint32(_POLYNOMIAL) * (table & 1))
    return table


_tables: Final[list[np.ndarray]] = [_first_table()]


def table(distance: int) -> np.ndarray:
    """Return what a byte contributes that has so many bytes behind it, by its value: uint32, shape (256,)."""
    while len(_tables) <= distance:
        last = _tables[-1]
        _tables.append(_tables[0][last & 0xFF] ^ (last >> np.uint32(8)))
    return _tables[distance]


_stack = np.empty((0, 256), np.uint32)


def _stacked(length: int) -> np.ndarray:
    """Return the tables of the distances from 0 on, as one array."""
    global _stack
    if len(_stack) < length:
        table(max(length, 64) - 1)
        _stack = np.stack(_tables)
    return _stack


def _by_numpy(data: bytes) -> int:
    state = _ALL
    for start in range(0, len(data), _PIECE):
        piece = np.frombuffer(data, np.uint8, min(_PIECE, len(data) - start), start).copy()
        head = np.frombuffer(state.to_bytes(4, "little"), np.uint8)
        few = min(4, len(piece))
        piece[:few] ^= head[:few]
        length = len(piece)
        found = _stacked(length)[np.arange(length - 1, -1, -1), piece]
        # what of the state reaches beyond a piece of fewer than four bytes stays, moved down
        state = int(np.bitwise_xor.reduce(found)) ^ (state >> (8 * few) if few < 4 else 0)
    return state ^ _ALL


def _quickest() -> Callable[[bytes], int]:
    try:
        import google_crc32c

        if google_crc32c.implementation == "c":
            found: Any = google_crc32c.value
            return found  # type: ignore[no-any-return]
    except ImportError:
        pass
    return _by_numpy


#: The CRC-32C of bytes: by google-crc32c where that is installed, else by NumPy.
crc32c: Final = _quickest()


def masked(data: bytes) -> int:
    """Return the masked CRC-32C of bytes."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + _DELTA) & _ALL


def mask(crcs: np.ndarray) -> np.ndarray:
    """Return CRCs masked, uint32."""
    return ((crcs >> np.uint32(15)) | (crcs << np.uint32(17))) + np.uint32(_DELTA)


def unmask(stored: np.ndarray) -> np.ndarray:
    """Return the CRCs behind masked ones, uint32."""
    rotated = stored - np.uint32(_DELTA)
    return (rotated >> np.uint32(17)) | (rotated << np.uint32(15))
