"""Reads PNG and animated PNG into arrays; what other programs pack in rarer ways is left to Pillow."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import BadValueError, MissingDependencyError
from .pixels import MOST_PIXELS
from .png import COLOR_TYPES, SIGNATURE

if TYPE_CHECKING:
    import numpy as np

_CHANNELS: Final = {color: channels for channels, color in COLOR_TYPES.items()}


class _Header(NamedTuple):
    width: int
    height: int
    depth: int
    color: int
    interlaced: int

    @property
    def plain(self) -> bool:
        return self.depth in (8, 16) and self.color in _CHANNELS and not self.interlaced


def decode_picture(data: bytes) -> np.ndarray:
    """Return a picture's pixels: uint8 or uint16, shape (height, width) or (height, width, channels).

    Args:
        data: PNG; JPEG, WebP and GIF where Pillow is installed.

    Raises:
        BadValueError: the bytes are no such picture, or it is too large.
        MissingDependencyError: it takes Pillow.
    """
    if data.startswith(SIGNATURE):
        try:
            frames = _frames(data)
        except (struct.error, zlib.error, IndexError, ValueError) as error:
            raise BadValueError(f"a damaged PNG: {error}") from error
        if frames is not None:
            picture: np.ndarray = frames[0]
            return picture[:, :, 0] if picture.shape[2] == 1 else picture
    return _by_pillow(data)[0]


def decode_film(data: bytes) -> np.ndarray:
    """Return a film's frames: uint8, shape (time, height, width, channels).

    Args:
        data: animated PNG; GIF where Pillow is installed.

    Raises:
        BadValueError: the bytes are no such film, or it is too large.
        MissingDependencyError: it takes Pillow.
    """
    import numpy as np

    if data.startswith(SIGNATURE):
        try:
            frames = _frames(data, every=True)
        except (struct.error, zlib.error, IndexError, ValueError) as error:
            raise BadValueError(f"a damaged PNG: {error}") from error
        if frames is not None:
            return frames
    elif data[:3] != b"GIF":
        raise BadValueError("frames are read from animated PNG and GIF: open the file itself with a player's library")
    found = np.stack(_by_pillow(data, every=True))
    return found[..., None] if found.ndim == 3 else found


def _frames(data: bytes, *, every: bool = False) -> np.ndarray | None:
    """Return the frames, shape (time, height, width, channels); None where they are packed in a rarer way."""
    import numpy as np

    header: _Header | None = None
    packed: list[list[bytes]] = []
    for name, body in _chunks(data):
        if name == b"IHDR":
            header = _Header(*struct.unpack(">IIBBxxB", body))
            _check_size(header.width, header.height)
        elif name == b"fcTL":
            if body[4:20] != struct.pack(">IIII", header.width, header.height, 0, 0) or body[25] if header else True:
                return None
            if packed or every:
                packed.append([])
        elif name == b"IDAT":
            if not packed:
                packed.append([])
            packed[0].append(body)
        elif name == b"fdAT" and every:
            packed[-1].append(body[4:])
    if header is None or not packed:
        raise ValueError("it has no picture")
    if not header.plain:
        return None
    if len(packed) * header.width * header.height > 4 * MOST_PIXELS:
        raise BadValueError(f"a film of {len(packed)} frames of {header.width} x {header.height} is too large")
    frames = [_unpacked(b"".join(parts), header) for parts in (packed if every else packed[:1])]
    found = [frame for frame in frames if frame is not None]
    return np.stack(found) if len(found) == len(frames) else None


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if at + 12 + length > len(data):
            raise ValueError("it ends too early")
        if struct.unpack_from(">I", data, at + 8 + length)[0] != zlib.crc32(body, zlib.crc32(name)):
            raise ValueError("a checksum does not hold")
        yield name, body
        if name == b"IEND":
            return
        at += 12 + length
    raise ValueError("it ends too early")


def _unpacked(packed: bytes, header: _Header) -> np.ndarray | None:
    """Return one frame; None where a row is packed by a filter that takes a loop over its pixels."""
    import numpy as np

    channels, wide = _CHANNELS[header.color], header.depth == 16
    width = header.width * channels * (2 if wide else 1)
    size = header.height * (width + 1)
    stream = zlib.decompressobj()
    raw = stream.decompress(packed, size)
    if len(raw) != size:
        raise ValueError("it has too few rows")
    lines = np.frombuffer(raw, np.uint8).reshape(header.height, width + 1)
    filters, rows = lines[:, 0], lines[:, 1:]
    if (filters == 2).all():
        rows = np.cumsum(rows, axis=0, dtype=np.uint8)
    elif (filters <= 2).all():
        rows = _unfiltered(filters, rows, channels * (2 if wide else 1))
    else:
        return None
    if wide:
        rows = np.ascontiguousarray(rows).view(">u2").astype(np.uint16)
    return np.ascontiguousarray(rows).reshape(header.height, header.width, channels)


def _unfiltered(filters: np.ndarray, rows: np.ndarray, unit: int) -> np.ndarray:
    import numpy as np

    done = rows.copy()
    for index, kind in enumerate(filters):
        if kind == 1:
            done[index] = np.cumsum(done[index].reshape(-1, unit), axis=0, dtype=np.uint8).reshape(-1)
        elif kind == 2 and index:
            done[index] += done[index - 1]
    return done


def _by_pillow(data: bytes, *, every: bool = False) -> list[np.ndarray]:
    import warnings

    import numpy as np

    try:
        from PIL import Image, ImageSequence
    except ImportError:
        raise MissingDependencyError("Pillow", "media") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP", "GIF")) as picture:
                _check_size(picture.width, picture.height)
                count = getattr(picture, "n_frames", 1) if every else 1
                if count * picture.width * picture.height > 4 * MOST_PIXELS:
                    raise BadValueError(f"a film of {count} frames of {picture.width} x {picture.height} is too large")
                parts = ImageSequence.Iterator(picture) if every else [picture]
                arrays = [np.array(pillow_pixels(part)) for part in parts]
                return [each.astype(np.uint16) if each.dtype.kind == "i" else each for each in arrays]
    except BadValueError:
        raise
    except Exception as error:  # a decoder says what is wrong with a file in any words
        raise BadValueError(f"no picture that can be read: {error}") from error


def pillow_pixels(picture: Any) -> Any:
    """Return a Pillow picture in a mode whose array is plain pixels: L, LA, RGB, RGBA, or wide gray."""
    if picture.mode in ("L", "LA", "RGB", "RGBA", "I", "F") or picture.mode.startswith("I;16"):
        return picture
    if picture.mode in ("P", "PA") and (picture.mode == "PA" or "transparency" in picture.info):
        return picture.convert("RGBA")
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _check_size(width: int, height: int) -> None:
    if not 0 < width * height <= MOST_PIXELS:
        raise BadValueError(f"a picture of {width} x {height} has no pixels, or more than {MOST_PIXELS:,}")
