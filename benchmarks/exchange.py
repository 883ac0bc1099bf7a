"""What exporting and importing 10,000,000 points costs, beside what can do the same with the same data.

    python benchmarks/exchange.py [POINTS]

Each line is a process of its own: seconds, peak memory above what its imports take, and size. Imports take a tenth of
the points. The floors are pandas (`to_csv`, `to_json`) and pyarrow (`write_table`) with the whole table in memory, and
tar with gzip at its quickest level. No tracker can be put beside them here: Weights & Biases' offline files have no
reader in Python, and its API, like trackio's, gives history page by page from a server, sampled unless asked otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

os.environ["EPOCHAL_QUIET"] = "1"
METRICS = 10


def make(folder: str, points: int) -> str:
    """One run of 10 metrics that are logged together, as a training leaves it."""
    import numpy as np

    import epochal

    run = epochal.init("bench", dir=folder)
    steps = np.arange(points // METRICS)
    values = {f"train/metric_{at}": np.random.default_rng(at).normal(size=len(steps)) for at in range(METRICS)}
    run.extend(values, steps=steps, times=1.7e9 + steps * 0.013)
    run.finish()
    return str(run.folder)


def export(run: str, out: str, format: str) -> None:
    import epochal

    epochal.export_runs(run, out, format=format)


def frame_of(run: str):
    import epochal

    return epochal.export_runs(run, format="pandas").data.drop(columns=["at", "int_value", "text_value"])


def floor_csv(run: str, out: str) -> None:
    frame_of(run).to_csv(out, index=False)


def floor_json(run: str, out: str) -> None:
    frame_of(run).to_json(out, orient="records", lines=True, double_precision=15)


def floor_parquet(run: str, out: str) -> None:
    import pyarrow.parquet as pq

    import epochal

    pq.write_table(epochal.export_runs(run, format="arrow").data, out, compression="zstd")


def floor_tar(run: str, out: str) -> None:
    with open(out, "wb") as file:
        tar = subprocess.Popen(["tar", "cf", "-", run], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        subprocess.run(["gzip", "-1"], stdin=tar.stdout, stdout=file, check=True)


def bring_back(source: str, folder: str) -> None:
    import epochal

    report = epochal.import_runs(source, dir=folder)
    assert report.sound, report


CASES = {
    "CSV": ("export", "csv", floor_csv),
    "JSON lines": ("export", "jsonl", floor_json),
    "Parquet": ("export", "parquet", floor_parquet),
    "archive": ("export", "archive", floor_tar),
}


def peak_kib() -> int:
    """Return the most memory that this process has had; `ru_maxrss` would count that of the one that started it."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def child(name: str, run: str, out: str) -> None:
    """Do one thing and print what it cost; building the table that a floor starts from does not count as time."""
    wanted = ["numpy", "epochal.exchange.exporting", "epochal.exchange.importing"]
    wanted += ["pyarrow.parquet"] * ("Parquet" in name) + ["pandas"] * name.startswith("floor ")
    for module in wanted:
        import_module(module)
    base = peak_kib()
    t = time.perf_counter()
    cpu = time.process_time()
    if name.startswith("import "):
        bring_back(run, out)
    elif name.startswith("floor "):
        global frame_of
        made = frame_of(run) if name in ("floor CSV", "floor JSON lines") else None
        frame_of = lambda _: made  # noqa: E731
        t, cpu = time.perf_counter(), time.process_time()
        CASES[name.removeprefix("floor ")][2](run, out)
    else:
        export(run, out, CASES[name][1])
    spent, used = time.perf_counter() - t, time.process_time() - cpu
    peak = (peak_kib() - base) >> 10
    path = Path(out)
    size = path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    print(json.dumps({"seconds": spent, "cpu": used, "peak": peak, "size": size >> 20}))


def measure(name: str, source: str, out: str) -> dict:
    command = [sys.executable, __file__, "--child", name, source, out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def show(name: str, found: dict, beside: dict | None = None) -> None:
    ratio = f"  {found['seconds'] / beside['seconds']:.2f} of the floor's time" if beside else ""
    print(f"{name:18} {found['seconds']:7.1f} s  cpu {found['cpu']:7.1f} s  peak +{found['peak']:5} MiB  "
          f"{found['size']:5} MiB{ratio}", flush=True)  # fmt: skip


def main() -> None:
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        run, tenth = make(folder, points), make(folder, points // 10)
        print(f"{points:,} points, journal {sum(f.stat().st_size for f in Path(run).rglob('*')) >> 20} MiB")
        for name in CASES:
            out, floor_out = f"{folder}/out", f"{folder}/floor"
            ours = measure(name, run, out)
            if name == "JSON lines":  # pandas needs a kilobyte of memory a point for it: a tenth of them, times ten
                floor = measure(f"floor {name}", tenth, floor_out)
                floor = {key: 10 * value for key, value in floor.items()}
            else:
                floor = measure(f"floor {name}", run, floor_out)
            show(name, ours, floor)
            show(f"floor {name}", floor)
            for path in Path(folder).glob("out*"):
                path.unlink()
        for name, (_, format, _) in CASES.items():
            if name != "Parquet":
                export(tenth, f"{folder}/again.{format}", format)
                show(f"import {name} /10", measure(f"import {name}", f"{folder}/again.{format}", f"{folder}/{format}"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:])
    else:
        main()
