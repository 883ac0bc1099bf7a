"""What reading and importing event files costs, beside TensorBoard's own readers in the same run.

    python benchmarks/tensorboard_reading.py                    all sets, three rounds: half an hour
    python benchmarks/tensorboard_reading.py simple images      some of them
    python benchmarks/tensorboard_reading.py --rounds 5 --scale 0.1 --sets FOLDER

Each measurement is a fresh process; the readers of a set take turns, round by round. What counts are CPU seconds, with
those of children and without imports, and their ratios. Ours checks every CRC, as `EventAccumulator` and
`EventFileLoader` do; the data server checks none of the data unless it is told to (`--checksum`), which stands beside.
The server loads and keeps what it has read: fetching that is not counted, but done behind the clock, so that the points
of all readers can be compared. `ours` keeps every point in columns, as the others keep theirs; `ours, streamed` keeps
none, as an import does. Peak memory is a process's own, above what its imports take; of the server all that it has.

Sets are made by benchmarks/tensorboard_sets.py, in a folder that goes at the end unless `--sets` names one.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tensorboard_readers import READERS, files_of, peak_kib

os.environ["EPOCHAL_QUIET"] = "1"
LIMIT_S = 900


SCALARS = [each for each in READERS if each != "ours, messages"]
BLOBS = list(READERS)
#: Which readers a set is for, and what is compared: points, or bytes.
SETS = {
    "simple": (SCALARS, "points"),
    "tensor": (SCALARS, "points"),
    "runs": (SCALARS, "points"),
    "twenty": (SCALARS, "points"),
    "histograms": (BLOBS, "bytes"),
    "images": (BLOBS, "bytes"),
    "huge": (["ours, streamed"], "points"),
}
#: Those that take a minute or more for a set of scalars, which are measured once.
ONCE = ["EventFileLoader"]


def digest(points):
    """Return how many points there are, and of each tag what tells whether two readers found the same."""
    if isinstance(points, int):
        return points, None
    told = {}
    for tag, steps, values in points:
        at, found = np.asarray(steps, np.int64), np.asarray(values, np.float64)
        told[tag] = [len(at), int(at[0]), int(at[-1]), int(at.sum()), float(np.sum(found)).hex()]
    return sum(each[0] for each in told.values()), told


def cpu():
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def child(reader, folder):
    """Read a set, and print what it cost."""
    logging.disable(logging.CRITICAL)
    read, points = READERS[reader](folder)
    base, began, spent = peak_kib(), time.perf_counter(), cpu()
    kept = read()
    spent, wall, peak = cpu() - spent, time.perf_counter() - began, peak_kib() - base
    if reader.startswith("data server"):
        spent, peak = spent + kept[2], kept[3]
    count, told = digest(points(kept))
    print(json.dumps({"points": count, "told": told, "cpu": spent, "wall": wall, "peak": peak, "base": base}))


def measure(reader, folder):
    command = [sys.executable, __file__, "--child", reader, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    if done.returncode:
        print(f"  {reader} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def measure_import(folder, workers):
    """Return what `epochal import tensorboard` costs as a whole, the start of Python and its imports included."""
    with tempfile.TemporaryDirectory() as place:
        words = ["import", "tensorboard", str(folder), "--dir", place, "--json", "--option", f"workers={workers}"]
        out, began = Path(place, "out.json"), time.perf_counter()
        with out.open("wb") as file:
            process = subprocess.Popen([sys.executable, "-m", "epochal", *words], stdout=file)
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - began
        if process.returncode:
            return None
        found = json.loads(out.read_text(encoding="utf-8"))["runs"]
        kept = sum(path.stat().st_size for path in Path(place).rglob("*.epochal"))
    return {
        "points": sum(run["added"] for run in found), "told": None, "cpu": used.ru_utime + used.ru_stime, "wall": wall,
        "peak": used.ru_maxrss, "base": 0, "kept": kept,
    }  # fmt: skip


def compare(told, readers):
    """Complain of readers that found something else than ours."""
    mine = told["ours"][0]["told"] if told.get("ours") else None
    for reader in readers:
        if told.get(reader) and told[reader][0]["told"] is not None and mine is not None:
            theirs = told[reader][0]["told"]
            wrong = [tag for tag in {**mine, **theirs} if mine.get(tag) != theirs.get(tag)]
            if wrong:
                tag = wrong[0]
                print(f"  DIFFERS: {reader}, {len(wrong)} tags, {tag}: {mine.get(tag)} {theirs.get(tag)}", flush=True)


def show(folder, told, unit):
    size = sum(path.stat().st_size for path in files_of(folder))
    median = {
        reader: {key: statistics.median(each[key] for each in some) for key in ("cpu", "wall", "peak", "base")}
        for reader, some in told.items()
        if some
    }
    base = next((median[each]["cpu"] for each in ("ours", "ours, streamed") if each in median), None)
    points = max(some[0]["points"] for some in told.values() if some)
    print(f"\n{folder.name}: {size / 1e6:,.1f} MB, {points:,} {'points' if unit == 'points' else 'values'}")
    print(f"  {'':26}{'CPU s':>9}{'x ours':>9}{'M points/s':>12}{'MB/s':>9}{'wall s':>9}{'peak MiB':>10}", flush=True)
    for reader, found in median.items():
        spent = max(found["cpu"], 1e-3)
        print(
            f"  {reader:26}{spent:9.3f}{spent / base if base else 0:9.2f}{points / spent / 1e6:12.3f}"
            f"{size / spent / 1e6:9.1f}{found['wall']:9.2f}{'+' if found['base'] else ' '}{found['peak'] / 1024:9.0f}"
            f"   {told[reader][0]['points']:,} found, {len(told[reader])} rounds",
            flush=True,
        )


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("names", nargs="*", metavar="SET", help=", ".join(SETS))
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--scale", type=float, default=1.0)
    words.add_argument("--sets", metavar="FOLDER")
    words.add_argument("--readers", help="some of them, separated by semicolons")
    asked = words.parse_args()
    with tempfile.TemporaryDirectory() as own:
        for which in asked.names or SETS:
            from tensorboard_sets import make  # a child needs none of what it imports

            folder = make(asked.sets or own, which, asked.scale)
            readers, unit = SETS[which]
            readers = [each for each in readers if not asked.readers or each in asked.readers.split(";")]
            told = {}
            print(f"\nload {os.getloadavg()[0]:.1f}", flush=True)
            for turn in range(asked.rounds):
                for reader in readers:
                    if turn and reader in ONCE and unit == "points":
                        continue
                    told.setdefault(reader, []).append(measure(reader, folder))
                for workers in (1, 2) if which == "runs" else (1,):
                    entry = f"epochal import, {workers} process{'es' * (workers > 1)}"
                    told.setdefault(entry, []).append(measure_import(folder, workers))
            told = {reader: [each for each in some if each] for reader, some in told.items()}
            compare(told, readers)
            show(folder, told, unit)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
