"""Arrays of any library as NumPy arrays, in native byte order; nothing is imported but NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import BadValueError

if TYPE_CHECKING:
    import numpy as np


def numbers(data: Any, what: str) -> np.ndarray:
    """Return data as an array of bool, integers or floats.

    Args:
        data: a NumPy array, a tensor of torch (on any device), JAX or TensorFlow, nested lists, or whatever has
            `__array__` or `__dlpack__`.
        what: the words for it in errors.

    Raises:
        BadValueError: it is none of these, or holds no numbers.
    """
    try:
        found = _as_array(data)
    except BadValueError:
        raise
    except Exception as error:  # whatever a foreign array's own code raises
        raise BadValueError(f"{what} of a {_kind(data)} cannot be made: {error}") from error
    if found.dtype.kind == "V":  # bfloat16 and the like, where a library has brought them
        found = _as_float(found, what)
    if found.dtype.kind == "O":
        found = _from_objects(found, what)
    if found.dtype.kind not in "biuf":
        raise BadValueError(f"{what} of a {_kind(data)} with dtype {found.dtype} cannot be made: give numbers")
    return found if found.dtype.isnative else found.astype(found.dtype.newbyteorder("="))


def finite(array: np.ndarray) -> tuple[np.ndarray, int]:
    """Return (a flat array without NaN and infinities, how many of them there were)."""
    import numpy as np

    flat = array.reshape(-1)
    if flat.dtype.kind != "f":
        return flat, 0
    good = np.isfinite(flat)
    left = int(flat.size - np.count_nonzero(good))
    return (flat[good], left) if left else (flat, 0)


def _as_array(data: Any) -> np.ndarray:
    import numpy as np

    if isinstance(data, np.ma.MaskedArray):
        return np.asarray(data.filled(0 if data.dtype.kind in "biu" else np.nan))
    if isinstance(data, np.ndarray):
        return np.asarray(data)
    if hasattr(data, "detach") and hasattr(data, "cpu"):
        return _torch(data)
    if isinstance(data, (str, bytes, bytearray)) or callable(data):
        raise BadValueError(f"an array is expected, not a {_kind(data)}")
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__"):
        return np.asarray(data)
    if isinstance(data, (list, tuple, memoryview, int, float)):
        return np.asarray(data)
    if hasattr(data, "__dlpack__"):
        return np.asarray(np.from_dlpack(data))
    if hasattr(data, "numpy"):
        return np.asarray(data.numpy())
    raise BadValueError(f"an array is expected, not a {_kind(data)}")


def _torch(data: Any) -> np.ndarray:
    import numpy as np

    tensor = data.detach().cpu()
    if getattr(tensor, "is_sparse", False):
        tensor = tensor.to_dense()
    if hasattr(tensor, "resolve_neg"):
        tensor = tensor.resolve_neg()
    try:
        return np.asarray(tensor.numpy())
    except TypeError:  # bfloat16 and float8, which NumPy has not
        return np.asarray(tensor.float().numpy())


def _as_float(array: np.ndarray, what: str) -> np.ndarray:
    import numpy as np

    try:
        return array.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise BadValueError(f"{what} of an array with dtype {array.dtype} cannot be made: give numbers") from error


def _from_objects(array: np.ndarray, what: str) -> np.ndarray:
    import numpy as np

    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadValueError(f"{what} of an array of objects cannot be made ({error}): give numbers") from error


def _kind(data: Any) -> str:
    kind = type(data)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
