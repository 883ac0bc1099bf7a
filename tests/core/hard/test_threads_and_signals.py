"""Threads, signal handlers and values that log while a call of `log` is under way."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

import epochal
from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, points, value

pytestmark = pytest.mark.usefixtures("no_companion")


def in_threads(count: int, work: object) -> None:
    """Run `work(who)` in some threads that start at once."""
    ready = threading.Barrier(count)
    failures: list[BaseException] = []

    def begin(who: int) -> None:
        ready.wait()
        try:
            work(who)  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=begin, args=(who,)) for who in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a thread hangs"
    if failures:
        raise failures[0]


@pytest.fixture
def quick_switches() -> object:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_four_threads_that_log_at_once_lose_and_repeat_nothing(quick_switches: object) -> None:
    rows = 20_000
    with epochal.init("threads") as run:

        def work(who: int) -> None:
            for n in range(rows):
                run.log({"shared": n, "loss": value(n)}, step=n)
                if n % 100 == 0:
                    run.log({f"own-{who}": value(n)}, step=n)

        in_threads(4, work)
    recorded = epochal.get_run(run.folder)
    counted = Counter(points(recorded, "shared"))
    assert counted == dict.fromkeys(((n, n) for n in range(rows)), 4)
    assert Counter(points(recorded, "loss")) == dict.fromkeys(((n, value(n)) for n in range(rows)), 4)
    for who in range(4):
        assert points(recorded, f"own-{who}") == [(n, value(n)) for n in range(0, rows, 100)]
    assert_sound(run.folder)


def test_threads_that_use_every_verb_at_once_break_nothing(quick_switches: object) -> None:
    rounds = 300
    with epochal.init("threads") as run:

        def work(who: int) -> None:
            for n in range(rounds):
                run.log({f"metric-{n % 7}": value(n)})
                run.log({f"once-{who}-{n}": "text"}, step=n)
                run.config[f"{who}/{n}"] = n
                run.summary[f"{who}/{n}"] = n
                run.extend({f"column-{who}": [value(n), value(n + 1)]}, steps=[2 * n, 2 * n + 1])
                assert run.position()["run"] == run.id

        in_threads(4, work)
    recorded = epochal.get_run(run.folder)
    assert_sound(run.folder)
    for who in range(4):
        for n in range(rounds):
            assert recorded.config[f"{who}/{n}"] == n
            assert recorded.summary[f"{who}/{n}"] == n
        assert points(recorded, f"column-{who}") == [
            (2 * n + more, value(n + more)) for n in range(rounds) for more in (0, 1)
        ]
    automatic = [point for k in range(7) for point in points(recorded, f"metric-{k}")]
    assert len(automatic) == 4 * rounds


def test_a_run_finished_under_its_logging_threads_keeps_what_came_before(tmp_path: Path) -> None:
    script = """
    import threading
    run = epochal.init("threads")
    def work(who):
        n = 0
        while not run._closed:
            run.log({f"thread-{who}": value(n)}, step=n)
            if not run._closed:
                ack(n, who)
            n += 1
    threads = [threading.Thread(target=work, args=(who,)) for who in range(1, 4)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    run.finish()
    others = [open(__file__) for _ in range(300)]  # whoever still logs must not write into one of these
    for thread in threads:
        thread.join()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert run.state == "finished"
    assert training.errors.count("after finish") <= 1
    assert_sound(run.path)
    for who in range(1, 4):
        acknowledged = training.acknowledged(who)
        recorded = points(run, f"thread-{who}")
        assert recorded[: len(acknowledged)] == [(n, value(n)) for n in acknowledged]


def test_a_signal_handler_that_logs_every_millisecond_loses_and_repeats_nothing(tmp_path: Path) -> None:
    script = """
    run = epochal.init("signals")
    count = 0
    def handler(number, frame):
        global count
        n, count = count, count + 1
        run.log({"handler": value(n)}, step=n)
        run.log({f"handler-once-{n}": value(n)}, step=n)
        ack(n, 1)
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    deadline = time.monotonic() + 1.5
    n = 0
    while time.monotonic() < deadline:
        run.log({"main": value(n), "n": n}, step=n)
        if n % 10 == 0:
            run.log({f"main-once-{n}": value(n)}, step=n)
            run.config["n"] = n
        ack(n)
        n += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    main, handled = training.acknowledged(0), sorted(training.acknowledged(1))
    assert len(handled) > 100
    assert points(run, "main") == [(n, value(n)) for n in main]
    assert points(run, "handler") == [(n, value(n)) for n in handled]
    names = set(run.metrics)
    assert {f"handler-once-{n}" for n in handled} | {f"main-once-{n}" for n in main[::10]} <= names
    for n in handled[::50]:
        assert points(run, f"handler-once-{n}") == [(n, value(n))]
    for n in main[:: 10 * (len(main) // 200)]:
        assert points(run, f"main-once-{n}") == [(n, value(n))]
    assert run.config["n"] == main[-1] // 10 * 10
    assert_sound(run.path)


class LogsItself:
    """A value whose conversion logs, as one does that measures itself."""

    def __init__(self, run: epochal.Run, n: int) -> None:
        self.run, self.n = run, n

    def __float__(self) -> float:
        self.run.log({"inner": value(self.n)}, step=self.n)
        self.run.log({"outer": 0.5, "n": 0}, step=-1)
        return value(self.n)


def test_a_value_that_logs_while_it_is_converted_is_recorded_and_so_is_what_it_logs() -> None:
    with epochal.init("values") as run:
        for n in range(500):
            run.log({"outer": LogsItself(run, n), "n": n}, step=n)
    recorded = epochal.get_run(run.folder)
    assert points(recorded, "inner") == [(n, value(n)) for n in range(500)]
    assert points(recorded, "outer") == [(-1, 0.5)] * 500 + [(n, value(n)) for n in range(500)]
    assert_sound(run.folder)


class Raises:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __float__(self) -> float:
        raise self.error


def test_a_value_that_raises_costs_itself_and_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    with epochal.init("values") as run:
        for n in range(10):
            run.log({"bad": Raises(RuntimeError("no number")), "good": value(n)}, step=n)
    assert points(epochal.get_run(run.folder), "good") == [(n, value(n)) for n in range(10)]
    assert sum("'bad'" in record.message for record in caplog.records) == 1
    assert "no number" in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)])
def test_an_interrupt_that_comes_up_while_a_value_is_converted_passes_through(error: BaseException) -> None:
    with epochal.init("values") as run:
        with pytest.raises(type(error)):
            run.log({"bad": Raises(error)})
        run.log({"good": 1.0}, step=1)
    assert points(epochal.get_run(run.folder), "good") == [(1, 1.0)]


def test_of_threads_that_open_one_id_at_once_exactly_one_gets_it() -> None:
    for number in range(10):
        won: list[epochal.Run] = []
        lost: list[epochal.EpochalError] = []

        def work(who: int, id: str = f"same-{number}") -> None:
            try:
                won.append(epochal.init("threads", id=id, resume="allow"))
            except (epochal.RunAliveError, epochal.RunExistsError) as error:
                lost.append(error)

        in_threads(4, work)
        assert len(won) == 1
        assert len(lost) == 3
        won[0].log({"a": 1.0})
        won[0].finish()


def test_threads_that_open_runs_of_their_own_have_their_own_active_run() -> None:
    folders: dict[int, Path] = {}

    def work(who: int) -> None:
        with epochal.init("threads") as run:
            folders[who] = run.folder
            for n in range(500):
                epochal.log({"who": who}, step=n)

    in_threads(4, work)
    assert len(set(folders.values())) == 4
    for who, folder in folders.items():
        recorded = epochal.get_run(folder)
        assert recorded.state == "finished"
        assert points(recorded, "who") == [(n, who) for n in range(500)]
