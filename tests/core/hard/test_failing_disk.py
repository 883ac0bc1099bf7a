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
