"""What curves cost the server: one line of 10,000,000 points, 12 panels of 20 lines, also live, and 1,000 small runs.

    python benchmarks/dashboard_curves.py [FOLDER]

The runs are made in FOLDER where they are not there yet (about 1 GB with all), by default in one that is deleted
afterwards. No HTTP is in these figures: they are of what the request's thread does, from checked request to bytes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

os.environ["EPOCHAL_QUIET"] = "1"
os.environ["EPOCHAL_COMPANION"] = "off"

import numpy as np

import epochal
from epochal_server.curves_answer import curves
from epochal_server.curves_cache import SeriesCache
from epochal_server.curves_codec import decode
from epochal_server.curves_request import CurvesRequest, Grouping

BIG, LONG, SMALL = 10_000_000, 100_000, 50


def make(root, project, runs, metrics, points):
    folder = Path(root, project)
    if folder.is_dir() and len(list(folder.iterdir())) >= runs:
        return
    random = np.random.default_rng(0)
    for number in range(runs):
        run = epochal.init(project, name=f"{project}-{number}", dir=root, config={"lr": random.random()})
        fall = np.exp(-np.arange(points) / max(points / 5, 1))
        columns = {f"m{at}/loss": fall + random.normal(0, 0.05, points) for at in range(metrics)}
        run.extend(columns, steps=np.arange(points), times=1.7e9 + np.arange(points) * 0.1)
        run.finish()


def asked(keys, metric, **more):
    request = CurvesRequest(
        tuple(keys), ((metric, None),), "step", 0.0, 1000, None,
        abandoned=False, clip=False, group=None, log_x=False,
    )  # fmt: skip
    return request._replace(**more)


class Bench:
    def __init__(self, root):
        self.cache = SeriesCache()
        self.entries = {}
        for entry in epochal.runs(root).entries:
            self.entries[f"{entry.project}/{entry.id}"] = entry

    def keys(self, project):
        return [key for key in self.entries if key.startswith(project + "/")]

    def timed(self, what, *requests):
        wall, cpu = time.perf_counter(), time.process_time()
        answers = [curves(self.cache, self.entries.__getitem__, request) for request in requests]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = sum(map(len, answers))
        print(f"{what:68} {wall * 1e3:7.0f} ms   (CPU {cpu * 1e3:6.0f} ms, {size / 1e6:.2f} MB)")
        return [decode(answer) for answer in answers]


def live(root):
    """12 panels of 20 trainings that are being written: each request comes when every one has logged ten more steps."""
    runs = [epochal.init("live", dir=root) for _ in range(20)]
    names = [f"m{at}/loss" for at in range(12)]
    for run in runs:
        run.extend({name: np.random.default_rng(0).normal(0, 1, LONG) for name in names}, steps=np.arange(LONG))
    bench = Bench(root)
    panels = [asked(bench.keys("live"), name, smoothing=0.9) for name in names]
    bench.timed("12 panels x 20 live lines x 100,000 points: first time", *panels)
    for again in range(3):
        for run in runs:
            for step in range(10):
                run.log(dict.fromkeys(names, 0.5), step=LONG + again * 10 + step)
        found = bench.timed("12 panels x 20 live lines, each ten points longer", *panels)
        assert found[0][0]["lines"][0]["points"] == LONG + again * 10 + 10
    for run in runs:
        run.finish()
        shutil.rmtree(run.folder)


def main(root):
    for name, runs, metrics, points in (("big", 1, 1, BIG), ("long", 20, 12, LONG), ("small", 1000, 5, SMALL)):
        make(root, name, runs, metrics, points)
    bench = Bench(root)
    print(f"load {os.getloadavg()[0]:.1f}")

    big = bench.keys("big")
    for again in ("first time", "again, files read anew", "again, files read anew"):
        bench.cache.clear()
        ((header, _),) = bench.timed(f"10 million points: {again}", asked(big, "m0/loss"))
    assert header["lines"][0]["points"] == BIG
    bench.timed("10 million points: the same", asked(big, "m0/loss"))
    for low, high in ((1e6, 9e6), (4e6, 5e6), (4.4e6, 4.41e6), (4_400_000, 4_400_500)):
        bench.timed(f"10 million points: zoom to {high - low:,.0f} steps", asked(big, "m0/loss", range=(low, high)))
    bench.timed("10 million points: smoothed", asked(big, "m0/loss", smoothing=0.9))
    bench.timed("10 million points: another weight", asked(big, "m0/loss", smoothing=0.95))
    bench.timed("10 million points: zoom, smoothed", asked(big, "m0/loss", smoothing=0.95, range=(4e6, 5e6)))
    bench.timed("10 million points: over relative time", asked(big, "m0/loss", x="relative"))
    bench.cache.clear()

    long = bench.keys("long")
    panels = [f"m{at}/loss" for at in range(12)]
    bench.timed("12 panels x 20 lines x 100,000 points: first time", *(asked(long, name) for name in panels))
    bench.timed("12 panels x 20 lines x 100,000 points: again", *(asked(long, name) for name in panels))
    for weight in (0.6, 0.9, 0.99):
        bench.timed(
            f"12 panels x 20 lines x 100,000 points: smoothed by {weight}",
            *(asked(long, name, smoothing=weight, clip=True) for name in panels),
        )
    bench.timed("one of them: mean of 20 with band", asked(long, "m0/loss", group=Grouping(("project",), "std")))
    bench.timed("one of them: a formula", asked(long, "m0/loss", series=((None, "m0/loss - m1/loss"),)))
    print(f"kept: {bench.cache.nbytes / 1e6:.0f} MB")

    live(root)
    small = bench.keys("small")
    for again in ("first time", "warm", "warm"):
        bench.timed(f"1,000 runs of 50 points: {again}", asked(small, "m0/loss"))
    bench.timed("1,000 runs of 50 points: warm, another metric", asked(small, "m1/loss"))
    bench.timed("1,000 runs of 50 points: mean with band", asked(small, "m0/loss", group=Grouping((), "std")))
    bench.timed("1,000 runs of 50 points: a formula", asked(small, "m0/loss", series=((None, "m0/loss - m1/loss"),)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(folder)
