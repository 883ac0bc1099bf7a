"""Meshes of event files: points, faces and colours stand in values of their own, and belong together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from epochal.errors import BadValueError
from epochal.media import Mesh
from epochal.media.ply import decode_ply

from ._convert import not_shown
from ._convert_back import file_of, format_of
from ._convert_tensors import numbers_of, tensor_of_numbers

if TYPE_CHECKING:
    import numpy as np

    from epochal.media.item import Media, Remark
    from epochal.media.ply import Shape

    from ._chunks import Other
    from ._convert_back import ReadFile

#: The parts of a mesh, by their numbers in the plugin's metadata.
_PARTS: Final = {1: "VERTEX", 2: "FACE", 3: "COLOR"}


class Parts(NamedTuple):
    """Parts of a mesh that have come.

    Attributes:
        step: of all of them.
        wanted: which ones there will be, as bits; 0 where that is not known.
        parts: part number to its value, with the tensor.
    """

    step: int
    wanted: int
    parts: dict[int, tuple[Other, Any]]


#: The name of a mesh to the parts of it that have come.
Held = dict[str, Parts]


class FoundMesh(NamedTuple):
    """A mesh whose parts are there.

    Attributes:
        name: what it is shown under.
        last: the value that completed it.
        parts: part number to its tensor.
    """

    name: str
    last: Other
    parts: dict[int, Any]

    def media(self) -> Sequence[Media]:
        """Return the meshes, one for each of the batch.

        Raises:
            BadValueError: they are none.
        """
        points = _batch(self.parts[1], "points")
        faces = _whole(_batch(self.parts[2], "faces"), 1 << 31) if 2 in self.parts else None
        colors = _whole(_batch(self.parts[3], "colours"), 1 << 8) if 3 in self.parts else None
        return [
            Mesh(points[at], faces=_of(faces, at, len(points), "faces"), colors=_of(colors, at, len(points), "colours"))
            for at in range(len(points))
        ]


def meshes_of(values: Sequence[Other], held: Held, *, alone: bool) -> tuple[list[FoundMesh], list[str]]:
    """Return the meshes that are complete now, and sentences about parts that cannot be used.

    Args:
        values: the parts in one event.
        held: parts that came before; those that are used or useless now are taken out.
        alone: nothing comes behind this event: what is there now is all.
    """
    from tensorboard.compat.proto.summary_pb2 import Summary

    problems: list[str] = []
    found: list[FoundMesh] = []
    touched: dict[str, None] = {}
    for value in values:
        try:
            message = Summary.Value.FromString(value.data)
            name, part, wanted = _place(message)
        except Exception as error:  # whatever may stand in a damaged or hostile message
            problems.append(not_shown(value.tag, error))
            continue
        before = held.get(name)
        if before is None or before.step != value.step or part in before.parts:
            if before is not None:
                problems.append(_incomplete(name, before))
            before = Parts(value.step, wanted, {})
        held[name] = before._replace(wanted=before.wanted | wanted)
        held[name].parts[part] = (value, message.tensor)
        touched[name] = None
    for name in touched:
        there = held[name]
        have = sum(1 << part for part in there.parts)
        if there.wanted & ~have and not alone:
            continue
        del held[name]
        last = next(reversed(there.parts.values()))[0]
        if 1 in there.parts:
            found.append(FoundMesh(name, last, {part: tensor for part, (_, tensor) in there.parts.items()}))
        else:
            problems.append(not_shown(name, "a mesh without points"))
    return found, problems


def unfinished(held: Held) -> list[str]:
    """Return sentences about meshes whose other parts have not come, where nothing comes any more."""
    return [_incomplete(name, there) for name, there in held.items()]


def _incomplete(name: str, there: Parts) -> str:
    missing = [word for part, word in _PARTS.items() if there.wanted >> part & 1 and part not in there.parts]
    return not_shown(name, f"of a mesh {' and '.join(missing)} did not come")


def _place(message: Any) -> tuple[str, int, int]:
    """Return (the mesh's name, which part this is, which parts there are as bits)."""
    from tensorboard.plugins.mesh.plugin_data_pb2 import MeshPluginData

    data = MeshPluginData.FromString(message.metadata.plugin_data.content)
    stem, _, suffix = message.tag.rpartition("_")
    # tensorboardX and torch write the number where TensorBoard writes the name
    by_tag = next((part for part, name in _PARTS.items() if suffix in (name, str(part))), 0)
    part = data.content_type or by_tag
    if part not in _PARTS:
        raise BadValueError("a part of a mesh that is neither points nor faces nor colours")
    return stem if by_tag == part else data.name or message.tag, part, data.components


def _batch(tensor: Any, what: str) -> np.ndarray:
    array = numbers_of(tensor)
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3:
        raise BadValueError(f"{what} of a mesh have the shape (batch, n, 3), not {array.shape}")
    return array


def _whole(array: np.ndarray, limit: int) -> np.ndarray:
    """Return whole numbers below a limit: tensorboardX and torch write all parts as floats."""
    import numpy as np

    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadValueError("faces or colours of a mesh are not finite")
    if array.size and not (array.min() > -1 and array.max() < limit):
        raise BadValueError(f"faces or colours of a mesh lie outside 0 to {limit - 1}")
    return array.astype(np.int32 if limit > 1 << 8 else np.uint8)


def _of(batch: np.ndarray | None, at: int, count: int, what: str) -> np.ndarray | None:
    if batch is None:
        return None
    if len(batch) not in (1, count):
        raise BadValueError(f"a batch of {count} meshes has {len(batch)} times {what}")
    array: np.ndarray = batch[at if len(batch) == count else 0]
    return array


def mesh_of(item: Mapping[str, Any], read_file: ReadFile, remark: Remark) -> Shape:
    """Return the shape of an item.

    Raises:
        BadValueError: it is no PLY of ours.
        StorageError: its file is gone.
    """
    format_of(item, ("ply",))
    shape = decode_ply(file_of(item, read_file))
    if shape.values is not None:
        remark("values at the points of a mesh are left out")
    if item.get("caption"):
        remark("captions of a TensorBoard mesh have no place: they are left out")
    return shape


def values_of_meshes(tag: str, shapes: Sequence[Shape]) -> list[Any]:
    """Return the Summary.Value of each part of each mesh, as the mesh plugin lays them out."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.mesh.metadata import create_summary_metadata, get_components_bitmask, get_instance_name

    values = []
    for at, shape in enumerate(shapes):
        name = f"{tag}/{at}" if at else tag
        colors = None if shape.colors is None else shape.colors[:, :3]
        arrays = {1: shape.points, 2: shape.faces, 3: colors}
        parts = {part: array[None] for part, array in arrays.items() if array is not None}
        bits = get_components_bitmask(list(parts))
        for part, array in parts.items():
            metadata = create_summary_metadata(name, None, part, bits, array.shape, json_config="{}")
            tensor = tensor_of_numbers(array)
            values.append(Summary.Value(tag=get_instance_name(name, part), metadata=metadata, tensor=tensor))
    return values
