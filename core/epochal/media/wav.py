"""Writes and reads WAV: PCM of 8 to 32 bits, and floats."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import BadValueError

if TYPE_CHECKING:
    import numpy as np

_PCM: Final = 1
_FLOAT: Final = 3
_EXTENSIBLE: Final = 0xFFFE


class WavFacts(NamedTuple):
    """What a WAV file says of itself: how its samples are written, and where they stand."""

    form: int
    bits: int
    channels: int
    rate: int
    start: int
    size: int

    @property
    def frames(self) -> int:
        """Samples of each channel."""
        return self.size // (self.channels * self.bits // 8)


def encode_wav(samples: np.ndarray, rate: int) -> bytes:
    """Return samples as WAV.

    Args:
        samples: int16 or float32, shape (frames, channels).
        rate: frames a second.
    """
    form = _FLOAT if samples.dtype.kind == "f" else _PCM
    width = samples.dtype.itemsize
    channels = samples.shape[1]
    data = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    described = struct.pack("<HHIIHH", form, channels, rate, rate * channels * width, channels * width, 8 * width)
    if form == _FLOAT:  # a format other than PCM says how long its extension is, and how many frames there are
        described += struct.pack("<H", 0)
        body = _chunk(b"fmt ", described) + _chunk(b"fact", struct.pack("<I", len(samples)))
    else:
        body = _chunk(b"fmt ", described)
    body += _chunk(b"data", data)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def wav_facts(data: bytes) -> WavFacts | None:
    """Return what a WAV file says of itself, by its whole bytes or its first ones; None where it is no WAV."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return None
    at, form = 12, None
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt " and at + 24 <= len(data):
            form, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at + 8)
            if form == _EXTENSIBLE and at + 34 <= len(data):
                form = struct.unpack_from("<H", data, at + 32)[0]
        elif name == b"data":
            if form is None or not channels or not rate or bits % 8 or not bits:
                return None
            return WavFacts(form, bits, channels, rate, at + 8, size)
        at += 8 + size + size % 2
    return None


def decode_wav(data: bytes) -> np.ndarray:
    """Return the samples: int16, int32, uint8 or floats, shape (frames,) or (frames, channels).

    Raises:
        BadValueError: it is no WAV that can be read.
    """
    import numpy as np

    facts = wav_facts(data)
    if facts is None:
        raise BadValueError("samples are read from WAV: open other formats with a library for them")
    body = data[facts.start : facts.start + facts.size]
    width = facts.bits // 8
    body = body[: len(body) // (width * facts.channels) * (width * facts.channels)]
    if facts.form == _PCM and width == 3:
        padded = np.zeros((len(body) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
        samples = padded.view("<i4").reshape(-1).astype(np.int32)
    elif (facts.form, width) in ((_PCM, 1), (_PCM, 2), (_PCM, 4), (_FLOAT, 4), (_FLOAT, 8)):
        letter = "u" if width == 1 else "f" if facts.form == _FLOAT else "i"
        samples = np.frombuffer(body, f"<{letter}{width}")
        samples = samples.astype(samples.dtype.newbyteorder("="))
    else:
        raise BadValueError(f"WAV of format {facts.form} with {facts.bits} bits is not read: open it with a library")
    return samples if facts.channels == 1 else samples.reshape(-1, facts.channels)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
