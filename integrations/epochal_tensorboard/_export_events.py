"""Puts values into events as they come: what has one step and one time stands in one event, as writers do it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from ._event_writer import FIELDS, event, summary, with_length

if TYPE_CHECKING:
    from ._event_writer import EventWriter

_DOUBLE: Final = struct.Struct("<d")
#: Values of one event, at most.
_MOST: Final = 1000
_MOST_BYTES: Final = 1 << 20


class Events:
    """An event file that is written value by value."""

    def __init__(self, writer: EventWriter) -> None:
        self._writer = writer
        self._values: list[bytes] = []
        self._tags: set[str] = set()
        self._bytes = 0
        self._fields: dict[str, bytes] = {}
        self._step, self._time, self._stamp = 0, 0.0, b""

    def value(self, tag: str, step: int, time: float, value: bytes) -> None:
        """Add a Summary.Value."""
        stamp = _DOUBLE.pack(time)
        if self._fields or (self._values and self._is_another(step, stamp, tag, len(value))):
            self.flush()
        self._step, self._time, self._stamp = step, time, stamp
        self._values.append(value)
        self._tags.add(tag)
        self._bytes += len(value)

    def field(self, name: str, step: int, time: float, data: bytes) -> None:
        """Add another field of an Event; of two in a row that can stand in one event, they do."""
        stamp = _DOUBLE.pack(time)
        # who wrote a file stands beside its version; all other fields exclude one another
        beside = name == "source_metadata" and name not in self._fields and (self._fields or self._values)
        if not beside or step != self._step or stamp != self._stamp:
            self.flush()
        self._step, self._time, self._stamp = step, time, stamp
        self._fields[name] = data

    def event(self, data: bytes) -> None:
        """Add a whole Event."""
        self.flush()
        self._writer.write(data)

    def flush(self) -> None:
        """Write what waits."""
        if self._values or self._fields:
            body = summary(self._values) if self._values else b""
            body += b"".join(with_length(FIELDS[name], data) for name, data in self._fields.items())
            self._writer.write(event(self._time, self._step, body))
            self._values, self._bytes, self._fields = [], 0, {}
            self._tags = set()

    def _is_another(self, step: int, stamp: bytes, tag: str, size: int) -> bool:
        return (
            step != self._step
            or stamp != self._stamp
            or tag in self._tags
            or len(self._values) >= _MOST
            or self._bytes + size > _MOST_BYTES
        )
