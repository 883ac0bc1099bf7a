"""Numbers and texts out of TensorProto messages, and into them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from epochal.errors import BadValueError

if TYPE_CHECKING:
    import numpy as np

#: Of a DataType the field that holds its numbers, and what NumPy calls it.
_NUMBERS: Final = {
    1: ("float_val", "<f4"), 2: ("double_val", "<f8"), 3: ("int_val", "<i4"), 4: ("int_val", "u1"),
    5: ("int_val", "<i2"), 6: ("int_val", "i1"), 9: ("int64_val", "<i8"), 10: ("bool_val", "?"),
    17: ("int_val", "<u2"), 19: ("half_val", "<f2"), 22: ("uint32_val", "<u4"), 23: ("uint64_val", "<u8"),
}  # fmt: skip
_BFLOAT16: Final = 14
_HALF: Final = 19
_STRING: Final = 7
#: A tensor may name many elements and hold a single one, which stands for all; up to so many are made of it.
_MOST_REPEATED: Final = 1 << 20


def shape_of(tensor: Any) -> tuple[int, ...]:
    """Return the shape of a TensorProto.

    Raises:
        BadValueError: it is no shape.
    """
    shape = tuple(dimension.size for dimension in tensor.tensor_shape.dim)
    if any(size < 0 for size in shape):
        raise BadValueError(f"a tensor has the shape {shape}")
    return shape


def numbers_of(tensor: Any) -> np.ndarray:
    """Return the numbers of a TensorProto, in native byte order.

    Raises:
        BadValueError: it holds none, or not those that its shape asks for.
    """
    import numpy as np

    shape = shape_of(tensor)
    wide = tensor.dtype == _BFLOAT16
    field, dtype = ("half_val", "<u2") if wide else _NUMBERS.get(tensor.dtype, ("", ""))
    if not field:
        raise BadValueError(f"a tensor of type {tensor.dtype} holds no numbers that can be shown")
    if tensor.tensor_content:
        if len(tensor.tensor_content) % np.dtype(dtype).itemsize:
            raise BadValueError(f"a tensor of {len(tensor.tensor_content)} bytes holds no whole numbers")
        flat = np.frombuffer(tensor.tensor_content, dtype)
    elif tensor.dtype == _HALF:
        flat = np.array(tensor.half_val, np.int64).astype(np.uint16).view(np.float16)
    else:
        # beyond int64, NumPy before version 2 would go through float64
        flat = np.array(getattr(tensor, field), np.uint64 if dtype == "<u8" else None).astype(dtype)
    if wide:
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    flat = flat.astype(flat.dtype.newbyteorder("="))
    count = math.prod(shape)
    if len(flat) == 1 and 1 < count <= _MOST_REPEATED:
        flat = np.repeat(flat, count)
    if len(flat) != count:
        raise BadValueError(f"a tensor of shape {shape} holds {len(flat)} numbers")
    return flat.reshape(shape)


def strings_of(tensor: Any) -> tuple[list[bytes], tuple[int, ...]]:
    """Return (the strings of a TensorProto, its shape).

    Raises:
        BadValueError: it holds none, or not those that its shape asks for.
    """
    shape = shape_of(tensor)
    if tensor.dtype != _STRING:
        raise BadValueError(f"a tensor of type {tensor.dtype} holds no strings")
    found, count = list(tensor.string_val), math.prod(shape)
    if len(found) == 1 and 1 < count <= _MOST_REPEATED:
        found *= count
    if len(found) != count:
        raise BadValueError(f"a tensor of shape {shape} holds {len(found)} strings")
    return found, shape


def tensor_of_strings(strings: Sequence[bytes], shape: Sequence[int]) -> Any:
    """Return a TensorProto of strings."""
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

    tensor = TensorProto(dtype=_STRING, string_val=list(strings))
    _set_shape(tensor, shape)
    return tensor


def tensor_of_numbers(array: np.ndarray) -> Any:
    """Return a TensorProto of an array of float32, float64, int32 or uint8."""
    from tensorboard.compat.proto.tensor_pb2 import TensorProto

    dtype = next(number for number, (_, name) in _NUMBERS.items() if array.dtype == name)
    tensor = TensorProto(dtype=dtype, tensor_content=array.astype(array.dtype.newbyteorder("<")).tobytes())
    _set_shape(tensor, array.shape)
    return tensor


def _set_shape(tensor: Any, shape: Sequence[int]) -> None:
    tensor.tensor_shape.SetInParent()
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
