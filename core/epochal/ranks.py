"""Which rank this process has in a training of several processes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from .errors import BadValueError


class Rank(NamedTuple):
    """A rank, the number of ranks where it is known, and what said so."""

    rank: int
    world: int | None
    source: str


def this_rank(argument: int | None = None, environ: Mapping[str, str] = os.environ) -> Rank:
    """Return the argument, else EPOCHAL_RANK, RANK, NODE_RANK and LOCAL_RANK (with WORLD_SIZE), SLURM_PROCID, else 0.

    RANK and LOCAL_RANK count only beside WORLD_SIZE, which every launcher sets with them; SLURM_PROCID only within an
    `srun` of several tasks, so that a script in a batch job is not taken for a rank.

    Raises:
        BadValueError: a rank that is no integer of at least 0.
    """
    world = _number(environ, "WORLD_SIZE")
    if argument is not None:
        if type(argument) is not int or argument < 0:
            raise BadValueError(f"rank {argument!r} cannot be used: take an integer of at least 0, or leave it out")
        return Rank(argument, world, "argument")
    if environ.get("EPOCHAL_RANK"):
        rank = _number(environ, "EPOCHAL_RANK")
        if rank is None or rank < 0:
            raise BadValueError(
                f"EPOCHAL_RANK is {environ['EPOCHAL_RANK']!r}: set an integer of at least 0, or unset it"
            )
        return Rank(rank, world, "EPOCHAL_RANK")
    if world is not None:
        rank, local = _number(environ, "RANK"), _number(environ, "LOCAL_RANK")
        if rank is not None:
            return Rank(rank, world, "RANK")
        if local is not None:
            node = _number(environ, "NODE_RANK") or 0
            here = _number(environ, "LOCAL_WORLD_SIZE") or 0
            return Rank(node * here + local, world, "LOCAL_RANK")
    tasks, task = _number(environ, "SLURM_STEP_NUM_TASKS"), _number(environ, "SLURM_PROCID")
    if task is not None and tasks is not None and tasks > 1:
        return Rank(task, tasks, "SLURM_PROCID")
    return Rank(0, world, "default")


def _number(environ: Mapping[str, str], name: str) -> int | None:
    try:
        return int(environ.get(name, ""))
    except ValueError:
        return None
