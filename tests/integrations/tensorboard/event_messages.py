"""Event files as TensorBoard's own messages: written for tests, and compared to the bit."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

#: Of each tag (step, the bits of the wall time, the value's message) in order; and all other events.
Content = tuple[dict[str, list[tuple[int, bytes, bytes]]], list[bytes]]


def write_events(path: Path, events: Iterable[Any]) -> Path:
    """Write an event file with TensorBoard's own writer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
    return path


def version(time: float = 1000.0) -> Any:
    return Event(wall_time=time, file_version="brain.Event:2")


def of_values(step: int, time: float, *values: Any) -> Any:
    return Event(step=step, wall_time=time, summary=Summary(value=values))


def read_events(path: Path) -> list[Any]:
    """Return the whole events of a file, as they stand in it: TensorBoard's loader changes some."""
    data, at, found = path.read_bytes(), 0, []
    while at + 12 < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        if at + length + 16 > len(data):
            break
        found.append(Event.FromString(data[at + 12 : at + 12 + length]))
        at += length + 16
    return found


def content(paths: Iterable[Path]) -> Content:
    """Return all that files say, so that two that say the same are equal."""
    tags: dict[str, list[tuple[int, bytes, bytes]]] = defaultdict(list)
    others = []
    for path in paths:
        for event in read_events(path):
            if not event.HasField("summary"):
                others.append(event.SerializeToString(deterministic=True))
            for value in event.summary.value:
                message = value.SerializeToString(deterministic=True)
                tags[value.tag].append((event.step, struct.pack("<d", event.wall_time), message))
    return dict(tags), others


def event_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*tfevents*"))
