"""`read` and `read_scalars`: event files in Python, with every point and every value as it stands there."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from epochal.errors import BadValueError, MissingDependencyError
from epochal.history import History
from epochal.journal.points import Columns

from ._dtypes import DTYPES
from ._event_file import EventFile
from ._sources import event_files, opened

if TYPE_CHECKING:
    from ._chunks import Chunk, Form, Other

#: Where the message of each field of an event lies in tensorboard's package.
_MESSAGES: Final = {
    "value": ("summary_pb2", "Summary.Value"), "unknown": ("event_pb2", "Event"),
    "session_log": ("event_pb2", "SessionLog"), "log_message": ("event_pb2", "LogMessage"),
    "source_metadata": ("event_pb2", "SourceMetadata"), "tagged_run_metadata": ("event_pb2", "TaggedRunMetadata"),
    "graph_def": ("graph_pb2", "GraphDef"), "meta_graph_def": ("meta_graph_pb2", "MetaGraphDef"),
}  # fmt: skip


_DOUBLE: Final = struct.Struct("<d")


class DamageWarning(UserWarning):
    """An event file is damaged: some of it was skipped, and the rest was read."""


@dataclass(frozen=True)
class Event:
    """A value, or another field of an event, as it stands in the file.

    Attributes:
        time: wall time, seconds since the epoch.
        step: of the event.
        what: `scalar`; `value` for any other value of a summary; else the name of the event's field: `file_version`,
            `graph_def`, `meta_graph_def`, `tagged_run_metadata`, `session_log`, `log_message`, `source_metadata`;
            `unknown` for an event with a field that is not known, or with none.
        tag: of a value; empty for other fields.
        plugin: what shows it: `scalars`, `images`, `text`, …; empty where nothing in the file names one.
        value: a scalar's number; the text of `file_version`; else None.
        dtype: a scalar's: `float32`, `int64`, …; else None.
        data: the message's bytes; None for a scalar.
        offset: of the event's record in the file.
    """

    time: float
    step: int
    what: str
    tag: str
    plugin: str
    value: float | int | bool | str | None
    dtype: str | None
    data: bytes | None
    offset: int

    def message(self) -> Any:
        """Return what `data` holds as a message of the tensorboard package: a `Summary.Value`, a `GraphDef` or another.

        Raises:
            BadValueError: it has no message, being a scalar or a text; or the bytes are none.
            MissingDependencyError: tensorboard is not installed.
        """
        known = _MESSAGES.get(self.what)
        if known is None or self.data is None:
            raise BadValueError(f"an event that is a {self.what} has no message: see its value")
        module, name = known
        try:
            found: Any = import_module(f"tensorboard.compat.proto.{module}")
        except ImportError as error:
            raise MissingDependencyError("tensorboard", "tensorboard") from error
        from google.protobuf.message import DecodeError

        for part in name.split("."):
            found = getattr(found, part)
        try:
            return found.FromString(self.data)
        except DecodeError as error:
            raise BadValueError(f"the {self.what} of {self.tag!r} at {self.offset} is no {name}: {error}") from error


def read(path: str | os.PathLike[str]) -> Iterator[Event]:
    """Read everything that an event file holds, in its order.

    Args:
        path: of the file, or of a folder: then its event files in time order. A URL where fsspec is installed.

    Yields:
        a scalar, another value, or a field of an event.

    Raises:
        BadValueError: a URL that cannot be read.
        OSError: the file cannot be read.

    Warns:
        DamageWarning: once for a damaged file.
    """
    for file in event_files(path):
        for events, chunk in _chunks(file):
            yield from _events(events, chunk)


def read_scalars(path: str | os.PathLike[str]) -> dict[str, History]:
    """Read every scalar point of an event file, in its order: nothing is hidden, and equal steps are not merged.

    Args:
        path: as in `read`.

    Returns:
        tag to its points, with steps and wall times. They are in the order of the file, whatever their steps.

    Raises:
        BadValueError: a URL that cannot be read.
        OSError: the file cannot be read.

    Warns:
        DamageWarning: once for a damaged file.
    """
    parts: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]] = {}
    for file in event_files(path):
        for events, chunk in _chunks(file):
            scalars = chunk.scalars
            few = scalars.tags.astype(np.uint16) if len(events.tags) <= 1 << 16 else scalars.tags
            order = np.argsort(few, kind="stable")
            tags = scalars.tags[order]
            letters = np.array([ord(form.kind) for form in events.forms], np.uint8)
            for which in np.split(order, np.flatnonzero(np.diff(tags)) + 1) if len(order) else ():
                kinds = letters.take(scalars.forms[which])
                cells = scalars.cells[which]
                parts.setdefault(events.tags[scalars.tags[which[0]]], []).append(
                    (scalars.steps[which], scalars.times[which], cells, kinds)
                )
    return {tag: _history(tag, of_tag) for tag, of_tag in parts.items()}


def _history(tag: str, parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> History:
    steps, times, cells, kinds = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return History(tag, steps, Columns(steps, times, steps, cells, kinds).values, times, "step", steps)


def _chunks(file: str | os.PathLike[str]) -> Iterator[tuple[EventFile, Chunk]]:
    """Read a file, and warn of the first damage that is met."""
    with opened(file) as source:
        events, sound = EventFile(source), True
        for chunk in events.chunks():
            if chunk.faults and sound:
                sound = False
                fault = chunk.faults[0]
                whose = "" if fault.tag is None else f", of {fault.tag!r}"
                warnings.warn(
                    f"{os.fspath(file)} is damaged at {fault.offset}: {fault.what}{whose}; {fault.bytes:,} bytes are "
                    "skipped, and what is behind them is read",
                    DamageWarning,
                    stacklevel=3,
                )
            yield events, chunk


def _events(events: EventFile, chunk: Chunk) -> Iterator[Event]:
    """Bring scalars and everything else into the order of the file."""
    scalars = chunk.scalars
    columns = (scalars.tags, scalars.forms, scalars.steps, scalars.times, scalars.cells, scalars.offsets)
    points = zip(*(column.tolist() for column in columns), strict=True)
    point = next(points, None)
    for offset, others in groupby(chunk.others, attrgetter("offset")):
        while point is not None and point[-1] < offset:
            yield _scalar(events, *point)
            point = next(points, None)
        place = 0
        for other in others:
            while place < other.at and point is not None and point[-1] == offset:
                yield _scalar(events, *point)
                point, place = next(points, None), place + 1
            yield _other(other)
            place = other.at + 1
    while point is not None:
        yield _scalar(events, *point)
        point = next(points, None)


def _scalar(events: EventFile, tag: int, form: int, step: int, time: float, cell: int, offset: int) -> Event:
    how: Form = events.forms[form]
    kind = how.kind
    value: float | int | bool = cell
    if kind == "d":
        (value,) = _DOUBLE.unpack(cell.to_bytes(8, "little", signed=True))
    elif kind == "b":
        value = bool(cell)
    return Event(time, step, "scalar", events.tags[tag], "scalars", value, DTYPES[how.dtype].name, None, offset)


def _other(other: Other) -> Event:
    text = other.data.decode("utf-8", "backslashreplace") if other.what == "file_version" else None
    return Event(other.time, other.step, other.what, other.tag, other.plugin, text, None, other.data, other.offset)
