"""Takes one event apart: its time, its step, each scalar with its place, and where everything else lies.

Numbers of fields are those of TensorFlow's event.proto, summary.proto, tensor.proto and tensor_shape.proto.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import numpy as np

from ._chunks import Form
from ._dtypes import BOOL, DTYPES, FLOAT, HALVES, LISTED, UINT64, cells_of
from ._wire import BYTES, FIXED32, FIXED64, VARINT, WireError, double, fields, signed, varint

#: Fields of an event that hold something, but for its summary.
EVENT_FIELDS: Final = {
    3: "file_version", 4: "graph_def", 6: "log_message", 7: "session_log", 8: "tagged_run_metadata",
    9: "meta_graph_def", 10: "source_metadata",
}  # fmt: skip
_SUMMARY: Final = 5
_BEYOND: Final = 1 << 63


class Plugins(Protocol):
    """Tells the plugin that a tag's first metadata named."""

    def get(self, tag: str, default: str, /) -> str:
        """Return it; `default` where none is known."""


class Scalar(NamedTuple):
    """A scalar in an event.

    Attributes:
        tag: where its tag lies, (start, end).
        form: how it stands there.
        cell: its value, as `Form.kind` says.
        at: where its bytes lie, (start, end).
        varint: whether they are a varint; else they have a fixed width.
    """

    tag: tuple[int, int]
    form: Form
    cell: int
    at: tuple[int, int]
    varint: bool = False


class Part(NamedTuple):
    """Something else in an event: what (`value`, or a field), its tag's place, its plugin, and where it lies."""

    what: str
    tag: tuple[int, int]
    plugin: str
    start: int
    end: int


class Walked(NamedTuple):
    """An event.

    Attributes:
        time: of the event, seconds since the epoch.
        time_at: where its bytes lie; -1 where the field is missing.
        step: of the event.
        step_at: where the varint lies, (start, end); both -1 where it is missing.
        parts: scalars and everything else, in order.
        plain: whether there is nothing but a time, a step and summaries of scalars.
    """

    time: float
    time_at: int
    step: int
    step_at: tuple[int, int]
    parts: list[Scalar | Part]
    plain: bool


def walk(data: bytes, at: int, end: int, plugins: Plugins) -> Walked:
    """Take an event apart.

    Args:
        data: what holds it.
        at: where it begins.
        end: where it ends.
        plugins: tag to the plugin that its first value's metadata named.

    Raises:
        WireError: it is no event.
    """
    time, time_at, step, step_at, plain = 0.0, -1, 0, (-1, -1), True
    parts: list[Scalar | Part] = []
    told: dict[str, str] = {}
    for number, wire, value, start, stop in fields(data, at, end):
        if number == 1 and wire == FIXED64:
            plain &= time_at < 0
            (time,), time_at = double(data, start), start
        elif number == 2 and wire == VARINT:
            plain &= step_at[0] < 0
            step, step_at = signed(value), (start, stop)
        elif number == _SUMMARY and wire == BYTES:
            for inner, kind, _, first, last in fields(data, start, stop):
                if inner != 1 or kind != BYTES:
                    raise WireError("a summary holds something that is no value")
                parts.append(_value(data, first, last, plugins, told))
        elif number in EVENT_FIELDS and wire == BYTES:
            parts.append(Part(EVENT_FIELDS[number], (start, start), "", start, stop))
        else:
            return Walked(time, time_at, step, step_at, [Part("unknown", (at, at), "", at, end)], False)
    if not parts:
        parts.append(Part("unknown", (at, at), "", at, end))
    plain &= time_at >= 0 and all(isinstance(part, Scalar) for part in parts)
    return Walked(time, time_at, step, step_at, parts, plain)


def _value(data: bytes, at: int, end: int, plugins: Plugins, told: dict[str, str]) -> Scalar | Part:
    """Return what a summary's value is; a plugin that its metadata names is told to the values behind it."""
    tag, metadata, kind, place = (at, at), None, 0, (at, at)
    odd, node = False, None
    for number, wire, _, start, stop in fields(data, at, end):
        if number == 1 and wire == BYTES:
            tag = (start, stop)
        elif number == 7 and wire == BYTES:
            node = data[start:stop]
        elif number == 9 and wire == BYTES:
            odd |= metadata is not None
            metadata = data[start:stop]
        elif number == 2 and wire == FIXED32:
            odd |= kind != 0
            kind, place = 2, (start, stop)
        elif number == 8 and wire == BYTES:
            odd |= kind != 0
            kind, place = 8, (start, stop)
        else:
            odd = True  # an image, a histogram, …, or what is not known
    name = text(data, *tag)
    plugin = "" if metadata is None else plugin_of(metadata)
    if metadata is None or not plugin:
        plugin = told.get(name) or plugins.get(name, "")
    elif not plugins.get(name, ""):
        told.setdefault(name, plugin)
    if not odd and kind == 2:
        stored = np.frombuffer(data, "<u4", 1, place[0])
        return Scalar(tag, Form(False, FLOAT, False, None, metadata, node), int(cells_of(stored, FLOAT)[0]), place)
    if not odd and kind == 8 and plugin == "scalars":
        found = _tensor(data, *place, tag, metadata, node)
        if found is not None:
            return found
    return Part("value", tag, plugin, at, end)


#: Whose a value without metadata is, by the field that holds it, as TensorBoard's data_compat.py has it.
_OLD: Final = {3: "histograms", 4: "images", 5: "histograms", 6: "audio"}


def kind_of(value: bytes) -> str:
    """Return the plugin that a value without one is shown by, from the field that holds it; empty where none is."""
    return next((_OLD[number] for number, *_ in fields(value, 0, len(value)) if number in _OLD), "")


def plugin_of(metadata: bytes) -> str:
    """Return the plugin that a SummaryMetadata message names; empty where it names none."""
    for number, wire, _, start, stop in fields(metadata, 0, len(metadata)):
        if number == 1 and wire == BYTES:
            for inner, kind, _, first, last in fields(metadata, start, stop):
                if inner == 1 and kind == BYTES:
                    return text(metadata, first, last)
    return ""


def text(data: bytes, start: int, end: int) -> str:
    """Return a text; bytes that are no UTF-8 stand in it as backslash escapes."""
    return data[start:end].decode("utf-8", "backslashreplace")


def _tensor(
    data: bytes, at: int, end: int, tag: tuple[int, int], metadata: bytes | None, node: bytes | None
) -> Scalar | None:
    """Return the one number of a tensor; None where it has more or none, or one that a cell does not hold exactly."""
    dtype, shape, content, listed, other = 0, None, None, None, False
    for number, wire, value, start, stop in fields(data, at, end):
        if number == 1 and wire == VARINT:
            dtype = value
        elif number == 2 and wire == BYTES:
            shape = _shape(data, start, stop)
            other |= shape is None
        elif number == 3 and wire == VARINT:
            other |= value != 0
        elif number == 4 and wire == BYTES:
            content = (start, stop) if stop > start else None
        elif listed is None:
            listed = (number, wire, start, stop)
        else:
            return None
    known = DTYPES.get(dtype)
    if known is None or other or any(size != 1 for size in shape or ()) or (content and listed):
        return None
    form = Form(True, dtype, content is not None, shape, metadata, node)
    if content is not None:
        if content[1] - content[0] != known.size:
            return None
        cell = int(cells_of(np.frombuffer(data, known.stored, 1, content[0]), dtype)[0])
        if dtype == UINT64 and cell < 0:
            return None
        # one byte of a bool may be any but 0: a cell holds 1
        return None if dtype == BOOL and data[content[0]] > 1 else Scalar(tag, form, cell, content)
    if listed is None or listed[0] != known.field:
        return None
    _, wire, start, stop = listed
    if known.fixed:
        if stop - start != known.size or wire not in (BYTES, FIXED32 if known.size == 4 else FIXED64):
            return None
        cell = int(cells_of(np.frombuffer(data, known.stored, 1, start), dtype)[0])
        return Scalar(tag, form, cell, (start, stop))
    return _listed(data, wire, start, stop, tag, form)


def _listed(data: bytes, wire: int, start: int, stop: int, tag: tuple[int, int], form: Form) -> Scalar | None:
    """Return the scalar whose number is a varint."""
    if wire not in (BYTES, VARINT):
        return None
    try:
        number, end = varint(data, start, stop)
    except WireError:
        return None
    lowest, highest = LISTED[form.dtype]
    value = number if form.dtype == UINT64 else signed(number)
    if end != stop or not lowest <= value <= highest:
        return None
    if DTYPES[form.dtype].field == HALVES:
        value = int(cells_of(np.array([value], "<u2"), form.dtype)[0])
    return Scalar(tag, form, value, (start, stop), varint=True)


def _shape(data: bytes, at: int, end: int) -> tuple[int, ...] | None:
    """Return a shape; None where its dimensions have names, or are not known."""
    sizes = []
    for number, wire, _, start, stop in fields(data, at, end):
        if number != 2 or wire != BYTES:
            return None
        size = 0
        for inner, kind, value, _, _ in fields(data, start, stop):
            if inner != 1 or kind != VARINT:
                return None
            size = signed(value)
        sizes.append(size)
    return tuple(sizes)
