"""Epochal as a peer of the shared harness: `python run.py --ours benchmarks/epochal_adapter.py`."""

import os

IMPORT = "epochal"


def env(dir):
    return {
        "EPOCHAL_DIR": os.path.join(dir, "runs"),
        "EPOCHAL_QUIET": "1",
        "EPOCHAL_CACHE_DIR": os.path.join(dir, "cache"),
    }


def init(dir):
    import epochal

    return epochal.init("bench", id="r", dir=os.path.join(dir, "runs"))


def log(run, step, metrics):
    run.log(metrics, step=step)


def finish(run):
    run.finish()


def read(dir, key):
    import epochal

    return epochal.get_run(os.path.join(dir, "runs", "bench", "r")).history(key).values
