"""Whatever events are made of, they come back from an import as they were."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochal
from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # noqa: E402
from tensorboard.util.tensor_util import make_tensor_proto  # noqa: E402

from tests.integrations.tensorboard.event_messages import content, event_files, version, write_events  # noqa: E402

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
TAGS = st.sampled_from(["", "loss", "a/b", "é" * 40, "x y\n", "\x00"])
DTYPES = [
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
]


@st.composite
def values(draw: st.DrawFn) -> Any:
    """Return a Summary.Value of any kind: scalars most of all."""
    tag, plugin = draw(TAGS), draw(st.sampled_from([None, "scalars", "text", "mine"]))
    metadata = plugin and SummaryMetadata(
        plugin_data=SummaryMetadata.PluginData(plugin_name=plugin, content=draw(st.binary(max_size=4)))
    )
    value = Summary.Value(tag=tag, metadata=metadata)
    if draw(st.booleans()):
        bits = draw(st.integers(0, (1 << 32) - 1))
        return Summary.Value.FromString(value.SerializeToString() + b"\x15" + struct.pack("<I", bits))
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.sampled_from([(), (1,), (1, 1), (2,), (0,)]))
    count = int(np.prod(shape)) * dtype.itemsize
    data = (
        draw(st.binary(min_size=count, max_size=count))
        if dtype != np.bool_
        else bytes([draw(st.integers(0, 1))] * count)
    )
    value.tensor.CopyFrom(make_tensor_proto(np.frombuffer(data, dtype).reshape(shape)))
    return value


@st.composite
def events(draw: st.DrawFn) -> Any:
    event = Event(step=draw(INT64))
    event.wall_time = draw(st.floats() | st.floats(1.7e9, 1.8e9))
    kind = draw(st.sampled_from(["summary"] * 6 + ["session_log", "graph_def", "nothing"]))
    if kind == "summary":
        event.summary.CopyFrom(Summary(value=draw(st.lists(values(), max_size=4))))
    elif kind == "session_log":
        event.session_log.CopyFrom(SessionLog(status=draw(st.integers(0, 3))))
    elif kind == "graph_def":
        event.graph_def = draw(st.binary(max_size=20))
    return event


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(events(), min_size=1, max_size=12))
def test_what_is_imported_comes_back(made: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_events(Path(folder, "logs", "events.out.tfevents.1700000000.host"), [version(), *made])
        report = epochal.import_runs(path.parent, format="tensorboard", dir=Path(folder, "runs"))
        run = epochal.get_run(report.runs[0].id, dir=Path(folder, "runs"))
        done = epochal.export_runs(run, Path(folder, "out"), format="tensorboard")
        assert done.left_out == ()
        assert content(event_files(Path(folder, "out"))) == content([path])
