"""What values of event files are shown as: the media of a recorded run, whoever wrote the values and in which era."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: E402
from tensorboard.plugins.histogram.summary_v2 import histogram_pb  # noqa: E402
from tensorboard.plugins.text.summary_v2 import text_pb  # noqa: E402

from epochal.media.png import encode_png  # noqa: E402
from epochal.media.wav import encode_wav  # noqa: E402
from epochal_tensorboard._convert import views  # noqa: E402
from epochal_tensorboard._skeleton import cut, whole  # noqa: E402
from tests.integrations.tensorboard.event_values import events, others, picture, shown, value  # noqa: E402


def wav(seed: int = 0) -> bytes:
    return encode_wav(np.random.default_rng(seed).integers(-9000, 9000, (80, 1)).astype(np.int16), 8000)


def gif(frames: int) -> bytes:
    pillow = need("PIL.Image")
    pictures = [pillow.fromarray(picture(seed=seed)) for seed in range(frames)]
    made = io.BytesIO()
    pictures[0].save(made, "GIF", save_all=True, append_images=pictures[1:], duration=100)
    return made.getvalue()


# Images


def test_images_of_tensorflow_1_and_2_are_images_with_their_own_bytes() -> None:
    files = [encode_png(picture(seed=seed)) for seed in range(3)]
    old = Summary.Value(tag="old/image/0", image=Summary.Image(width=5, height=6, encoded_image_string=files[0]))
    new = value("new", "images", [b"5", b"6", *files[1:]])
    found = shown(others([old, new]))
    assert [item.bytes for item in found["old/image/0"]] == files[:1]
    assert [item.bytes for item in found["new"]] == files[1:]
    assert [(item.kind, item.width, item.height) for item in found["new"]] == [("image", 5, 6)] * 2
    np.testing.assert_array_equal(found["new"][0].array, picture(seed=1))


def test_a_value_of_no_images_shows_nothing_and_is_no_problem() -> None:
    assert views(others([value("none", "images", [b"5", b"6"])])) == ([], [])


@pytest.mark.parametrize(("frames", "kind"), [(1, "image"), (3, "video")])
def test_a_gif_that_moves_is_a_film(frames: int, kind: str) -> None:
    data = gif(frames)
    [item] = shown(others([value("g", "images", [b"5", b"6", data])]))["g"]
    assert (item.kind, item.bytes) == (kind, data)


def test_several_values_of_one_tag_in_an_event_are_shown_together() -> None:
    files = [encode_png(picture(seed=seed)) for seed in range(2)]
    found = shown(others([value("a", "images", [b"5", b"6", file]) for file in files]))
    assert [item.bytes for item in found["a"]] == files


# Sound


def test_sounds_keep_their_bytes_and_labels() -> None:
    old = Summary.Value(tag="old", audio=Summary.Audio(encoded_audio_string=wav(), content_type="audio/wav"))
    new = value("new", "audio", [[wav(1), b"first *one*"], [wav(2), b""]])
    bare = value("bare", "audio", [wav(3)])
    found = shown(others([old, new, bare]))
    assert [item.bytes for item in found["old"]] == [wav()]
    assert [(item.bytes, item.caption, item.rate) for item in found["new"]] == [
        (wav(1), "first *one*", 8000), (wav(2), None, 8000)
    ]  # fmt: skip
    assert [item.bytes for item in found["bare"]] == [wav(3)]


# Histograms


def test_an_old_histogram_keeps_its_counts_and_what_it_knows_of_the_values(tmp_path: Path) -> None:
    tensorboardx = need("tensorboardX")
    numbers = np.random.default_rng(0).normal(size=1000)
    with tensorboardx.SummaryWriter(str(tmp_path)) as writer:
        writer.add_histogram("h", numbers, 0, bins="tensorflow")
        writer.add_histogram("own", numbers, 0, bins=np.array([-9.0, 0, 9]))
    found = shown(*events(tmp_path))
    [histogram] = found["h"]
    fields = histogram.fields
    assert fields["count"] == histogram.counts.sum() == 1000
    assert [fields[name] for name in ("min", "max", "mean", "std")] == pytest.approx(
        [numbers.min(), numbers.max(), numbers.mean(), numbers.std()]
    )
    expected, _ = np.histogram(numbers, histogram.edges)
    np.testing.assert_array_equal(histogram.counts, expected)
    assert found["own"][0].counts.tolist() == np.histogram(numbers, [-9, 0, 9])[0].tolist()


def test_limits_of_the_greatest_float_give_way_to_the_values_own() -> None:
    huge = np.finfo(float).max
    old = Summary.Value(tag="h")
    old.histo.min, old.histo.max, old.histo.num, old.histo.sum, old.histo.sum_squares = -1, 3, 4, 2, 12
    old.histo.bucket_limit.extend([-5, 0, 1, huge])
    old.histo.bucket.extend([0, 2, 1, 1])
    [histogram] = shown(others([old]))["h"]
    assert histogram.edges.tolist() == [-1, 0, 1, 3]
    assert histogram.counts.tolist() == [2, 1, 1]


def test_histograms_of_tensorflow_2_keep_bins_and_counts() -> None:
    numbers = np.random.default_rng(0).normal(size=500)
    made = [histogram_pb("h", numbers, buckets=12), histogram_pb("nothing", []), histogram_pb("same", [3.0] * 7)]
    found = shown(others(summary.value[0] for summary in made))
    [histogram] = found["h"]
    np.testing.assert_allclose(histogram.edges, np.linspace(numbers.min(), numbers.max(), 13))
    assert histogram.fields["count"] == histogram.counts.sum() == 500
    assert histogram.counts.dtype.kind == "i"
    assert found["nothing"][0].fields["count"] == 0
    assert found["same"][0].counts.tolist() == [7]
    assert found["same"][0].edges.tolist() == [2.5, 3.5]


def test_bins_with_gaps_overlaps_or_no_width_lose_no_count() -> None:
    bins = [[0.0, 0.0, 5.0], [0.0, 1.0, 1.0], [2.0, 3.0, 2.0], [2.5, 4.0, 3.0], [4.0, 4.0, 0.5]]
    [histogram] = shown(others([value("h", "histograms", bins)]))["h"]
    assert histogram.edges.tolist() == [0, 1, 2, 3, 4]
    assert histogram.counts.tolist() == [6, 0, 2, 3.5]


def test_of_very_many_bins_empty_ones_side_by_side_are_joined() -> None:
    counts = np.zeros(2000)
    counts[[0, 3, 4, 900, 1999]] = [1, 2, 3, 4, 5]
    edges = np.arange(2001.0)
    [histogram] = shown(others([value("h", "histograms", np.column_stack([edges[:-1], edges[1:], counts]))]))["h"]
    assert histogram.path is None
    assert histogram.counts.tolist() == [1, 0, 2, 3, 0, 4, 0, 5]
    assert histogram.edges.tolist() == [0, 1, 3, 4, 5, 900, 901, 1999, 2000]


# Text


@pytest.mark.parametrize("data", ["", "**bold** | ü", ["a"], [["a", "b"], ["c", "d"]], [["a"], [""]]])
def test_texts_of_any_shape_are_markdown_one_for_each_element(data: Any) -> None:
    [summary] = text_pb("t", data).value
    items = shown(others([summary]))["t"]
    assert [item.text for item in items] == list(np.array(data, object).reshape(-1))
    assert {item.fields["format"] for item in items} == {"markdown"}
    assert [item.caption for item in items] == (
        [None] if np.size(data) == 1 else [str(list(place)) for place in np.ndindex(np.shape(data))]
    )


# PR curves


def test_a_pr_curve_is_a_table_with_a_row_for_each_threshold(tmp_path: Path) -> None:
    tensorboardx = need("tensorboardX")
    rng = np.random.default_rng(0)
    with tensorboardx.SummaryWriter(str(tmp_path)) as writer:
        writer.add_pr_curve("pr", rng.integers(0, 2, 50), rng.random(50), 0, num_thresholds=11)
    [event] = events(tmp_path)
    [table] = shown(event)["pr"]
    assert table.columns[0] == "threshold"
    assert table.columns[-2:] == ["precision", "recall"]
    assert table.column("threshold") == pytest.approx(np.linspace(0, 1, 11))
    positives = np.array(table.column("true_positives")) + table.column("false_negatives")
    np.testing.assert_allclose(positives, positives[0])


# What is not shown


def test_values_that_are_nothing_to_look_at_give_neither_media_nor_sentences() -> None:
    values = [
        value("layout", "custom_scalars", b"\x0a\x00"),
        value("_hparams_/experiment", "hparams", 0.0, b"\x12\x00"),
        value("mine", "own_plugin", [[1.0, 2.0]]),
        value("vector", "scalars", [1.0, 2.0]),
        value("nothing", "", b"bytes"),
        Summary.Value(tag="bare"),
    ]
    assert views(others(values)) == ([], [])


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (value("a", "images", [b"5", b"6", b"no picture"]), "PNG"),
        (value("a", "images", [[b"5"]]), "shape"),
        (value("a", "images", 1.0), "no strings"),
        (value("a", "audio", [[b"x", b"y", b"z"]]), "shape"),
        (value("a", "audio", [b"no sound"]), "WAV"),
        (value("a", "histograms", [1.0]), "shape"),
        (value("a", "histograms", [[0.0, 1.0, np.nan]]), "finite"),
        (value("a", "text", 1.0), "no strings"),
        (value("a", "pr_curves", [[1.0]]), "shape"),
        (Summary.Value(tag="a", audio=Summary.Audio(encoded_audio_string=b"?")), "WAV"),
    ],
)
def test_what_cannot_be_decoded_costs_itself_and_a_sentence(bad: Any, words: str) -> None:
    good = value("good", "text", b"words")
    made, problems = views(others([bad, good]))
    assert [view.name for view in made] == ["good"]
    [sentence] = problems
    assert sentence.startswith("'a' is not shown: ")
    assert words in sentence


def test_a_sentence_is_the_same_at_every_step_and_repeats_no_endless_tag() -> None:
    bad = value("tag" * 1000, "text", 1.0)
    [[sentence], [again]] = [views(others([bad], step))[1] for step in (1, 2)]
    assert sentence == again
    assert len(sentence) < 200


# The way into the run's record


def test_media_files_are_cut_out_of_the_value_they_came_in() -> None:
    files = [encode_png(picture(seed=seed)) for seed in range(2)]
    [other] = others([value("a", "images", [b"5", b"6", *files])])
    [view] = views([other])[0]
    stored = [media.describe(lambda _: None)["file"].data for media in view.items]
    rest, cuts = cut(other.data, stored)
    assert len(cuts) == 2
    assert len(rest) == len(other.data) - sum(map(len, files))
    assert whole(rest, cuts, stored.__getitem__) == other.data


def test_without_tensorboard_one_sentence_says_that_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = others([value("picture", "images", [b"1", b"1", b"png"]), value("note", "text", [b"hello"])])
    strange = others([value("strange", "a plugin that nobody knows", [b"1"])])
    monkeypatch.setattr("epochal_tensorboard._convert._have_messages", lambda: False)
    shown_then, said = views(pictures)
    assert shown_then == []
    assert len(said) == 1
    assert "pip install 'epochal[tensorboard]'" in said[0]
    assert views(strange) == ([], [])
