"""Images: which arrays are pictures, what is said of the others, and PNG that is what it was."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from epochal import Box, Image, Mask
from epochal.errors import BadValueError
from epochal.media.item import Piece
from epochal.media.picture_facts import picture_format, picture_size
from epochal.media.png import encode_apng, encode_png
from epochal.media.png_reading import decode_film, decode_picture

RGB = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)


def encoded(image: Image) -> tuple[dict[str, Any], list[str]]:
    remarks: list[str] = []
    return image.encode(remarks.append), remarks


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        (RGB, RGB),
        (RGB.transpose(2, 0, 1), RGB),
        (RGB[:, :, 0], RGB[:, :, 0]),
        (RGB[:, :, :1], RGB[:, :, 0]),
        (RGB[None, :, :, 0], RGB[:, :, 0]),
        (np.dstack([RGB, RGB[:, :, :1]]), np.dstack([RGB, RGB[:, :, :1]])),
        (RGB / 255, RGB),
        ((RGB / 255).astype(np.float32), RGB),
        (RGB.astype(np.int64), RGB),
        (RGB.tolist(), RGB),
        (RGB[:, :, 0] > 99, (RGB[:, :, 0] > 99) * np.uint8(255)),
        (RGB.astype(np.uint16) * 257, RGB.astype(np.uint16) * 257),
        (RGB.astype(">u2") * 257, RGB.astype(np.uint16) * 257),
        (RGB.astype(">f8") / 255, RGB),
        (RGB[::-1, ::2], RGB[::-1, ::2]),
        (np.asfortranarray(RGB), RGB),
        (np.array([[7]], np.uint8), np.array([[7]], np.uint8)),
        (np.zeros((1, 1, 1), np.uint8), np.zeros((1, 1), np.uint8)),
        (np.ma.masked_array(RGB[:, :, 0], RGB[:, :, 0] > 250), np.where(RGB[:, :, 0] > 250, 0, RGB[:, :, 0])),
        (RGB[:, :, 0].astype(object) / 255, RGB[:, :, 0]),
    ],
    ids=["hwc", "chw", "gray", "hw1", "1hw", "rgba", "float64", "float32", "int64", "lists", "bool", "16 bits",
         "big-endian", "big-endian float", "strided", "fortran", "one pixel", "1x1x1", "masked", "objects"],
)  # fmt: skip
def test_an_array_that_is_a_picture_is_kept_to_the_bit(given_: Any, kept: Any) -> None:
    image = Image(given_)
    _, remarks = encoded(image)
    assert remarks == []
    np.testing.assert_array_equal(image.array, kept)
    assert image.array.dtype == kept.dtype


def test_a_read_only_array_is_not_touched() -> None:
    frozen = np.full((5, 5), 0.5)
    frozen.flags.writeable = False
    assert Image(frozen).array[0, 0] == 128
    assert frozen[0, 0] == 0.5


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros((0, 5)), "no pixels"),
        (np.zeros((5, 0, 3)), "no pixels"),
        (np.zeros(5), "no image"),
        (np.float64(3), "no image"),
        (np.zeros((2, 5, 5, 3)), "log a list"),
        (np.zeros((5, 5, 7)), "no axis of 1, 3 or 4"),
        (np.zeros((3, 8, 3)), "layout="),
        (np.full((5, 5), 300), "value_range=(300, 300)"),
        (np.full((5, 5), -1), "-1"),
        (np.zeros((5, 5), complex), "complex"),
        (np.array([["a", "b"]]), "dtype <U1"),
        (np.array([[object()]]), "objects"),
        (np.zeros((5, 5), "M8[s]"), "datetime64"),
        (b"", "no PNG"),
        (b"BM nonsense", "no PNG"),
        ("missing.png", "missing.png"),
        ("\0", "cannot be read"),
        (Path("/"), "no file"),
        (None, "NoneType"),
        (Image, "type"),
        (np.broadcast_to(np.uint8(0), (1 << 14, 1 << 14)), "more than"),
    ],
    ids=str,
)
def test_what_is_no_picture_is_refused_with_the_way_out(data: Any, words: str) -> None:
    with pytest.raises(BadValueError) as caught:
        encoded(Image(data))
    assert words in str(caught.value)


def test_a_layout_that_is_said_counts() -> None:
    both = np.random.default_rng(1).integers(0, 256, (3, 8, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Image(both, layout="HWC").array, both)
    np.testing.assert_array_equal(Image(both, layout="CHW").array, both.transpose(1, 2, 0))
    two = np.zeros((5, 6, 2), np.uint8)
    assert Image(two, layout="HWC").array.shape == (5, 6, 2)
    with pytest.raises(BadValueError, match="WHC"):
        encoded(Image(both, layout="WHC"))


def test_floats_out_of_range_are_cut_off_and_said() -> None:
    data = np.array([[-1.0, 0.0], [1.0, 2.0]])
    _, remarks = encoded(Image(data))
    assert len(remarks) == 1
    assert "2 of 4 values lie outside 0 to 1" in remarks[0]
    assert Image(data).array.tolist() == [[0, 0], [255, 255]]
    assert Image(data, value_range=(-1, 2)).array.tolist() == [[0, 85], [170, 255]]
    assert encoded(Image(data, value_range=(-1, 2)))[1] == []


def test_nan_and_infinity_are_shown_and_said() -> None:
    data = np.array([[np.nan, np.inf], [-np.inf, 0.5]], np.float16)
    fields, remarks = encoded(Image(data))
    assert Image(data).array.tolist() == [[0, 255], [0, 128]]
    assert any("1 of 4 values are NaN" in remark for remark in remarks)
    assert (fields["width"], fields["height"]) == (2, 2)


def test_rounding_beyond_the_range_is_not_worth_a_word() -> None:
    assert encoded(Image(np.array([[1.0000001, -0.0000001]])))[1] == []


@pytest.mark.parametrize("value_range", [(1, 0), (0, 0), (0, np.nan)])
def test_a_range_that_is_none_is_refused(value_range: tuple[float, float]) -> None:
    with pytest.raises(BadValueError, match="value_range"):
        encoded(Image(np.zeros((5, 5)), value_range=value_range))


def test_a_file_and_its_bytes_are_kept_as_they_are(tmp_path: Path) -> None:
    data = encode_png(RGB)
    path = tmp_path / "Bild.PNG"
    path.write_bytes(data)
    for given_ in (data, bytearray(data), path, str(path), io.BytesIO(data)):
        fields, _ = encoded(Image(given_))
        assert Image(given_).bytes == data
        assert (fields["format"], fields["width"], fields["height"]) == ("png", 9, 7)


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 4)),
    )
)
def test_png_gives_back_any_pixels(pixels: np.ndarray) -> None:
    back = decode_picture(encode_png(pixels))
    np.testing.assert_array_equal(back, pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    assert back.dtype == pixels.dtype


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=4, max_dims=4, max_side=4)), st.floats(0.01, 200))
def test_animated_png_gives_back_any_frames(frames: np.ndarray, fps: float) -> None:
    np.testing.assert_array_equal(decode_film(encode_apng(frames, fps)), frames)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_png_of_others_is_read_with_the_filters_that_need_no_loop(kind: int) -> None:
    rows = RGB.reshape(7, -1)
    before = {0: 0, 1: np.hstack([np.zeros((7, 3), np.uint8), rows[:, :-3]]), 2: np.vstack([rows[:1] * 0, rows[:-1]])}
    lines = np.hstack([np.full((7, 1), kind, np.uint8), rows - before[kind]])
    lines[0, 0] = 0  # filters differ from row to row
    lines[0, 1:] = rows[0]
    whole = encode_png(RGB)
    at = whole.index(b"IDAT") - 4
    body = zlib.compress(lines.tobytes())
    made = whole[:at] + struct.pack(">I", len(body)) + b"IDAT" + body
    made += struct.pack(">I", zlib.crc32(b"IDAT" + body)) + whole[-12:]
    np.testing.assert_array_equal(decode_picture(made), RGB)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_png_is_an_error_and_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(encode_png(RGB))
    if data.draw(st.booleans()):
        whole = whole[: data.draw(st.integers(8, len(whole) - 1))]
    else:
        at = data.draw(st.integers(8, len(whole) - 1))
        whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((BadValueError, ImportError)):
        decode_picture(bytes(whole))


def test_a_picture_that_unpacks_to_gigabytes_is_refused() -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    for width, height in ((100_000, 100_000), (0x7FFFFFFF, 0x7FFFFFFF), (0, 5)):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        bomb = encode_png(RGB)[:8] + head + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")
        with pytest.raises(BadValueError, match=f"{width} x {height}"):
            decode_picture(bomb)
        assert picture_size(bomb) == ((width, height) if width else None)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"RIFF\0\0\0\0WEBPVP8X", b""]
    ),
    st.binary(max_size=64),
)
def test_any_head_of_a_file_has_a_size_or_none(begin: bytes, rest: bytes) -> None:
    size = picture_size(begin + rest)
    assert size is None or min(size) > 0
    assert picture_format(begin + rest) in {None, "png", "jpeg", "gif", "webp"}


# Overlays


def test_boxes_are_kept_with_label_and_score() -> None:
    boxes = [
        Box(1, 2, np.float32(3.5), 4, label="cat", score=np.float64(0.9)),  # type: ignore[arg-type]
        Box(0.1, 0.2, 0.3, 0.4, relative=True),
    ]
    fields, remarks = encoded(Image(RGB, boxes=boxes))
    assert remarks == []
    assert fields["boxes"] == [
        {"edges": [1.0, 2.0, 3.5, 4.0], "label": "cat", "score": 0.9, "relative": False},
        {"edges": [0.1, 0.2, 0.3, 0.4], "label": None, "score": None, "relative": True},
    ]
    assert Box.recorded(fields["boxes"][1]) == boxes[1]


@pytest.mark.parametrize("bad", [Box(0, 0, float("nan"), 1), Box("left", 0, 1, 1), (0, 0, 1, 1), None])  # type: ignore[arg-type]
def test_a_box_that_is_none_costs_itself(bad: Any) -> None:
    fields, remarks = encoded(Image(RGB, boxes=[bad, Box(0, 0, 1, 1)]))
    assert len(fields["boxes"]) == 1
    assert len(remarks) == 1


def test_a_mask_is_kept_as_png_with_its_names() -> None:
    ids = np.arange(63).reshape(7, 9) * 300
    fields, remarks = encoded(Image(RGB, masks={"truth": Mask(ids, {0: "sky", 300: "road"}), "b": Mask(ids > 5)}))
    assert remarks == []
    piece = fields["masks"]["truth"]["file"]
    assert isinstance(piece, Piece)
    assert isinstance(piece.data, bytes)
    np.testing.assert_array_equal(decode_picture(piece.data), ids)
    assert fields["masks"]["truth"]["classes"] == {"0": "sky", "300": "road"}


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (np.zeros((5, 5), int), "does not fit"),
        (np.zeros((7, 9)), "argmax"),
        (np.full((7, 9), -1), "-1"),
        (np.full((7, 9), 70_000), "70000"),
        (np.zeros(5, int), "shape"),
        ("mask", "str"),
    ],
)
def test_a_mask_that_is_none_costs_itself(ids: Any, words: str) -> None:
    fields, remarks = encoded(Image(RGB, masks={"bad": Mask(ids), "good": Mask(np.zeros((7, 9), int))}))
    assert list(fields["masks"]) == ["good"]
    [remark] = remarks
    assert words in remark
    assert "'bad'" in remark
