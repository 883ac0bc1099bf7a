"""Runs on interpreters without the global lock. None is at hand here: the test only says that there is none."""

from __future__ import annotations

import sys
import threading

import pytest

import epochal
from epochal.run import Run
from epochal.serial_run import SerialRun, run_class


@pytest.fixture
def free_threading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the interpreter say that it runs without a global lock."""
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)


def test_the_lock_is_taken_only_where_threads_run_side_by_side() -> None:
    assert run_class() is (Run if getattr(sys, "_is_gil_enabled", lambda: True)() else SerialRun)


@pytest.mark.usefixtures("free_threading")
def test_verbs_take_turns_and_may_be_nested() -> None:
    run = epochal.init("p")
    assert isinstance(run, SerialRun)

    class Logs:
        def __float__(self) -> float:
            run.log({"inner": 1.0})
            return 2.0

    def work(k: int) -> None:
        for i in range(500):
            run.log({f"m{k}": float(i)}, step=i)

    run.log({"outer": Logs()})
    threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    with run._turn:  # nobody logs meanwhile
        seq = run._writer.last_seq
        assert run._writer.last_seq == seq
    for thread in threads:
        thread.join()
    run.finish()

    recorded = epochal.get_run(run.folder)
    assert [len(recorded.history(f"m{k}")) for k in range(3)] == [500] * 3
    assert recorded.summary["inner"] == 1.0
    assert recorded.summary["outer"] == 2.0
