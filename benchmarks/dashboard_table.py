"""What the runs table's server costs with 10,000 runs of 60 columns: first answers, sort, filter, group, idling.

    python benchmarks/dashboard_table.py            in a folder of its own, made in some seconds
    python benchmarks/dashboard_table.py FOLDER     in a folder that stays, made if it is not there

The page cache is warm. Each line says the median of the wall time and of the processor time, in milliseconds.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ["EPOCHAL_QUIET"] = "1"
sys.path.insert(0, str(Path(__file__).parent.parent))
RUNS = 10_000


def config(chance):
    """38 settings; with 15 metrics, `best` and the run's own fields there are more than 60 columns."""
    return {
        "lr": 10 ** chance.uniform(-5, -1), "batch_size": chance.choice([16, 32, 64]), "seed": chance.randrange(1000),
        "optimizer": {"name": chance.choice(["adam", "sgd", "lion"]), "decay": chance.random(), "betas": [0.9, 0.99]},
        "model": {"name": chance.choice(["resnet", "vit", "mlp"]), "layers": chance.choice([6, 12]), "norm": "batch"},
        "data": {"name": chance.choice(["digits", "cifar"]), "augment": chance.random() < 0.5, "split": 0.8},
        "epochs": 10, "precision": chance.choice(["bf16", "fp32"]),
        **{f"extra{at}": chance.random() for at in range(24)},
    }  # fmt: skip


def made(root):
    from tests.core import make_runs as maker

    maker.METRICS[:] = [
        f"{part}/{name}" for part in ("train", "val", "test") for name in ("loss", "acc", "f1", "auc", "mae")
    ]
    t = time.perf_counter()
    for at in range(RUNS):
        settings = config(random.Random(at))
        maker.make_run(
            root, at, project=f"project-{at % 3}", rows=2, config=settings, finish=["finished", "failed"][at % 4 == 3]
        )
    print(f"made {RUNS:,} runs in {time.perf_counter() - t:.0f} s")


def timed(name, action, times=5):
    wall, cpu = [], []
    for _ in range(times):
        t, c = time.perf_counter(), time.process_time()
        found = action()
        wall.append((time.perf_counter() - t) * 1e3)
        cpu.append((time.process_time() - c) * 1e3)
    print(f"{name:<48} {statistics.median(wall):8.1f} {statistics.median(cpu):8.1f}")
    return found


def measure(root):
    import msgspec

    from epochal_server.inputs import Inputs
    from epochal_server.roster import Roster
    from epochal_server.runs_api import RunsApi
    from epochal_server.runs_query import read_query

    roster = Roster(root)
    api = RunsApi(roster)
    count = iter(range(10**9))

    def asking(**body):
        return lambda: msgspec.json.encode(api.query(read_query(Inputs(body))))

    def fresh(**body):
        """Ask for something else each time: what was asked before is remembered."""
        filters = body.pop("filters", [])

        def ask():
            other = {"column": "config.seed", "op": "!=", "value": -next(count)}
            return asking(**body, filters=[*filters, other])()

        return ask

    print(f"{'':<48} {'wall':>8} {'cpu':>8}   ms, load {os.getloadavg()[0]:.1f}")
    few = ["name", "state", "started", "duration", "config.lr", "summary.val/acc"]
    if not list(Path(os.environ["EPOCHAL_CACHE_DIR"]).glob("*")):
        timed("empty catalog: first page", asking(columns=few, limit=60), 1)
        while roster.left:
            roster.glance()
        roster.close()
        return measure(root)
    timed("warm catalog: first page", asking(columns=few, limit=60), 1)
    keys = [each["key"] for each in timed("columns, first", lambda: api.columns(None), 1)["columns"]]
    columns = keys[:60]
    page = {"columns": columns, "limit": 60}
    print(f"{len(roster.keys()):,} runs, {len(keys)} columns, {len(columns)} of them asked for")
    timed("page of 60 rows", asking(**page))
    timed("page of 1,000 rows", asking(columns=columns, limit=1000))
    best = [["summary.val/acc", "desc"]]
    fresh(sort=best, **page)()
    timed("sort by one", fresh(sort=best, **page))
    timed("sort by three", fresh(sort=[["config.model.name", "asc"], ["config.optimizer.name", "desc"], *best], **page))
    timed("column filters", fresh(filters=[{"column": "config.lr", "op": ">", "value": 0.01}], **page))

    def filtered():
        where = f'config.lr > {next(count) + 1}e-4 and summary["val/acc"] >= .3 and state == "finished"'
        return asking(where=where, **page)()

    timed("filter of the where language", filtered)
    timed("group by one: statistics of 60 columns", fresh(group=["config.model.name"], **page))
    timed("group by two", fresh(group=["config.model.name", "config.optimizer.name"], **page))
    timed("group by 1,000 seeds, the best mean first", fresh(group=["config.seed"], sort=best, **page))
    timed("csv of all", lambda: sum(map(len, api.csv(read_query(Inputs({"columns": columns}))))), 1)
    timed("look at all runs", roster.refresh)
    timed("a look each second while a page is open", roster.glance)
    roster.close()
    return None


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EPOCHAL_CACHE_DIR"] = str(Path(folder, "cache"))
        Path(folder, "cache").mkdir()
        root = Path(sys.argv[1] if sys.argv[1:] else Path(folder, "runs"))
        if not root.is_dir():
            made(root)
        measure(root)
        sys.exit(threading.active_count() > 2)
