"""Writes and reads PLY, binary and little-endian: points with a value or a colour, and faces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ..errors import BadValueError

if TYPE_CHECKING:
    import numpy as np

_TYPES: Final = {
    "char": "i1", "uchar": "u1", "short": "<i2", "ushort": "<u2", "int": "<i4", "uint": "<u4", "float": "<f4",
    "double": "<f8", "int8": "i1", "uint8": "u1", "int16": "<i2", "uint16": "<u2", "int32": "<i4", "uint32": "<u4",
    "float32": "<f4", "float64": "<f8",
}  # fmt: skip
_COLORS: Final = ("red", "green", "blue", "alpha")


class Shape(NamedTuple):
    """Points and what belongs to them.

    Attributes:
        points: float32, shape (n, 3).
        values: float32, shape (n,), or None.
        colors: uint8, shape (n, 3) or (n, 4), or None.
        faces: int32, shape (m, 3), or None.
    """

    points: np.ndarray
    values: np.ndarray | None = None
    colors: np.ndarray | None = None
    faces: np.ndarray | None = None


def encode_ply(shape: Shape) -> bytes:
    """Return a shape as PLY."""
    import numpy as np

    properties = [(axis, "float", shape.points[:, at]) for at, axis in enumerate("xyz")]
    if shape.values is not None:
        properties.append(("value", "float", shape.values))
    if shape.colors is not None:
        properties += [(_COLORS[at], "uchar", shape.colors[:, at]) for at in range(shape.colors.shape[1])]
    vertices = np.empty(len(shape.points), [(name, _TYPES[kind]) for name, kind, _ in properties])
    for name, _, column in properties:
        vertices[name] = column
    head = ["ply", "format binary_little_endian 1.0", f"element vertex {len(vertices)}"]
    head += [f"property {kind} {name}" for name, kind, _ in properties]
    body = vertices.tobytes()
    if shape.faces is not None:
        head += [f"element face {len(shape.faces)}", "property list uchar int vertex_indices"]
        faces = np.empty(len(shape.faces), [("count", "u1"), ("at", "<i4", 3)])
        faces["count"], faces["at"] = 3, shape.faces
        body += faces.tobytes()
    return "\n".join([*head, "end_header\n"]).encode() + body


def decode_ply(data: bytes) -> Shape:
    """Return the shape in a binary little-endian PLY whose faces are triangles, such as `encode_ply` writes.

    Raises:
        BadValueError: it is another file.
    """
    import numpy as np

    end = data.find(b"end_header\n", 0, 1 << 16)
    lines = data[:end].decode("ascii", "replace").splitlines()
    if end < 0 or lines[:2] != ["ply", "format binary_little_endian 1.0"]:
        raise BadValueError("points are read from binary little-endian PLY: open other formats with a library for them")
    counts: dict[str, int] = {}
    fields: list[tuple[str, str]] = []
    try:
        for words in (line.split() for line in lines[2:]):
            if words[:1] == ["element"]:
                counts[words[1]] = int(words[2])
            elif words[:1] == ["property"] and list(counts) == ["vertex"]:
                fields.append((words[2], _TYPES[words[1]]))
        vertices = np.frombuffer(data, fields, counts["vertex"], end + len(b"end_header\n"))
        points = np.stack([vertices[axis].astype(np.float32) for axis in "xyz"], 1)
        names = [name for name in _COLORS if name in (vertices.dtype.names or ())]
        colors = np.stack([vertices[name] for name in names], 1) if len(names) >= 3 else None
        values = vertices["value"].astype(np.float32) if "value" in (vertices.dtype.names or ()) else None
        faces = None
        if "face" in counts:
            rows = np.frombuffer(
                data, [("count", "u1"), ("at", "<i4", 3)], counts["face"], end + len(b"end_header\n") + vertices.nbytes
            )
            if not (rows["count"] == 3).all():
                raise ValueError("its faces are not all triangles")
            faces = rows["at"].copy()
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise BadValueError(f"a PLY file that cannot be read: {error}") from error
    return Shape(points, values, colors, faces)
