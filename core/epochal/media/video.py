"""`Video`: a film, from frames or the bytes of a file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import BadValueError, MissingDependencyError
from .item import Media, Piece, Remark
from .picture_facts import picture_format, picture_size
from .sources import source

if TYPE_CHECKING:
    import numpy as np


class Video(Media):
    """A film without sound, with a caption.

    Frames are kept without loss as animated PNG, which every browser plays, or as GIF where asked for (by Pillow). MP4,
    WebM, GIF and animated PNG are kept as they are.
    """

    kind: ClassVar[str] = "video"

    def __init__(
        self,
        data: Any,
        *,
        fps: float = 10,
        caption: str | None = None,
        layout: str | None = None,
        value_range: tuple[float, float] | None = None,
        format: str = "png",
    ) -> None:
        """Take a film; nothing is looked at before it is logged.

        Args:
            data: an array or tensor of shape (time, height, width), (time, height, width, channels) or (time, channels,
                height, width), with values as in `Image`; or the path or the bytes of a file.
            fps: frames a second, for arrays.
            caption: a sentence to it.
            layout: `"THWC"` or `"TCHW"`, for shapes that can be read in two ways.
            value_range: which values are black and white, for arrays.
            format: `"png"` or `"gif"`, for arrays.
        """
        super().__init__(data, caption=caption)
        self._fps, self._layout, self._value_range, self._format = fps, layout, value_range, format

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        found = source(self._data)
        if found is not None:
            format = _film_format(found.head)
            if format is None:
                raise BadValueError("this is no MP4, WebM, GIF or animated PNG: convert it, or give frames as an array")
            size = picture_size(found.head)
            fields: dict[str, Any] = {"file": Piece("video", format, found.data), "format": format}
            return fields if size is None else {**fields, "width": size[0], "height": size[1]}
        from .pixels import frames

        if self._format not in ("png", "gif"):
            raise BadValueError(f'format={self._format!r} is not known: arrays become "png" or "gif"')
        fps = _speed(self._fps)
        film = frames(self._data, layout=self._layout, value_range=self._value_range, remark=remark)
        count, height, width, _ = film.shape
        if self._format == "gif":
            data = _gif(film, fps)
        else:
            from .png import encode_apng

            data = encode_apng(film, fps)
        return {
            "file": Piece("video", self._format, data),
            "format": self._format, "width": width, "height": height, "frames": count, "fps": fps,
        }  # fmt: skip

    @property
    def array(self) -> np.ndarray:
        """The frames of an animated PNG, and with Pillow of a GIF: uint8, shape (time, height, width, channels).

        Raises:
            BadValueError: another format.
            MissingDependencyError: it takes Pillow.
            StorageError: the file is gone or was changed.
        """
        from .png_reading import decode_film

        return decode_film(self.bytes)

    @property
    def fps(self) -> float | None:
        """Frames a second, where recorded."""
        return self._fps if self._run is None else self._number("fps")


def _speed(fps: Any) -> float:
    try:
        speed = float(fps)
    except (TypeError, ValueError, OverflowError):
        speed = math.nan
    if not 0.001 <= speed <= 1000:
        raise BadValueError(f"fps={fps!r} is no number of frames a second from 0.001 to 1000")
    return speed


def _film_format(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "webm"
    format = picture_format(head)
    return format if format in ("gif", "png", "webp") else None


def _gif(film: np.ndarray, fps: float) -> bytes:
    from io import BytesIO

    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError("Pillow", "media") from None
    pictures = [Image.fromarray(frame[:, :, 0] if frame.shape[2] == 1 else frame) for frame in film]
    made = BytesIO()
    duration = max(round(1000 / fps), 10)
    pictures[0].save(made, "GIF", save_all=True, append_images=pictures[1:], duration=duration, loop=0)
    return made.getvalue()
