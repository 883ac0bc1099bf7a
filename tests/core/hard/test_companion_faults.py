"""A companion that cannot start, dies, stands still, or is cut off: only what it adds is missing."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, points, until, value

LOGGING = """
run = epochal.init("companion", id="it")
for n in range(1000):
    run.log({"a": value(n)}, step=n)
run.finish()
"""

#: What keeps a companion from starting, as lines before `init`.
OBSTACLES = {
    "no executable": "sys.executable = ''",
    "none": "sys.executable = None",
    "a wrong executable": "sys.executable = '/nonexistent/python3'",
    "another program": "sys.executable = '/bin/false'",
    "a program that is no Python": "import shutil; shutil.copy('/bin/false', 'python3'); "
    "sys.executable = os.path.abspath('python3')",
    "no file descriptors": "import resource; epochal.log; import epochal.opening, epochal.companion.spawn; "
    "epochal.opening.init('first').finish(); few = len(os.listdir('/proc/self/fd')) + 3; "
    "resource.setrlimit(resource.RLIMIT_NOFILE, (few, few))",
    "switched off": "os.environ['EPOCHAL_COMPANION'] = 'off'",
    "an unreadable path": "sys.path.append('/nonexistent\\n/with/newline')",
    "children ignored": "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "a huge environment": "os.environ.update({f'LARGE_{k}': 'x' * 100_000 for k in range(30)})",
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_a_companion_that_cannot_start_costs_one_line(tmp_path: Path, obstacle: str) -> None:
    script = OBSTACLES[obstacle] + LOGGING
    with Training(tmp_path, script, companion=True) as training:
        training.succeed()
        run = training.recorded("it")
    assert run.state == "finished"
    assert points(run, "a") == [(n, value(n)) for n in range(1000)]
    assert training.errors.count("companion") <= (2 if obstacle == "no file descriptors" else 1)
    assert "Traceback" not in training.errors
    assert_sound(run.path)


def test_a_companion_that_stands_still_holds_up_nothing(tmp_path: Path) -> None:
    script = """
    run = epochal.init("companion", id="it")
    ack(0)
    while not os.path.exists("go"):
        time.sleep(0.01)
    for n in range(1000):
        run.log({"a": value(n)}, step=n)
    run.finish()
    """
    with Training(tmp_path, script, companion=True) as training:
        training.hear(until=lambda: bool(training.acks) and bool(training.companions()))
        for pid in training.companions():
            os.kill(pid, signal.SIGSTOP)
        (tmp_path / "go").touch()
        training.succeed()
        assert training.recorded().state == "finished"
    assert points(training.recorded(), "a") == [(n, value(n)) for n in range(1000)]


def test_a_training_that_closes_every_descriptor_but_its_own_goes_on(tmp_path: Path) -> None:
    """As programs do that become daemons: the pipe to the companion and the journal's descriptor are among them."""
    script = """
    run = epochal.init("companion", id="it")
    for n in range(100):
        run.log({"a": value(n)}, step=n)
    os.closerange(3, int(sys.argv[1]))
    files = [open(f"file-{k}", "wb") for k in range(150)]
    for n in range(100, 1000):
        run.log({"a": value(n)}, step=n)
    run.finish()
    for file in files:
        file.close()  # it fails where an end of ours has closed it
        assert os.path.getsize(file.name) == 0, file.name
    """
    for number, highest in enumerate((200, 65536)):
        with Training(tmp_path / str(number), script, highest, companion=True) as training:
            assert training.wait() == 0, training.errors
            run = training.recorded()
        assert points(run, "a") == [(n, value(n)) for n in range(1000)]
        assert run.state == "finished"
        assert ("it was opened again" in training.errors) == (number == 1)


def test_a_number_that_a_file_of_the_users_has_taken_over_is_given_up(tmp_path: Path) -> None:
    """What is logged before that is noticed, at most 5 s later, lands in the wrong file; the rest is kept."""
    script = """
    run = epochal.init("companion", id="it")
    for n in range(100):
        run.log({"a": value(n)}, step=n)
    os.closerange(3, 65536)
    files = [open(f"file-{k}", "wb") for k in range(300)]
    run._writer.check_at = 0.0
    for n in range(100, 1000):
        run.log({"a": value(n)}, step=n)
    run.finish()
    for file in files:
        file.write(b"mine")
        file.close()
    touched = [file.name for file in files if open(file.name, "rb").read() != b"mine"]
    assert len(touched) == 1, touched
    """
    with Training(tmp_path, script) as training:
        assert training.wait() == 0, training.errors
        run = training.recorded()
    kept = points(run, "a")
    assert len(kept) >= 999
    assert set(kept) <= {(n, value(n)) for n in range(1000)}
    assert run.state == "finished"


def test_a_run_deleted_while_its_companion_watches_leaves_none_behind(tmp_path: Path) -> None:
    script = 'run = epochal.init("companion", id="it")\nack(0)\ntime.sleep(60)\n'
    with Training(tmp_path, script, companion=True) as training:
        training.hear(until=lambda: bool(training.acks) and bool(training.companions()))
        until(lambda: bool(list(training.root.glob("*/*/journal/system-*.epochal"))), "the companion's journal")
        training.kill()
        shutil.rmtree(training.root)
        until(lambda: not training.companions(), "the companion's end")


def test_a_companion_leaves_when_its_run_is_finished(tmp_path: Path) -> None:
    script = 'run = epochal.init("companion", id="it")\nrun.log({"a": 1.0})\nrun.finish()\nack(0)\ntime.sleep(60)\n'
    with Training(tmp_path, script, companion=True) as training:
        training.hear(until=lambda: bool(training.acks))
        until(lambda: not training.companions(), "the companion's end")
        assert training.process.poll() is None


def test_a_companion_is_no_child_of_the_training_and_holds_nothing_of_it(tmp_path: Path) -> None:
    script = """
    held = open("held", "wb")
    os.set_inheritable(held.fileno(), True)
    run = epochal.init("companion", id="it")
    try:
        os.waitpid(-1, os.WNOHANG)
        raise SystemExit("there is a child")
    except ChildProcessError:
        pass
    ack(0)
    while not os.path.exists("go"):
        time.sleep(0.01)
    """
    with Training(tmp_path, script, companion=True) as training:
        training.hear(until=lambda: bool(training.acks) and bool(training.companions()))
        until(lambda: bool(list(training.root.glob("*/*/journal/system-*.epochal"))), "the companion's journal")
        (companion,) = training.companions()
        held = set()
        for fd in os.listdir(f"/proc/{companion}/fd"):
            with contextlib.suppress(FileNotFoundError):  # it has just been closed
                held.add(os.readlink(f"/proc/{companion}/fd/{fd}"))
        assert str(tmp_path / "held") not in held
        assert not any(name.endswith(".lock") or ("main-" in name and "rw" in name) for name in held)
        assert os.readlink(f"/proc/{companion}/cwd") == "/"
        assert os.getsid(companion) != os.getsid(training.process.pid)
        (tmp_path / "go").touch()
        training.succeed()


def test_several_runs_have_a_companion_each(tmp_path: Path) -> None:
    script = """
    runs = [epochal.init("companion", id=f"it-{k}") for k in range(3)]
    for n in range(100):
        for run in runs:
            run.log({"a": value(n)}, step=n)
    ack(0)
    while not os.path.exists("go"):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    with Training(tmp_path, script, companion=True) as training:
        training.hear(until=lambda: bool(training.acks))
        (tmp_path / "go").touch()
        os.waitid(os.P_PID, training.process.pid, os.WEXITED | os.WNOWAIT)
        until(lambda: not training.companions(), "the companions' end")
        training.wait()
    for k in range(3):
        run = training.recorded(f"it-{k}")
        assert run.state == "killed"
        assert "SIGKILL" in (run.ending.reason or "")
        assert points(run, "a") == [(n, value(n)) for n in range(100)]
