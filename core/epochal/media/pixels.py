"""Arrays as pixels: which axis holds the channels, and what values mean black and white."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..errors import BadValueError
from .arrays import numbers

if TYPE_CHECKING:
    import numpy as np

    from .item import Remark

#: What a picture may have at most: beyond it, encoding would stop the training for a minute.
MOST_PIXELS: Final = 1 << 27
#: Channels by which the axis that holds them is found: gray, RGB, RGBA.
_CHANNELS: Final = (1, 3, 4)


def pixels(
    data: Any, *, layout: str | None = None, value_range: tuple[float, float] | None = None, remark: Remark
) -> np.ndarray:
    """Return a picture as uint8 or uint16, C-contiguous, shape (height, width, channels) with 1 to 4 channels.

    Args:
        data: an array of any library, shape (height, width) or with an axis of channels.
        layout: `"HWC"` or `"CHW"`; by default the axis that has 1, 3 or 4 entries.
        value_range: what is black and what is white; by default 0 and 1 for floats, the type's own range for uint8 and
            uint16, 0 and 255 for other integers.
        remark: is told of values out of range and of NaN.

    Raises:
        BadValueError: it is no picture, or its layout cannot be told.
    """
    array = numbers(data, "an image")
    return levels(channels_last(array, layout), value_range, remark)


def frames(
    data: Any, *, layout: str | None = None, value_range: tuple[float, float] | None = None, remark: Remark
) -> np.ndarray:
    """Return a film as uint8, shape (time, height, width, channels).

    Args:
        data: an array of any library, shape (time, height, width) or with an axis of channels.
        layout: `"THWC"` or `"TCHW"`; by default as for pictures.
        value_range: as for pictures.
        remark: as for pictures.

    Raises:
        BadValueError: it is no film, or its layout cannot be told.
    """
    array = numbers(data, "a video")
    if array.ndim not in (3, 4):
        raise BadValueError(
            f"a video of shape {array.shape} cannot be made: give (time, height, width), "
            "(time, height, width, channels) or (time, channels, height, width)"
        )
    if layout not in (None, "THWC", "TCHW"):
        raise BadValueError(f'layout={layout!r} is not known: a video takes "THWC" or "TCHW"')
    if not array.size:
        raise BadValueError(f"a video of shape {array.shape} has no pixels")
    if array.size > 4 * MOST_PIXELS:
        raise BadValueError(f"a video of shape {array.shape} is too large: give a file, or fewer and smaller frames")
    count = len(array)
    try:  # a frame tells for all of them where the channels are
        first = channels_last(array[0], layout and layout[1:])
    except BadValueError as error:
        raise BadValueError(f"frames of a video: {error}") from error
    if array.ndim == 4 and first.shape != array.shape[1:]:
        array = array.transpose(0, 2, 3, 1)
    flat = levels(array.reshape(-1, *first.shape[1:]), value_range, remark)
    if flat.dtype.itemsize == 2:
        flat = (flat >> 8).astype("uint8")
    return flat.reshape(count, *first.shape)


def channels_last(array: np.ndarray, layout: str | None) -> np.ndarray:
    """Return a view of shape (height, width, channels).

    Raises:
        BadValueError: it is no picture, or its layout cannot be told.
    """
    shape = array.shape
    if layout not in (None, "HWC", "CHW"):
        raise BadValueError(f'layout={layout!r} is not known: give "HWC" or "CHW"')
    if array.ndim == 4:
        raise BadValueError(f"shape {shape} is several images: log a list, [Image(each) for each in images]")
    if array.ndim not in (2, 3):
        raise BadValueError(f"shape {shape} is no image: give (height, width) or (height, width, channels)")
    if not array.size:
        raise BadValueError(f"an image of shape {shape} has no pixels")
    if array.ndim == 2:
        array = array[:, :, None]
    else:
        array = array if (layout or _layout(shape)) == "HWC" else array.transpose(1, 2, 0)
    if array.shape[2] > 4:
        raise BadValueError(f"shape {shape} with layout {layout} has {array.shape[2]} channels: an image has 1 to 4")
    if array.shape[0] * array.shape[1] > MOST_PIXELS:
        raise BadValueError(f"an image of shape {shape} has more than {MOST_PIXELS:,} pixels: give a smaller one")
    return array


def _layout(shape: tuple[int, ...]) -> str:
    last, first = shape[2] in _CHANNELS, shape[0] in _CHANNELS
    if last and first and shape != (1, 1, 1):
        raise BadValueError(
            f'shape {shape} can be read in two ways: say layout="HWC" (channels last) or layout="CHW" (channels first)'
        )
    if not last and not first:
        raise BadValueError(f"shape {shape} has no axis of 1, 3 or 4 channels, first or last: it is no image")
    return "HWC" if last else "CHW"


def levels(array: np.ndarray, value_range: tuple[float, float] | None, remark: Remark) -> np.ndarray:
    """Return an array as uint8 or uint16, C-contiguous.

    Raises:
        BadValueError: integers out of range, or a range that is none.
    """
    import numpy as np

    if value_range is not None:
        low, high = (float(end) for end in value_range)
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise BadValueError(f"value_range={value_range!r} is no range: give (black, white) with black < white")
        return _scaled((array.astype(np.float64) - low) / (high - low), remark, f"{low:g} to {high:g}")
    if array.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(array)
    if array.dtype.kind == "b":
        return np.ascontiguousarray(array).view(np.uint8) * np.uint8(255)
    if array.dtype.kind == "f":
        return _scaled(array, remark, "0 to 1")
    smallest, largest = int(array.min()), int(array.max())
    if smallest < 0 or largest > 255:
        raise BadValueError(
            f"{array.dtype} values from {smallest} to {largest} are no pixels: give uint8, uint16, floats from 0 to 1, "
            f"or say value_range=({smallest}, {largest})"
        )
    return np.ascontiguousarray(array.astype(np.uint8))


def _scaled(array: np.ndarray, remark: Remark, words: str) -> np.ndarray:
    """Return floats, where 0 is black and 1 is white, as uint8; what lies outside is cut off, and said."""
    import numpy as np

    if array.dtype.itemsize < 4:
        array = array.astype(np.float32)
    with np.errstate(all="ignore"):
        odd = not np.isfinite(array.sum(dtype=np.float64))
    if odd:
        count = int(np.count_nonzero(np.isnan(array)))
        if count:
            remark(f"{count} of {array.size} values are NaN: they are shown black")
        array = np.nan_to_num(array, nan=0.0)
    smallest, largest = float(array.min()), float(array.max())
    half = 1 / 510  # half a level is rounding, no mistake
    if smallest < -half or largest > 1 + half:
        parts = int(np.count_nonzero((array < 0) | (array > 1)))
        remark(
            f"{parts} of {array.size} values lie outside {words} and were cut off: "
            "value_range=(black, white) says what the ends are"
        )
    if smallest < 0 or largest > 1:
        array = np.clip(array, 0, 1)
    return np.ascontiguousarray((array * 255 + 0.5).astype(np.uint8))
