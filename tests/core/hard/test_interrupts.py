"""Signals, crashes and what else ends a process from outside, as its run tells it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.core.hard.trainings import Training, points, until
from tests.needs import required

BEGIN = 'run = epochal.init("endings", id="it")\nrun.log({"a": 1.0})\n'
WAITING = BEGIN + 'ack(1)\nwhile True:\n    time.sleep(0.01)\n    run.log({"a": 1.0})\n'
WAITING_WITH = BEGIN + 'with run:\n    ack(1)\n    while True:\n        time.sleep(0.01)\n        run.log({"a": 1.0})\n'


@pytest.mark.parametrize("script", [WAITING, WAITING_WITH], ids=["alone", "with"])
def test_ctrl_c_is_interrupted(tmp_path: Path, script: str) -> None:
    with Training(tmp_path, script) as training:
        training.hear(until=lambda: bool(training.acks))
        assert training.kill(signal.SIGINT) in (1, 130, -signal.SIGINT)
    assert training.recorded().state == "interrupted"
    assert "KeyboardInterrupt" in training.errors


def test_ctrl_c_while_a_call_of_log_is_under_way_leaves_a_sound_run(tmp_path: Path) -> None:
    script = (
        BEGIN
        + """
ack(0)
n = 0
while True:
    run.log({"b": value(n), "n": n}, step=n)
    n += 1
"""
    )
    for number in range(6):
        with Training(tmp_path / str(number), script) as training:
            training.hear(until=lambda: bool(training.acks))
            training.hear(0.005 * number)
            training.kill(signal.SIGINT)
        run = training.recorded()
        assert run.state == "interrupted"
        if "n" in run.metrics:
            recorded = points(run, "n")
            assert recorded == [(n, n) for n in range(len(recorded))]


def test_sigterm_without_a_handler_is_killed_and_named(tmp_path: Path) -> None:
    with Training(tmp_path, WAITING, companion=True) as training:
        training.hear(until=lambda: bool(training.acks))
        os.kill(training.process.pid, signal.SIGTERM)
        assert training.reap_late() == -signal.SIGTERM
    run = training.recorded()
    assert run.state == "killed"
    assert "SIGTERM" in (run.ending.reason or "")


TERM_AS_EXIT = "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))\n"
TERM_AS_INTERRUPT = """
def interrupt(number, frame):
    raise KeyboardInterrupt
signal.signal(signal.SIGTERM, interrupt)
"""


@pytest.mark.parametrize("handler", [TERM_AS_EXIT, TERM_AS_INTERRUPT], ids=["exit", "interrupt"])
def test_sigterm_that_reaches_python_as_an_exception_is_interrupted(tmp_path: Path, handler: str) -> None:
    with Training(tmp_path, handler + WAITING_WITH) as training:
        training.hear(until=lambda: bool(training.acks))
        training.kill(signal.SIGTERM)
    assert training.recorded().state == "interrupted"


def test_core_installs_no_signal_handler(tmp_path: Path) -> None:
    script = """
    before = [signal.getsignal(number) for number in signal.valid_signals()]
    run = epochal.init("endings")
    run.log({"a": 1.0})
    assert before == [signal.getsignal(number) for number in signal.valid_signals()]
    run.finish()
    assert before == [signal.getsignal(number) for number in signal.valid_signals()]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    """
    with Training(tmp_path, script, companion=True) as training:
        training.succeed()


def test_an_exit_without_pythons_own_end_is_told_by_the_companion(tmp_path: Path) -> None:
    with Training(tmp_path, BEGIN + "os._exit(5)\n", companion=True) as training:
        assert training.reap_late() == 5
    run = training.recorded()
    assert run.state == "failed"
    assert "5" in (run.ending.reason or "")
    assert points(run, "a") == [(0, 1.0)]


def test_a_crash_of_the_interpreter_is_killed_and_named(tmp_path: Path) -> None:
    script = (
        BEGIN
        + "import resource\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))\nfaulthandler.disable()\nos.abort()\n"
    )
    with Training(tmp_path, script, companion=True) as training:
        assert training.reap_late() == -signal.SIGABRT
    run = training.recorded()
    assert run.state == "killed"
    assert "SIGABRT" in (run.ending.reason or "")


def test_a_program_that_starts_itself_anew_can_go_on_with_its_run(tmp_path: Path) -> None:
    """`exec` keeps the process with its pid and start time; what it was before writes no more."""
    script = """
    run = epochal.init("endings", id="it", resume="allow")
    run.log({"a": value(int(sys.argv[1]))})
    if sys.argv[1] != "3":
        os.execv(sys.executable, [sys.executable, sys.argv[0], str(int(sys.argv[1]) + 1)])
    """
    with Training(tmp_path, script, 0) as training:
        run = training.succeed().recorded()
    assert run.state == "finished"
    assert [v for _, v in points(run, "a")] == [(n * 2654435761 % 4294967296) / 7.0 for n in range(4)]


def test_a_program_without_memory_is_killed_and_that_is_named(tmp_path: Path) -> None:
    """Its own control group, where the machine lets us make one."""
    limit = Path("/sys/fs/cgroup/memory") if Path("/sys/fs/cgroup/memory").is_dir() else Path("/sys/fs/cgroup")
    group = limit / f"epochal-test-{os.getpid()}"
    try:
        group.mkdir()
        most = group / ("memory.max" if (group / "memory.max").exists() else "memory.limit_in_bytes")
        most.write_text(str(200 << 20))
    except OSError as refused:
        if group.exists():
            group.rmdir()
        if "cgroup" in required():
            raise
        pytest.skip(f"no control group can be made here: {refused}")
    script = f"""
    with open({str(group / "cgroup.procs")!r}, "w") as procs:
        procs.write(str(os.getpid()))
    run = epochal.init("endings", id="it")
    run.log({{"a": 1.0}})
    ack(0)
    while not os.path.exists("go"):
        time.sleep(0.01)
    hoard = []
    while True:
        hoard.append(b"x" * (8 << 20))
    """
    try:
        with Training(tmp_path, script, companion=True) as training:
            training.hear(until=lambda: bool(training.acks))
            until(lambda: bool(list(training.root.glob("*/*/journal/system-*.epochal"))), "the companion's journal")
            (tmp_path / "go").touch()
            assert training.reap_late() == -signal.SIGKILL
        run = training.recorded()
        assert run.state == "killed"
        assert points(run, "a") == [(0, 1.0)]
        assert "memory" in (run.ending.reason or "")
    finally:
        until(lambda: not (group / "cgroup.procs").read_text().strip(), "the group's end")
        group.rmdir()
