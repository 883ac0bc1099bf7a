"""What real writers write is read equal: TensorBoard's messages of every shape, and tensorboardX's files."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.needs import need

need("tensorboard")

from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader  # noqa: E402
from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # noqa: E402
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # noqa: E402
from tensorboard.util.tensor_util import make_ndarray  # noqa: E402

import epochal_tensorboard  # noqa: E402
from epochal_tensorboard._dtypes import DTYPES, cells_of, stored_of  # noqa: E402

from .framed import file_of, found_in, number  # noqa: E402

_METADATA = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars", content=b"x"))
_FLOAT32 = st.floats(width=32)
_INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
_TAGS = st.one_of(st.sampled_from(["loss", "acc", "lr/group0", ""]), st.text(max_size=12))


@st.composite
def _values(draw: Any) -> Any:
    tag = draw(_TAGS)
    kind = draw(st.sampled_from(["simple", "float", "double", "half", "int64", "uint8", "bool", "image", "histogram"]))
    if kind == "simple":
        return Summary.Value(tag=tag, simple_value=draw(_FLOAT32))
    if kind == "image":
        return Summary.Value(tag=tag, image=Summary.Image(encoded_image_string=draw(st.binary(max_size=40))))
    if kind == "histogram":
        value = Summary.Value(tag=tag)
        value.histo.num = draw(st.floats())
        return value
    tensor = _tensor(draw, kind)
    return Summary.Value(tag=tag, metadata=_METADATA, tensor=tensor)


def _tensor(draw: Any, kind: str) -> Any:
    content = draw(st.booleans())
    dtype, held, field = {
        "float": (np.float32, _FLOAT32, "float_val"), "double": (np.float64, st.floats(), "double_val"),
        "half": (np.float16, st.floats(width=16), "half_val"), "int64": (np.int64, _INT64, "int64_val"),
        "uint8": (np.uint8, st.integers(0, 255), "int_val"), "bool": (np.bool_, st.booleans(), "bool_val"),
    }[kind]  # fmt: skip
    number = {"float": 1, "double": 2, "half": 19, "int64": 9, "uint8": 4, "bool": 10}[kind]
    value = dtype(draw(held))
    if content:
        tensor = TensorProto(dtype=number, tensor_content=value.tobytes())
    else:
        tensor = TensorProto(dtype=number)
        listed = int(value.view(np.uint16)) if kind == "half" else value.item()
        getattr(tensor, field).append(listed)
    if draw(st.booleans()):
        tensor.tensor_shape.SetInParent()
    return tensor


@st.composite
def _events(draw: Any) -> Any:
    event = Event(wall_time=draw(st.floats()), step=draw(st.one_of(st.integers(0, 300), _INT64)))
    kind = draw(st.sampled_from(["summary"] * 8 + ["version", "graph", "session", "nothing"]))
    if kind == "summary":
        event.summary.value.extend(draw(st.lists(_values(), min_size=1, max_size=4)))
    elif kind == "version":
        event.file_version = draw(st.text(max_size=20))
    elif kind == "graph":
        event.graph_def = draw(st.binary(min_size=1, max_size=50))
    elif kind == "session":
        event.session_log.CopyFrom(SessionLog(status=draw(st.integers(0, 3))))
    return event


@settings(max_examples=80, deadline=None)
@given(st.lists(_events(), max_size=12), st.integers(1, 12), st.sampled_from([200, 1 << 20]))
def test_what_tensorboards_messages_hold_is_read_equal(events: list[Any], repeats: int, chunk_bytes: int) -> None:
    events = events * repeats  # so often that columns are read together
    found = found_in(file_of(event.SerializeToString() for event in events), chunk_bytes=chunk_bytes)
    assert not found.faults
    assert found.records == len(events)
    points, others = iter(found.points), iter(found.others)
    for event in events:
        parts: list[Any] = list(event.summary.value) or [None]
        for at, value in enumerate(parts):
            if value is not None and (value.HasField("simple_value") or value.HasField("tensor")):
                _is(next(points), event, value)
                continue
            other = next(others)
            assert (other.at, other.step, _bits(other.time)) == (at, event.step, _bits(event.wall_time))
            if value is not None:
                assert (other.what, other.tag, other.data) == ("value", value.tag, value.SerializeToString())
    assert next(points, None) is None
    assert next(others, None) is None


def _is(point: Any, event: Any, value: Any) -> None:
    assert (point.tag, point.step, point.time) == (value.tag, event.step, _bits(event.wall_time))
    form = point.form
    if value.HasField("simple_value"):
        assert (form.tensor, form.dtype, form.metadata) == (False, 1, None)
        held = np.float32(value.simple_value)
    else:
        assert (form.tensor, form.dtype) == (True, value.tensor.dtype)
        assert form.metadata == _METADATA.SerializeToString()
        assert (form.shape == ()) == value.tensor.HasField("tensor_shape")
        assert form.content == bool(value.tensor.tensor_content)
        tensor = TensorProto.FromString(value.tensor.SerializeToString())
        tensor.tensor_shape.SetInParent()
        held = make_ndarray(tensor)[()]
    assert number(point) == held.item() or np.isnan(held)
    stored = stored_of(np.array([point.cell]), form.dtype)
    if not np.isnan(held):  # what Python made of a signalling one is not what was written
        assert stored.tobytes() == held.tobytes()


def _bits(value: float) -> bytes:
    return struct.pack("<d", value)


@pytest.mark.parametrize("dtype", [1, 2, 14, 19])
def test_a_cell_gives_back_the_bits_of_every_float(dtype: int) -> None:
    size = DTYPES[dtype].size
    bits = np.arange(1 << 16, dtype=np.uint64) << np.uint64(8 * size - 16)
    bits = np.concatenate([bits, bits | np.uint64(1), bits | np.uint64(5)])
    stored = bits.astype(f"<u{size}").view(DTYPES[dtype].stored)
    assert np.array_equal(stored_of(cells_of(stored, dtype), dtype).view(f"<u{size}"), stored.view(f"<u{size}"))


def test_what_tensorboardx_writes_is_read_as_tensorboards_loader_reads_it(tmp_path: Path) -> None:
    writer = need("tensorboardX").SummaryWriter(str(tmp_path))
    for step in range(300):
        writer.add_scalar("loss", 1 / (step + 1), step, walltime=1e9 + step)
        writer.add_scalars("pair", {"a": step, "b": -step}, step)
    writer.add_text("notes", "**bold**", 3)
    writer.add_histogram("weights", np.arange(100.0), 4)
    writer.add_image("image", np.zeros((3, 8, 8), np.uint8), 5)
    writer.add_hparams({"lr": 0.1}, {"best": 1.0}, name="trial")
    writer.close()
    files = sorted(tmp_path.rglob("*tfevents*"))
    assert len(files) == 4
    for path in files:
        wanted = [Event.FromString(raw) for raw in RawEventFileLoader(str(path)).Load()]
        found = found_in(path)
        assert found.records == len(wanted)
        values = [(event, value) for event in wanted for value in event.summary.value]
        scalars = [
            (value.tag, event.step, _bits(event.wall_time), value.simple_value or _of_tensor(value))
            for event, value in values
            if value.HasField("simple_value") or value.metadata.plugin_data.plugin_name == "scalars"
        ]
        assert [(point.tag, point.step, point.time, number(point)) for point in found.points] == scalars
        assert len(found.others) == len(values) - len(scalars) + sum(not event.summary.value for event in wanted)


def _of_tensor(value: Any) -> float:
    return float(make_ndarray(value.tensor).item()) if value.HasField("tensor") else 0.0


def test_read_gives_everything_in_the_files_order(tmp_path: Path) -> None:
    image = Summary.Value(tag="i", image=Summary.Image(height=3))
    one, two = Summary.Value(tag="a", simple_value=1), Summary.Value(tag="b", simple_value=float("nan"))
    tensor = TensorProto(dtype=9, int64_val=[(1 << 53) + 1])
    exact = Summary.Value(tag="n", metadata=_METADATA, tensor=tensor)
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(
        file_of(
            event.SerializeToString()
            for event in (
                Event(wall_time=1, file_version="brain.Event:2"),
                Event(step=1, summary=Summary(value=[one, image, two])),
                Event(step=2, summary=Summary(value=[exact])), Event(graph_def=b""),
            )
        )
    )  # fmt: skip
    events = list(epochal_tensorboard.read(path))
    assert [(event.what, event.tag, event.dtype) for event in events] == [
        ("file_version", "", None), ("scalar", "a", "float32"), ("value", "i", None), ("scalar", "b", "float32"),
        ("scalar", "n", "int64"), ("graph_def", "", None),
    ]  # fmt: skip
    assert events[0].value == "brain.Event:2"
    assert events[2].message() == image
    assert events[4].value == (1 << 53) + 1
    with pytest.raises(epochal_errors().BadValueError, match="no message"):
        events[1].message()


def epochal_errors() -> Any:
    from epochal import errors

    return errors


def test_read_scalars_gives_points_as_they_stand_over_all_files_of_a_folder(tmp_path: Path) -> None:
    def points(steps: list[int], of: float) -> bytes:
        values = [Summary(value=[Summary.Value(tag="a", simple_value=of + step)]) for step in steps]
        return file_of(
            Event(step=step, wall_time=of, summary=value).SerializeToString()
            for step, value in zip(steps, values, strict=True)
        )

    (tmp_path / "events.out.tfevents.10.host").write_bytes(points([5, 1, 1], 100))
    (tmp_path / "events.out.tfevents.9.host").write_bytes(points([7, 8], 0))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "events.out.tfevents.9.host").write_bytes(points([3], 0))
    [(name, history)] = epochal_tensorboard.read_scalars(tmp_path).items()
    assert (name, history.name) == ("a", "a")
    assert history.steps.tolist() == [7, 8, 5, 1, 1]
    assert history.values.tolist() == [7, 8, 105, 101, 101]
    assert history.times.tolist() == [0, 0, 100, 100, 100]
    assert epochal_tensorboard.read_scalars(tmp_path / "sub")["a"].steps.tolist() == [3]


def test_read_scalars_keeps_ints_and_bools_as_such(tmp_path: Path) -> None:
    def of(tag: str, tensor: Any) -> bytes:
        value = Summary.Value(tag=tag, metadata=_METADATA, tensor=tensor)
        return bytes(Event(summary=Summary(value=[value])).SerializeToString())

    path = tmp_path / "events.out.tfevents.1"
    big = TensorProto(dtype=9, int64_val=[(1 << 53) + 1])
    path.write_bytes(file_of([of("n", big), of("t", TensorProto(dtype=10, bool_val=[True])), of("m", big)]))
    found = epochal_tensorboard.read_scalars(path)
    assert found["n"].values.tolist() == [(1 << 53) + 1]
    assert found["t"].values.tolist() == [True]


def test_damage_warns_once_and_is_passed_by(tmp_path: Path) -> None:
    one = bytes(Event(summary=Summary(value=[Summary.Value(tag="a", simple_value=1)])).SerializeToString())
    data = bytearray(file_of([one] * 10))
    data[len(data) // 10 * 2 + 15] ^= 1
    data[len(data) // 10 * 6 + 15] ^= 1
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(data)
    with pytest.warns(
        epochal_tensorboard.DamageWarning, match=f"is damaged at {len(data) // 10 * 2}: .* 28 bytes"
    ) as told:
        assert len(epochal_tensorboard.read_scalars(path)["a"]) == 8
    assert len(told) == 1
    assert told[0].filename == __file__
    with pytest.warns(epochal_tensorboard.DamageWarning):
        assert len(list(epochal_tensorboard.read(path))) == 8


def test_urls_are_read_where_fsspec_is(tmp_path: Path) -> None:
    need("fsspec")
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(
        file_of([Event(summary=Summary(value=[Summary.Value(tag="a", simple_value=1)])).SerializeToString()])
    )
    for url in (path.as_uri(), tmp_path.as_uri()):
        assert len(epochal_tensorboard.read_scalars(url)["a"]) == 1
    with pytest.raises(epochal_errors().BadValueError, match="nowhere"):
        epochal_tensorboard.read_scalars("nowhere://x")


def test_what_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        epochal_tensorboard.read_scalars(tmp_path / "absent")
