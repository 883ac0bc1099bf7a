"""Readers at work while rows are written at full speed and while the run ends: nothing torn, nothing invented."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

import epochal
from tests.core.hard.trainings import Training, points, value

pytestmark = pytest.mark.usefixtures("no_companion")


#: Known content at full speed: what stands at a step follows from the step.
WRITER = """
run = epochal.init("live", id="it", config={"n": 0})
ack(0)
rows = int(sys.argv[1])
for n in range(rows):
    run.log({"n": n, "loss": value(n)}, step=n)
    if n % 3 == 0:
        run.log({"third": value(n), "odd": n % 2 == 1}, step=n)
    if n % 100 == 0:
        run.log({"rare": value(n), f"once/{n}": n}, step=n)
        run.config["n"] = n
run.finish()
"""


def expected(steps: np.ndarray) -> np.ndarray:
    """Return `value` of each step."""
    return (steps * 2654435761 % 4294967296) / 7.0


def look(run: epochal.RecordedRun, before: dict[str, int]) -> dict[str, int]:
    """Read each metric, check every point of it, and return how many there are: never fewer than before."""
    counts: dict[str, int] = {}
    run.refresh()
    for metric, every in (("n", 1), ("loss", 1), ("third", 3), ("odd", 3), ("rare", 100)):
        if metric not in run.metrics:
            assert before.get(metric, 0) == 0
            continue
        history = run.history(metric, duplicates=True)
        assert np.array_equal(history.steps, np.arange(len(history.steps)) * every), metric
        wanted = {"n": history.steps, "odd": history.steps % 2 == 1}.get(metric)
        assert np.array_equal(history.values, expected(history.steps) if wanted is None else wanted), metric
        assert np.all(np.diff(history.times) >= 0)
        counts[metric] = len(history.steps)
        assert counts[metric] >= before.get(metric, 0), metric
    return counts


def test_readers_beside_a_writer_see_whole_rows_only_and_ever_more_of_them(tmp_path: Path) -> None:
    rows = 150_000
    with Training(tmp_path, WRITER, rows) as training:
        training.hear(until=lambda: bool(training.acks))
        folder = training.run_folders()[0]
        failures: list[BaseException] = []
        rounds = [0, 0]

        def read(which: int) -> None:
            counts: dict[str, int] = {}
            kept = epochal.get_run(folder)
            try:
                while True:
                    ended = training.process.poll() is not None
                    # one reader looks at the same object again and again, one opens the run anew each time
                    counts = look(kept if which else epochal.get_run(folder), counts)
                    rounds[which] += 1
                    if ended:
                        assert counts["n"] == rows
                        return
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=read, args=(which,)) for which in range(2)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(120)
            assert not reader.is_alive()
        training.succeed()
        if failures:
            raise failures[0]
    assert min(rounds) > 3
    run = epochal.get_run(folder)
    assert run.state == "finished"
    assert run.config["n"] == (rows - 1) // 100 * 100
    assert len(points(run, "once/500")) == 1


def test_state_and_rows_at_the_end_agree(tmp_path: Path) -> None:
    """Whoever is told that the run is finished finds all of it."""
    for number in range(6):
        with Training(tmp_path / str(number), WRITER, 2000) as training:
            training.hear(until=lambda: bool(training.acks))
            folder = training.run_folders()[0]
            while epochal.get_run(folder).state == "running":
                pass
            run = epochal.get_run(folder)
            assert run.state == "finished"
            assert look(run, {})["n"] == 2000
            training.succeed()


def test_a_column_written_at_once_is_seen_row_by_row_or_whole_but_never_torn(tmp_path: Path) -> None:
    script = """
    import numpy as np
    run = epochal.init("live", id="it")
    ack(0)
    for k in range(40):
        n = np.arange(k * 20_000, (k + 1) * 20_000)
        run.extend({"n": n, "loss": (n * 2654435761 % 4294967296) / 7.0}, steps=n)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        training.hear(until=lambda: bool(training.acks))
        folder = training.run_folders()[0]
        seen = 0
        while True:
            ended = training.process.poll() is not None
            run = epochal.get_run(folder)
            if "loss" in run.metrics:
                history = run.history("loss", duplicates=True)
                assert np.array_equal(history.values, expected(history.steps))
                assert len(np.unique(history.steps)) == len(history.steps) >= seen
                seen = len(history.steps)
            if ended:
                break
        training.succeed()
    assert seen == 800_000


def test_readers_of_forked_workers_see_whole_rows_too(tmp_path: Path) -> None:
    script = """
    run = epochal.init("live", id="it")
    run.log({"parent": 1.0})
    children = []
    for who in range(3):
        pid = os.fork()
        if pid == 0:
            for n in range(15_000):
                run.log({f"worker-{who}": value(n)}, step=n)
            os._exit(0)
        children.append(pid)
    ack(0)
    for pid in children:
        assert os.waitpid(pid, 0)[1] == 0
    run.finish()
    """
    with Training(tmp_path, script) as training:
        training.hear(until=lambda: bool(training.acks))
        folder = training.run_folders()[0]
        counts = dict.fromkeys(range(3), 0)
        while True:
            ended = training.process.poll() is not None
            run = epochal.get_run(folder)
            for who in range(3):
                if f"worker-{who}" in run.metrics:
                    recorded = points(run, f"worker-{who}")
                    assert recorded == [(n, value(n)) for n in range(len(recorded))]
                    assert len(recorded) >= counts[who]
                    counts[who] = len(recorded)
            if ended:
                break
        training.succeed()
    assert set(counts.values()) == {15_000}
