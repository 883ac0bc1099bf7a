"""From values of event files to core's media: what is shown of an event, beside its exact bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from epochal.media.item import Media

if TYPE_CHECKING:
    from epochal.media.item import Remark

    from ._chunks import Other
    from ._convert_meshes import Held

#: What a value without a plugin's name is, by the field that holds it.
_OLD: Final = {"image": "images", "audio": "audio", "histo": "histograms"}
_NO_MESSAGES: Final = (
    "images, histograms and whatever else is no number is kept for export, and not shown: tensorboard is not installed"
    " — pip install 'epochal[tensorboard]'"
)
#: Plugins whose values are shown as media.
_SHOWN: Final = frozenset(("images", "audio", "histograms", "text", "pr_curves", "mesh"))
#: Characters of a tag that a sentence repeats.
_LONGEST_NAME: Final = 100


class Ready(Media):
    """Media that are encoded already: nothing can go wrong with them any more."""

    def __init__(self, fields: dict[str, Any]) -> None:
        """Take an item of a record, with a `Piece` wherever a file belongs."""
        super().__init__(None)
        self._fields = fields

    def describe(self, remark: Remark) -> dict[str, Any]:
        """See `Media.describe`."""
        return dict(self._fields)


class View(NamedTuple):
    """Media of one name.

    Attributes:
        name: the tag of the value; of a mesh, what the tags of its parts have in common.
        step, time: of the event.
        items: at least one.
    """

    name: str
    step: int
    time: float
    items: list[Media]


def views(values: Sequence[Other], held: Held | None = None) -> tuple[list[View], list[str]]:
    """Return what is shown of the values of one event.

    Args:
        values: all values of the event that are no points.
        held: parts of meshes whose other parts come in events behind this one, as TensorFlow 2 writes them; it is
            changed. Without it a mesh is made of the parts in this event.

    Returns:
        (the media, sentences about what could not be shown, alike for all steps). Values that are nothing to
        look at, such as those of plugins that are not known, give neither.
    """
    import numpy as np

    if not _have_messages():
        kept = [value for value in values if value.what == "value" and (value.plugin in _SHOWN or not value.plugin)]
        return [], [_NO_MESSAGES] * bool(kept)
    shown: dict[str, View] = {}
    problems: list[str] = []
    meshes: list[Other] = []

    def add(name: str, value: Other, make: Callable[[], Sequence[Media]]) -> None:
        try:
            with np.errstate(all="ignore"):  # limits of ±1.8e308 are usual, and their distance is infinite
                made: list[Media] = [Ready(media.describe(lambda _: None)) for media in make()]
        except Exception as error:  # whatever may stand in a damaged or hostile message
            problems.append(not_shown(name, error))
            return
        if made and name in shown:
            shown[name].items.extend(made)
        elif made:
            shown[name] = View(name, value.step, value.time, made)

    for value in values:
        if value.what != "value":
            continue
        if value.plugin == "mesh":
            meshes.append(value)
        else:
            add(value.tag, value, lambda value=value: _media(value))  # type: ignore[misc]
    if meshes:
        from ._convert_meshes import meshes_of

        found, said = meshes_of(meshes, {} if held is None else held, alone=held is None)
        problems += said
        for mesh in found:
            add(mesh.name, mesh.last, mesh.media)
    return list(shown.values()), problems


@cache
def _have_messages() -> bool:
    return find_spec("tensorboard") is not None


def _media(value: Other) -> Sequence[Media]:
    if value.plugin not in _SHOWN and value.plugin:
        return []
    from tensorboard.compat.proto.summary_pb2 import Summary

    message = Summary.Value.FromString(value.data)
    field = message.WhichOneof("value")
    plugin = _OLD.get(field) or (value.plugin if field == "tensor" else "")
    if plugin == "images":
        from ._convert_images import images

        return images(message)
    if plugin == "audio":
        from ._convert_sound import sounds

        return sounds(message)
    if plugin == "histograms":
        from ._convert_histograms import histograms

        return histograms(message)
    if plugin == "text":
        from ._convert_texts import texts

        return texts(message)
    if plugin == "pr_curves":
        from ._convert_tables import curves

        return curves(message)
    return []


def not_shown(name: str, why: Exception | str) -> str:
    """Return the sentence about a value that is not shown: the same for all values of a tag with the same fault."""
    named = repr(name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…")
    return f"{named} is not shown: {str(why) or type(why).__name__}"
