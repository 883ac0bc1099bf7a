"""Writes event files: messages laid out by hand where they are plain, records framed with their CRCs, files named."""

from __future__ import annotations

import os
import re
import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ._crc import masked

#: What every event file of today begins with.
VERSION: Final = "brain.Event:2"
#: The fields of an Event beside its time, step and summary, by name (tensorboard/compat/proto/event.proto).
FIELDS: Final = {
    "file_version": 3, "graph_def": 4, "log_message": 6, "session_log": 7, "tagged_run_metadata": 8,
    "meta_graph_def": 9, "source_metadata": 10,
}  # fmt: skip
#: A SessionLog that says START.
START: Final = b"\x08\x01"
#: What tells an event file, for TensorBoard as for us.
MARK: Final = "tfevents"

_SUMMARY: Final = 5
_DOUBLE: Final = struct.Struct("<d")
_LENGTH: Final = struct.Struct("<Q")
_CRC: Final = struct.Struct("<I")
_NO_TIME: Final = _DOUBLE.pack(0.0)
_SECONDS: Final = re.compile(r"tfevents\.(\d+)")
_NO_HOST: Final = re.compile(r"[^A-Za-z0-9_-]+")


def varint(number: int) -> bytes:
    """Return an int64 or uint64 as protobuf has it."""
    if 0 <= number < len(_FEW):
        return _FEW[number]
    return _varint(number)


def _varint(number: int) -> bytes:
    number &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def with_length(number: int, data: bytes) -> bytes:
    """Return a field of bytes, text or a message."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def number_field(number: int, value: int) -> bytes:
    """Return a field that is a varint."""
    return varint(number << 3) + varint(value)


def event(wall_time: float, step: int, body: bytes) -> bytes:
    """Return an Event; `body` is what it holds beside time and step."""
    packed = _DOUBLE.pack(wall_time)
    head = b"" if packed == _NO_TIME else b"\x09" + packed
    return head + (number_field(2, step) if step else b"") + body


def summary(values: Iterable[bytes]) -> bytes:
    """Return the field of an Event that holds Summary.Value messages."""
    return with_length(_SUMMARY, b"".join(with_length(1, value) for value in values))


def simple_value(tag: bytes, float32: bytes) -> bytes:
    """Return a Summary.Value of an old-style scalar; `float32` are its four bytes."""
    return with_length(1, tag) + b"\x15" + float32


def session_start(wall_time: float, step: int) -> bytes:
    """Return an Event that says: the run was started (again) here; what stands at this step or behind it is gone."""
    return event(wall_time, step, with_length(FIELDS["session_log"], START))


def record(data: bytes) -> bytes:
    """Return a record of an event file: length, CRC of the length, data, CRC of the data."""
    head = _HEADS[len(data)] if len(data) < len(_HEADS) else _head(len(data))
    return b"".join((head, data, _CRC.pack(masked(data))))


def _head(length: int) -> bytes:
    packed = _LENGTH.pack(length)
    return packed + _CRC.pack(masked(packed))


#: What is needed again and again.
_FEW: Final = [_varint(number) for number in range(1 << 12)]
_HEADS: Final = [_head(length) for length in range(512)]


def file_name(folder: Path, started: float, host: str | None = None) -> str:
    """Return a name for a new event file that sorts behind all that are in the folder, as TensorBoard reads them.

    Args:
        folder: where it is to be; need not be there yet.
        started: seconds since the epoch.
        host: by default this machine.
    """
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    found = [int(match[1]) for name in names if MARK in name and (match := _SECONDS.search(name))]
    seconds = max([int(started), *(each + 1 for each in found)])
    host = _NO_HOST.sub("_", (host or socket.gethostname()).partition(".")[0]) or "host"
    return f"events.out.{MARK}.{seconds:010d}.{host}.{os.getpid()}.0"


class EventWriter:
    """One new event file; nothing is buffered beyond `flush`.

    Attributes:
        path: the file.
        size: bytes that were written or wait.
    """

    def __init__(self, folder: Path, *, started: float | None = None, host: str | None = None) -> None:
        """Create the file, and its folder.

        Raises:
            OSError: it cannot be created.
        """
        started = time.time() if started is None else started
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / file_name(folder, max(started, 0.0), host)
        self._file = self.path.open("xb", buffering=1 << 20)
        self.size = 0

    def write(self, event: bytes) -> None:
        """Append an Event.

        Raises:
            OSError: there is no room.
        """
        data = record(event)
        self._file.write(data)
        self.size += len(data)

    def flush(self, *, durable: bool = False) -> None:
        """Give everything to the system, and where it is to be durable, to the disk.

        Raises:
            OSError: there is no room.
        """
        self._file.flush()
        if durable:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file.

        Raises:
            OSError: there is no room for what waited.
        """
        self._file.close()
