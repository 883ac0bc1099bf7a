"""Event files as TensorBoard's own protobuf classes have them: what tests compare with, by a framing of their own."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.event_pb2 import Event  # noqa: E402

_LENGTH = struct.Struct("<Q")


def events_of(path: Path) -> Iterator[Any]:
    """Yield the whole records of a file that is not damaged, up to its end or to a record that was cut off."""
    data, at = path.read_bytes(), 0
    while len(data) - at >= 16:
        (length,) = _LENGTH.unpack_from(data, at)
        if len(data) - at < length + 16:
            return
        yield Event.FromString(data[at + 12 : at + 12 + length])
        at += length + 16


class Held(NamedTuple):
    """One thing that an event holds: what must be the same in two files that TensorBoard cannot tell apart.

    Attributes:
        step: of the event.
        time: its wall time, as bytes, so that NaN equals itself.
        data: the message, or the value, as protobuf writes it.
    """

    step: int
    time: bytes
    data: bytes


class Contents(NamedTuple):
    """What some event files hold.

    Attributes:
        values: of each tag, in order.
        fields: of each other field of an event, in order; all but `file_version`, which each file begins with.
        versions: what the files say of their version; CatBoost's say nothing.
        writers: how many events name the writer, beside the version.
        bare: how many other events hold nothing but their time, as the first of some writers does.
    """

    values: dict[str, list[Held]]
    fields: dict[str, list[Held]]
    versions: list[str]
    writers: int
    bare: int


def contents_of(paths: Iterable[Path]) -> Contents:
    """Return what files hold, one after another."""
    values: defaultdict[str, list[Held]] = defaultdict(list)
    fields: defaultdict[str, list[Held]] = defaultdict(list)
    versions: list[str] = []
    writers = bare = 0
    for path in paths:
        for event in events_of(path):
            what, time = event.WhichOneof("what"), struct.pack("<d", event.wall_time)
            writers += event.HasField("source_metadata")
            if what == "file_version":
                versions.append(event.file_version)
            elif what == "summary":
                for value in event.summary.value:
                    if value.node_name == value.tag:  # CatBoost says its tag twice; nothing reads the second
                        value.ClearField("node_name")
                    values[value.tag].append(Held(event.step, time, value.SerializeToString(deterministic=True)))
            elif what is None:
                bare += not event.HasField("source_metadata")
            else:
                found = getattr(event, what)
                data = found if isinstance(found, bytes) else found.SerializeToString(deterministic=True)
                fields[what].append(Held(event.step, time, data))
    return Contents(dict(values), dict(fields), versions, writers, bare)


def assert_the_same(source: Contents, exported: Contents) -> None:
    """Compare tag by tag, so that a difference says where it is."""
    assert exported.versions == source.versions
    assert (exported.writers, exported.bare) == (source.writers, source.bare)
    assert set(exported.values) == set(source.values)
    for tag, held in source.values.items():
        _compare(tag, held, exported.values[tag])
    assert set(exported.fields) == set(source.fields)
    for field, held in source.fields.items():
        _compare(field, held, exported.fields[field])


def _compare(what: str, source: list[Held], exported: list[Held]) -> None:
    assert len(exported) == len(source), what
    for at, (was, found) in enumerate(zip(source, exported, strict=True)):
        assert found == was, (what, at)
