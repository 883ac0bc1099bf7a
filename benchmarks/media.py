"""What logging pictures costs the training, beside the peers in the same run.

    python benchmarks/media.py            small and large pictures, each writer in a process of its own, interleaved
    python benchmarks/media.py large      one of both
    python benchmarks/media.py kinds      what each kind of media costs in Epochal, as docs/media.md says
    python benchmarks/media.py levels     why pictures are packed with level 1 and the filter Up

Pictures are crops of a photograph with a little noise, so that no two are the same. `call` is what the training waits;
`all` is the time until the last call has returned and the writer was closed, over the number of pictures. Peers that
are not installed are left out.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

os.environ["EPOCHAL_QUIET"] = "1"
os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", TRACKIO_LOG_LEVEL="ERROR")
REPEATS = 2
#: Name to (pictures, edge in pixels).
SIZES = {"small": (500, 64), "large": (20, 512)}


def pictures(count, edge):
    """Return RGB pictures as a validation loop has them: a photograph's crops where scikit-learn brings one."""
    rng = np.random.default_rng(0)
    try:
        from sklearn.datasets import load_sample_image

        photo = np.tile(load_sample_image("china.jpg"), (2, 2, 1))
    except ImportError:
        wave = np.sin(np.arange(1300)[:, None] / 40) + np.cos(np.arange(1300)[None] / 30)
        photo = ((wave[..., None] * [40, 30, 20]) + 128).astype(np.uint8).repeat(1, -1)
    corners = rng.integers(0, 300, (count, 2))
    crops = [photo[y : y + edge, x : x + edge].astype(np.int16) for y, x in corners]
    return [np.clip(crop + rng.integers(-2, 3, crop.shape), 0, 255).astype(np.uint8) for crop in crops]


def epochal(folder):
    import epochal

    run = epochal.init("bench", dir=folder)
    return lambda image, step: run.log({"sample": epochal.Image(image)}, step=step), run.finish


def tensorboardx(folder):
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(folder)
    return lambda image, step: writer.add_image("sample", image, step, dataformats="HWC"), writer.close


def torch_tensorboard(folder):
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(folder)
    return lambda image, step: writer.add_image("sample", image, step, dataformats="HWC"), writer.close


def wandb(folder):
    import wandb

    run = wandb.init(project="bench", dir=folder, mode="offline")
    return lambda image, step: run.log({"sample": wandb.Image(image)}, step=step), run.finish


def trackio(folder):
    os.environ["TRACKIO_DIR"] = folder
    import trackio

    trackio.init(project="bench", embed=False)
    return lambda image, step: trackio.log({"sample": trackio.Image(image)}, step=step), trackio.finish


def pillow(folder):
    """The floor: each picture saved as PNG by hand."""
    from PIL import Image

    return lambda image, step: Image.fromarray(image).save(f"{folder}/{step}.png"), lambda: None


WRITERS = {each.__name__: each for each in (epochal, pillow, tensorboardx, torch_tensorboard, wandb, trackio)}


def measure(writer, file):
    """Print what one writer took for the pictures in a file, in this process."""
    images = list(np.load(file))
    with tempfile.TemporaryDirectory() as folder:
        log, close = WRITERS[writer](folder)
        calls = []
        started = time.perf_counter()
        for step, image in enumerate(images):
            before = time.perf_counter()
            log(image, step)
            calls.append(time.perf_counter() - before)
        close()
        whole = time.perf_counter() - started
        stored = sum(path.stat().st_blocks * 512 for path in Path(folder).rglob("*") if path.is_file())
    print(json.dumps([statistics.median(calls), sorted(calls)[int(len(calls) * 0.99)], whole / len(images), stored]))


def beside_peers(*sizes):
    for size in sizes or SIZES:
        count, edge = SIZES[size]
        seen = {}
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/{size}.npy"
            np.save(file, np.stack(pictures(count, edge)))
            for _ in range(REPEATS):
                for writer in WRITERS:
                    done = subprocess.run(
                        [sys.executable, __file__, "measure", writer, file],
                        capture_output=True, text=True, timeout=180, check=False,
                    )  # fmt: skip
                    if done.returncode == 0:
                        seen.setdefault(writer, []).append(json.loads(done.stdout.splitlines()[-1]))
                    elif "No module named" not in done.stderr:
                        print(writer, "failed:", done.stderr.strip().splitlines()[-1:], file=sys.stderr)
        best = {writer: [statistics.median(each) for each in zip(*runs, strict=True)] for writer, runs in seen.items()}
        ours = best["epochal"]
        print(f"\n{count} pictures of {edge} x {edge}, RGB", flush=True)
        for writer, (call, late, whole, stored) in best.items():
            print(
                f"  {writer:<18} call p50 {call * 1e3:7.2f} ms ({call / ours[0]:5.2f} x ours)"
                f"   p99 {late * 1e3:8.2f} ms"
                f"   all {whole * 1e3:7.2f} ms ({whole / ours[2]:5.2f} x)   {stored / count / 1e3:7.1f} KB each"
            )


def kinds():
    """What one call costs for each kind, in milliseconds, median of repeats."""
    import epochal

    rng = np.random.default_rng(0)
    small, large = pictures(20, 64), pictures(8, 512)
    weights = rng.normal(size=1_000_000).astype(np.float32)
    numbers = {f"c{column}": rng.normal(size=10_000).tolist() for column in range(5)}
    cases = {
        "Image 64 x 64 RGB": [epochal.Image(each) for each in small],
        "Image 512 x 512 RGB": [epochal.Image(each) for each in large],
        "Image 512 x 512 RGB, floats": [epochal.Image(each / np.float32(255)) for each in large],
        "Mask 512 x 512": [epochal.Image(small[0], masks={"m": epochal.Mask(each[:64, :64, 0])}) for each in large],
        "Audio 10 s at 16 kHz": [epochal.Audio(rng.uniform(-1, 1, 160_000), rate=16_000) for _ in range(8)],
        "Video 30 x 128 x 128 RGB": [epochal.Video(np.stack(pictures(30, 128))) for _ in range(3)],
        "Histogram of 1,000,000": [epochal.Histogram(weights) for _ in range(5)],
        "Histogram of 10,000": [epochal.Histogram(weights[:10_000]) for _ in range(20)],
        "Table 10,000 x 5 floats": [epochal.Table(numbers) for _ in range(4)],
        "Table 100 x 5 floats": [epochal.Table({k: v[:100] for k, v in numbers.items()}) for _ in range(10)],
        "Text, short": [epochal.Text(f"words {at}") for at in range(20)],
        "Text, 100 KB": [epochal.Text(f"{at} " * 50_000) for at in range(10)],
        "Mesh 100,000 points": [epochal.Mesh(rng.random((100_000, 6))) for _ in range(5)],
    }
    try:
        from matplotlib.figure import Figure

        cases["Figure (matplotlib), 640 x 480"] = []
        for at in range(5):
            figure = Figure()
            figure.subplots().plot(rng.random(100 + at))
            cases["Figure (matplotlib), 640 x 480"].append(epochal.Figure(figure))
    except ImportError:
        pass
    with tempfile.TemporaryDirectory() as folder, epochal.init("bench", dir=folder) as run:
        run.log({"first": epochal.Image(small[0])})  # imports
        for name, media in cases.items():
            taken = []
            for step, each in enumerate(media):
                before = time.perf_counter()
                run.log({name: each}, step=step)
                taken.append(time.perf_counter() - before)
            print(f"  {name:<34}{statistics.median(taken) * 1e3:8.2f} ms", flush=True)


def levels():
    """Time and size of zlib's levels behind PNG's filters None, Sub and Up, for a photograph."""
    image = pictures(1, 512)[0]
    rows = image.reshape(len(image), -1)
    sub, up = rows.copy(), rows.copy()
    sub[:, 3:] -= rows[:, :-3]
    up[1:] -= rows[:-1]
    for name, lines in (("None", rows), ("Sub", sub), ("Up", up)):
        for level in (1, 2, 3, 6, 9):
            taken = []
            for _ in range(5):
                before = time.process_time()
                packed = zlib.compress(lines.tobytes(), level)
                taken.append(time.process_time() - before)
            print(
                f"  {name:<5} level {level}: {min(taken) * 1e3:7.1f} ms, {len(packed) / image.nbytes:.3f} of the pixels"
            )


if __name__ == "__main__":
    words = sys.argv[1:]
    if words[:1] == ["measure"]:
        measure(*words[1:])
    elif words == ["kinds"]:
        kinds()
    elif words == ["levels"]:
        levels()
    else:
        beside_peers(*words)
