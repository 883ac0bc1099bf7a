"""Writes PNG and animated PNG with nothing but zlib: 8 and 16 bits, gray, gray with alpha, RGB, RGBA."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
#: PNG's word for a picture's kind, by its number of channels.
COLOR_TYPES: Final = {1: 0, 2: 4, 3: 2, 4: 6}
#: Measured (benchmarks/media.py levels): less than half of the time of level 6 on photographs, and 2 to 7 % more room.
LEVEL: Final = 1
_UP: Final = 2


def encode_png(pixels: np.ndarray) -> bytes:
    """Return a picture as PNG.

    Args:
        pixels: uint8 or uint16, shape (height, width, channels).
    """
    return b"".join((SIGNATURE, _header(pixels), _chunk(b"IDAT", _packed(pixels)), _chunk(b"IEND", b"")))


def encode_apng(frames: np.ndarray, fps: float) -> bytes:
    """Return a film as an animated PNG that repeats for ever.

    Args:
        frames: uint8, shape (time, height, width, channels), at least one frame.
        fps: frames a second.
    """
    height, width = frames.shape[1:3]
    numerator, denominator = _delay(fps)
    parts = [SIGNATURE, _header(frames[0]), _chunk(b"acTL", struct.pack(">II", len(frames), 0))]
    number = 0
    for index, frame in enumerate(frames):
        control = struct.pack(">IIIIIHHBB", number, width, height, 0, 0, numerator, denominator, 0, 0)
        parts.append(_chunk(b"fcTL", control))
        number += 1
        if index == 0:
            parts.append(_chunk(b"IDAT", _packed(frame)))
        else:
            parts.append(_chunk(b"fdAT", struct.pack(">I", number) + _packed(frame)))
            number += 1
    return b"".join((*parts, _chunk(b"IEND", b"")))


def _delay(fps: float) -> tuple[int, int]:
    """Return how long a frame stays, as a fraction of seconds of two 16-bit numbers."""
    from fractions import Fraction

    delay = 1 / Fraction(fps).limit_denominator(1000)
    if delay >= 1:
        return min(round(delay * 100), 0xFFFF), 100
    delay = delay.limit_denominator(0xFFFF)
    return max(delay.numerator, 1), delay.denominator


def _header(pixels: np.ndarray) -> bytes:
    height, width, channels = pixels.shape
    return _chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, 8 * pixels.dtype.itemsize, COLOR_TYPES[channels], 0, 0, 0)
    )


def _packed(pixels: np.ndarray) -> bytes:
    """Return the rows, each as its difference to the row above, compressed."""
    import numpy as np

    rows = pixels.astype(">u2").view(np.uint8) if pixels.dtype.itemsize == 2 else pixels
    rows = rows.reshape(len(rows), -1)
    lines = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    lines[:, 0] = _UP
    lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    return zlib.compress(lines.data, LEVEL)


def _chunk(name: bytes, data: bytes) -> bytes:
    return b"".join((struct.pack(">I", len(data)), name, data, struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))))
