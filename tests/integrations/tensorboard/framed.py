"""Event files for tests: records framed as TensorFlow does, and everything that a reader finds in them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from epochal_tensorboard._chunks import Fault, Form, Other
from epochal_tensorboard._crc import masked
from epochal_tensorboard._event_file import EventFile


def frame(payload: bytes) -> bytes:
    """Return a record."""
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked(length)) + payload + struct.pack("<I", masked(payload))


class Point(NamedTuple):
    """A scalar point as it was read."""

    offset: int
    tag: str
    step: int
    time: bytes
    cell: int
    form: Form


class Found(NamedTuple):
    """Everything that a reader found."""

    points: list[Point]
    others: list[Other]
    faults: list[Fault]
    records: int
    events: EventFile

    @property
    def tags(self) -> dict[str, list[Any]]:
        """The points' values by tag."""
        found: dict[str, list[Any]] = {}
        for point in self.points:
            found.setdefault(point.tag, []).append(number(point))
        return found


def number(point: Point) -> float | int:
    """Return the value of a point."""
    if point.form.kind != "d":
        return point.cell
    (value,) = struct.unpack("<d", struct.pack("<q", point.cell))
    return float(value)


def found_in(source: bytes | Path | EventFile, **options: Any) -> Found:
    """Read all that there is."""
    if isinstance(source, EventFile):
        events = source
    else:
        events = EventFile(BytesIO(source) if isinstance(source, bytes) else source, **options)
    points: list[Point] = []
    others: list[Other] = []
    faults: list[Fault] = []
    records, end = 0, events.offset
    for chunk in events.chunks():
        scalars = chunk.scalars
        assert {len(column) for column in scalars} == {len(scalars.tags)}
        assert all(
            column.dtype == (np.float64 if name == "times" else np.int64) for name, column in scalars._asdict().items()
        )
        for tag, form, step, time, cell, offset in zip(
            scalars.tags.tolist(), scalars.forms.tolist(), scalars.steps.tolist(), scalars.times,
            scalars.cells.tolist(), scalars.offsets.tolist(), strict=True,
        ):  # fmt: skip
            points.append(Point(offset, events.tags[tag], step, time.tobytes(), cell, events.forms[form]))
        others += chunk.others
        faults += chunk.faults
        records += chunk.records
        assert end <= chunk.end == events.offset
        end = chunk.end
    return Found(points, others, faults, records, events)


def file_of(payloads: Iterable[bytes]) -> bytes:
    """Return an event file with these payloads."""
    return b"".join(map(frame, payloads))
