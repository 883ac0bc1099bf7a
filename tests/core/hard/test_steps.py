"""Steps in any order, of any kind: nothing is dropped for its step; the peers' bug reports replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from tests.core.hard.trainings import points, value
from tests.needs import need

pytestmark = pytest.mark.usefixtures("no_companion")


def read_after(*calls: tuple[float, Any]) -> epochal.RecordedRun:
    """Record (value, step) pairs as metric `x`, and return the run."""
    with epochal.init("steps") as run:
        for x, step in calls:
            run.log({"x": x}, step=step)
    return epochal.get_run(run.folder)


def test_steps_that_go_back_are_kept_and_history_is_sorted() -> None:
    """wandb/wandb#6269, #5913, #2812, #10628: data whose step went back was dropped."""
    run = read_after(*((value(n), n) for n in (5, 3, 9, 1, 7, 0)))
    assert points(run, "x") == [(n, value(n)) for n in (0, 1, 3, 5, 7, 9)]


def test_of_a_repeated_step_the_last_call_is_the_point_and_the_others_can_be_had() -> None:
    """wandb/wandb#9449, #5274."""
    run = read_after((1.0, 4), (2.0, 4), (9.0, 5), (3.0, 4))
    history = run.history("x")
    assert (history.steps.tolist(), history.values.tolist()) == ([4, 5], [3.0, 9.0])
    assert points(run, "x") == [(4, 1.0), (4, 2.0), (4, 3.0), (5, 9.0)]


def test_automatic_and_explicit_steps_are_mixed_at_will() -> None:
    """wandb/wandb#10628, modelscope/ms-swift#7080, PrimeIntellect-ai/prime-rl#1668: one more than the last call's."""
    run = read_after((0.0, None), (1.0, None), (2.0, 10), (3.0, None), (4.0, 5), (5.0, None), (6.0, -3), (7.0, None))
    assert sorted(points(run, "x"), key=lambda point: point[1]) == [
        (0, 0.0), (1, 1.0), (10, 2.0), (11, 3.0), (5, 4.0), (6, 5.0), (-3, 6.0), (-2, 7.0),
    ]  # fmt: skip


def test_huge_and_negative_steps_are_steps() -> None:
    steps = [2**62, 2**62 + 1, -(2**62), -1, 0, 2**63 - 1, -(2**63), 2**53 + 1]
    run = read_after(*((value(n % 1000), n) for n in steps))
    assert points(run, "x") == [(n, value(n % 1000)) for n in sorted(steps)]


def test_the_automatic_step_goes_on_after_a_huge_one() -> None:
    run = read_after((1.0, 2**62), (2.0, None), (3.0, None))
    assert points(run, "x") == [(2**62, 1.0), (2**62 + 1, 2.0), (2**62 + 2, 3.0)]


def test_after_the_last_step_there_is_the_automatic_one_stays_there_and_warns_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = read_after((1.0, 2**63 - 1), (2.0, None), (3.0, None), (4.0, None), (5.0, None), (6.0, 7), (7.0, None))
    assert points(run, "x") == [(7, 6.0), (8, 7.0), *((2**63 - 1, float(n)) for n in range(1, 6))]
    assert sum("64 bits" in record.message for record in caplog.records) == 1


INTEGERS = [np.int8(7), np.int32(7), np.int64(7), np.uint64(7), 7.0, np.float32(7), np.array(7), np.array([7]), True]


@pytest.mark.parametrize("step", INTEGERS, ids=lambda step: type(step).__name__)
def test_whatever_stands_for_an_integer_is_a_step(step: Any) -> None:
    run = read_after(*[(1.0, step)] * 4, (2.0, None))
    assert points(run, "x") == [(int(np.asarray(step).item()), 1.0)] * 4 + [(int(np.asarray(step).item()) + 1, 2.0)]


def test_tensors_are_steps() -> None:
    torch = need("torch")
    run = read_after((1.0, torch.tensor(7)), (2.0, torch.tensor([8])), (3.0, torch.tensor(9.0)))
    assert points(run, "x") == [(7, 1.0), (8, 2.0), (9, 3.0)]


BAD = [1.5, float("nan"), float("inf"), "text", b"1", 2**63, -(2**63) - 1, np.uint64(2**64 - 1), [1], object(), 1j, {}]


@pytest.mark.parametrize("step", BAD, ids=repr)
def test_what_is_no_step_costs_one_warning_and_no_value(step: Any, caplog: pytest.LogCaptureFixture) -> None:
    run = read_after((1.0, 4), (2.0, step), (3.0, step), (4.0, step), (5.0, step))
    assert points(run, "x") == [(4, 1.0), (5, 2.0), (6, 3.0), (7, 4.0), (8, 5.0)]
    assert sum("step" in record.message for record in caplog.records) == 1
    assert any(notice.code == "step" for notice in run.notices)


@pytest.mark.parametrize("time", [1700000000, 1.5e9, np.float32(1.5e9), -5.0, 0.0])
def test_a_time_of_ones_own_is_kept(time: Any) -> None:
    with epochal.init("steps") as run:
        for n in range(4):
            run.log({"x": 1.0}, step=n, time=time)
    assert epochal.get_run(run.folder).history("x").times.tolist() == [float(time)] * 4


@pytest.mark.parametrize("time", ["now", object(), 1j], ids=repr)
def test_what_is_no_time_costs_one_warning_and_no_value(time: Any, caplog: pytest.LogCaptureFixture) -> None:
    with epochal.init("steps") as run:
        for n in range(4):
            run.log({"x": 1.0}, step=n, time=time)
    history = epochal.get_run(run.folder).history("x")
    assert len(history.steps) == 4
    assert (history.times > 1e9).all()
    assert sum("time" in record.message for record in caplog.records) == 1


def test_times_that_go_back_change_no_order() -> None:
    with epochal.init("steps") as run:
        for n in range(10):
            run.log({"x": float(n)}, step=0, time=1000.0 - n)
    recorded = epochal.get_run(run.folder)
    assert recorded.history("x").values.tolist() == [9.0]
    assert [v for _, v in points(recorded, "x")] == [float(n) for n in range(10)]


def test_validation_logged_at_another_rhythm_than_training_is_all_there() -> None:
    """wandb/wandb#1507, Lightning-AI/pytorch-lightning#4980, #5469, #13382, #14892, #16207."""
    with epochal.init("steps") as run:
        step = 0
        for epoch in range(5):
            for _ in range(20):
                run.log({"train/loss": value(step)}, step=step)
                step += 1
            run.log({"val/loss": value(epoch)}, step=step - 1)
            run.log({"val/epoch": epoch}, step=epoch)
    recorded = epochal.get_run(run.folder)
    assert points(recorded, "train/loss") == [(n, value(n)) for n in range(100)]
    assert points(recorded, "val/loss") == [(20 * epoch + 19, value(epoch)) for epoch in range(5)]
    assert points(recorded, "val/epoch") == [(epoch, epoch) for epoch in range(5)]


def test_folds_that_each_begin_at_step_0_are_all_kept() -> None:
    """Lightning-AI/pytorch-lightning#1485: k-fold training logged the steps of each fold anew."""
    with epochal.init("steps") as run:
        for fold in range(4):
            for step in range(30):
                run.log({"loss": value(100 * fold + step), "fold": fold}, step=step)
    recorded = epochal.get_run(run.folder)
    assert sorted(points(recorded, "loss")) == sorted(
        (step, value(100 * fold + step)) for fold in range(4) for step in range(30)
    )
    assert recorded.history("loss").values.tolist() == [value(300 + step) for step in range(30)]


def test_a_metric_drawn_over_another_keeps_its_points_whatever_the_step_is() -> None:
    """wandb/wandb#6554: define_metric failed with a later global step."""
    with epochal.init("steps") as run:
        run.define_metric("val/*", step="epoch")
        for step in range(100):
            run.log({"train/loss": value(step)}, step=step)
        for epoch in range(5):
            run.log({"val/loss": value(epoch), "epoch": epoch}, step=20 * epoch)
    history = epochal.get_run(run.folder).history("val/loss", x="epoch")
    assert history.values.tolist() == [value(epoch) for epoch in range(5)]


def test_a_run_resumed_at_a_chosen_step_hides_what_came_after_and_keeps_it() -> None:
    """wandb/wandb#2234, #2236, #7951: resume at a chosen step, as often as one likes."""
    with epochal.init("steps") as run:
        for n in range(100):
            run.log({"x": value(n)}, step=n)
    for first in (60, 40, 20):
        with epochal.init(id=run.id, project="steps", resume="must") as again:
            again.rewind(first)
            for n in range(10):
                again.log({"x": -value(n)})
    recorded = epochal.get_run(run.folder)
    history = recorded.history("x")
    assert history.steps.tolist() == list(range(30))
    assert history.values.tolist() == [value(n) for n in range(20)] + [-value(n) for n in range(10)]
    kept = recorded.history("x", duplicates=True, abandoned=True)
    assert len(kept.steps) == 130


def test_a_resumed_run_goes_on_counting_and_its_summary_moves_on() -> None:
    """wandb/wandb#9684: min, max and last stood still after a resume; #2423: no resume offline."""
    with epochal.init("steps") as run:
        run.define_metric("x", summary=["min", "max", "last"])
        for n in range(10):
            run.log({"x": 5.0 + n % 3})
    with epochal.init(id=run.id, project="steps", resume="must") as again:
        again.log({"x": -1.0})
        again.log({"x": 99.0})
        again.log({"x": 6.5})
    recorded = epochal.get_run(run.folder)
    assert recorded.history("x").steps.tolist() == list(range(13))
    assert [recorded.summary[f"x.{which}"] for which in ("min", "max", "last")] == [-1.0, 99.0, 6.5]


def test_a_run_resumed_ten_times_has_every_point_once(tmp_path: Path) -> None:
    """huggingface/finetrainers#188, KempnerInstitute/KempnerForge#19: every restart made a new run."""
    with epochal.init("steps", id="again") as run:
        run.log({"x": 0.0})
    for restart in range(1, 11):
        with epochal.init("steps", id="again", resume="allow") as run:
            run.log({"x": float(restart)})
    recorded = epochal.get_run(run.folder)
    assert points(recorded, "x") == [(n, float(n)) for n in range(11)]
    assert len(epochal.runs(project="steps")) == 1


def test_columns_with_steps_in_any_order_are_rows_like_others() -> None:
    with epochal.init("steps") as run:
        run.extend({"x": [1.0, 2.0, 3.0, 4.0]}, steps=[7, -(2**62), 7, 2**62])
        run.log({"x": 5.0})
        run.extend({"x": [6.0]}, steps=[7.0])
        run.extend({"x": [7.0]}, steps=[1.5])
        run.extend({"x": []}, steps=[])
    recorded = epochal.get_run(run.folder)
    assert points(recorded, "x") == [(-(2**62), 2.0), (7, 1.0), (7, 3.0), (7, 6.0), (2**62, 4.0), (2**62 + 1, 5.0)]
