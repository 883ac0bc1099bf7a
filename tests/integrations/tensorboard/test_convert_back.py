"""What a run has recorded, as values of event files: TensorBoard and its plugins read them, and so does the way in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.needs import need

need("tensorboard")

from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer  # noqa: E402
from tensorboard.compat.proto.event_pb2 import Event  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: E402
from tensorboard.context import RequestContext  # noqa: E402
from tensorboard.plugins.audio import metadata as audio_plugin  # noqa: E402
from tensorboard.plugins.histogram import metadata as histogram_plugin  # noqa: E402
from tensorboard.plugins.image import metadata as image_plugin  # noqa: E402
from tensorboard.plugins.mesh import metadata as mesh_plugin  # noqa: E402
from tensorboard.plugins.text import metadata as text_plugin  # noqa: E402
from tensorboard.plugins.text.text_plugin import text_array_to_html  # noqa: E402
from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: E402
from tensorboard.util.tensor_util import make_ndarray  # noqa: E402

import epochal  # noqa: E402
from epochal import Audio, Figure, Histogram, Html, Image, Mesh, Table, Text, Video  # noqa: E402
from epochal.media import Box  # noqa: E402
from epochal_tensorboard._convert import views  # noqa: E402
from epochal_tensorboard._convert_back import values_of  # noqa: E402
from tests.integrations.tensorboard.event_values import others, picture, shown  # noqa: E402

PLUGINS = {each.PLUGIN_NAME: each for each in (audio_plugin, histogram_plugin, image_plugin, mesh_plugin, text_plugin)}
POINTS = np.random.default_rng(1).random((4, 3)).astype(np.float32)
FACES = [[0, 1, 2], [1, 2, 3]]


class Exported:
    """Media that a run has recorded, as values."""

    def __init__(self, media: dict[str, Any]) -> None:
        with epochal.init("native") as run:
            run.log(media, step=5)
        self.folder, recorded = Path(run.folder), epochal.get_run(run.id)
        self.items = {key: recorded.media(key)[0].items for key in recorded.media_keys}
        self.left_out: list[str] = []
        self.values: list[Any] = []
        taken: dict[str, str] = {}
        for key, items in self.items.items():
            made, said = values_of(key, [dict(item.fields) for item in items], self.read, taken)
            self.left_out += said
            self.values += [Summary.Value.FromString(each) for each in made]

    def read(self, file: Any) -> bytes:
        return Path(self.folder, file["path"]).read_bytes()

    def write(self, folder: Path) -> EventAccumulator:
        """Write the values as an event, and read them with TensorBoard's own reader and parsers of metadata."""
        writer = EventFileWriter(str(folder))
        for each in self.values:
            writer.add_event(Event(step=5, wall_time=9.0, summary=Summary(value=[each])))
        writer.close()
        accumulator = EventAccumulator(str(folder))
        accumulator.Reload()
        for tag in accumulator.Tags()["tensors"]:
            found = accumulator.SummaryMetadata(tag).plugin_data
            PLUGINS[found.plugin_name].parse_plugin_metadata(found.content)
        return accumulator


def tensors(accumulator: EventAccumulator) -> dict[str, np.ndarray]:
    return {tag: make_ndarray(accumulator.Tensors(tag)[0].tensor_proto) for tag in accumulator.Tags()["tensors"]}


def test_all_kinds_that_tensorboard_shows_are_read_by_its_own_reader(tmp_path: Path) -> None:
    exported = Exported({
        "image": [Image(picture(seed=0)), Image(picture(seed=1))],
        "sound": Audio(np.zeros(80, np.int16), rate=8000, caption="quiet"),
        "histogram": Histogram(np.arange(10.0), bins=5),
        "text": Text("**words**", markdown=True),
        "table": Table([{"a": 1, "b": "x|y"}, {"a": 2, "b": None}]),
        "mesh": Mesh(POINTS, faces=FACES),
        "film": Video(np.stack([picture(seed=seed) for seed in range(3)])),
    })  # fmt: skip
    assert exported.left_out == []
    found = tensors(exported.write(tmp_path))
    items = exported.items
    assert found["image"].tolist() == [b"5", b"6", items["image"][0].bytes, items["image"][1].bytes]
    assert found["sound"].tolist() == [[items["sound"][0].bytes, b"quiet"]]
    np.testing.assert_array_equal(found["histogram"][:, 2], [2, 2, 2, 2, 2])
    np.testing.assert_allclose(
        found["histogram"][:, :2], np.column_stack([np.linspace(0, 7.2, 5), np.linspace(1.8, 9, 5)])
    )
    assert found["text"].item() == b"**words**"
    assert found["table"].item().decode().splitlines() == ["| a | b |", "| --- | --- |", "| 1 | x\\|y |", "| 2 |  |"]
    np.testing.assert_array_equal(found["mesh_VERTEX"], POINTS[None])
    np.testing.assert_array_equal(found["mesh_FACE"], [FACES])
    assert found["film"].tolist() == [b"5", b"6", items["film"][0].bytes]


def test_tensorboards_data_provider_gives_the_blobs_to_its_pages(tmp_path: Path) -> None:
    exported = Exported({"image": Image(picture()), "sound": Audio(np.zeros(80, np.int16), rate=8000)})
    exported.write(tmp_path / "run")
    multiplexer = EventMultiplexer().AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    provider, context = MultiplexerDataProvider(multiplexer, str(tmp_path)), RequestContext()
    for plugin, key, at in (("images", "image", 2), ("audio", "sound", 0)):
        found = provider.read_blob_sequences(context, experiment_id="x", plugin_name=plugin, downsample=10)
        blob = found["run"][key][0].values[at].blob_key
        assert provider.read_blob(context, blob_key=blob) == exported.items[key][0].bytes


def test_a_table_is_shown_as_one(tmp_path: Path) -> None:
    table = Table({"name": ["a|b", "two\nlines", None], "value": [1.5, float("nan"), 2]})
    html = text_array_to_html(tensors(Exported({"t": table}).write(tmp_path))["t"], enable_markdown=True)
    assert "<th>name</th>" in html
    assert "<td>a|b</td>" in html
    assert "<td>two<br>lines</td>" in html
    assert html.count("<tr>") == 4


@pytest.mark.parametrize(
    "media",
    [
        Image(picture()),
        Audio(np.arange(80, dtype=np.int16), rate=8000, caption="words"),
        Video(np.stack([picture(seed=seed) for seed in range(3)])),
        Histogram(np.random.default_rng(0).normal(size=100)),
        Histogram(np.random.default_rng(0).random(60_000), bins=600),
        Histogram(np.random.default_rng(0).normal(size=100), bins=[-9, 0, 1, 9]),
        Histogram([]),
        Text("words", markdown=True),
        Text("word " * 2000, markdown=True),
        Mesh(POINTS),
        Mesh(POINTS, faces=FACES, colors=np.full((4, 3), 200, np.uint8)),
    ],
    ids=lambda media: media.kind,
)
def test_what_was_exported_is_imported_as_it_was(media: Any) -> None:
    exported = Exported({"a": media})
    assert exported.left_out == []
    [before], [after] = exported.items["a"], shown(others(exported.values))["a"]
    assert after.kind == before.kind
    assert after.caption == before.caption
    if media.kind == "histogram":
        np.testing.assert_array_equal(after.counts, before.counts)
        np.testing.assert_array_equal(after.edges, before.edges)
    else:
        assert after.bytes == before.bytes


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(edges=st.lists(finite, min_size=2, max_size=9, unique=True).map(sorted), data=st.data())
def test_bins_of_any_width_and_count_are_imported_as_they_were(edges: list[float], data: st.DataObject) -> None:
    least, most = (len(edges) - 1,) * 2
    counts = data.draw(st.lists(st.integers(0, 1 << 53), min_size=least, max_size=most) | st.lists(
        st.floats(0, 1e9), min_size=least, max_size=most
    ))  # fmt: skip
    item = Histogram(counts=counts, edges=edges).describe(lambda _: None)
    after = back(item)
    assert after["edges"] == item["edges"]
    assert after["counts"] == item["counts"]


@given(texts=st.lists(st.text(alphabet=st.characters(codec="utf-8")), min_size=1, max_size=4))
def test_texts_of_any_letters_are_imported_as_they_were(texts: list[str]) -> None:
    found = values_of("a", [Text(text, markdown=True).describe(lambda _: None) for text in texts], lambda _: b"")[0]
    [view] = views(others(map(Summary.Value.FromString, found)))[0]
    assert [media.describe(lambda _: None)["text"] for media in view.items] == texts


def back(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item that was made a value, and that an item again."""
    [value], left_out = values_of("a", [item], lambda _: b"")
    assert left_out == []
    [view], problems = views(others([Summary.Value.FromString(value)]))
    assert problems == []
    return view.items[0].describe(lambda _: None)


def test_several_of_a_kind_that_stands_alone_get_numbers() -> None:
    exported = Exported({"h": [Histogram([1.0]), Histogram([2.0])], "m": [Mesh(POINTS), Mesh(POINTS + 1)]})
    assert [each.tag for each in exported.values] == ["h", "h/1", "m_VERTEX", "m/1_VERTEX"]


def test_kinds_that_share_a_name_get_tags_of_their_own_at_all_steps() -> None:
    exported = Exported({"both": [Image(picture()), Text("words"), Image(picture(seed=1))]})
    assert [(each.tag, len(each.tensor.string_val)) for each in exported.values] == [("both", 4), ("both/text", 1)]
    taken = {"loss": "scalars"}
    item = {"kind": "text", "format": "plain", "text": "words"}
    [value], _ = values_of("loss", [item], lambda _: b"", taken)
    assert Summary.Value.FromString(value).tag == "loss/text"
    assert taken == {"loss": "scalars", "loss/text": "text"}
    bins = {"kind": "histogram", "count": 1, "edges": [0.0, 1.0], "counts": [1]}
    values, _ = values_of("h", [bins, bins], lambda _: b"", {"h/1": "scalars"})
    assert [Summary.Value.FromString(each).tag for each in values] == ["h", "h/1/histograms"]


def test_what_tensorboard_cannot_show_is_told() -> None:
    cells = Table({"picture": [Image(picture())], "name": ["a"]})
    exported = Exported({
        "html": Html("<b>bold</b>"),
        "image": Image(picture(), caption="words", boxes=[Box(0, 0, 2, 2)]),
        "histogram": Histogram([1.0, np.nan]),
        "mesh": Mesh(np.ones((4, 4))),
        "table": cells,
        "film": Video(b"\x1aE\xdf\xa3 webm"),
        "long": Table({"n": list(range(1500))}),
    })  # fmt: skip
    assert sorted(exported.left_out) == [
        "'film': a video is left out: TensorBoard shows none of the format 'webm'",
        "'histogram': of a histogram, NaN, infinities and what lies outside its bins are left out",
        "'html': TensorBoard has nothing to show media of the kind 'html' with",
        "'image': boxes of a TensorBoard image have no place: they are left out",
        "'image': captions of a TensorBoard image have no place: they are left out",
        "'long': of a table with 1,500 rows the first 1,000 are shown",
        "'mesh': values at the points of a mesh are left out",
        "'table': pictures and other media in a table's cells are left out",
    ]
    assert {each.tag for each in exported.values} == {"histogram", "image", "long", "mesh_VERTEX", "table"}


def test_a_plot_is_an_image(tmp_path: Path) -> None:
    figure = need("matplotlib.figure").Figure(figsize=(1, 1), dpi=40)
    exported = Exported({"plot": Figure(figure), "drawn": Figure(figure, format="svg")})
    [plot] = exported.items["plot"]
    assert tensors(exported.write(tmp_path))["plot"].tolist() == [b"40", b"40", plot.bytes]
    assert exported.left_out == ["'drawn': a figure is left out: TensorBoard shows none of the format 'svg'"]
