"""`Image`: a picture, from an array, a Pillow image, a figure's file, or the bytes of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import BadValueError
from .item import Media, Piece, Remark
from .overlays import Box, Mask
from .picture_facts import picture_format, picture_size
from .sources import source

if TYPE_CHECKING:
    import numpy as np


class Image(Media):
    """A picture, with a caption, boxes and masks.

    Arrays and Pillow images are kept without loss, as PNG. PNG, JPEG, WebP and GIF are kept as they are.
    """

    kind: ClassVar[str] = "image"

    def __init__(
        self,
        data: Any,
        *,
        caption: str | None = None,
        boxes: Iterable[Box] = (),
        masks: Mapping[str, Mask] | None = None,
        layout: str | None = None,
        value_range: tuple[float, float] | None = None,
    ) -> None:
        """Take a picture; nothing is looked at before it is logged.

        Args:
            data: an array or tensor of shape (height, width), (height, width, channels) or (channels, height, width)
                with 1, 3 or 4 channels: uint8, bool, uint16, other integers from 0 to 255, floats from 0 to 1; a
                Pillow image; the path or the bytes of a file.
            caption: a sentence to it.
            boxes: rectangles over it.
            masks: name to a class for each pixel, such as `{"prediction": Mask(ids, {1: "road"})}`.
            layout: `"HWC"` or `"CHW"`, for shapes that can be read in two ways.
            value_range: which values are black and white, for arrays.
        """
        super().__init__(data, caption=caption)
        self._boxes, self._masks = boxes, masks
        self._layout, self._value_range = layout, value_range

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        piece, size, bits = self._picture(remark)
        fields: dict[str, Any] = {"file": piece, "format": piece.suffix}
        if size is not None:
            fields |= {"width": size[0], "height": size[1]}
        if bits == 16:
            fields["bits"] = bits
        boxes = list(_encoded_boxes(self._boxes, remark))
        masks = dict(_encoded_masks(self._masks, size, remark))
        return {**fields, **({"boxes": boxes} if boxes else {}), **({"masks": masks} if masks else {})}

    def _picture(self, remark: Remark) -> tuple[Piece, tuple[int, int] | None, int]:
        found = source(self._data)
        if found is not None:
            format = picture_format(found.head)
            if format is None:
                raise BadValueError("this is no PNG, JPEG, WebP or GIF: convert it, or give its pixels as an array")
            return Piece("image", format, found.data), picture_size(found.head), 8
        from .pixels import pixels
        from .png import encode_png

        data, layout = _plain(self._data, self._layout)
        array = pixels(data, layout=layout, value_range=self._value_range, remark=remark)
        height, width = array.shape[:2]
        return Piece("image", "png", encode_png(array)), (width, height), 8 * array.dtype.itemsize

    @property
    def array(self) -> np.ndarray:
        """The pixels, uint8 or uint16, shape (height, width) or (height, width, channels).

        Raises:
            BadValueError: it is no picture that can be read.
            MissingDependencyError: it takes Pillow: other formats than PNG, and PNG of other programs.
            StorageError: the file is gone or was changed.
        """
        from .png_reading import decode_picture

        return decode_picture(self.bytes)

    @property
    def width(self) -> int | None:
        """Pixels from left to right, as recorded."""
        found = self._number("width")
        return None if found is None else int(found)

    @property
    def height(self) -> int | None:
        """Pixels from top to bottom, as recorded."""
        found = self._number("height")
        return None if found is None else int(found)

    @property
    def boxes(self) -> list[Box]:
        """The rectangles over it."""
        if self._run is None:
            return list(self._boxes)
        found = self._fields.get("boxes")
        boxes = [Box.recorded(each) for each in found] if isinstance(found, list) else []
        return [box for box in boxes if box is not None]

    @property
    def masks(self) -> dict[str, Mask]:
        """The masks over it, by name."""
        if self._run is None:
            return dict(self._masks or {})
        masks = {str(name): Mask.recorded(self._run, each) for name, each in self._part("masks").items()}
        return {name: mask for name, mask in masks.items() if mask is not None}


def _plain(data: Any, layout: str | None) -> tuple[Any, str | None]:
    """Return a Pillow image in a mode whose array is pixels, with its layout, and everything else as it is."""
    if hasattr(data, "convert") and hasattr(data, "mode") and hasattr(data, "getbands"):
        from .png_reading import pillow_pixels

        return pillow_pixels(data), "HWC"
    return data, layout


def _encoded_boxes(boxes: Any, remark: Remark) -> Iterable[dict[str, Any]]:
    try:
        listed = list(boxes)
    except TypeError:
        remark(f"boxes are a list of Box, not a {type(boxes).__qualname__}: they were left out")
        return
    for box in listed:
        try:
            if not isinstance(box, Box):
                raise BadValueError(f"{type(box).__qualname__} is no Box: Box(x0, y0, x1, y1, label=…)")
            yield box.encode()
        except BadValueError as error:
            remark(f"a box was left out: {error}")


def _encoded_masks(masks: Any, size: tuple[int, int] | None, remark: Remark) -> Iterable[tuple[str, dict[str, Any]]]:
    if masks and not isinstance(masks, Mapping):
        remark(f"masks are a mapping of names to Mask, not a {type(masks).__qualname__}: they were left out")
        return
    for name, mask in (masks or {}).items():
        try:
            if not isinstance(mask, Mask):
                raise BadValueError(f'{type(mask).__qualname__} is no Mask: Mask(ids, {{1: "road"}})')
            yield str(name), mask.encode(size)
        except (BadValueError, TypeError, ValueError) as error:
            remark(f"the mask {name!r} was left out: {error}")
