"""Audio of event files: sounds out of values, and into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from epochal.errors import BadValueError
from epochal.media import Audio

from ._convert_back import file_of
from ._convert_tensors import strings_of, tensor_of_strings

if TYPE_CHECKING:
    from epochal.media.item import Media, Remark

    from ._convert_back import ReadFile


class Sound(NamedTuple):
    """The file of a sound, what is said of it, and whether it is a WAV."""

    data: bytes
    label: bytes
    wav: bool


def sounds(value: Any) -> list[Media]:
    """Return the sounds of a Summary.Value, with their labels as captions.

    Raises:
        BadValueError: it holds none that can be heard.
    """
    if value.WhichOneof("value") == "audio":
        return [Audio(value.audio.encoded_audio_string)]
    strings, shape = strings_of(value.tensor)
    if len(shape) == 1:
        return [Audio(sound) for sound in strings]
    if len(shape) != 2 or shape[1] != 2:
        raise BadValueError(f"sounds stand in a column beside their labels, not in the shape {shape}")
    pairs = zip(strings[::2], strings[1::2], strict=True)
    return [Audio(sound, caption=label.decode("utf-8", "replace") or None) for sound, label in pairs]


def sound_of(item: Mapping[str, Any], read_file: ReadFile, remark: Remark) -> Sound:
    """Return the sound of an item.

    Raises:
        BadValueError: its record is damaged.
        StorageError: its file is gone.
    """
    caption = item.get("caption")
    label = caption if isinstance(caption, str) else ""
    return Sound(file_of(item, read_file), label.encode("utf-8", "backslashreplace"), item.get("format") == "wav")


def value_of_sounds(tag: str, sounds: Sequence[Sound]) -> list[Any]:
    """Return the Summary.Value of sounds, as `tf.summary.audio` lays it out: beside each its label."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.audio.metadata import Encoding, create_summary_metadata

    tensor = tensor_of_strings([part for sound in sounds for part in (sound.data, sound.label)], [len(sounds), 2])
    encoding = Encoding.Value("WAV" if all(sound.wav for sound in sounds) else "UNKNOWN")
    metadata = create_summary_metadata(display_name=None, description=None, encoding=encoding)
    return [Summary.Value(tag=tag, metadata=metadata, tensor=tensor)]
