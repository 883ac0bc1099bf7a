"""`Mesh`: points or surfaces in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import BadValueError
from .item import Media, Piece, Remark
from .ply import Shape, decode_ply, encode_ply
from .sources import Source, source

if TYPE_CHECKING:
    import numpy as np

_FORMATS: Final = ("ply", "glb", "obj", "stl")


class Mesh(Media):
    """Points or a surface in space, with a caption.

    Arrays are kept as binary PLY. PLY, GLB, OBJ and STL are kept as they are.
    """

    kind: ClassVar[str] = "mesh"

    def __init__(
        self, data: Any, *, faces: Any = None, colors: Any = None, format: str | None = None, caption: str | None = None
    ) -> None:
        """Take a shape; nothing is looked at before it is logged.

        Args:
            data: an array or tensor of points, shape (n, 3); (n, 4) with a value for each; (n, 6) with a colour for
                each, red, green and blue from 0 to 255; or the path or the bytes of a file.
            faces: triangles, as three numbers of points each, from 0, shape (m, 3).
            colors: a colour for each point, shape (n, 3) or (n, 4): uint8, or floats from 0 to 1.
            format: `"ply"`, `"glb"`, `"obj"` or `"stl"`, for bytes that do not say it themselves.
            caption: a sentence to it.
        """
        super().__init__(data, caption=caption)
        self._faces, self._colors, self._format = faces, colors, format

    def encode(self, remark: Remark) -> dict[str, Any]:
        """See `Media.encode`."""
        found = source(self._data)
        if found is not None:
            format = self._format or _format(found)
            if format not in _FORMATS:
                raise BadValueError(f"this is no PLY, GLB, OBJ or STL ({format!r}): convert it, or say its format=")
            return {"file": Piece("mesh", format, found.data), "format": format}
        shape = _shape(self._data, self._faces, self._colors, remark)
        fields = {"file": Piece("mesh", "ply", encode_ply(shape)), "format": "ply", "points": len(shape.points)}
        return fields if shape.faces is None else {**fields, "faces": len(shape.faces)}

    @property
    def array(self) -> np.ndarray:
        """The points of a binary PLY: float32, shape (n, 3), (n, 4) with values, (n, 6) or (n, 7) with colours.

        Raises:
            BadValueError: another format.
            StorageError: the file is gone or was changed.
        """
        import numpy as np

        shape = decode_ply(self.bytes)
        parts = [shape.points]
        if shape.values is not None:
            parts.append(shape.values[:, None])
        elif shape.colors is not None:
            parts.append(shape.colors.astype(np.float32))
        return np.concatenate(parts, 1)

    @property
    def faces(self) -> np.ndarray | None:
        """The triangles of a binary PLY, int32, shape (m, 3); None where there are none.

        Raises:
            BadValueError: another format.
            StorageError: the file is gone or was changed.
        """
        return decode_ply(self.bytes).faces


def _format(found: Source) -> str | None:
    if found.head[:4] == b"glTF":
        return "glb"
    if found.head[:4] in (b"ply\n", b"ply\r"):
        return "ply"
    return found.suffix or None


def _shape(data: Any, faces: Any, colors: Any, remark: Remark) -> Shape:
    import numpy as np

    from .arrays import numbers

    array = numbers(data, "a mesh")
    if array.ndim != 2 or array.shape[1] not in (3, 4, 6) or not len(array):
        raise BadValueError(f"points have shape (n, 3), (n, 4) with values or (n, 6) with colours, not {array.shape}")
    points = array[:, :3].astype(np.float32)
    lost = int(np.count_nonzero(~np.isfinite(points).all(1)))
    if lost:
        remark(f"{lost} of {len(points)} points are not finite and were set to 0")
        points = np.where(np.isfinite(points), points, np.float32(0))
    values = array[:, 3].astype(np.float32) if array.shape[1] == 4 else None
    colored = np.clip(np.nan_to_num(array[:, 3:]), 0, 255).astype(np.uint8) if array.shape[1] == 6 else None
    if colors is not None:
        colored = _colors(numbers(colors, "colours"), len(points), remark)
    return Shape(points, values, colored, None if faces is None else _faces(numbers(faces, "faces"), len(points)))


def _colors(colors: np.ndarray, count: int, remark: Remark) -> np.ndarray:
    if colors.ndim != 2 or colors.shape[0] != count or colors.shape[1] not in (3, 4):
        raise BadValueError(f"colours of {count} points have shape ({count}, 3) or ({count}, 4), not {colors.shape}")
    from .pixels import levels

    plain = levels(colors, None, remark)
    return plain if plain.dtype.itemsize == 1 else (plain >> 8).astype("uint8")


def _faces(faces: np.ndarray, count: int) -> np.ndarray:
    import numpy as np

    if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
        raise BadValueError(f"faces are integers of shape (m, 3), not {faces.dtype} of shape {faces.shape}")
    if faces.size and (int(faces.min()) < 0 or int(faces.max()) >= count):
        raise BadValueError(f"faces name points from {faces.min()} to {faces.max()}: there are {count}, counted from 0")
    return faces.astype(np.int32)
