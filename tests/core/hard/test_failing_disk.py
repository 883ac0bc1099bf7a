"""Writes that end short or fail, by a limit on the file size and by errors of the disk."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.core.hard.soundness import assert_sound, records
from tests.core.hard.test_full_disk import check_rows
from tests.core.hard.trainings import Training, points, value

pytestmark = pytest.mark.usefixtures("no_companion")


def test_a_limit_on_file_size_is_a_full_disk_too(tmp_path: Path) -> None:
    """RLIMIT_FSIZE: writes end short at any byte, then fail; SIGXFSZ is ignored, as Python has it."""
    script = """
    import resource
    for number, more in enumerate([0, 1, 63, 64, 100, 500, 1000, 4095, 4096, 5000, 20001]):
        run = epochal.init("limit", id=f"limit-{number}")
        for n in range(20):
            run.log({"loss-0": value(n), "n": n}, step=n)
        unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = os.fstat(run._writer.storage.fd).st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + more, unlimited[1]))
        for n in range(20, 1000):
            run.log({"loss-0": value(n), "n": n}, step=n)
            if n % 13 == 0:
                run.log({f"seen/once/{n}": value(n)}, step=n)
        run.extend({"column": [value(n) for n in range(5000)]}, steps=range(5000))
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        for n in range(1000, 1100):
            run.log({"loss-0": value(n), "n": n}, step=n)
        run.finish()
    """
    with Training(tmp_path, script) as training:
        training.succeed()
    for number in range(11):
        run = training.recorded(f"limit-{number}")
        assert run.state == "finished"
        assert check_rows(run, 1100) == 0
        for n in range(26, 1000, 13):
            assert points(run, f"seen/once/{n}") == [(n, value(n))]
        assert points(run, "column") == [(n, value(n)) for n in range(5000)]
        assert records(run.path, "missing") == []
        assert_sound(run.path)
    assert training.errors.count("cannot be written") == 11


def test_columns_beyond_the_buffer_are_counted_exactly(tmp_path: Path) -> None:
    script = """
    import resource
    run = epochal.init("limit")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = os.fstat(run._writer.storage.fd).st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 3_000_001, unlimited[1]))
    run.extend({"column": [value(n) for n in range(500_000)]}, steps=range(500_000))
    for n in range(10_000):
        run.log({"loss-0": value(n), "n": n}, step=n)
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert run.state == "finished"
    column = points(run, "column")
    assert len(column) == len(set(column))
    assert set(column) <= {(n, value(n)) for n in range(500_000)}
    gone = 500_000 - len(column)
    assert gone > 0
    rows = points(run, "n") if "n" in run.metrics else []
    assert sum(record["rows"] for record in records(run.path, "missing")) == gone + 10_000 - len(rows)
    assert training.errors.count("cannot be written") == 1
    assert_sound(run.path)


def test_a_disk_that_fails_for_a_while_costs_nothing(tmp_path: Path, strace: str) -> None:
    """EIO, EDQUOT and EAGAIN at writes of any kind, each for a while, at every point of the run's beginning."""
    script = """
    run = epochal.init("failing", id="it", config={"lr": 0.1})
    for n in range(200):
        run.log({"n": n, "loss-0": value(n)}, step=n)
        if n % 20 == 0:
            run.log({f"seen/once/{n}": value(n), "text": "text"}, step=n)
    run.finish()
    """
    for number, error in enumerate(["EIO", "EDQUOT", "EAGAIN", "ENOSPC", "EROFS", "EIO"]):
        first = [1, 2, 4, 9, 20, 60][number]
        inject = f"inject=pwrite64:error={error}:when={first}..{first + 17}"
        interpreter = [strace, "-qq", "-o", os.devnull, "-e", inject, sys.executable]
        with Training(tmp_path / str(number), script, interpreter=interpreter) as training:
            run = training.succeed().recorded()
        assert run.state == "finished"
        assert run.config == {"lr": 0.1}
        assert check_rows(run, 200) == 0
        assert len(points(run, "seen/once/20")) == 1
        assert training.errors.count("cannot be written") == 1, (error, training.errors)
        assert records(run.path, "missing") == []
        assert_sound(run.path)


def test_threads_and_a_signal_handler_that_log_into_storage_that_refuses_lose_nothing(tmp_path: Path) -> None:
    """What waits in memory is written by whoever comes first, once."""
    script = """
    import resource, threading
    sys.setswitchinterval(1e-5)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    for number in range(4):
        run = epochal.init("limit", id=f"it-{number}")
        handled = 0
        def handler(signum, frame):
            global handled
            n, handled = handled, handled + 1
            run.log({"handler": value(n)}, step=n)
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        stop = False
        counts = [0] * 4
        def work(who):
            while not stop:
                n = counts[who]
                run.log({f"thread-{who}": value(n)}, step=n)
                counts[who] = n + 1
                if n % 20 == 0:
                    time.sleep(0.001)
        threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.05)
        size = os.fstat(run._writer.fd).st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000 * number, unlimited[1]))
        time.sleep(0.4)
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        time.sleep(1.1)
        stop = True
        for thread in threads:
            thread.join()
        signal.setitimer(signal.ITIMER_REAL, 0)
        for who in range(4):
            ack(counts[who], 10 * number + who)
        ack(handled, 10 * number + 9)
        run.finish()
    """
    with Training(tmp_path, script) as training:
        training.succeed()
    for number in range(4):
        run = training.recorded(f"it-{number}")
        assert run.state == "finished"
        assert records(run.path, "missing") == []
        for who in range(4):
            (count,) = training.acknowledged(10 * number + who)
            assert points(run, f"thread-{who}") == [(n, value(n)) for n in range(count)]
        (handled,) = training.acknowledged(10 * number + 9)
        assert points(run, "handler") == [(n, value(n)) for n in range(handled)]
        assert_sound(run.path)


def test_threads_that_overflow_the_buffer_are_counted_exactly(tmp_path: Path) -> None:
    script = """
    import resource, threading
    sys.setswitchinterval(1e-5)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    run = epochal.init("limit", id="it")
    size = os.fstat(run._writer.fd).st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, unlimited[1]))
    def work(who):
        for n in range(10_000):
            run.log({f"thread-{who}": value(n), **{f"more-{k}": n for k in range(30)}}, step=n)
    threads = [threading.Thread(target=work, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    there = 0
    for who in range(4):
        recorded = points(run, f"thread-{who}")
        assert recorded == [(n, value(n)) for n, _ in recorded]
        assert len(recorded) == len(set(recorded))
        there += len(recorded)
    missing = records(run.path, "missing")
    assert there < 40_000
    assert sum(record["rows"] for record in missing) == 40_000 - there
    assert_sound(run.path)
