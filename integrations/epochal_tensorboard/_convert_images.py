"""Images of event files: pictures and films out of values, and into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from epochal.errors import BadValueError
from epochal.media import Image, Video
from epochal.media.picture_facts import picture_format, picture_size

from ._convert_back import file_of, format_of
from ._convert_tensors import strings_of, tensor_of_strings

if TYPE_CHECKING:
    from epochal.media.item import Media, Remark

    from ._convert_back import ReadFile

#: What stands before the pictures in a tensor: width and height.
_BEFORE: Final = 2
#: Where an animated PNG says so, it says it early.
_HEAD: Final = 1 << 12
#: Of each kind the formats that browsers show as an image without being told which it is.
_FORMATS: Final = {
    "image": ("png", "jpeg", "gif", "webp"),
    "figure": ("png",),
    "video": ("png", "gif", "webp"),
}


class Picture(NamedTuple):
    """The file of a picture, and its size in pixels, 0 where that is not known."""

    data: bytes
    width: int
    height: int


def images(value: Any) -> list[Media]:
    """Return the pictures of a Summary.Value; of a GIF or PNG that moves, a film.

    Raises:
        BadValueError: it holds none that can be shown.
    """
    if value.WhichOneof("value") == "image":
        found = [value.image.encoded_image_string]
    else:
        strings, shape = strings_of(value.tensor)
        if len(shape) != 1 or len(strings) < _BEFORE:
            raise BadValueError(f"images stand in a row behind their width and height, not in the shape {shape}")
        found = strings[_BEFORE:]
    return [_picture(data) for data in found]


def _picture(data: bytes) -> Media:
    return Video(data) if moves(data) else Image(data)


def moves(data: bytes) -> bool:
    """Whether the bytes of a picture are a GIF of several frames, or an animated PNG."""
    format = picture_format(data[:32])
    if format == "png":
        return b"acTL" in data[:_HEAD].partition(b"IDAT")[0]
    return format == "gif" and _gif_frames(data, 2) > 1


def _gif_frames(data: bytes, enough: int) -> int:
    """Return how many frames a GIF has, or `enough` where it has more."""
    frames, at = 0, 13
    if len(data) > 10 and data[10] & 0x80:
        at += 3 << (data[10] & 7) + 1
    while at < len(data) and frames < enough:
        kind = data[at]
        if kind == 0x2C and at + 10 < len(data):
            frames += 1
            flags = data[at + 9]
            at += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        elif kind == 0x21:
            at += 2
        else:
            break
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return frames


def picture_of(item: Mapping[str, Any], read_file: ReadFile, remark: Remark) -> Picture:
    """Return the picture of an item: an image, a figure, or a film that browsers show as an image.

    Raises:
        BadValueError: TensorBoard shows none of its format.
        StorageError: its file is gone.
    """
    kind = item["kind"]
    format_of(item, _FORMATS[kind])
    data = file_of(item, read_file)
    for name, words in (("caption", "captions"), ("boxes", "boxes"), ("masks", "masks")):
        if item.get(name):
            remark(f"{words} of a TensorBoard image have no place: they are left out")
    return Picture(data, *(picture_size(data[: 1 << 17]) or (0, 0)))


def value_of_pictures(tag: str, pictures: Sequence[Picture]) -> list[Any]:
    """Return the Summary.Value of pictures, as `tf.summary.image` lays it out."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.image.metadata import create_summary_metadata

    first = pictures[0]
    strings = [str(first.width).encode(), str(first.height).encode(), *(picture.data for picture in pictures)]
    tensor = tensor_of_strings(strings, [len(strings)])
    metadata = create_summary_metadata(display_name=None, description=None)
    return [Summary.Value(tag=tag, metadata=metadata, tensor=tensor)]
