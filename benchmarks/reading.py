"""What reading costs: one metric of a long run, and the table of 10,000 runs.

    python benchmarks/reading.py              both
    python benchmarks/reading.py history      one metric of 1,000,000 steps
    python benchmarks/reading.py catalog      10,000 runs with config and summary

The page cache is warm; the JSON-lines file that a buffered writer leaves behind is read beside it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ["EPOCHAL_QUIET"] = "1"
STEPS = 1_000_000
RUNS = 10_000


def timed(action, times=5):
    taken = []
    for _ in range(times):
        t = time.perf_counter()
        result = action()
        taken.append(time.perf_counter() - t)
    return result, taken


def history(folder):
    """One metric of a run with 1,000,000 rows of 5 metrics."""
    import epochal

    run = epochal.init("bench", dir=folder)
    with Path(folder, "a.jsonl").open("w") as lines:
        for i in range(STEPS):
            m = {"loss": i * 0.1, "acc": i * 0.2, "lr": i * 0.3, "grad_norm": i * 0.4, "seconds": i * 0.5}
            run.log(m, step=i)
            if i < STEPS // 10:
                lines.write(json.dumps({"step": i, "time": 0.0, **m}) + "\n")
    run.finish()

    def ours():
        return epochal.get_run(run.folder).history("loss")

    def theirs():
        with Path(folder, "a.jsonl").open() as file:
            return [json.loads(line)["loss"] for line in file]

    got, taken = timed(ours, 9)
    assert len(got) == STEPS and got.values[-1] == (STEPS - 1) * 0.1
    _, json_taken = timed(theirs, 3)
    best, median = min(taken) * 1e3, statistics.median(taken) * 1e3
    print(f"history of {STEPS:,} steps: best {best:.1f} ms, median {median:.1f} ms, first {taken[0] * 1e3:.1f} ms")
    print(f"json lines: {min(json_taken) * 10 * 1e3:,.0f} ms (ten times what a tenth of them took)")


def catalog(folder):
    """10,000 finished runs with 20 config keys and 10 metrics: the catalog empty, then warm."""
    import epochal

    os.environ["EPOCHAL_CACHE_DIR"] = str(Path(folder, "cache"))
    sys.path.insert(0, str(Path(__file__).parent.parent))
    from tests.core.make_runs import make_runs

    root = Path(folder, "runs")
    t = time.perf_counter()
    make_runs(root, RUNS)
    print(f"made {RUNS:,} runs in {time.perf_counter() - t:.0f} s")
    list(root.rglob("*.epochal"))
    runs, cold = timed(lambda: epochal.runs(root), 1)
    assert len(runs) == RUNS
    runs, warm = timed(lambda: epochal.runs(root), 5)
    _, where = timed(lambda: epochal.runs(root, where="config.lr > 0.05", sort="-started"), 3)
    print(f"catalog of {RUNS:,} runs: empty {cold[0]:.2f} s, warm {statistics.median(warm) * 1e3:.0f} ms, "
          f"with a filter {statistics.median(where) * 1e3:.0f} ms")  # fmt: skip


ALL = {f.__name__: f for f in (history, catalog)}


if __name__ == "__main__":
    for name in sys.argv[1:] or ALL:
        with tempfile.TemporaryDirectory() as folder:
            ALL[name](folder)
