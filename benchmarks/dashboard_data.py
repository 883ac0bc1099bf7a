"""The runs that dashboards are measured with, made once in a folder: ours, and the peers' files.

Set A is one run of 100,000 steps and 1,000 of 50, five metrics each; `points` one run of 10,000,000 points;
`panels` and `long` 20 runs of 12 metrics with 1,000 and 100,000 points; `wide` 10,000 runs of 60 columns.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

os.environ["EPOCHAL_QUIET"] = "1"
os.environ["EPOCHAL_COMPANION"] = "off"

#: Seconds that a peer may write for; what is not there by then is left out, and said.
WRITE_S = 150

_VALUES = """
import sys, time
import numpy as np
folder, seconds = sys.argv[1], float(sys.argv[2])
NAMES = [f"m{at}/loss" for at in range(5)]
random = np.random.default_rng(0)
def values(points):
    fall = np.exp(-np.arange(points) / max(points / 5, 1))
    return [fall + random.normal(0, 0.05, points) for _ in NAMES]
RUNS = [("big", 100_000)] + [(f"small-{at:04}", 50) for at in range(1000)]
"""

_TENSORBOARD = """
import struct
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.event_file_writer import EventFileWriter
done = 0
until = time.monotonic() + seconds  # imports and an empty store are not counted
for name, points in RUNS:
    if time.monotonic() > until:
        break
    writer = EventFileWriter(f"{folder}/{name}", max_queue_size=10_000)
    columns = values(points)
    for step in range(points):
        event = Event(step=step, wall_time=1.7e9 + step * 0.1)
        for metric, column in zip(NAMES, columns):
            event.summary.value.add(tag=metric, simple_value=column[step])
        writer.add_event(event)
    writer.close()
    done += 1
print(done, "of", len(RUNS), "runs")
"""

_TRACKIO = """
import os
os.environ["TRACKIO_DIR"] = folder
from trackio.sqlite_storage import SQLiteStorage
done = 0
until = time.monotonic() + seconds  # imports and an empty store are not counted
for name, points in RUNS:
    if time.monotonic() > until:
        break
    columns = values(points)
    for low in range(0, points, 20_000):
        at = range(low, min(points, low + 20_000))
        SQLiteStorage.bulk_log(
            project="bench", run=name,
            metrics_list=[dict(zip(NAMES, (float(c[step]) for c in columns))) for step in at],
            steps=list(at),
            timestamps=[f"2026-01-01T{s // 36000 % 24:02}:{s // 600 % 60:02}:{s // 10 % 60:02}" for s in at],
        )
    done += 1
print(done, "of", len(RUNS), "runs")
"""

_MLFLOW = """
import mlflow
from mlflow.entities import Metric
from mlflow.tracking import MlflowClient
client = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db")
experiment = client.create_experiment("bench", artifact_location=f"file://{folder}/artifacts")
done = total = 0
until = time.monotonic() + seconds  # imports and an empty store are not counted
for name, points in [*RUNS[1:101], RUNS[0], *RUNS[101:]]:  # the big one alone would take all of the time
    if time.monotonic() > until:
        break
    run = client.create_run(experiment, run_name=name)
    columns = values(points)
    for low in range(0, points, 200):  # 1,000 values are the most that one batch takes
        if time.monotonic() > until:
            break
        at = range(low, min(points, low + 200))
        batch = [Metric(m, float(c[s]), int(1.7e12 + s * 100), s) for m, c in zip(NAMES, columns) for s in at]
        client.log_batch(run.info.run_id, metrics=batch)
        total += len(batch)
    client.set_terminated(run.info.run_id)
    done += 1
print(done, "of", len(RUNS), f"runs, {total:,} of 750,000 points")
"""

WRITERS = {"tensorboard": _TENSORBOARD, "trackio": _TRACKIO, "mlflow": _MLFLOW}


def ours(folder, *wanted):
    """Make our runs where they are not there yet; `wanted` names the sets."""
    import dashboard_curves
    import dashboard_table

    os.environ["EPOCHAL_CACHE_DIR"] = str(folder / "cache-of-making")
    if "a" in wanted:
        dashboard_curves.make(folder / "a", "big", 1, 5, 100_000)
        dashboard_curves.make(folder / "a", "small", 1000, 5, 50)
    if "points" in wanted:
        dashboard_curves.make(folder / "points", "points", 1, 1, 10_000_000)
    if "panels" in wanted:
        dashboard_curves.make(folder / "panels", "panels", 20, 12, 1000)
        dashboard_curves.make(folder / "long", "long", 20, 12, 100_000)
    if "wide" in wanted and not (folder / "wide").is_dir():
        dashboard_table.made(folder / "wide")


def theirs(folder, peer, python):
    """Write a peer's files of set A in its own fastest way where that was not done yet; return what is there."""
    place, told = folder / peer, folder / f"{peer}.txt"
    if told.is_file():
        return told.read_text()
    shutil.rmtree(place, ignore_errors=True)  # a writing that was broken off
    place.mkdir(parents=True)
    result = subprocess.run(
        [python, "-c", _VALUES + WRITERS[peer], str(place), str(WRITE_S)],
        capture_output=True,
        text=True,
        timeout=WRITE_S * 3,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"{peer} could not write its data: {result.stderr[-2000:]}")
    found = result.stdout.strip().splitlines()[-1]
    told.write_text(found)
    return found


def python_of(environments, peer):
    """Return the Python of a peer's own environment, None where there is none."""
    found = Path(environments, peer, "bin", "python")
    return str(found) if found.exists() else None


if __name__ == "__main__":
    sys.exit("python benchmarks/dashboard.py makes these")
