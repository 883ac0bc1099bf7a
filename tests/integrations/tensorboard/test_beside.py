"""TensorBoard and Epochal beside one another in one loop: both hold the same, and neither needs another NumPy."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from tests.core.cli_call import call
from tests.needs import need

need("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.summary import Writer  # noqa: E402
from tensorboard.util.tensor_util import make_ndarray  # noqa: E402

STEPS = range(0, 400, 4)
#: What a training may give: NumPy's scalars and 0-d arrays as well as Python's numbers, each exact in 32 bits.
KINDS: list[Callable[[float], Any]] = [float, np.float32, np.float64, np.float16, np.array]

#: Of a metric: steps, values and the times of the points.
Points = tuple[list[int], list[float], list[float]]


def values(step: int) -> dict[str, Any]:
    """Return the metrics of a step, which 32 bits hold exactly: TensorBoard keeps no more."""
    kind = KINDS[step // 4 % len(KINDS)]
    return {"train/loss": kind(1 / 2 ** (step // 40)), "lr": 0.125, "odd": math.nan if step % 8 else math.inf}


def both(add_scalar: Callable[[str, Any, int], object]) -> str:
    """Log the same by both in one loop; return the id of the run."""
    with epochal.init("beside") as run:
        for step in STEPS:
            for name, value in values(step).items():
                add_scalar(name, value, step)
            run.log(values(step), step=step)
        return run.id


def ours(run: str, name: str) -> Points:
    history = epochal.get_run(run).history(name)
    return history.steps.tolist(), history.values.tolist(), history.times.tolist()


def theirs(folder: Path, name: str) -> Points:
    """Return what TensorBoard's own reader gives, for scalars of the old kind and of TensorFlow 2's."""
    events = EventAccumulator(str(folder / "events"), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    if name in events.Tags()["scalars"]:
        points = [(event.step, event.value, event.wall_time) for event in events.Scalars(name)]
    else:
        points = [
            (event.step, make_ndarray(event.tensor_proto).item(), event.wall_time) for event in events.Tensors(name)
        ]
    steps, found, times = zip(*points, strict=True)
    return list(steps), list(found), list(times)


def assert_the_same(folder: Path, run: str, began: float) -> None:
    for name in ("train/loss", "lr", "odd"):
        steps, found, times = theirs(folder, name)
        mine = ours(run, name)
        assert steps == mine[0] == list(STEPS)
        np.testing.assert_array_equal(found, mine[1])
        assert times == sorted(times)
        assert all(began <= moment <= time.time() for moment in (*times, *mine[2]))


def test_a_loop_that_logs_to_both_has_the_same_points_in_both(tmp_path: Path) -> None:
    began = time.time()
    writer = Writer(str(tmp_path / "events"))
    run = both(writer.add_scalar)
    writer.close()
    assert_the_same(tmp_path, run, began)


def test_so_has_one_with_the_writer_of_torch(tmp_path: Path) -> None:
    need("torch")
    from torch.utils.tensorboard import SummaryWriter

    began = time.time()
    writer = SummaryWriter(str(tmp_path / "events"))
    run = both(writer.add_scalar)
    writer.close()
    assert_the_same(tmp_path, run, began)


@pytest.mark.parametrize("kind", [">f4", "float16", "float32", "float64", "int8", "int64", "uint8", "bool"])
def test_numpys_scalars_and_arrays_of_one_element_are_taken_with_this_numpy(kind: str) -> None:
    with epochal.init("kinds") as run:
        run.log({"scalar": np.dtype(kind).type(1), "array": np.ones((), kind), "one": np.ones((1,), kind)})
        run.config["array"] = np.ones(3, kind)
    recorded = epochal.get_run(run.id)
    assert [recorded.history(name).values.tolist() for name in ("scalar", "array", "one")] == [[1], [1], [1]]
    assert recorded.state == "finished"


def test_the_command_line_reads_with_this_numpy_and_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    run = both(lambda *_: None)
    monkeypatch.setitem(sys.modules, "pandas", None)  # an import of it fails from here on
    assert "finished" in call("ls").out
    assert "train/loss" in call("show", run).out
    told = call("history", run, "train/loss", "--json").json
    assert told["step"] == list(STEPS)
    assert call("plot", run, "--metric", "train/loss").out
    assert call("verify", run).code == 0
