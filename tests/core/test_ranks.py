"""Which rank a process has, from what launchers set."""

from __future__ import annotations

import pytest

from epochal.errors import BadValueError
from epochal.ranks import this_rank


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, (0, None)),
        ({"EPOCHAL_RANK": "3", "RANK": "1", "WORLD_SIZE": "4"}, (3, 4)),
        ({"RANK": "1", "WORLD_SIZE": "4"}, (1, 4)),
        ({"RANK": "1"}, (0, None)),
        ({"LOCAL_RANK": "1", "NODE_RANK": "2", "LOCAL_WORLD_SIZE": "4", "WORLD_SIZE": "16"}, (9, 16)),
        ({"LOCAL_RANK": "1", "WORLD_SIZE": "2"}, (1, 2)),
        ({"LOCAL_RANK": "1"}, (0, None)),
        ({"SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "4"}, (2, 4)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}, (0, None)),
        ({"SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "1"}, (0, None)),
        ({"RANK": "x", "WORLD_SIZE": "4"}, (0, 4)),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_launchers_are_understood(environ: dict[str, str], expected: tuple[int, int | None]) -> None:
    assert this_rank(environ=environ)[:2] == expected


def test_the_argument_comes_first() -> None:
    assert this_rank(5, {"EPOCHAL_RANK": "3"}).rank == 5


@pytest.mark.parametrize("rank", [-1, 1.5, True, "1"])
def test_a_bad_argument_is_named(rank: object) -> None:
    with pytest.raises(BadValueError, match=repr(rank)):
        this_rank(rank)  # type: ignore[arg-type]


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(BadValueError, match="EPOCHAL_RANK is 'one'"):
        this_rank(environ={"EPOCHAL_RANK": "one"})
