"""From recorded media to values of event files, laid out as TensorFlow 2 does, so that TensorBoard shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from epochal.errors import BadValueError

if TYPE_CHECKING:
    from epochal.media.item import Remark

#: Gives the bytes of a file of the run, by what a record says of it: `{path, sha256, bytes}`.
ReadFile = Callable[[Mapping[str, Any]], bytes]

#: Which plugin shows a kind of media.
_PLUGINS: Final = {
    "image": "images", "figure": "images", "video": "images", "audio": "audio", "histogram": "histograms",
    "text": "text", "table": "text", "mesh": "mesh",
}  # fmt: skip


class Made(NamedTuple):
    """What became of media of one plugin.

    Attributes:
        values: messages Summary.Value.
        left_out: what could not be taken along, in words.
    """

    values: list[Any]
    left_out: list[str]


def values_of(
    name: str, items: Sequence[Any], read_file: ReadFile, taken: dict[str, str] | None = None
) -> tuple[list[bytes], list[str]]:
    """Return the values of one `media` record. It never raises.

    Images, sounds and texts of one record become one value. Of other kinds each is a value of its own, the second under
    `<name>/1`. A tag belongs to one plugin: media of another kind under the same name get its name behind theirs.

    Args:
        name: under which they were logged.
        items: as recorded; anything else in a damaged record.
        read_file: gives the bytes of a file; what it raises costs that item.
        taken: tag to plugin of what was written before, scalars too; it is changed.

    Returns:
        (the bytes of Summary.Value messages, sentences about what is left out).
    """
    taken = {} if taken is None else taken
    name = name.encode("utf-8", "backslashreplace").decode()  # half a pair of UTF-16 is nothing that a message holds
    left_out: list[str] = []
    by_plugin: dict[str, list[Mapping[str, Any]]] = {}
    for item in items:
        kind = item.get("kind") if isinstance(item, Mapping) else None
        plugin = _PLUGINS.get(kind) if isinstance(kind, str) else None
        if plugin is None:
            left_out.append(f"{name!r}: TensorBoard has nothing to show {_named(kind)} with")
        else:
            by_plugin.setdefault(plugin, []).append(item)
    values: list[bytes] = []
    for plugin, several in by_plugin.items():
        tag = name if taken.get(name, plugin) == plugin else f"{name}/{plugin}"
        made = _made(plugin, tag, several, read_file)
        left_out += [f"{name!r}: {sentence}" for sentence in dict.fromkeys(made.left_out)]
        for value in made.values:
            if taken.get(value.tag, plugin) != plugin:
                value.tag += f"/{plugin}"
            taken[value.tag] = plugin
            values.append(value.SerializeToString())
        if made.values:
            taken[tag] = plugin
    return values, left_out


def _made(plugin: str, tag: str, items: Sequence[Mapping[str, Any]], read_file: ReadFile) -> Made:
    """Return the values; an item that cannot be taken along costs itself."""
    of: Callable[[Mapping[str, Any], ReadFile, Remark], Any]
    joined: Callable[[str, list[Any]], list[Any]]
    if plugin == "images":
        from . import _convert_images

        of, joined = _convert_images.picture_of, _convert_images.value_of_pictures
    elif plugin == "audio":
        from . import _convert_sound

        of, joined = _convert_sound.sound_of, _convert_sound.value_of_sounds
    elif plugin == "text":
        from . import _convert_texts

        of, joined = _convert_texts.text_of, _convert_texts.value_of_texts
    elif plugin == "histograms":
        from . import _convert_histograms

        of, joined = _convert_histograms.histogram_of, _convert_histograms.values_of_histograms
    else:
        from . import _convert_meshes

        of, joined = _convert_meshes.mesh_of, _convert_meshes.values_of_meshes
    left_out: list[str] = []
    found: list[Any] = []
    for item in items:
        try:
            found.append(of(item, read_file, left_out.append))
        except Exception as error:  # whatever stands in a damaged record or file
            left_out.append(f"{_words(item['kind'])} is left out: {str(error) or type(error).__name__}")
    if not found:
        return Made([], left_out)
    try:
        return Made(joined(tag, found), left_out)
    except Exception as error:  # such as more bytes than a message may have
        return Made([], [*left_out, f"it cannot be written: {str(error) or type(error).__name__}"])


def file_of(item: Mapping[str, Any], read_file: ReadFile) -> bytes:
    """Return the bytes of an item's file.

    Raises:
        BadValueError: it names none.
        StorageError: it is gone.
    """
    file = item.get("file")
    if not isinstance(file, Mapping):
        raise BadValueError("its record names no file")
    return read_file(file)


def format_of(item: Mapping[str, Any], possible: Sequence[str]) -> str:
    """Return the format of an item's file.

    Raises:
        BadValueError: TensorBoard shows none of that format.
    """
    format = item.get("format")
    if format not in possible:
        raise BadValueError(f"TensorBoard shows none of the format {format!r}")
    return str(format)


def _named(kind: Any) -> str:
    return f"media of the kind {kind!r}" if isinstance(kind, str) else "a damaged record"


def _words(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
