"""Scalars as messages of event files: in the form that they came in, or in one that TensorBoard shows."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from epochal.errors import BadValueError
from epochal.journal.format import BOOL, FLOAT, INT

from ._chunks import Form
from ._dtypes import DTYPES, stored_of
from ._dtypes import FLOAT as FLOAT32
from ._event_writer import number_field, simple_value, varint, with_length

#: SummaryMetadata of TensorFlow 2's scalars: `plugin_data { plugin_name: "scalars" }` and DATA_CLASS_SCALAR.
METADATA: Final = with_length(1, with_length(1, b"scalars")) + number_field(4, 1)

_FLOAT32: Final = struct.Struct("<f")
_DOUBLE: Final = struct.Struct("<d")
_CELL: Final = struct.Struct("<q")
_LARGEST: Final = 3.4028234663852886e38
#: The forms in which nothing of a number is lost, by the letter of journal/format.py.
_EXACT: Final = {
    FLOAT: Form(True, 2, False, (), METADATA), INT: Form(True, 9, False, (), METADATA),
    BOOL: Form(True, 10, False, (), METADATA),
}  # fmt: skip

#: Makes a Summary.Value of a cell.
Make = Callable[[int], bytes]


def made_as(tag: str, form: Form) -> Make:
    """Return what makes the values of a tag in one form, to the bit."""
    name = tag_bytes(tag)
    node = b"" if form.node is None else with_length(7, form.node)
    metadata = node + (b"" if form.metadata is None else with_length(9, form.metadata))
    if not form.tensor:
        return _simple(name, metadata)
    known = DTYPES[form.dtype]
    shape = b""
    if form.shape is not None:
        shape = with_length(2, b"".join(with_length(2, number_field(1, size) if size else b"") for size in form.shape))
    head = with_length(1, name)

    def make(cell: int) -> bytes:
        stored = stored_of(np.array([cell], np.int64), form.dtype).astype(known.stored)
        if form.content:
            number = with_length(4, stored.tobytes())
        else:
            number = with_length(known.field, stored.tobytes() if known.fixed else varint(int(stored[0])))
        return head + metadata + with_length(8, number_field(1, form.dtype) + shape + number)

    return make


def exact(tag: str, kind: str) -> Make:
    """Return what makes the values of a tag as tensors that hold all of a float64, int64 or bool."""
    return made_as(tag, _EXACT[kind])


def rounded(tag: str, kind: str) -> Make:
    """Return what makes the values of a tag as TensorBoard's own writers do: 32-bit floats."""
    name = tag_bytes(tag)
    if kind == FLOAT:
        return _simple(name, b"")
    return lambda cell: simple_value(name, _FLOAT32.pack(float(cell)))


def fits(kind: str, cell: int) -> bool:
    """Return whether a 32-bit float holds all of a cell."""
    if kind == BOOL:
        return True
    if kind == INT:
        return abs(cell) <= 1 << 24 or int(_FLOAT32.unpack(_FLOAT32.pack(float(cell)))[0]) == cell
    (value,) = _DOUBLE.unpack(_CELL.pack(cell))
    if value != value or value in (float("inf"), float("-inf")):
        return True
    return bool(abs(value) <= _LARGEST and _FLOAT32.unpack(_FLOAT32.pack(value))[0] == value)


def form_of(fields: Mapping[str, Any]) -> Form:
    """Return the form that a record tells.

    Raises:
        BadValueError: it tells none.
    """
    shape, metadata, dtype = fields.get("shape"), fields.get("metadata"), fields.get("dtype")
    node = fields.get("node")
    if (
        dtype not in DTYPES
        or not (shape is None or (isinstance(shape, list) and all(type(size) is int for size in shape)))
        or not isinstance(metadata, (bytes, type(None)))
        or not isinstance(node, (bytes, type(None)))
    ):
        raise BadValueError(f"the form of {fields.get('tag')!r} cannot be understood")
    return Form(
        bool(fields.get("tensor")), int(dtype), bool(fields.get("content")), None if shape is None else tuple(shape),
        metadata, node,
    )  # fmt: skip


def tag_bytes(tag: str) -> bytes:
    """Return a tag as UTF-8; halves of surrogate pairs, which no message may hold, as backslash escapes."""
    return tag.encode("utf-8", "backslashreplace")


def _simple(name: bytes, tail: bytes) -> Make:
    head = simple_value(name, b"")

    def make(cell: int) -> bytes:
        (value,) = _DOUBLE.unpack(_CELL.pack(cell))
        if -_LARGEST <= value <= _LARGEST:
            return head + _FLOAT32.pack(value) + tail
        stored = stored_of(np.array([cell], np.int64), FLOAT32)
        return head + stored.astype("<u4").tobytes() + tail

    return make
