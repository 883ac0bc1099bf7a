"""A wall clock that is set back: times within a run never go backwards, and order never follows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import epochal
from tests.core.hard.trainings import Training, points, value

pytestmark = pytest.mark.usefixtures("no_companion")


#: The wall clock as the interpreter shows it: set back by an hour now and then, or standing still.
SET_BACK = """
real = time.time
offset = 0.0
time.time = lambda: real() + offset
time.time_ns = lambda: int(time.time() * 1e9)
run = epochal.init("clock", id="it")
for n in range(500):
    if n % 50 == 0:
        offset -= 3600.0
    run.log({"a": value(n)}, step=n)
    run.log({f"once-{n}": 1.0}, step=n)
    run.config["n"] = n
pid = os.fork()
if pid == 0:
    for n in range(10):
        run.log({"child": value(n)}, step=n)
    os._exit(0)
os.waitpid(pid, 0)
run.finish()
"""


def test_times_within_a_run_never_go_backwards(tmp_path: Path) -> None:
    with Training(tmp_path, SET_BACK) as training:
        run = training.succeed().recorded()
    history = run.history("a")
    assert history.values.tolist() == [value(n) for n in range(500)]
    assert np.all(np.diff(history.times) >= 0)
    assert history.times[-1] - history.times[0] < 60
    assert run.config["n"] == 499
    assert points(run, "child") == [(n, value(n)) for n in range(10)]
    assert (run.started or 0) <= (run.finished or 0)


def test_a_run_resumed_after_the_clock_was_set_back_goes_on_in_its_own_order(tmp_path: Path) -> None:
    script = """
    real = time.time
    offset = float(sys.argv[1])
    time.time = lambda: real() + offset
    run = epochal.init("clock", id="it", resume="allow")
    run.log({"b": offset})
    for n in range(10):
        run.log({"a": value(n) + offset}, step=n)
    run.finish()
    """
    for offset in (0, -86400, -3 * 86400):
        with Training(tmp_path, script, offset) as training:
            training.succeed()
    run = training.recorded()
    assert run.state == "finished"
    assert run.history("a").values.tolist() == [value(n) - 3 * 86400 for n in range(10)]
    # each start goes on with the automatic step where the one before stood
    assert points(run, "b") == [(0, 0.0), (10, -86400.0), (10, -3 * 86400.0)]
    assert len(points(run, "a")) == 30


def test_a_position_from_a_clock_that_was_ahead_hides_what_came_after_it_and_nothing_before(tmp_path: Path) -> None:
    script = """
    import json
    real = time.time
    offset = float(sys.argv[1])
    time.time = lambda: real() + offset
    position = json.load(open("position.json")) if os.path.exists("position.json") else None
    run = epochal.init("clock", id="it", resume="allow", position=position)
    first = 0 if position is None else 10
    for n in range(first, 20):
        if n == 10:
            json.dump(run.position(), open("position.json", "w"))
        run.log({"a": value(n) + offset}, step=n)
    run.finish()
    """
    for offset in (0, -86400):
        with Training(tmp_path, script, offset) as training:
            training.succeed()
    run = training.recorded()
    assert run.history("a").values.tolist() == [value(n) for n in range(10)] + [value(n) - 86400 for n in range(10, 20)]
    assert len(points(run, "a")) == 20
    assert len(points(run, "a", abandoned=True)) == 30


def test_a_clock_before_1970_and_one_far_ahead_are_clocks(tmp_path: Path) -> None:
    script = """
    time.time = lambda: float(sys.argv[1])
    run = epochal.init("clock", id=f"it{sys.argv[2]}")
    for n in range(10):
        run.log({"a": value(n)}, step=n)
    run.finish()
    """
    for number, now in enumerate((-1000.0, 0.0, 4e9, 1e11)):
        with Training(tmp_path, script, now, number) as training:
            training.succeed()
        run = epochal.get_run(training.root / "clock" / f"it{number}")
        assert run.state == "finished"
        assert points(run, "a") == [(n, value(n)) for n in range(10)]
    assert len(epochal.runs(training.root)) == 4
