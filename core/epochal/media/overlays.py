"""What lies over an image: boxes with label and score, and masks of class ids."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from .arrays import numbers
from .item import Piece, StoredFile
from .png import encode_png

if TYPE_CHECKING:
    import numpy as np

#: The greatest class id that a mask of 16 bits holds.
_LARGEST_ID: Final = 0xFFFF


@dataclass(frozen=True)
class Box:
    """A rectangle on an image.

    Attributes:
        x0: left edge, in pixels from the image's left; with `relative` as a share of its width.
        y0: upper edge, in pixels from the top; with `relative` as a share of the height.
        x1: right edge.
        y1: lower edge.
        label: what is in it.
        score: how sure that is.
        relative: whether the edges are shares, from 0 to 1.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    label: str | None = None
    score: float | None = None
    relative: bool = False

    def encode(self) -> dict[str, Any]:
        """Return what is recorded.

        Raises:
            BadValueError: an edge or the score is no finite number.
        """
        try:
            edges = [float(edge) for edge in (self.x0, self.y0, self.x1, self.y1)]
            score = None if self.score is None else float(self.score)
        except (TypeError, ValueError, OverflowError, RuntimeError) as error:
            raise BadValueError(f"box {self!r}: {error}") from error
        if not all(map(math.isfinite, edges)):
            raise BadValueError(f"box {self!r}: its edges must be finite numbers")
        label = None if self.label is None else str(self.label)
        return {"edges": edges, "label": label, "score": score, "relative": bool(self.relative)}

    @classmethod
    def recorded(cls, fields: Any) -> Box | None:
        """Return a box as it was recorded, None where the record is damaged."""
        try:
            x0, y0, x1, y1 = (float(edge) for edge in fields["edges"])
            return cls(x0, y0, x1, y1, fields.get("label"), fields.get("score"), fields["relative"])
        except (AttributeError, KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Mask:
    """A class for each pixel of an image.

    Attributes:
        ids: integers from 0 to 65535, an array of any library, shape (height, width); bool counts as 0 and 1.
        classes: names of the ids.
    """

    ids: Any = field(repr=False)
    classes: Mapping[int, str] = field(default_factory=dict)

    def encode(self, size: tuple[int, int] | None) -> dict[str, Any]:
        """Return what is recorded, with the ids as a PNG.

        Args:
            size: (width, height) of the image, None where it is not known.

        Raises:
            BadValueError: it is no mask, or none of this image.
        """
        import numpy as np

        ids = numbers(self.ids, "a mask")
        if ids.ndim == 3 and 1 in (ids.shape[0], ids.shape[2]):  # an axis of one channel, first or last
            ids = ids[0] if ids.shape[0] == 1 else ids[:, :, 0]
        if ids.ndim != 2 or not ids.size:
            raise BadValueError(f"a mask has shape (height, width), not {ids.shape}")
        if size is not None and (ids.shape[1], ids.shape[0]) != size:
            raise BadValueError(
                f"a mask of {ids.shape[1]} x {ids.shape[0]} does not fit an image of {size[0]} x {size[1]}"
            )
        if ids.dtype.kind == "f":
            raise BadValueError(f"a mask holds class ids, integers, not {ids.dtype}: take argmax over the classes")
        if int(ids.min()) < 0 or int(ids.max()) > _LARGEST_ID:
            raise BadValueError(f"class ids from {ids.min()} to {ids.max()} are not all within 0 to {_LARGEST_ID}")
        plain = ids.astype(np.uint8 if int(ids.max()) < 256 else np.uint16)
        classes = {str(int(number)): str(name) for number, name in dict(self.classes).items()}
        return {"file": Piece("mask", "png", encode_png(plain[:, :, None])), "classes": classes}

    @classmethod
    def recorded(cls, run: Path, fields: Any) -> Mask | None:
        """Return a mask as it was recorded, its ids read when they are asked for; None where the record is damaged."""
        try:
            classes = {int(number): str(name) for number, name in fields["classes"].items()}
            return cls(_StoredIds(StoredFile(run, dict(fields["file"]))), classes)
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    @property
    def array(self) -> np.ndarray:
        """The ids, shape (height, width).

        Raises:
            StorageError: its file is gone or was changed.
        """
        if isinstance(self.ids, _StoredIds):
            from .png_reading import decode_picture

            return decode_picture(self.ids.file.read())
        return numbers(self.ids, "a mask")


class _StoredIds:
    """The ids of a mask that was read back: an array when one is asked for."""

    def __init__(self, file: StoredFile) -> None:
        self.file = file

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        import numpy as np

        from .png_reading import decode_picture

        return np.asarray(decode_picture(self.file.read()), dtype)
