"""`Audio`: a sound, from samples or the bytes of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import BadValueError
from .item import Media, Piece, Remark
from .sources import Source, source
from .wav import decode_wav, encode_wav, wav_facts

if TYPE_CHECKING:
    import numpy as np

#: An axis that is at most so long may be the one of channels.
_MOST_CHANNELS: Final = 32
#: A WAV file counts its bytes in 32 bits.
_MOST_BYTES: Final = (1 << 32) - 100


class Audio(Media):
    """A sound, with a caption.

    Samples are kept as WAV: 16 bits, or floats where asked for. WAV, MP3, FLAC, Ogg and M4A are kept as they are.
    """

    kind: ClassVar[str] = "audio"

    def __init__(
        self, data: Any, *, rate: int | None = None, caption: str | None = None, float32: bool = False
    ) -> None:
        """Take a sound; nothing is looked at before it is logged.

        Args:
            data: an array or tensor of shape (frames,), (frames, channels) or (channels, frames), the shorter axis
                being that of channels: floats from -1 to 1, int16, int32, uint8; or the path or the bytes of a file.
            rate: frames a second; needed for samples.
            caption: a sentence to it.
            float32: keep samples as floats instead of 16 bits.
        """
        super().__init__(data, caption=caption)
        self._rate, self._float32 = rate, float32

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        found = source(self._data)
        if found is not None:
            return _as_it_is(found)
        samples = _samples(self._data, remark, float32=self._float32)
        rate = _whole(self._rate)
        if samples.nbytes > _MOST_BYTES:
            raise BadValueError(f"{samples.nbytes:,} bytes of samples do not fit a WAV file: give a shorter sound")
        frames, channels = samples.shape
        return {
            "file": Piece("audio", "wav", encode_wav(samples, rate)),
            "format": "wav", "rate": rate, "channels": channels, "seconds": frames / rate,
        }  # fmt: skip

    @property
    def array(self) -> np.ndarray:
        """The samples as stored: int16 or float32, shape (frames,) or (frames, channels).

        Raises:
            BadValueError: it is no WAV.
            StorageError: the file is gone or was changed.
        """
        return decode_wav(self.bytes)

    @property
    def rate(self) -> int | None:
        """Frames a second."""
        found = self._rate if self._run is None else self._number("rate")
        return None if found is None else int(found)

    @property
    def seconds(self) -> float | None:
        """How long it is, as recorded."""
        return self._number("seconds")


def _as_it_is(found: Source) -> dict[str, Any]:
    head = found.head
    facts = wav_facts(head)
    if facts is not None:
        return {
            "file": Piece("audio", "wav", found.data),
            "format": "wav", "rate": facts.rate, "channels": facts.channels, "seconds": facts.frames / facts.rate,
        }  # fmt: skip
    format = _format(head)
    if format is None:
        raise BadValueError("this is no WAV, MP3, FLAC, Ogg or M4A: convert it, or give its samples as an array")
    return {"file": Piece("audio", format, found.data), "format": format}


def _format(head: bytes) -> str | None:
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return "mp3"
    if head[4:8] == b"ftyp":
        return "m4a"
    return {b"fLaC": "flac", b"OggS": "ogg"}.get(head[:4])


def _whole(rate: Any) -> int:
    try:
        whole = int(rate)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if not 0 < whole < 1 << 31:
        raise BadValueError(f"rate={rate!r}: samples need the number of frames a second, such as Audio(x, rate=16000)")
    return whole


def _samples(data: Any, remark: Remark, *, float32: bool) -> np.ndarray:
    """Return int16 or float32, shape (frames, channels)."""
    import numpy as np

    from .arrays import numbers

    array = numbers(data, "a sound")
    if array.ndim not in (1, 2) or not array.size:
        raise BadValueError(
            f"shape {array.shape} is no sound: give (frames,), (frames, channels) or (channels, frames)"
        )
    if array.ndim == 1:
        array = array[:, None]
    elif array.shape[0] < array.shape[1]:
        array = array.T
    if array.shape[1] > _MOST_CHANNELS:
        raise BadValueError(
            f"shape {array.shape} would have {array.shape[1]} channels: a sound has up to {_MOST_CHANNELS}"
        )
    if array.dtype == np.int16 and not float32:
        return array
    level = _level(array, remark)
    return level.astype(np.float32) if float32 else np.rint(level * 32767).astype(np.int16)


def _level(array: np.ndarray, remark: Remark) -> np.ndarray:
    """Return samples as floats from -1 to 1; what lies outside is cut off, and said."""
    import numpy as np

    if array.dtype == np.uint8:
        return (array.astype(np.float32) - 128) / 128
    if array.dtype in (np.int16, np.int32):
        return array / float(1 << (8 * array.dtype.itemsize - 1))
    if array.dtype.kind != "f":
        raise BadValueError(f"{array.dtype} samples are no sound: give floats from -1 to 1, int16, int32 or uint8")
    level = array.astype(np.float32, copy=False)
    outside = int(np.count_nonzero(~(np.abs(level) <= 1 + 1e-4)))
    if outside:
        remark(f"{outside} of {level.size} samples lie outside -1 to 1 or are NaN: they were cut off")
        level = np.nan_to_num(level, nan=0.0)
    return np.clip(level, -1, 1)
