"""Whatever stands in a value, the converter gives media that can be recorded, or a sentence; it never raises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary  # noqa: E402
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # noqa: E402
from tensorboard.plugins.mesh.plugin_data_pb2 import MeshPluginData  # noqa: E402

from epochal.media.item import Piece  # noqa: E402
from epochal.media.png import encode_png  # noqa: E402
from epochal_tensorboard._chunks import Other  # noqa: E402
from epochal_tensorboard._convert import views  # noqa: E402
from epochal_tensorboard._convert_back import values_of  # noqa: E402
from epochal_tensorboard._skeleton import cut, whole  # noqa: E402
from tests.integrations.tensorboard.event_values import picture, value  # noqa: E402

PLUGINS = ["images", "audio", "histograms", "text", "pr_curves", "mesh", "", "own"]
SOUND = [
    value("a", "images", [b"5", b"6", encode_png(picture())]),
    value("a", "audio", [[b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", b"label"]]),
    value("a", "histograms", [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]]),
    value("a", "text", [["a", "b"]]),
    value("a", "pr_curves", np.zeros((6, 3), np.float32)),
    value("a_VERTEX", "mesh", np.zeros((1, 3, 3), np.float32), MeshPluginData(content_type=1).SerializeToString()),
    Summary.Value(tag="a", histo=HistogramProto(min=0, max=1, num=2, bucket_limit=[0.5, 1], bucket=[1, 1])),
]  # fmt: skip


def other(data: bytes, plugin: str) -> Other:
    return Other(0, 0, 1, 2.0, "value", "a", plugin, data)


def check(*values: Other) -> None:
    made, problems = views(list(values))
    pieces: list[bytes] = []
    for view in made:
        assert view.items
        for media in view.items:
            fields = media.describe(lambda _: None)
            pieces += [
                part.data for part in fields.values() if isinstance(part, Piece) and isinstance(part.data, bytes)
            ]
    for each in values:
        rest, cuts = cut(each.data, pieces)
        assert whole(rest, cuts, pieces.__getitem__) == each.data
    assert all(isinstance(sentence, str) and sentence for sentence in problems)


@given(data=st.binary(max_size=200), plugin=st.sampled_from(PLUGINS))
def test_any_bytes(data: bytes, plugin: str) -> None:
    check(other(data, plugin))


@settings(max_examples=300)
@given(
    which=st.integers(0, len(SOUND) - 1),
    plugin=st.sampled_from([*PLUGINS, None]),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3),
    end=st.integers(0, 10_000),
)
def test_sound_values_with_changed_bytes_and_cut_short(
    which: int, plugin: str | None, changes: list[tuple[int, int]], end: int
) -> None:
    sound = SOUND[which]
    data = bytearray(sound.SerializeToString())
    for at, byte in changes:
        data[at % len(data)] = byte
    if end % 3 == 0:
        del data[end % len(data) :]
    check(other(bytes(data), sound.metadata.plugin_data.plugin_name if plugin is None else plugin))


numbers = st.floats() | st.sampled_from([0.0, -0.0, 1.0, 1e308, -1.7976931348623157e308, 5e-324])


@given(rows=st.lists(st.tuples(numbers, numbers, numbers), max_size=6), bounds=st.tuples(numbers, numbers))
def test_histograms_of_any_numbers(rows: list[tuple[float, float, float]], bounds: tuple[float, float]) -> None:
    new = value("a", "histograms", np.array(rows, np.float64).reshape(-1, 3))
    old = Summary.Value(tag="a")
    old.histo.min, old.histo.max, old.histo.num, old.histo.sum_squares = *bounds, len(rows), bounds[0]
    old.histo.bucket_limit.extend(row[0] for row in rows)
    old.histo.bucket.extend(row[1] for row in rows[: len(rows) - (bounds[0] == 1.0)])
    check(other(new.SerializeToString(), "histograms"), other(old.SerializeToString(), ""))


@given(
    dtype=st.integers(0, 30),
    shape=st.lists(st.sampled_from([-1, 0, 1, 2, 3, 6, 1 << 20, 1 << 62]), max_size=4),
    content=st.binary(max_size=40),
    strings=st.lists(st.binary(max_size=5), max_size=4),
    floats=st.lists(st.floats(width=32), max_size=4),
    plugin=st.sampled_from(PLUGINS),
)
def test_tensors_whose_shape_type_and_content_do_not_belong_together(
    dtype: int, shape: list[int], content: bytes, strings: list[bytes], floats: list[float], plugin: str
) -> None:
    tensor = TensorProto(tensor_content=content, string_val=strings, float_val=floats)
    tensor.dtype = dtype
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    check(other(Summary.Value(tag="a_VERTEX", tensor=tensor).SerializeToString(), plugin))


@pytest.mark.parametrize("plugin", ["images", "audio", "text"])
def test_a_tensor_that_claims_to_be_huge_is_not_made(plugin: str) -> None:
    tensor = TensorProto(dtype=7, string_val=[b"all of them"])
    tensor.tensor_shape.dim.add(size=1 << 40)
    made, [sentence] = views([other(Summary.Value(tag="a", tensor=tensor).SerializeToString(), plugin)])
    assert made == []
    assert "holds 1 strings" in sentence


junk: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
kinds = st.sampled_from(["image", "audio", "video", "histogram", "table", "text", "html", "figure", "mesh", "new"])
items = st.fixed_dictionaries(
    {"kind": kinds},
    optional={
        "file": junk | st.just({"path": "p", "sha256": "s", "bytes": 1}),
        "format": st.sampled_from(["png", "wav", "ply", "gif", "plain"]) | junk,
        "edges": st.lists(st.floats(), max_size=4) | junk,
        "counts": st.lists(st.integers(), max_size=4) | junk,
        "text": junk, "caption": junk, "boxes": junk, "nan": junk,
    },
)  # fmt: skip


@settings(max_examples=300)
@given(name=st.text(max_size=10), found=st.lists(items | junk, max_size=3), data=st.binary(max_size=30))
def test_any_record_of_media_gives_values_or_sentences(name: str, found: list[Any], data: bytes) -> None:
    values, left_out = values_of(name, found, lambda file: data)
    for each in values:
        assert Summary.Value.FromString(each).tag.startswith(name.encode("utf-8", "backslashreplace").decode())
    assert all(isinstance(sentence, str) for sentence in left_out)
    assert bool(found) == bool(values or left_out)


def test_a_file_that_is_gone_costs_its_item_and_a_sentence() -> None:
    def gone(file: Any) -> bytes:
        raise OSError("it is gone")

    file = {"path": "files/media/image/x.png", "sha256": "x", "bytes": 3}
    item = {"kind": "image", "format": "png", "file": file}
    assert values_of("a", [item], gone) == ([], ["'a': an image is left out: it is gone"])


def test_a_name_that_no_message_can_hold_is_written_out() -> None:
    [made], left_out = values_of("a\ud800", [{"kind": "text", "format": "plain", "text": "words\ud800"}], lambda _: b"")
    assert left_out == []
    parsed = Summary.Value.FromString(made)
    assert (parsed.tag, parsed.tensor.string_val[0]) == ("a\\ud800", b"words\\ud800")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_no_bytes_at_all(plugin: str) -> None:
    check(other(b"", plugin))
