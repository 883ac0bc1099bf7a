"""Hashes NumPy arrays: type, shape, and the bytes in C order, whatever the layout in memory."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.lib import recfunctions

from .budget import Budget
from .finding import ARRAYS_BYTES, Finding, finding, nothing
from .sampling import sampled_digest

Array = np.ndarray[Any, np.dtype[Any]]

_PIECE: Final = 4 * 2**20


def fingerprint_array(data: Any, budget: Budget) -> Finding:
    """Return the fingerprint of a NumPy array or scalar; Python objects in it are not hashed."""
    if isinstance(data, np.ma.MaskedArray):
        return _masked(data, budget)
    array: Array = np.asarray(data)
    rows = array.shape[0] if array.ndim else None
    dtype = array.dtype
    # "T" is text of any length, kept behind pointers; "g" and "G" are long doubles, with arbitrary bytes at their ends.
    if dtype.hasobject or dtype.kind == "T" or dtype.char in "gG":
        way_out = "convert it to a plain type, with astype('U') or astype('float64') for one"
        return nothing("numpy.ndarray", f"its elements ({dtype}) are not plain bytes: {way_out}", rows=rows)
    array = _without_gaps(array)
    head = f"{_name_of(array.dtype)} {array.shape}\n"
    size = math.prod(array.shape) * array.dtype.itemsize
    if budget.take(size):
        digest = hashlib.sha256(head.encode())
        for piece in _pieces(array):
            budget.look_at_clock()
            digest.update(piece)
        method = f"SHA-256 of {head!r} and {ARRAYS_BYTES}"
        return finding("numpy.ndarray", digest.hexdigest(), method, rows=rows, size=size)
    found, how = sampled_digest(size, lambda offset, length: _bytes_at(array, offset, length), budget, head.encode())
    method = f"SHA-256 of {head!r}, then, of {ARRAYS_BYTES}, {how}"
    return finding("numpy.ndarray", found, method, rows=rows, size=size, coverage="sampled")


def feed(digest: Any, array: Array) -> None:
    """Add an array's bytes in C order to a hash object."""
    for piece in _pieces(array):
        digest.update(piece)


def _name_of(dtype: np.dtype[Any]) -> str:
    if dtype.names is not None:
        return repr(dtype.descr)
    # Types of other packages, such as bfloat16, all call themselves V2 here.
    return str(dtype.name if dtype.kind == "V" else dtype.str)


def _without_gaps(array: Array) -> Array:
    """Return a record array without the bytes between its fields, whose content is arbitrary."""
    if array.dtype.names is None:
        return array
    packed = recfunctions.repack_fields(array.dtype, recurse=True)
    return array if packed == array.dtype else array.astype(packed)


def _pieces(array: Array) -> Iterator[Any]:
    """Yield the bytes in C order, without a copy where memory holds them in this order."""
    if not array.size or not array.dtype.itemsize:
        return
    if array.flags.c_contiguous:
        flat = array.reshape(-1).view(np.uint8)
        for begin in range(0, flat.size, _PIECE):
            yield flat[begin : begin + _PIECE]
    elif array.nbytes <= _PIECE or array.ndim == 0:
        yield np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    else:
        rows = max(1, _PIECE // max(1, array.nbytes // array.shape[0]))
        if rows == 1:
            for part in array:
                yield from _pieces(part)
        else:
            for begin in range(0, array.shape[0], rows):
                yield from _pieces(np.ascontiguousarray(array[begin : begin + rows]))


def _bytes_at(array: Array, offset: int, length: int) -> bytes:
    item = array.dtype.itemsize
    first, last = offset // item, -(-(offset + length) // item)
    return _elements(array, first, last).tobytes()[offset - first * item :][:length]


def _elements(array: Array, first: int, last: int) -> Array:
    """Return a range of the elements in C order, without a copy of more than about that range."""
    if array.ndim < 2 or array.flags.c_contiguous:
        return array.reshape(-1)[first:last]
    row = math.prod(array.shape[1:])
    begin, end = first // row, -(-last // row)
    if end - begin == 1:
        return _elements(array[begin], first - begin * row, last - begin * row)
    inner = array[begin + 1 : end - 1].reshape(-1)
    head = _elements(array[begin], first - begin * row, row)
    return np.concatenate([head, inner, _elements(array[end - 1], 0, last - (end - 1) * row)])


def _masked(data: Any, budget: Budget) -> Finding:
    from .parts import combine

    # What lies under the mask is arbitrary.
    parts = {"values": data.filled(np.zeros((), data.dtype)), "mask": np.ma.getmaskarray(data)}
    return combine("numpy.ma.MaskedArray", parts, budget, rows=data.shape[0] if data.ndim else None)
