"""How soon what a training flushes is to be seen where its log folder is followed, and what waiting costs.

    python benchmarks/tensorboard_follow.py [RUNS]

`epochal import tensorboard --follow` keeps up with one run that is flushed now and then, and so many in all (1, 100 and
1,000 by default), of which the others are finished. Latency is from the return of `flush` until another process that
reads the run's folder finds the point, which it tries every 10 ms. A new file is one that a restart has begun.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard_sets import one_each, scalar_file, simple_values

import epochal

os.environ["EPOCHAL_QUIET"] = "1"
FLUSHES = 20
IDLE_S = 10


def put(writer, step):
    value = summary_pb2.Summary.Value(tag="loss", simple_value=step)
    writer.add_event(event_pb2.Event(wall_time=time.time(), step=step, summary=summary_pb2.Summary(value=[value])))
    writer.flush()


def wait_for(run, step):
    """Return how many seconds it takes until a step can be seen."""
    began = time.perf_counter()
    while time.perf_counter() - began < 60:
        if run is not None and "loss" in run.metrics and run.history("loss").steps[-1:].tolist() == [step]:
            return time.perf_counter() - began
        time.sleep(0.01)
    raise SystemExit("waited in vain")


def measure(others):
    with tempfile.TemporaryDirectory() as home:
        logdir, root = Path(home, "logs"), Path(home, "runs")
        for at in range(others - 1):
            place = logdir / f"done{at}" / f"events.out.tfevents.1700000000.host.{at}"
            scalar_file(place, one_each(simple_values, ["loss"]), 100)
        writer = EventFileWriter(str(logdir / "live"))
        put(writer, 0)
        words = ["import", "tensorboard", str(logdir), "--dir", str(root), "--project", "p", "--follow"]
        process = subprocess.Popen(
            [sys.executable, "-m", "epochal", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        began = time.perf_counter()
        while not (found := [run for run in epochal.runs(dir=root) if run.name == "live"] if root.exists() else []):
            time.sleep(0.1)
        while len(list(root.glob("p/*/journal"))) < others:
            time.sleep(0.1)
        ready = time.perf_counter() - began
        time.sleep(3)
        run, latencies = found[0], []
        for step in range(1, FLUSHES + 1):
            time.sleep(0.1 + step % 7 * 0.11)  # at no fixed distance from when it is looked
            put(writer, step)
            latencies.append(wait_for(run, step))
        writer.close()
        time.sleep(1)
        again = EventFileWriter(str(logdir / "live"))
        put(again, FLUSHES + 1)
        new_file = wait_for(run, FLUSHES + 1)
        again.close()
        time.sleep(2)
        facts = psutil.Process(process.pid)
        before = facts.cpu_times()
        time.sleep(IDLE_S)
        after = facts.cpu_times()
        idle = (after.user + after.system - before.user - before.system) / IDLE_S
        memory = facts.memory_info().rss >> 20
        process.send_signal(signal.SIGINT)
        began = time.perf_counter()
        code = process.wait()
        told = {
            "all there after": f"{ready:.1f} s",
            "seen after, p50": f"{statistics.median(latencies):.2f} s",
            f"seen after, most of {FLUSHES}": f"{max(latencies):.2f} s",
            "of a new file": f"{new_file:.2f} s",
            "idle": f"{100 * idle:.2f} % of a core",
            "memory": f"{memory} MiB",
            "Ctrl-C to end": f"{time.perf_counter() - began:.2f} s, exit code {code}",
        }
        print(f"{others:,} runs, load {os.getloadavg()[0]:.1f}")
        print("\n".join(f"  {what:24}{seen}" for what, seen in told.items()), flush=True)


if __name__ == "__main__":
    for count in map(int, sys.argv[1:] or ("1", "100", "1000")):
        measure(count)
