"""Event files with names, places and contents of a test's choice, written by TensorBoard's own writer of records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.event_pb2 import Event  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: E402
from tensorboard.summary.writer.record_writer import RecordWriter  # noqa: E402

NAME = "events.out.tfevents.1700000000.host"


def write(path: Path, *values: Any, time: float = 1.7e9, header: bool = True) -> Path:
    """Write an event file: a header, and an event for each value (a `Summary.Value`, or a tag that gets a number)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        writer = RecordWriter(file)
        if header:
            writer.write(Event(wall_time=time, file_version="brain.Event:2").SerializeToString())
        for step, value in enumerate(values):
            shown = Summary.Value(tag=value, simple_value=1.0) if isinstance(value, str) else value
            event = Event(wall_time=time + step, step=step, summary=Summary(value=[shown]))
            writer.write(event.SerializeToString())
    return path
