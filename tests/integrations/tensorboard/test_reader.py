"""What is read of an event file: every point with its tag, step, time and bits, and everything else as its bytes."""

from __future__ import annotations

import math
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.event_pb2 import Event, SessionLog, TaggedRunMetadata  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # noqa: E402
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # noqa: E402
from tensorboard.util.tensor_util import make_tensor_proto  # noqa: E402

from epochal_tensorboard._event_file import EventFile, Layouts  # noqa: E402

from .framed import file_of, found_in, frame, number  # noqa: E402

_SCALARS = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
#: Numbers of TensorFlow's types, as types.proto has them.
_FLOAT, _DOUBLE, _INT32, _UINT8, _INT64, _BOOL, _BFLOAT16, _HALF, _UINT64 = 1, 2, 3, 4, 9, 10, 14, 19, 23


def _simple(tag: str, value: float, step: int, time: float = 1.5) -> bytes:
    return event(Summary.Value(tag=tag, simple_value=value), step=step, time=time)


def event(*values: Any, step: int = 0, time: float = 1.5) -> bytes:
    return bytes(Event(wall_time=time, step=step, summary=Summary(value=values)).SerializeToString())


def _tensor(tag: str, tensor: Any, *, metadata: bool = True) -> Any:
    return Summary.Value(tag=tag, metadata=_SCALARS if metadata else None, tensor=tensor)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 300, 5000])
def test_points_of_any_number_are_read_with_tag_step_time_and_value(count: int) -> None:
    file = file_of(_simple(f"t{place % 3}", place / 8, place, 1e9 + place / 7) for place in range(count))
    found = found_in(file)
    assert [(point.tag, point.step, number(point)) for point in found.points] == [
        (f"t{place % 3}", place, place / 8) for place in range(count)
    ]
    assert [struct.unpack("<d", point.time)[0] for point in found.points] == [1e9 + place / 7 for place in range(count)]
    assert found.records == count
    assert not found.faults
    assert found.events.pending == 0


@pytest.mark.parametrize("chunk_bytes", [64, 100, 1000, 1 << 20])
def test_what_is_read_does_not_depend_on_how_much_is_read_at_once(chunk_bytes: int) -> None:
    payloads = [Event(wall_time=1, file_version="brain.Event:2").SerializeToString()]
    payloads += [_simple("a" * (place % 40), place, place * 1000) for place in range(400)]
    payloads += [
        event(_tensor("late", make_tensor_proto(np.float32(place)), metadata=place == 0)) for place in range(40)
    ]
    payloads += [event(Summary.Value(tag="i", image=Summary.Image(encoded_image_string=b"x" * 5000)))]
    file = file_of(payloads)
    whole, parts = found_in(file), found_in(file, chunk_bytes=chunk_bytes)
    assert parts.points == whole.points
    assert parts.others == whole.others
    assert parts.records == whole.records == len(payloads)
    assert parts.events.plugins == whole.events.plugins == {"late": "scalars"}


@pytest.mark.parametrize("step", [0, 1, 127, 128, 1 << 40, (1 << 62) + 1, (1 << 63) - 1, -1, -(1 << 63)])
@pytest.mark.parametrize("count", [1, 20])
def test_steps_of_any_size_are_exact(step: int, count: int) -> None:
    assert {point.step for point in found_in(file_of([_simple("a", 1, step)] * count)).points} == {step}


@pytest.mark.parametrize(
    "bits",
    [0x7FC00000, 0x7F800001, 0xFF800001, 0x7FFFFFFF, 0xFFC12345, 0x7F800000, 0xFF800000, 0x80000000, 1, 0x3F800000],
    ids=hex,
)
@pytest.mark.parametrize("count", [1, 20])
def test_the_bits_of_a_float32_are_kept_in_the_float64_of_its_cell(bits: int, count: int) -> None:
    payload = bytearray(_simple("a", 1.0, 1))
    at = payload.index(struct.pack("<f", 1.0))
    payload[at : at + 4] = struct.pack("<I", bits)
    for point in found_in(file_of([bytes(payload)] * count)).points:
        cell = point.cell & 0xFFFFFFFFFFFFFFFF
        if bits & 0x7F800000 == 0x7F800000 and bits & 0x7FFFFF:
            assert cell == (bits >> 31) << 63 | 0x7FF << 52 | (bits & 0x7FFFFF) << 29
        else:
            assert struct.pack("<f", number(point)) == struct.pack("<I", bits)


@pytest.mark.parametrize("bits", [0, 0x7FF0000000000001, 0xFFF8000000000000, 0x7FF0000000000000], ids=hex)
@pytest.mark.parametrize("count", [1, 20])
def test_the_bits_of_wall_times_are_kept(bits: int, count: int) -> None:
    (time,) = struct.unpack("<d", struct.pack("<Q", bits))
    payload = b"\x09" + struct.pack("<Q", bits) + event(Summary.Value(tag="a", simple_value=1), step=3)[9:]
    assert {point.time for point in found_in(file_of([payload] * count)).points} == {struct.pack("<Q", bits)}
    assert math.isnan(time) or time in {0, math.inf}


@pytest.mark.parametrize(
    ("value", "dtype", "kind"),
    [
        (np.float32(0.1), _FLOAT, "d"), (np.float64(0.1), _DOUBLE, "d"), (np.float16(0.1), _HALF, "d"),
        (np.int32(-5), _INT32, "q"), (np.uint8(200), _UINT8, "q"), (np.int64((1 << 53) + 1), _INT64, "q"),
        (np.int64(-(1 << 63)), _INT64, "q"), (np.uint64(1 << 62), _UINT64, "q"), (np.bool_(True), _BOOL, "b"),
        (np.bool_(False), _BOOL, "b"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("content", [True, False])
@pytest.mark.parametrize("count", [1, 20])
def test_tensors_of_one_number_are_scalars_of_their_own_type(
    value: Any, dtype: int, kind: str, content: bool, count: int
) -> None:
    tensor = make_tensor_proto(value)
    if content:
        tensor = TensorProto(dtype=dtype, tensor_content=value.tobytes(), tensor_shape=tensor.tensor_shape)
    found = found_in(file_of([event(_tensor("a", tensor))] * count))
    assert [number(point) for point in found.points] == [value.item()] * count
    form = found.points[0].form
    assert (form.tensor, form.dtype, form.kind, form.shape) == (True, dtype, kind, ())
    assert form.metadata == _SCALARS.SerializeToString()
    assert form.content is content


@pytest.mark.parametrize("first", [0, 200, 256, -1])
def test_numbers_that_do_not_fit_their_type_are_found_among_those_that_do(first: int) -> None:
    listed = [first, *range(250, 262), -5, *range(5)]
    tensors = [TensorProto(dtype=_UINT8, int_val=[value]) for value in listed for _ in range(9)]
    found = found_in(file_of(event(_tensor("a", tensor)) for tensor in tensors))
    assert [number(point) for point in found.points] == [
        value for value in listed for _ in range(9) if 0 <= value < 256
    ]
    assert len(found.others) == len(tensors) - len(found.points)


@pytest.mark.parametrize("count", [1, 20])
def test_varints_that_are_longer_than_they_must_be_are_the_same_numbers(count: int) -> None:
    for zeros, last in ((0, 5), (3, 5), (8, 5)):
        varint = bytes([0x80 | last] + [0x80] * zeros + [0])
        summary = b"\x2a\x0a\x0a\x08\x0a\x01a\x15\x00\x00\x80\x3f"
        payload = b"\x09" + bytes(8) + b"\x10" + varint + summary
        assert {point.step for point in found_in(file_of([payload] * count)).points} == {5}


def test_a_bfloat16_is_the_float_that_it_stands_for() -> None:
    tensor = TensorProto(dtype=_BFLOAT16, half_val=[0x3FC0])
    tensor.tensor_shape.SetInParent()
    assert found_in(file_of([event(_tensor("a", tensor))])).tags == {"a": [1.5]}


@pytest.mark.parametrize(
    "tensor",
    [
        make_tensor_proto([1.0, 2.0]), make_tensor_proto(b"text"), make_tensor_proto(np.complex64(1)),
        TensorProto(dtype=_UINT64, uint64_val=[1 << 63]), TensorProto(dtype=_FLOAT), TensorProto(float_val=[1]),
        TensorProto(dtype=_FLOAT, tensor_content=b"abc"), TensorProto(dtype=_BOOL, tensor_content=b"\x02"),
        TensorProto(dtype=_FLOAT, double_val=[1]), TensorProto(dtype=999, float_val=[1]),
        TensorProto(dtype=_UINT64, tensor_content=b"\xff" * 8), TensorProto(dtype=_UINT8, int_val=[256]),
        TensorProto(dtype=_INT32, int_val=[1, 2]),
    ],
    ids=range(13),
)  # fmt: skip
@pytest.mark.parametrize("count", [1, 20])
def test_what_a_cell_does_not_hold_stays_as_its_bytes(tensor: Any, count: int) -> None:
    value = _tensor("a", tensor)
    found = found_in(file_of([event(value, step=4)] * count))
    assert not found.points
    assert [(other.what, other.tag, other.plugin, other.step) for other in found.others] == [
        ("value", "a", "scalars", 4)
    ] * count
    assert found.others[0].data == value.SerializeToString()


@pytest.mark.parametrize("count", [2, 40, 3000])
def test_metadata_that_only_the_first_value_has_holds_for_those_behind_it(count: int) -> None:
    payloads = [
        event(_tensor("a", make_tensor_proto(np.float32(place)), metadata=place == 1)) for place in range(count)
    ]
    found = found_in(file_of(payloads))
    assert [number(point) for point in found.points] == list(range(1, count))
    assert [(other.tag, other.plugin) for other in found.others] == [("a", "")]  # what came before nobody can know
    assert found.events.plugins == {"a": "scalars"}


@pytest.mark.parametrize("count", [3, 40])
def test_the_first_metadata_of_a_tag_tells_its_plugin_whatever_comes_later(count: int) -> None:
    text = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    payloads = [event(Summary.Value(tag="a", metadata=text, tensor=make_tensor_proto(b"x")))]
    payloads += [event(_tensor("a", make_tensor_proto(np.float32(place)))) for place in range(count)]
    payloads += [event(_tensor("a", make_tensor_proto(np.float32(place)), metadata=False)) for place in range(count)]
    found = found_in(file_of(payloads))
    assert found.events.plugins == {"a": "text"}
    assert [other.plugin for other in found.others] == ["text"] * (1 + count)


def test_a_file_that_goes_on_knows_the_plugins_of_its_beginning() -> None:
    first = file_of([event(_tensor("a", make_tensor_proto(np.float32(1))))])
    second = file_of([event(_tensor("a", make_tensor_proto(np.float32(place)), metadata=False)) for place in range(20)])
    plugins = dict(found_in(first).events.plugins)
    assert len(found_in(first + second, offset=len(first), plugins=plugins).points) == 20
    assert not found_in(first + second, offset=len(first)).points


def test_values_of_one_event_keep_their_order() -> None:
    values = [
        Summary.Value(tag="b", simple_value=1), Summary.Value(tag="i", image=Summary.Image(height=1)),
        Summary.Value(tag="a", simple_value=2), Summary.Value(tag="b", simple_value=3),
    ]  # fmt: skip
    for count in (1, 20):
        found = found_in(file_of([event(*values, step=2)] * count))
        assert [(point.tag, number(point)) for point in found.points] == [("b", 1), ("a", 2), ("b", 3)] * count
        assert [(other.at, other.tag) for other in found.others] == [(1, "i")] * count
        alone = found_in(file_of([event(values[0], values[2], values[3])] * count))
        assert alone.points == [
            point._replace(offset=place // 3 * len(frame(event(values[0], values[2], values[3]))), step=0)
            for place, point in enumerate(found.points)
        ]


def test_everything_else_is_given_as_the_bytes_of_its_field() -> None:
    log = SessionLog(status=SessionLog.START, checkpoint_path="x")
    metadata = TaggedRunMetadata(tag="step1", run_metadata=b"abc")
    file = file_of(
        message.SerializeToString()
        for message in (
            Event(wall_time=1, file_version="brain.Event:2"), Event(wall_time=2, step=9, session_log=log),
            Event(wall_time=3, graph_def=b"graph"), Event(wall_time=4, tagged_run_metadata=metadata),
            Event(wall_time=5, meta_graph_def=b"meta"), Event(wall_time=6, step=3), Event(),
        )
    ) + frame(b"\xa2\x06\x01x" + _simple("a", 1, 1))  # fmt: skip
    found = found_in(file)
    assert [(other.what, other.step, other.time) for other in found.others] == [
        ("file_version", 0, 1), ("session_log", 9, 2), ("graph_def", 0, 3), ("tagged_run_metadata", 0, 4),
        ("meta_graph_def", 0, 5), ("unknown", 3, 6), ("unknown", 0, 0), ("unknown", 0, 0),
    ]  # fmt: skip
    assert found.others[1].data == log.SerializeToString()
    assert found.events.file_version == "brain.Event:2"


def test_tags_may_be_any_bytes() -> None:
    tags = ["", "ü/損失", "x" * 100_000, "a\0b"]
    for count in (1, 20):
        found = found_in(file_of(_simple(tag, 1, 1) for _ in range(count) for tag in tags))
        assert [point.tag for point in found.points] == tags * count
    raw = _simple("abc", 1, 1).replace(b"abc", b"a\xffc")
    assert {point.tag for point in found_in(file_of([raw] * 20)).points} == {"a\\xffc"}


@pytest.mark.parametrize("tags", [20, 1000, 9000])
def test_many_tags_in_random_order_are_told_apart(tags: int) -> None:
    order = np.random.default_rng(3).permutation(np.tile(np.arange(tags), 2 + 4000 // tags))
    found = found_in(file_of(_simple(f"layer{tag}/mean", tag, 1) for tag in order.tolist()))
    assert [(point.tag, number(point)) for point in found.points] == [(f"layer{tag}/mean", tag) for tag in order]


def test_any_number_of_layouts_of_one_length_are_read() -> None:
    contents = [f"{place:03}".encode() for place in range(70)]
    payloads = []
    for content in contents * 20:
        metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars", content=content))
        tensor = make_tensor_proto(np.float32(int(content)))
        payloads.append(event(Summary.Value(tag="t" + content.decode(), metadata=metadata, tensor=tensor)))
    for chunk_bytes in (10_000, 1 << 20):
        found = found_in(file_of(payloads), chunk_bytes=chunk_bytes)
        assert [(point.tag, number(point)) for point in found.points] == [
            ("t" + content.decode(), int(content)) for content in contents * 20
        ]
        assert [point.form.metadata for point in found.points] == [
            SummaryMetadata(
                plugin_data=SummaryMetadata.PluginData(plugin_name="scalars", content=content)
            ).SerializeToString()
            for content in contents * 20
        ]


def test_files_that_share_what_was_learnt_keep_their_own_tags() -> None:
    layouts = Layouts()
    one = found_in(file_of(_simple("one", place, 1) for place in range(20)), layouts=layouts)
    two = found_in(file_of(_simple("two", place, 1) for place in range(20)), layouts=layouts)
    assert (one.events.tags, two.events.tags) == (["one"], ["two"])
    assert {point.tag for point in two.points} == {"two"}


def test_a_growing_file_is_read_on_from_record_to_record(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    file = file_of(_simple("a", place, place) for place in range(30))
    events, steps = EventFile(path), []
    path.write_bytes(b"")
    for end in range(1, len(file) + 1, 11):
        path.write_bytes(file[:end])
        found = found_in(events)
        steps += [point.step for point in found.points]
        assert not found.faults
        assert events.offset + events.pending == end
    path.write_bytes(file)
    steps += [point.step for point in found_in(events).points]
    assert steps == list(range(30))
    assert not events.pending
    assert not found_in(events).points


def test_records_of_no_bytes_are_events_of_nothing() -> None:
    found = found_in(frame(b"") * 70_000)
    assert found.records == len(found.others) == 70_000
    assert {other.what for other in found.others} == {"unknown"}


def test_a_file_that_has_become_shorter_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(file_of([_simple("a", 1, 1)] * 3))
    events = EventFile(path)
    found_in(events)
    path.write_bytes(b"")
    assert not found_in(events).points
    assert events.pending == 0


def test_a_file_may_be_a_path_or_anything_that_can_be_sought_in(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(file_of([_simple("a", 1, 1)] * 30))
    found = found_in(path)
    assert found_in(BytesIO(path.read_bytes()).getvalue()).points == found.points
    assert found_in(EventFile(str(path))).points == found.points
