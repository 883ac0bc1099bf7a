"""What recording costs the trainer, beside a JSON-lines writer in the same run.

    python benchmarks/recording.py            all, about two minutes
    python benchmarks/recording.py burst      one of: burst paced threads extend size memory start

Each figure is taken in a fresh process where that matters, interleaved with the JSON-lines writer, buffered and
flushed, that everybody could write instead; what counts is the ratio. The peers are measured by the shared harness,
see benchmarks/RESULTS.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path

os.environ["EPOCHAL_QUIET"] = "1"


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class JsonLines:
    """The floor: one JSON object a line, buffered (loses what is in the buffer) or flushed."""

    def __init__(self, path, *, flush):
        self.file, self.flush = open(path, "w"), flush  # noqa: SIM115

    def log(self, metrics, *, step):
        self.file.write(json.dumps({"step": step, "time": time.time(), **metrics}) + "\n")
        if self.flush:
            self.file.flush()


def metrics(i):
    return {"loss": i * 0.1, "acc": i * 0.2, "lr": i * 0.3, "grad_norm": i * 0.4, "seconds": i * 0.5}


def epochal_log(folder):
    import epochal

    return epochal.init("bench", dir=folder).log


#: Each makes a function `log(metrics, step=…)` that writes below a folder.
WRITERS = {
    "epochal": epochal_log,
    "json lines, buffered": lambda folder: JsonLines(f"{folder}/a.jsonl", flush=False).log,
    "json lines, flushed": lambda folder: JsonLines(f"{folder}/b.jsonl", flush=True).log,
}


def show(title, rows):
    print(f"\n{title}")
    for name, text in rows:
        print(f"  {name:<24}{text}", flush=True)


def in_words(p50, p99, all):
    """Say p50, p99 (microseconds) and how p50 compares with the buffered JSON-lines writer of the same run."""
    ratio = p50 / all["json lines, buffered"][0]
    return f"p50 {p50:6.2f} us   p99 {p99:6.2f} us   p50 / buffered json {ratio:.2f}"


def burst(folder):
    """A loop that does nothing else: 60 interleaved rounds of 400 calls with 5 floats."""
    logs = {name: make(folder) for name, make in WRITERS.items()}
    taken = {name: [] for name in logs}
    for _ in range(60):
        for name, log in logs.items():
            times = []
            for i in range(400):
                m = metrics(i)
                start = time.perf_counter_ns()
                log(m, step=i)
                times.append(time.perf_counter_ns() - start)
            taken[name].append((statistics.median(times), percentile(times, 0.99)))
    halves = {name: [statistics.median(t[k] for t in ts) / 1e3 for k in (0, 1)] for name, ts in taken.items()}
    show("burst, 5 floats a call", [(name, in_words(p50, p99, halves)) for name, (p50, p99) in halves.items()])


def paced(folder, rate=200, seconds=5):
    """At 200 calls a second, as a training does it: caches are cold, so each writer has a process of its own."""
    taken = {name: [] for name in WRITERS}
    for _ in range(3):
        for name in taken:
            taken[name] += fresh(f"""
                import json, sys, tempfile, time
                sys.path.insert(0, {str(Path(__file__).parent)!r})
                import recording
                with tempfile.TemporaryDirectory(dir={folder!r}) as folder:
                    log, times, start = recording.WRITERS[{name!r}](folder), [], time.perf_counter()
                    for i in range({rate * seconds}):
                        m = recording.metrics(i)
                        wait = start + i / {rate} - time.perf_counter()
                        if wait > 0:
                            time.sleep(wait)
                        t = time.perf_counter_ns()
                        log(m, step=i)
                        times.append(time.perf_counter_ns() - t)
                print(json.dumps(times))
            """)
    both = {name: [statistics.median(ts) / 1e3, percentile(ts, 0.99) / 1e3] for name, ts in taken.items()}
    show(f"paced, {rate} calls a second", [(name, in_words(p50, p99, both)) for name, (p50, p99) in both.items()])


def threads(folder):
    """Beside a thread that never lets go of the interpreter, and beside one that works in bursts of 0.5 ms."""
    logs = {name: make(folder) for name, make in WRITERS.items()}
    for title, pause in (("an endless loop", 0.0), ("bursts of 0.5 ms", 0.0005)):
        stop = threading.Event()

        def work(stop=stop, pause=pause):
            while not stop.is_set():
                until = time.perf_counter() + (0.0005 if pause else 0.05)
                while time.perf_counter() < until:
                    pass
                if pause:
                    time.sleep(pause)

        thread = threading.Thread(target=work)
        thread.start()
        rows = []
        for name, log in logs.items():
            times = []
            for i in range(300):
                m = metrics(i)
                t = time.perf_counter_ns()
                log(m, step=i)
                times.append(time.perf_counter_ns() - t)
            rows.append(
                (name, f"mean {statistics.fmean(times) / 1e3:8.1f} us   p99 {percentile(times, 0.99) / 1e3:8.1f} us")
            )
        stop.set()
        thread.join()
        show(f"beside a thread with {title}", rows)


def extend(folder):
    """Whole columns: 1,000,000 points of one metric, and of five."""
    import numpy as np

    import epochal

    run = epochal.init("bench", dir=folder)
    n, rows = 1_000_000, []
    steps, values = np.arange(n), np.random.default_rng(0).random(n)
    for columns in (1, 5):
        taken = []
        for k in range(3):
            t = time.perf_counter()
            run.extend({f"m{columns}-{k}-{c}": values for c in range(columns)}, steps=steps)
            taken.append((time.perf_counter() - t) / n / columns * 1e6)
        rows.append((f"{columns} column(s)", f"{min(taken):.3f} us a point (worst of 3: {max(taken):.3f})"))
    run.finish()
    show("extend", rows)


def size(folder):
    """Bytes on disk for each scalar: 100,000 steps of 5 metrics, and a second table at every tenth step."""
    import epochal

    run = epochal.init("bench", dir=folder)
    for i in range(100_000):
        run.log(metrics(i), step=i)
        if i % 10 == 0:
            run.log({"val/loss": 1.0}, step=i)
    run.finish()
    path = next(Path(run.folder, "journal").glob("main-*.epochal"))
    used = path.stat().st_blocks * 512
    show(
        "size on disk",
        [("epochal", f"{used / 510_000:.1f} bytes a scalar allocated, {path.stat().st_size / 510_000:.1f} by length")],
    )


def fresh(code):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, env=os.environ
    )
    return json.loads(done.stdout.splitlines()[-1])


def memory(folder):
    """Anonymous memory that a run adds to the trainer, after 200,000 calls."""
    kib = fresh(f"""
        import json, os, sys
        def anon():
            return int(next(l for l in open("/proc/self/status") if l.startswith("RssAnon")).split()[1])
        before = anon()
        import epochal
        run = epochal.init("bench", dir={folder!r})
        for i in range(200_000):
            run.log({{"loss": i * .1, "acc": i * .2, "lr": i * .3, "g": i * .4, "t": i * .5}}, step=i)
        print(json.dumps(anon() - before))
    """)
    show("memory added to the trainer (RssAnon)", [("epochal", f"{kib / 1024:.1f} MB, NumPy not loaded")])


def start(folder):
    """Import, first and later `init`, `finish`, with plugin discovery over 150 distributions more."""
    site = Path(folder, "site")
    for n in range(150):
        info = site / f"dist_{n}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: dist-{n}\nVersion: 1.0\n" + "x" * 3000)
        (info / "RECORD").write_text("")
        if n % 3 == 0:
            (info / "entry_points.txt").write_text(f"[console_scripts]\ntool{n} = tool:main\n")
    times = {"import epochal": [], "import numpy": [], "first init": [], "later init": [], "finish": []}
    for _ in range(9):
        got = fresh(f"""
            import json, sys, time
            sys.path.append({str(site)!r})
            t = [time.perf_counter()]
            import epochal; t.append(time.perf_counter())
            a = epochal.init("bench", dir={folder!r}); t.append(time.perf_counter())
            for i in range(1000): a.log({{"x": 1.0}})
            t.append(time.perf_counter())
            a.finish(); t.append(time.perf_counter())
            b = epochal.init("bench", dir={folder!r}); t.append(time.perf_counter())
            b.finish()
            print(json.dumps([t[1] - t[0], t[2] - t[1], t[5] - t[4], t[4] - t[3]]))
        """)
        numpy = fresh(
            "import json, time; t = time.perf_counter(); import numpy; print(json.dumps(time.perf_counter() - t))"
        )
        for name, value in zip(("import epochal", "first init", "later init", "finish"), got, strict=True):
            times[name].append(value)
        times["import numpy"].append(numpy)
    rows = [
        (name, f"{statistics.median(ts) * 1e3:7.1f} ms (of 9: {min(ts) * 1e3:.1f} to {max(ts) * 1e3:.1f})")
        for name, ts in times.items()
    ]
    ratio = statistics.median(times["import epochal"]) / statistics.median(times["import numpy"])
    show("start and stop, 150 distributions installed", [*rows, ("import epochal / numpy", f"{ratio:.2f}")])


ALL = {f.__name__: f for f in (burst, paced, threads, extend, size, memory, start)}


def main(names):
    for name in names or ALL:
        with tempfile.TemporaryDirectory() as folder:
            ALL[name](folder)


if __name__ == "__main__":
    main(sys.argv[1:])
