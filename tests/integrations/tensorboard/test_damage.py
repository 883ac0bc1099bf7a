"""Damaged event files: nothing crashes, nothing hangs, no point is made up, and what is sound is read."""

from __future__ import annotations

import random
import struct
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.event_pb2 import Event  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # noqa: E402
from tensorboard.util.tensor_util import make_tensor_proto  # noqa: E402

from epochal_tensorboard._event_file import EventFile  # noqa: E402

from .framed import Point, file_of, found_in, frame  # noqa: E402

_METADATA = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))


def _event(tag: str, value: float, step: int, *, tensor: bool = False) -> bytes:
    held = Summary.Value(tag=tag, simple_value=value)
    if tensor:
        held = Summary.Value(tag=tag, metadata=_METADATA, tensor=make_tensor_proto(np.float32(value)))
    return bytes(Event(wall_time=1e9 + step, step=step, summary=Summary(value=[held])).SerializeToString())


def _payloads(count: int) -> list[bytes]:
    found = [Event(wall_time=1e9, file_version="brain.Event:2").SerializeToString()]
    for step in range(count):
        found += [
            _event("loss", step / 3, step),
            _event("accuracy", step / 7, step),
            _event("t", step, step, tensor=True),
        ]
        if step % 10 == 3:
            image = Summary.Image(encoded_image_string=bytes(range(256)) * 3)
            value = Summary.Value(tag="image", image=image)
            found.append(Event(wall_time=1e9, step=step, summary=Summary(value=[value])).SerializeToString())
    return found


_FILE = file_of(_payloads(40))
_WHOLE = found_in(_FILE)
_LENGTH = len(frame(_event("loss", 1, 1)))


def _what(point: Point) -> tuple[object, ...]:
    return point.tag, point.step, point.time, point.cell, point.form


_WRITTEN = Counter(map(_what, _WHOLE.points))
_STARTS = sorted({0, len(_FILE), *(point.offset for point in _WHOLE.points), *(o.offset for o in _WHOLE.others)})


def _flip(file: bytes, at: int, size: int, draw: random.Random) -> bytes:
    return file[:at] + bytes(byte ^ draw.randrange(1, 256) for byte in file[at : at + size]) + file[at + size :]


_DAMAGE = {
    "flip": _flip,
    "cut": lambda file, at, size, draw: file[:at],
    "insert": lambda file, at, size, draw: file[:at] + draw.randbytes(size) + file[at:],
    "insert zeros": lambda file, at, size, draw: file[:at] + bytes(size) + file[at:],
    "zero": lambda file, at, size, draw: file[:at] + bytes(len(file[at : at + size])) + file[at + size :],
    "delete": lambda file, at, size, draw: file[:at] + file[at + size :],
    "repeat": lambda file, at, size, draw: file[: at + size] + file[at:],
}


@settings(max_examples=120, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(sorted(_DAMAGE)), min_size=1, max_size=4),
    seed=st.integers(0, 1 << 32),
    chunk_bytes=st.sampled_from([200, 3000, 1 << 20]),
)
def test_damage_anywhere_invents_no_point(kinds: list[str], seed: int, chunk_bytes: int) -> None:
    draw = random.Random(seed)
    file = _FILE
    repeats = 1
    for kind in kinds:
        at = draw.randrange(max(len(file), 1))
        size = draw.choice([1, 2, 4, 8, 40, 300, 5000])
        repeats *= 2 if kind == "repeat" else 1  # what stands there twice is read twice
        file = _DAMAGE[kind](file, at, size, draw)
    found = found_in(file, chunk_bytes=chunk_bytes)
    for point, times in Counter(map(_what, found.points)).items():
        assert times <= _WRITTEN[point] * repeats
    skipped = sum(fault.bytes for fault in found.faults)
    assert 0 <= skipped <= len(file)
    assert found.events.offset + found.events.pending == len(file)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_one_damaged_place_costs_no_more_than_the_records_that_it_touches(data: Any) -> None:
    kind = data.draw(st.sampled_from(["flip", "insert", "insert zeros", "zero", "delete"]))
    at = data.draw(st.integers(0, len(_FILE) - 1))
    size = data.draw(st.sampled_from([1, 2, 3, 4, 8, 12, 16, 40, 300]))
    file = _DAMAGE[kind](_FILE, at, size, random.Random(at))
    touched = at + (1 if kind.startswith("insert") else size)
    kept = [
        point for point in _WHOLE.points
        if _end_of(point.offset) <= at or point.offset >= touched or (kind.startswith("insert") and point.offset == at)
    ]  # fmt: skip
    found = Counter(map(_what, found_in(file).points))
    assert not Counter(map(_what, kept)) - found


def _end_of(start: int) -> int:
    return next(place for place in _STARTS if place > start)


@pytest.mark.parametrize("at", range(_LENGTH))
def test_a_flipped_byte_at_any_place_of_a_record_costs_that_record_alone_and_is_told(at: int) -> None:
    one = [frame(_event("loss", step, step)) for step in range(100, 120)]
    file = bytearray(b"".join(one))
    start = len(one[0]) * 10
    if at >= len(one[0]):
        return
    file[start + at] ^= 0x41
    found = found_in(bytes(file))
    assert [point.step for point in found.points] == [*range(100, 110), *range(111, 120)]
    [fault] = found.faults
    assert (fault.offset, fault.bytes) == (start, len(one[0]))
    assert found.records == 19
    assert "CRC" in fault.what
    assert fault.tag in {None, "loss", "moss"} or at >= 12


@pytest.mark.parametrize("sound", [0, 1, 7])
def test_every_record_of_a_kind_may_be_damaged(sound: int) -> None:
    file = bytearray(file_of(_event("loss", step, step) for step in range(100, 120)))
    for record in range(sound, 20):
        file[record * (len(file) // 20) + 15] ^= 0x55
    found = found_in(bytes(file))
    assert [point.step for point in found.points] == list(range(100, 100 + sound))
    assert sum(fault.bytes for fault in found.faults) == len(file) // 20 * (20 - sound)
    assert {fault.tag for fault in found.faults} == {"loss"}


def test_a_bad_crc_tells_whose_record_it_was() -> None:
    file = bytearray(file_of(_event("loss", step, step) for step in range(100, 120)))
    file[-1] ^= 1
    file[5 * (len(file) // 20) + 15] ^= 1  # in its time
    assert [fault.tag for fault in found_in(bytes(file)).faults] == ["loss", "loss"]


@pytest.mark.parametrize("length", [1 << 62, 1 << 40, (1 << 64) - 1, 0])
def test_an_absurd_length_is_not_believed(length: int) -> None:
    good = file_of(_event("loss", step, step) for step in range(10))
    found = found_in(good + struct.pack("<Q", length) + b"abcd" + good)
    assert [point.step for point in found.points] == [*range(10), *range(10)]
    assert [(fault.offset, fault.bytes) for fault in found.faults] == [(len(good), 12)]


def test_zeros_at_the_end_are_room_and_no_damage(tmp_path: Path) -> None:
    good = file_of(_event("loss", step, step) for step in range(10))
    path = tmp_path / "x"
    path.write_bytes(good + bytes(100_000))
    events = EventFile(path, chunk_bytes=1000)
    found = found_in(events)
    assert (len(found.points), found.faults, events.pending, events.offset) == (10, [], 100_000, len(good))
    path.write_bytes(good + good + bytes(1000))  # and then it is written there
    assert len(found_in(events).points) == 10
    assert events.pending == 1000


def test_zeros_between_records_are_one_stretch_of_damage() -> None:
    good = file_of(_event("loss", step, step) for step in range(10))
    found = found_in(good + bytes(50_000) + good, chunk_bytes=5000)
    assert len(found.points) == 20
    assert [(fault.offset, fault.bytes) for fault in found.faults] == [(len(good), 50_000)]


@pytest.mark.parametrize("left", range(1, 30))
def test_a_truncated_tail_waits_for_its_rest(left: int) -> None:
    good = file_of(_event("loss", step, step) for step in range(10))
    last = frame(_event("loss", 1, 1000))
    found = found_in(good + last[:left])
    assert (len(found.points), found.faults, found.events.pending) == (10, [], left)


def test_records_behind_one_that_was_cut_short_are_read() -> None:
    good = [frame(_event("loss", step, step)) for step in range(10)]
    big = frame(_event("x" * 3000, 1, 1))
    found = found_in(b"".join(good[:5]) + big[:200] + b"".join(good[5:]))
    assert [point.step for point in found.points] == list(range(10))
    assert [fault.bytes for fault in found.faults] == [200]


def test_a_sound_record_that_is_no_event_costs_itself_alone() -> None:
    good = file_of(_event("loss", step, step) for step in range(10))
    found = found_in(good + frame(b"\xff\xff\xff\xff") + good)
    assert len(found.points) == 20
    [fault] = found.faults
    assert (fault.offset, fault.bytes) == (len(good), 20)
    assert "no event" in fault.what


def test_a_file_that_is_no_event_file_is_one_stretch_of_damage() -> None:
    data = random.Random(1).randbytes(300_000)
    found = found_in(data)
    assert (found.points, found.others, found.records) == ([], [], 0)
    assert sum(fault.bytes for fault in found.faults) + found.events.pending == len(data)


def test_damage_everywhere_leaves_what_it_did_not_touch() -> None:
    payloads = [_event("loss", step, step) for step in range(5000)]
    sound = sum(b"\x07" not in frame(payload)[:-1] for payload in payloads)
    found = found_in(file_of(payloads).replace(b"\x07", b"\x07\x07"))
    assert len(found.points) == sound > 3000
    assert len(found.faults) > 50
