"""TensorFlow's number types, and scalars as the eight bytes of a cell: exact, NaN payloads included.

Numbers of types and fields are those of tensorflow/core/framework/types.proto and tensor.proto.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

FLOAT: Final = 1
DOUBLE: Final = 2
INT64: Final = 9
BOOL: Final = 10
BFLOAT16: Final = 14
HALF: Final = 19
UINT64: Final = 23


class Dtype(NamedTuple):
    """A type whose scalars a cell can hold.

    Attributes:
        name: as NumPy calls it, where it does.
        size: bytes in `tensor_content`.
        field: of TensorProto, in which its numbers stand otherwise.
        fixed: whether they have a fixed width there; else they are varints.
        stored: NumPy's type of the bytes in `tensor_content`.
    """

    name: str
    size: int
    field: int
    fixed: bool
    stored: str


def _limits(dtype: int, stored: str) -> tuple[int, int]:
    limits = np.iinfo(stored)
    return 0 if dtype == UINT64 else int(limits.min), int(limits.max)


DTYPES: Final[dict[int, Dtype]] = {
    FLOAT: Dtype("float32", 4, 5, True, "<u4"),
    DOUBLE: Dtype("float64", 8, 6, True, "<i8"),
    3: Dtype("int32", 4, 7, False, "<i4"),
    4: Dtype("uint8", 1, 7, False, "u1"),
    5: Dtype("int16", 2, 7, False, "<i2"),
    6: Dtype("int8", 1, 7, False, "i1"),
    INT64: Dtype("int64", 8, 10, False, "<i8"),
    BOOL: Dtype("bool", 1, 11, False, "u1"),
    BFLOAT16: Dtype("bfloat16", 2, 13, False, "<u2"),
    17: Dtype("uint16", 2, 7, False, "<u2"),
    HALF: Dtype("float16", 2, 13, False, "<u2"),
    22: Dtype("uint32", 4, 16, False, "<u4"),
    UINT64: Dtype("uint64", 8, 17, False, "<i8"),
}


#: The field of TensorProto in which the bits of 16-bit floats are listed.
HALVES: Final = 13
#: The least and the greatest number that a cell holds of each type that is listed as varints.
LISTED: Final[dict[int, tuple[int, int]]] = {
    number: (0, 1) if number == BOOL else _limits(number, dtype.stored)
    for number, dtype in DTYPES.items()
    if not dtype.fixed
}


def cells_of(stored: np.ndarray, dtype: int) -> np.ndarray:
    """Return cells from what `tensor_content` holds.

    Args:
        stored: shape (n,), of `Dtype.stored`.
        dtype: the number of the type.

    Returns:
        int64: a float64's bits, an int, or 0 and 1.
    """
    if dtype == FLOAT:
        return _widened(stored)
    if dtype == BFLOAT16:
        return _widened(stored.astype(np.uint32) << np.uint32(16))
    if dtype == HALF:
        found: np.ndarray = stored.view(np.float16).astype(np.float64).view(np.int64)
        return _with_payload(found, stored.astype(np.int64), sign=15, exponent=0x1F, mantissa=10)
    if dtype == BOOL:
        stored = stored != 0
    cells: np.ndarray = stored.astype(np.int64)
    return cells


def _widened(bits: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(bits)
    values = bits.view(np.float32)
    if not np.count_nonzero(np.isnan(values)):
        return values.astype(np.float64).view(np.int64)
    with np.errstate(invalid="ignore"):  # a signalling NaN says so
        found = values.astype(np.float64).view(np.int64)
    return _with_payload(found, bits.astype(np.int64), sign=31, exponent=0xFF, mantissa=23)


def _with_payload(cells: np.ndarray, bits: np.ndarray, *, sign: int, exponent: int, mantissa: int) -> np.ndarray:
    """Return cells in which each NaN has the sign and the payload that it had: what converts it may make it quiet."""
    payload = bits & ((1 << mantissa) - 1)
    nan = ((bits >> mantissa) & exponent == exponent) & (payload != 0)
    if nan.any():
        exact = ((bits >> sign) & 1) << 63 | 0x7FF << 52 | payload << (52 - mantissa)
        cells = np.where(nan, exact, cells)
    return cells


def stored_of(cells: np.ndarray, dtype: int) -> np.ndarray:
    """Return what `tensor_content` holds for cells: the inverse of `cells_of`.

    Returns:
        shape (n,), of `Dtype.stored`.
    """
    if dtype == FLOAT:
        return _narrowed(cells)
    if dtype == BFLOAT16:
        return (_narrowed(cells) >> np.uint32(16)).astype("<u2")
    if dtype == HALF:
        with np.errstate(invalid="ignore", over="ignore"):
            found = cells.view(np.float64).astype(np.float16).view(np.uint16)
        return np.where(_is_nan(cells), _payload(cells, sign=15, exponent=0x1F, mantissa=10), found).astype("<u2")
    return cells.astype(DTYPES[dtype].stored)


def _narrowed(cells: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        found = cells.view(np.float64).astype(np.float32).view(np.uint32)
    nan = _is_nan(cells)
    if nan.any():
        found = np.where(nan, _payload(cells, sign=31, exponent=0xFF, mantissa=23), found).astype(np.uint32)
    return found


def _is_nan(cells: np.ndarray) -> np.ndarray:
    found: np.ndarray = (cells & 0x7FFF_FFFF_FFFF_FFFF) > 0x7FF << 52
    return found


def _payload(cells: np.ndarray, *, sign: int, exponent: int, mantissa: int) -> np.ndarray:
    payload = (cells >> (52 - mantissa)) & ((1 << mantissa) - 1)
    return ((cells >> 63) & 1) << sign | exponent << mantissa | payload
