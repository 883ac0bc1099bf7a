"""Which process of several this one is, where its launcher set no variable that the core knows; imports no backend."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from epochal.ranks import Rank, this_rank


def rank_here(environ: Mapping[str, str] = os.environ) -> Rank:
    """Return this process's rank and the number of ranks: the core's answer, else the backend's.

    Torch's processes may have been spawned by the script itself, TensorFlow's workers stand in `TF_CONFIG`, and JAX
    knows its own. A backend that is not imported is not asked.
    """
    known = this_rank(environ=environ)
    if known.source != "default":
        return known
    for ask in (_torch, _tensorflow, _jax):
        with contextlib.suppress(Exception):  # a foreign library's state, in any version
            found = ask(environ)
            if found is not None and (found.world or 0) > 1:
                return found
    return known


def _torch(environ: Mapping[str, str]) -> Rank | None:
    distributed: Any = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return Rank(distributed.get_rank(), distributed.get_world_size(), "torch.distributed")


def _tensorflow(environ: Mapping[str, str]) -> Rank | None:
    if "tensorflow" not in sys.modules or not environ.get("TF_CONFIG"):
        return None
    config = json.loads(environ["TF_CONFIG"])
    cluster, task = config["cluster"], config["task"]
    chiefs, workers = (len(cluster.get(kind, ())) for kind in ("chief", "worker"))
    first = 0 if task["type"] in ("chief", "master") else chiefs
    return Rank(first + int(task["index"]), chiefs + workers, "TF_CONFIG")


def _jax(environ: Mapping[str, str]) -> Rank | None:
    jax: Any = sys.modules.get("jax")
    return None if jax is None else Rank(int(jax.process_index()), int(jax.process_count()), "jax")
