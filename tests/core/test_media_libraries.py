"""Pictures, plots, tensors and tables of other libraries, each by the real one where it is installed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal import Audio, Figure, Histogram, Image, Mask, Mesh, Table, Video
from tests.needs import need

RGB = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
LOADED = "PIL", "matplotlib", "plotly", "pandas", "torch", "jax", "tensorflow", "pyarrow"


def logged(**values: Any) -> dict[str, Any]:
    """Return name to the first item that a run gives back."""
    with epochal.init("libraries") as run:
        run.log(values)
    recorded = epochal.get_run(run.id)
    assert [notice.text for notice in recorded.notices] == []
    return {key: recorded.media(key)[0].items[0] for key in recorded.media_keys}


def test_no_library_is_imported_before_the_user_did(tmp_path: Path) -> None:
    code = f"""
import sys, numpy as np, epochal
with epochal.init("light") as run:
    pixels = np.zeros((5, 5), np.uint8)
    run.log({{"i": epochal.Image(pixels), "h": epochal.Histogram(pixels), "t": epochal.Table([[1]]), "v":
        epochal.Video(pixels[None]), "a": epochal.Audio(pixels[0], rate=8), "m": epochal.Mesh(pixels[:, :3]),
        "junk": object()}})
recorded = epochal.get_run(run.id)
[recorded.media(key)[0].items[0].bytes for key in recorded.media_keys]
assert recorded.media("i")[0].items[0].array.shape == (5, 5)
print([name for name in {LOADED!r} if name in sys.modules])
"""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "EPOCHAL_STRICT": "0"}
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env=variables)
    assert done.stdout.strip() == "[]"


# Pillow


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F", "HSV"])
def test_a_pillow_image_of_any_mode_is_loggable_as_it_is(mode: str) -> None:
    need("PIL")
    from PIL import Image as Pillow

    if mode in ("I;16", "I", "F"):
        level = RGB[:, :, 0] / np.float32(255) if mode == "F" else RGB[:, :, 0].astype("u2" if mode == "I;16" else "i4")
        picture = Pillow.fromarray(level)
    else:
        picture = Pillow.fromarray(RGB).convert(mode)
    found = logged(alone=picture, several=[picture, picture])
    expected = picture if mode in ("L", "LA", "RGB", "RGBA", "I;16", "I") else None
    pixels = found["alone"].array
    assert pixels.shape[:2] == (7, 9)
    if expected is not None:
        np.testing.assert_array_equal(pixels, np.array(expected))
    elif mode not in ("1", "P", "F"):
        np.testing.assert_array_equal(pixels, np.array(picture.convert("RGB")))


def test_pillow_reads_what_was_written_without_it() -> None:
    need("PIL")
    from PIL import Image as Pillow
    from PIL import ImageSequence

    for pixels in (RGB, RGB[:, :, 0], np.dstack([RGB, RGB[:, :, 0]]), RGB[:, :, 0].astype(np.uint16) * 257):
        with Pillow.open(io.BytesIO(Image(pixels).bytes)) as picture:
            np.testing.assert_array_equal(np.array(picture), pixels)
    film = np.stack([RGB, RGB[::-1], 255 - RGB])
    with Pillow.open(io.BytesIO(Video(film, fps=25).bytes)) as picture:
        assert picture.n_frames == 3  # type: ignore[attr-defined]
        frames = [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]
        assert picture.info["duration"] == 40
    np.testing.assert_array_equal(np.stack(frames), film)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_files_of_pillow_are_kept_and_read(format: str) -> None:
    need("PIL")
    from PIL import Image as Pillow

    made = io.BytesIO()
    picture = Pillow.fromarray(np.kron(RGB, np.ones((20, 20, 1), np.uint8)))
    picture.save(made, format)
    found = logged(x=Image(made.getvalue()))["x"]
    assert found.bytes == made.getvalue()
    assert (found.width, found.height) == (180, 140)
    assert found.array.shape == (140, 180, 3)


def test_a_gif_is_written_by_pillow_and_read() -> None:
    need("PIL")
    film = np.zeros((4, 6, 8), np.uint8)
    film[1:, 2:4] = 255
    film[2:, 4:] = 255
    film[3] = 255  # each frame is another: Pillow makes one of equal neighbours
    found = logged(x=Video(film, format="gif"))["x"]
    assert found.path.suffix == ".gif"
    np.testing.assert_array_equal(found.array[..., 0], film)


# Figures


def test_a_figure_of_matplotlib_is_the_same_file_whenever_it_is_the_same() -> None:
    matplotlib = need("matplotlib")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure as Matplotlib

    figure = Matplotlib(figsize=(2, 1), dpi=50)
    axes = figure.subplots()
    axes.plot([1, 3, 2])
    found = logged(
        bare=figure,
        png=Figure(figure),
        svg=Figure(figure, format="svg"),
        axes=Figure(axes),
        fine=Figure(figure, dpi=100),
    )
    assert found["bare"].sha256 == found["png"].sha256 == found["axes"].sha256
    assert found["png"].array.shape == (50, 100, 4)
    assert found["fine"].array.shape == (100, 200, 4)
    assert b"<svg" in found["svg"].bytes
    assert Figure(figure, format="svg").bytes == found["svg"].bytes


def test_a_figure_of_plotly_stays_interactive() -> None:
    need("plotly")
    from plotly import graph_objects

    figure = graph_objects.Figure(graph_objects.Scatter(x=[1, 2], y=[3, 4]))
    found = logged(bare=figure, wrapped=Figure(figure, caption="c"))
    assert json.loads(found["bare"].bytes)["data"][0]["y"] == [3, 4]
    assert found["bare"].sha256 == found["wrapped"].sha256
    assert found["bare"].fields["format"] == "plotly"


# Tensors


def test_tensors_of_torch_are_taken_with_gradients_and_in_any_type() -> None:
    torch = need("torch")
    pixels = torch.from_numpy(RGB.copy())
    film = torch.rand(3, 3, 8, 9)
    found = logged(
        chw=Image(pixels.permute(2, 0, 1)),
        grad=Image((pixels.float() / 255).requires_grad_()),
        half=Image((pixels.float() / 255).bfloat16()),
        film=Video(film),
        spread=Histogram(torch.randn(100, requires_grad=True).bfloat16()),
        sound=Audio(torch.zeros(2, 100), rate=8000),
        mesh=Mesh(torch.rand(5, 3)),
        table=Table(torch.ones(2, 3)),
        mask=Image(pixels, masks={"m": Mask(torch.ones(7, 9, dtype=torch.long))}),
    )
    np.testing.assert_array_equal(found["chw"].array, RGB)
    np.testing.assert_array_equal(found["grad"].array, RGB)
    assert np.abs(found["half"].array.astype(int) - RGB).max() <= 1
    assert found["film"].array.shape == (3, 8, 9, 3)
    assert found["spread"].counts.sum() == 100
    assert found["sound"].array.shape == (100, 2)
    assert found["table"].rows == [(1.0, 1.0, 1.0)] * 2
    assert found["mask"].masks["m"].array.sum() == 63


def test_a_tensor_of_one_element_stays_a_number_and_one_of_several_becomes_a_histogram() -> None:
    torch = need("torch")
    found = logged(loss=torch.tensor(0.5), weights=torch.zeros(4))
    assert found.keys() == {"weights"}
    assert found["weights"].counts.sum() == 4


def test_arrays_of_jax_are_taken() -> None:
    jnp = need("jax").numpy
    found = logged(x=Image(jnp.asarray(RGB)), h=Histogram(jnp.arange(10).astype(jnp.bfloat16)))
    np.testing.assert_array_equal(found["x"].array, RGB)
    assert found["h"].counts.sum() == 10


def test_tables_of_arrow_are_taken() -> None:
    arrow = need("pyarrow")
    assert logged(x=arrow.table({"a": [1, None], "b": ["x", "y"]}))["x"].rows == [(1, "x"), (None, "y")]
