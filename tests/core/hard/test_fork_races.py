"""Forks beside threads, signals and processes that stand still: no deadlock, and each row once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.core.hard.trainings import Training, points, value

pytestmark = pytest.mark.usefixtures("no_companion")


def test_forks_while_other_threads_log_end_and_lose_nothing(tmp_path: Path) -> None:
    """wandb/wandb#12079: a fork beside a logging thread deadlocked the workers."""
    script = """
    import threading
    sys.setswitchinterval(1e-5)
    run = epochal.init("forks")
    stop = False
    def work(who):
        n = 0
        while not stop:
            run.log({f"thread-{who}": value(n), "odd": n % 2 == 1}, step=n)
            if n % 10 == 0:
                run.log({f"once-{who}-{n}": 1.0}, step=n)
            ack(n, who)
            n += 1
    threads = [threading.Thread(target=work, args=(who,)) for who in range(1, 4)]
    for thread in threads:
        thread.start()
    for child in range(40):
        pid = os.fork()
        if pid == 0:
            for n in range(50):
                run.log({f"child-{child}": value(n)}, step=n)
            ack(0, 100 + child)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    stop = True
    for thread in threads:
        thread.join()
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    for who in range(1, 4):
        acknowledged = training.acknowledged(who)
        assert len(acknowledged) > 10
        assert points(run, f"thread-{who}") == [(n, value(n)) for n in acknowledged]
    for child in range(40):
        assert training.acknowledged(100 + child) == [0]
        assert points(run, f"child-{child}") == [(n, value(n)) for n in range(50)]


def test_a_childs_threads_that_log_for_the_first_time_at_once_open_one_journal(tmp_path: Path) -> None:
    script = """
    import threading
    sys.setswitchinterval(1e-6)
    run = epochal.init("forks")
    for n in range(100):
        run.log({"x": value(n)}, step=n)
    for child in range(20):
        pid = os.fork()
        if pid == 0:
            ready = threading.Barrier(4)
            def work(who):
                ready.wait()
                for n in range(100, 200):
                    run.log({"x": value(n)}, step=n)
                    ack(n, child)
            threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    for n in range(100, 200):
        run.log({"parent": value(n)}, step=n)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert len(training.acks) == 20 * 4 * 100
    recorded = Counter(points(run, "x"))
    assert recorded == Counter({(n, value(n)): 1 if n < 100 else 80 for n in range(200)})
    assert points(run, "parent") == [(n, value(n)) for n in range(100, 200)]
    assert len(list((run.path / "journal").glob("child-*.epochal"))) == 20


def test_a_signal_handler_that_logs_while_a_child_opens_its_journal_does_no_harm(tmp_path: Path) -> None:
    script = """
    run = epochal.init("forks")
    for n in range(100):
        run.log({"x": value(n)}, step=n)
    for child in range(20):
        pid = os.fork()
        if pid == 0:
            count = 0
            def handler(number, frame):
                global count
                n, count = count, count + 1
                run.log({f"signal-{child}": value(n)}, step=n)
                ack(n, 100 + child)
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, 0.0002 * (child % 5 + 1), 0.001)
            for n in range(300):
                run.log({f"child-{child}": value(n)}, step=n)
                ack(n, child)
            signal.setitimer(signal.ITIMER_REAL, 0)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert points(run, "x") == [(n, value(n)) for n in range(100)]
    for child in range(20):
        assert points(run, f"child-{child}") == [(n, value(n)) for n in range(300)]
        signals = training.acknowledged(100 + child)
        if signals:
            assert points(run, f"signal-{child}") == [(n, value(n)) for n in sorted(signals)]


def test_a_worker_stopped_while_it_logs_does_not_stop_the_parent(tmp_path: Path) -> None:
    """No lock is shared: what a stopped process holds nobody waits for."""
    script = """
    run = epochal.init("forks")
    pid = os.fork()
    if pid == 0:
        n = 0
        while True:
            run.log({"worker": value(n), "n": n}, step=n)
            ack(n, 1)
            n += 1
    time.sleep(0.1)
    os.kill(pid, signal.SIGSTOP)
    for n in range(1000):
        run.log({"parent": value(n)}, step=n)
    run.finish()
    os.kill(pid, signal.SIGKILL)
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    acknowledged = training.acknowledged(1)
    assert points(run, "parent") == [(n, value(n)) for n in range(1000)]
    assert points(run, "worker")[: len(acknowledged)] == [(n, value(n)) for n in acknowledged]


def test_a_child_forked_while_another_thread_looks_for_plugins_opens_its_run(tmp_path: Path) -> None:
    script = """
    import threading
    from epochal import plugins
    looking, done = threading.Event(), threading.Event()
    find = plugins._discover
    def slow():
        looking.set()
        done.wait()
        return find()
    plugins._discover = slow
    thread = threading.Thread(target=plugins.get_manager)
    thread.start()
    looking.wait()
    pid = os.fork()
    if pid == 0:
        plugins._discover = find
        with epochal.init("forks", id="child") as run:
            run.log({"a": 1.5}, step=7)
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    done.set()
    thread.join()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert points(run, "a") == [(7, 1.5)]
