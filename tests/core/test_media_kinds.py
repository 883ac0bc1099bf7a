"""Audio, video, histograms, tables, text, HTML and meshes: what goes in comes out, and what does not fit is said."""

from __future__ import annotations

import io
import json
import math
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import epochal
from epochal import Audio, Figure, Histogram, Html, Image, Mesh, Table, Text, Video
from epochal.errors import BadValueError
from epochal.media import Media
from epochal.media.ply import decode_ply
from epochal.media.table_file import Column, decode_table, encode_table
from epochal.media.wav import wav_facts

SOUND = np.sin(np.linspace(0, 60, 800)).astype(np.float32)


def through_a_run(media: Media) -> Any:
    """Return it as a run gives it back."""
    with epochal.init("kinds") as run:
        run.log({"x": media})
    [entry] = epochal.get_run(run.id).media("x")
    return entry.items[0]


def encoded(media: Media) -> tuple[dict[str, Any], list[str]]:
    remarks: list[str] = []
    return media.encode(remarks.append), remarks


# Audio


def test_floats_become_16_bits_that_the_standard_library_reads() -> None:
    audio = through_a_run(Audio(SOUND, rate=8000, caption="a tone"))
    with wave.open(io.BytesIO(audio.bytes)) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 800)
    np.testing.assert_allclose(audio.array / 32767, SOUND, atol=1 / 32767)
    assert (audio.rate, audio.seconds, audio.caption) == (8000, 0.1, "a tone")


@pytest.mark.parametrize("shape", [(800, 2), (2, 800)])
def test_channels_are_the_shorter_axis(shape: tuple[int, int]) -> None:
    both = np.stack([SOUND, -SOUND])
    audio = through_a_run(Audio(both if shape == (2, 800) else both.T, rate=8000, float32=True))
    np.testing.assert_array_equal(audio.array, both.T)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.uint8])
def test_integers_keep_their_level(dtype: Any) -> None:
    facts = np.iinfo(dtype)
    loud = np.array([facts.min, facts.max], dtype)
    back = Audio(loud, rate=8000).array
    assert back.dtype == np.int16
    assert back[0] <= -32767
    assert back[1] >= 32500


def test_a_sound_that_is_too_loud_is_cut_off_and_said() -> None:
    fields, remarks = encoded(Audio(np.array([0.0, 2.0, np.nan, -1.0]), rate=4))
    assert len(remarks) == 1
    assert "2 of 4 samples" in remarks[0]
    assert fields["seconds"] == 1.0
    assert Audio(np.array([0.0, 2.0, np.nan, -1.0]), rate=4).array.tolist() == [0, 32767, 0, -32767]


@pytest.mark.parametrize(
    ("audio", "words"),
    [
        (Audio(SOUND), "rate=None"),
        (Audio(SOUND, rate=0), "rate=0"),
        (Audio(SOUND, rate="fast"), "rate='fast'"),  # type: ignore[arg-type]
        (Audio(np.zeros((40, 50)), rate=8000), "channels"),
        (Audio(np.zeros(0), rate=8000), "no sound"),
        (Audio(np.zeros((2, 2, 2)), rate=8000), "no sound"),
        (Audio(np.zeros(5, np.int64), rate=8000), "int64"),
        (Audio(b"\0\1\2", rate=8000), "no WAV"),
    ],
)
def test_what_is_no_sound_is_refused(audio: Audio, words: str) -> None:
    with pytest.raises(BadValueError, match=words):
        encoded(audio)


@pytest.mark.parametrize(
    ("head", "format"),
    [(b"fLaC", "flac"), (b"OggS", "ogg"), (b"ID3\4", "mp3"), (b"\xff\xfb\x90", "mp3"), (b"\0\0\0\x20ftypM4A ", "m4a")],
)
def test_files_of_other_formats_are_kept_as_they_are(head: bytes, format: str) -> None:
    data = head + bytes(100)
    audio = through_a_run(Audio(data))
    assert audio.bytes == data
    assert audio.fields["format"] == format
    with pytest.raises(BadValueError, match="WAV"):
        _ = audio.array


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_wav_or_none(rest: bytes) -> None:
    facts = wav_facts(b"RIFF\0\0\0\0WAVE" + rest)
    assert facts is None or facts.frames >= 0


# Video


@pytest.mark.parametrize("layout", ["THWC", "TCHW", "THW"])
def test_frames_become_an_animated_png_without_loss(layout: str) -> None:
    film = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 1 if layout == "THW" else 3), dtype=np.uint8)
    data = film[..., 0] if layout == "THW" else film.transpose(0, 3, 1, 2) if layout == "TCHW" else film
    video = through_a_run(Video(data, fps=24))
    np.testing.assert_array_equal(video.array, film)
    assert video.fps == 24
    assert (video.fields["frames"], video.fields["width"], video.fields["height"]) == (4, 5, 6)


@pytest.mark.parametrize(
    ("video", "words"),
    [
        (Video(np.zeros((0, 5, 5, 3))), "no pixels"),
        (Video(np.zeros((5, 5))), "time, height, width"),
        (Video(np.zeros((2, 5, 5, 7))), "frames of a video"),
        (Video(np.zeros((2, 5, 5, 3)), fps=0), "fps=0"),
        (Video(np.zeros((2, 5, 5, 3)), fps=math.nan), "fps=nan"),
        (Video(np.zeros((2, 5, 5, 3)), format="mp4"), "format='mp4'"),
        (Video(np.zeros((2, 5, 5, 3)), layout="HWC"), "THWC"),
        (Video(np.broadcast_to(np.uint8(0), (1 << 10, 1 << 10, 1 << 10))), "too large"),
        (Video(b"what"), "no MP4"),
    ],
)
def test_what_is_no_film_is_refused(video: Video, words: str) -> None:
    with pytest.raises(BadValueError, match=words):
        encoded(video)


@pytest.mark.parametrize(("head", "format"), [(b"\0\0\0\x18ftypisom", "mp4"), (b"\x1aE\xdf\xa3", "webm")])
def test_films_of_others_are_kept_as_they_are(head: bytes, format: str, tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(head + bytes(50))
    video = through_a_run(Video(tmp_path / "film"))
    assert video.bytes == head + bytes(50)
    assert video.path.suffix == f".{format}"
    with pytest.raises(BadValueError, match="frames"):
        _ = video.array


# Histogram


def test_data_is_counted_as_numpy_does() -> None:
    data = np.random.default_rng(0).normal(size=(40, 50))
    histogram = through_a_run(Histogram(data))
    counts, edges = np.histogram(data, 64)
    np.testing.assert_array_equal(histogram.counts, counts)
    np.testing.assert_allclose(histogram.edges, edges, rtol=0, atol=1e-12)
    assert histogram.path is None
    assert histogram.fields["count"] == 2000
    assert histogram.fields["mean"] == pytest.approx(data.mean())
    assert histogram.fields["std"] == pytest.approx(data.std())


@pytest.mark.parametrize(
    "data",
    [
        np.array([True, False, True]), np.arange(5, dtype=np.uint8), np.arange(-3, 3, dtype=np.int8),
        np.array([-(1 << 63), (1 << 63) - 1]), np.array([0, (1 << 64) - 1], np.uint64), np.float16([1, 65504]),
        np.arange(6, dtype=">f4"), np.arange(9)[::-2], np.array([1, 2.5, 3], object), [1, 2, 3], np.float32(4), 7,
        np.array([5.0, 5.0]), np.array([1e-320, 2e-320]), np.float32([1e-40, 2e-40]),
    ],
    ids=repr,
)  # fmt: skip
def test_numbers_of_any_kind_are_counted(data: Any) -> None:
    histogram = through_a_run(Histogram(data, bins=8))
    flat = np.asarray(data, np.float64)
    assert histogram.counts.sum() == flat.size
    assert len(histogram.edges) == len(histogram.counts) + 1
    assert (histogram.fields["min"], histogram.fields["max"]) == (flat.min(), flat.max())


def test_nan_and_infinities_are_counted_apart() -> None:
    histogram = through_a_run(Histogram([1.0, 2.0, math.nan, math.inf, math.inf, -math.inf]))
    assert histogram.fields["count"] == 6
    assert [histogram.fields[name] for name in ("nan", "above", "below")] == [1, 2, 1]
    assert histogram.counts.sum() == 2


@pytest.mark.parametrize("data", [[], np.zeros((0, 3)), [math.nan, math.nan]])
def test_nothing_is_an_empty_histogram(data: Any) -> None:
    histogram = through_a_run(Histogram(data))
    assert histogram.counts.tolist() == []
    assert histogram.fields["count"] == len(data)


@pytest.mark.parametrize(
    "data",
    [[1e20, 1e20], [1e20, 1e20 * (1 + 2.3e-16)], [-1e300] * 3, [sys.float_info.max] * 2, [-sys.float_info.max],
     np.full(4, 3e38, np.float32), [2.0**53, 2.0**53 + 2]],
)  # fmt: skip
def test_numbers_with_none_between_them_for_edges_are_one_bin(data: Any) -> None:
    histogram = through_a_run(Histogram(data))
    assert histogram.counts.tolist() == [len(data)]
    low, high = histogram.edges.tolist()
    assert low <= min(data) <= max(data) <= high
    assert low < high


def test_own_bins_are_kept_as_they_are() -> None:
    histogram = through_a_run(Histogram(counts=[1, 0, 2], edges=[0, 1, 10, 100]))
    assert histogram.counts.tolist() == [1, 0, 2]
    assert histogram.edges.tolist() == [0, 1, 10, 100]
    assert through_a_run(Histogram(counts=np.array([0.25, 0.75]), edges=[0, 1, 2])).counts.tolist() == [0.25, 0.75]


def test_given_edges_say_how_much_lies_outside() -> None:
    histogram = through_a_run(Histogram(np.arange(10), bins=[2, 4, 6]))
    assert histogram.counts.tolist() == [2, 3]
    assert histogram.fields["outside"] == 5


def test_many_bins_become_a_file() -> None:
    histogram = through_a_run(Histogram(np.arange(5000), bins=5000))
    assert histogram.counts.tolist() == [1] * 5000
    assert json.loads(histogram.path.read_bytes())["edges"] == [0.0, 4999.0]


@pytest.mark.parametrize(
    ("histogram", "words"),
    [
        (Histogram(), "counts= together with edges="),
        (Histogram(counts=[1, 2]), "edges="),
        (Histogram(counts=[1, 2], edges=[0, 1]), "one more edge"),
        (Histogram(counts=[1], edges=[1, 0]), "each greater"),
        (Histogram(counts=[1], edges=[0, math.inf]), "finite"),
        (Histogram(counts=[math.nan], edges=[0, 1]), "finite"),
        (Histogram([1], bins=0), "0"),
        (Histogram([1], bins=1 << 30), "bins"),
        (Histogram([1], bins=[3]), "at least two"),
        (Histogram([-1.7e308, 1.7e308]), "too far apart"),
        (Histogram(["a"]), "give numbers"),
        (Histogram("abc"), "str"),
        (Histogram(np.zeros(3, complex)), "complex"),
    ],
)
def test_what_is_no_histogram_is_refused(histogram: Histogram, words: str) -> None:
    with pytest.raises(BadValueError, match=words):
        encoded(histogram)


# Table


ROWS = [[1, "a", 0.5], [2, "ü", math.inf], [None, None, -math.inf]]


@pytest.mark.parametrize(
    "data",
    [
        Table(ROWS, columns=["n", "text", "x"]),
        Table({"n": [1, 2, None], "text": ("a", "ü", None), "x": np.array([0.5, math.inf, -math.inf])}),
        Table([dict(zip(["n", "text", "x"], row, strict=True)) for row in ROWS]),
        Table([{"x": 0.5, "text": "a", "n": 1}, {"n": 2, "text": "ü", "x": math.inf}, {"x": -math.inf}],
              columns=["n", "text", "x"]),
    ],
    ids=["rows", "columns", "mappings", "mappings in another order"],
)  # fmt: skip
def test_a_table_is_given_back_cell_by_cell(data: Table) -> None:
    table = through_a_run(data)
    assert table.columns == ["n", "text", "x"]
    assert table.rows == [tuple(row) for row in ROWS]
    assert table.column("text") == ["a", "ü", None]
    assert data.rows == table.rows
    with pytest.raises(BadValueError, match="'y'"):
        table.column("y")


def test_a_data_frame_is_a_table_and_so_is_a_bare_one() -> None:
    frame = pd.DataFrame(
        {
            "n": [1, 2], "x": [0.5, math.nan], "text": ["a", None], "when": pd.to_datetime(["2026-01-02", None]),
            "kind": pd.Categorical(["u", "v"]), "maybe": pd.array([1, None], dtype="Int64"),
        }
    )  # fmt: skip
    with epochal.init("kinds") as run:
        run.log({"x": frame, "y": frame.set_index("n")})
    table: Any = epochal.get_run(run.id).media("x")[0].items[0]
    assert table.columns == list(frame.columns)
    assert table.rows[0] == (1, 0.5, "a", "2026-01-02T00:00:00", "u", 1)
    assert table.rows[1][2:] == (None, None, "v", None)
    assert math.isnan(table.rows[1][1])
    assert epochal.get_run(run.id).media("y")[0].items[0].columns == list(frame.columns)  # type: ignore[attr-defined]


def test_two_columns_of_one_name_are_both_kept() -> None:
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"])
    assert through_a_run(Table(frame)).rows == [(1, 2), (3, 4)]


def test_cells_may_be_media() -> None:
    pixels = np.arange(25, dtype=np.uint8).reshape(5, 5)
    table = through_a_run(
        Table([[0, Image(pixels, caption="c")], [1, None], [2, Image(b"junk")]], columns=["n", "image"])
    )
    assert table.column("n") == [0, 1, 2]
    image = table.column("image")[0]
    assert isinstance(image, Image)
    np.testing.assert_array_equal(image.array, pixels)
    assert image.caption == "c"
    assert table.column("image")[1:] == [None, None]


def test_odd_cells_become_what_json_can_hold() -> None:
    odd = [{1, 2}, {"a": math.nan}, np.float32(0.5), np.arange(3), 1 << 80, True, "x", b"bytes", Path("p")]
    table = through_a_run(Table({"odd": odd}))
    assert table.column("odd") == [[1, 2], {"a": "NaN"}, 0.5, [0, 1, 2], 1 << 80, True, "x", "b'bytes'", "p"]


@pytest.mark.parametrize("data", [[], {}, {"a": []}, pd.DataFrame()])
def test_an_empty_table_is_one(data: Any) -> None:
    assert through_a_run(Table(data)).rows == []


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (Table([[1, 2], [3]]), "row 1"),
        (Table([[1, 2]], columns=["a"]), "1 columns"),
        (Table({"a": [1], "b": [1, 2]}), "different lengths"),
        (Table({"a": [1]}, columns=["z"]), "'z'"),
        (Table("text"), "str"),
        (Table(3), "int"),
    ],
)
def test_what_is_no_table_is_refused(table: Table, words: str) -> None:
    with pytest.raises(BadValueError, match=words):
        encoded(table)


CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats() | st.none(), min_size=3, max_size=3), max_size=4))
def test_the_file_of_a_table_gives_back_any_floats(columns: list[list[float | None]]) -> None:
    data, _ = encode_table([Column(str(at), "float", cells) for at, cells in enumerate(columns)], 3)
    assert repr([column.cells for column in decode_table(data)]) == repr(columns)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 60), st.integers(0, 255))
def test_a_damaged_file_of_a_table_is_an_error(at: int, byte: int) -> None:
    data = bytearray(encode_table([Column("a", "int", [1, 2])], 2)[0])
    data[at % len(data)] = byte
    try:
        decode_table(bytes(data))  # some bytes of a gzip header mean nothing
    except BadValueError:
        with pytest.raises(BadValueError):
            decode_table(bytes(data[:-1]))


# Text, HTML, meshes, figures


@pytest.mark.parametrize("text", ["", "short ✓", "x" * 100_000, "\ud800 alone"])
def test_text_is_kept_whole(text: str, tmp_path: Path) -> None:
    back = through_a_run(Text(text, caption="what it wrote"))
    assert back.text == text.encode("utf-8", "backslashreplace").decode()
    assert (back.path is None) == (len(text) < 4000)


def test_text_and_html_may_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes("<p>ü</p>\xff".encode("latin-1", "replace"))
    (tmp_path / "words").write_text("Wörter", encoding="utf-8")
    assert through_a_run(Text(tmp_path / "words")).text == "Wörter"
    assert through_a_run(Html(tmp_path / "page")).text.startswith("<p>")
    assert through_a_run(Html("<b>bold</b>")).bytes == b"<b>bold</b>"
    with pytest.raises(BadValueError, match="not a int"):
        encoded(Text(3))


def test_points_become_ply_with_values_or_colours() -> None:
    points = np.random.default_rng(0).random((20, 6)) * 200
    plain = through_a_run(Mesh(points[:, :3]))
    np.testing.assert_array_equal(plain.array, points[:, :3].astype(np.float32))
    assert plain.faces is None
    assert through_a_run(Mesh(points[:, :4])).array.shape == (20, 4)
    colored = through_a_run(Mesh(points)).array
    np.testing.assert_array_equal(colored[:, 3:], points[:, 3:].astype(np.uint8))


def test_a_surface_has_faces_and_colours() -> None:
    corners, faces = np.eye(3), np.array([[0, 1, 2]])
    mesh = through_a_run(Mesh(corners, faces=faces, colors=np.array([[1.0, 0, 0]] * 3)))
    np.testing.assert_array_equal(mesh.faces, faces)
    np.testing.assert_array_equal(mesh.array[:, 3:], [[255, 0, 0]] * 3)
    assert mesh.bytes.startswith(b"ply\nformat binary_little_endian 1.0\nelement vertex 3\n")
    for size in range(0, len(mesh.bytes) - 1, 7):
        with pytest.raises(BadValueError):
            decode_ply(mesh.bytes[:size])


def test_points_that_are_not_finite_are_said() -> None:
    mesh = Mesh(np.array([[0, 0, math.nan], [1, 1, 1]]))
    assert "1 of 2 points" in encoded(mesh)[1][0]
    assert mesh.array.tolist() == [[0, 0, 0], [1, 1, 1]]


@pytest.mark.parametrize(
    ("mesh", "words"),
    [
        (Mesh(np.zeros((5, 2))), "shape"),
        (Mesh(np.zeros((0, 3))), "shape"),
        (Mesh(np.zeros((3, 3)), faces=[[0, 1, 3]]), "there are 3"),
        (Mesh(np.zeros((3, 3)), faces=[[0.0, 1, 2]]), "integers"),
        (Mesh(np.zeros((3, 3)), colors=np.zeros((2, 3))), "colours of 3 points"),
        (Mesh(b"bytes"), "format="),
    ],
)
def test_what_is_no_mesh_is_refused(mesh: Mesh, words: str) -> None:
    with pytest.raises(BadValueError, match=words):
        encoded(mesh)


def test_meshes_of_others_are_kept_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "cube.OBJ").write_text("v 0 0 0\n")
    assert through_a_run(Mesh(tmp_path / "cube.OBJ")).path.suffix == ".obj"
    assert through_a_run(Mesh(b"glTF" + bytes(20))).fields["format"] == "glb"
    assert through_a_run(Mesh(b"solid\n", format="stl")).bytes == b"solid\n"


def test_what_is_no_figure_is_refused() -> None:
    with pytest.raises(BadValueError, match="no figure"):
        encoded(Figure(np.zeros((3, 3))))


def test_media_of_no_kind_cannot_be_logged() -> None:
    with pytest.raises(BadValueError, match="take Image"):
        encoded(Media(3))
