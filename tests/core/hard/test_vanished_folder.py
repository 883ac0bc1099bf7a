"""The run folder is deleted, moved or made read-only while a training writes into it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import epochal
from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, points, value

pytestmark = pytest.mark.usefixtures("no_companion")


#: Logs until it is told to stop; the journal grows by a block now and then.
LOGGING = """
run = epochal.init("gone", id="gone", config={"lr": 0.1})
n = 0
while not os.path.exists("stop"):
    run.log({"n": n, "loss": value(n)}, step=n)
    ack(n)
    n += 1
    if n % 20 == 0:
        time.sleep(0.001)
run.finish()
"""


@pytest.mark.parametrize("what", ["journal", "run", "project", "root"])
def test_a_folder_deleted_under_a_training_is_written_anew_with_all_that_was_in_it(tmp_path: Path, what: str) -> None:
    with Training(tmp_path, LOGGING) as training:
        training.hear(until=lambda: len(training.acks) > 100)
        folder = training.run_folders()[0]
        doomed = {"journal": folder / "journal", "run": folder, "project": folder.parent, "root": training.root}[what]
        shutil.rmtree(doomed)
        training.hear(until=lambda: list((folder / "journal").glob("main-*.epochal")) != [])
        heard = len(training.acks)
        training.hear(until=lambda: len(training.acks) > heard + 100)
        (tmp_path / "stop").touch()
        training.succeed()
    run = training.recorded()
    assert run.state == "finished"
    assert run.config["lr"] == 0.1
    assert points(run, "n") == [(n, n) for n in training.acknowledged()]
    assert points(run, "loss") == [(n, value(n)) for n in training.acknowledged()]
    assert training.errors.count("was deleted") == 1
    assert_sound(folder)


def test_a_folder_deleted_just_before_the_end_is_written_anew(tmp_path: Path) -> None:
    script = """
    import shutil
    run = epochal.init("gone", id="gone", config={"lr": 0.1})
    for n in range(1000):
        run.log({"n": n, "loss": value(n)}, step=n)
    shutil.rmtree(run.folder)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert run.state == "finished"
    assert points(run, "loss") == [(n, value(n)) for n in range(1000)]
    assert training.errors.count("was deleted") == 1


def test_a_folder_deleted_twice_is_written_anew_twice(tmp_path: Path) -> None:
    with Training(tmp_path, LOGGING) as training:
        for _ in range(2):
            training.hear(until=lambda: bool(training.run_folders()))
            heard = len(training.acks)
            training.hear(until=lambda: len(training.acks) > heard + 100)
            folder = training.run_folders()[0]
            shutil.rmtree(folder)
            training.hear(until=lambda: list((folder / "journal").glob("main-*.epochal")) != [])
        (tmp_path / "stop").touch()
        training.succeed()
    run = training.recorded()
    assert run.state == "finished"
    assert points(run, "loss") == [(n, value(n)) for n in training.acknowledged()]


def test_threads_that_log_while_a_folder_is_written_anew_lose_nothing(tmp_path: Path) -> None:
    script = """
    import threading
    sys.setswitchinterval(1e-5)
    run = epochal.init("gone", id="gone")
    stop = False
    def work(who):
        n = 0
        while not stop:
            run.log({f"thread-{who}": value(n)}, step=n)
            if n % 50 == 0:
                run.log({f"once-{who}-{n}": 1.0}, step=n)
            n += 1
        ack(n, who)
    threads = [threading.Thread(target=work, args=(who,)) for who in range(3)]
    for thread in threads:
        thread.start()
    ack(0, 9)
    while not os.path.exists("stop"):
        time.sleep(0.01)
    stop = True
    for thread in threads:
        thread.join()
    run.finish()
    """
    with Training(tmp_path, script) as training:
        training.hear(until=lambda: bool(training.acks))
        folder = training.run_folders()[0]
        for _ in range(5):
            training.hear(0.05)
            shutil.rmtree(folder, ignore_errors=True)
            training.hear(until=lambda: list((folder / "journal").glob("main-*.epochal")) != [])
        (tmp_path / "stop").touch()
        training.succeed()
    run = training.recorded()
    assert run.state == "finished"
    for who in range(3):
        (count,) = training.acknowledged(who)
        assert points(run, f"thread-{who}") == [(n, value(n)) for n in range(count)]
        assert sum(name.startswith(f"once-{who}-") for name in run.metrics) == len(range(0, count, 50))
    assert_sound(folder)


def test_a_large_journal_is_written_anew_whole(tmp_path: Path) -> None:
    script = """
    import shutil
    run = epochal.init("gone", id="gone")
    for part in range(20):
        run.extend({"a": [value(n) for n in range(50_000)], "b": [1.0] * 50_000}, steps=range(50_000))
    shutil.rmtree(run.folder)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    history = run.history("a")
    assert history.values.tolist() == [value(n) for n in range(50_000)]
    assert len(run.history("b", duplicates=True).steps) == 1_000_000


def test_a_folder_that_cannot_be_made_anew_costs_one_warning(tmp_path: Path) -> None:
    with Training(tmp_path, LOGGING) as training:
        training.hear(until=lambda: len(training.acks) > 100)
        shutil.rmtree(training.root)
        training.root.write_text("in the way")
        training.hear(until=lambda: "cannot be written anew" in training.errors)
        heard = len(training.acks)
        training.hear(until=lambda: len(training.acks) > heard + 100)
        (tmp_path / "stop").touch()
        training.succeed()
    assert training.errors.count("was deleted") == 1
    assert training.root.read_text() == "in the way"


def test_a_folder_moved_away_goes_on_where_it_is(tmp_path: Path) -> None:
    with Training(tmp_path, LOGGING) as training:
        training.hear(until=lambda: len(training.acks) > 100)
        folder = training.run_folders()[0]
        moved = folder.with_name("moved")
        folder.rename(moved)
        heard = len(training.acks)
        training.hear(until=lambda: len(training.acks) > heard + 100)
        assert epochal.get_run(moved).state == "running"
        (tmp_path / "stop").touch()
        training.succeed()
    run = epochal.get_run(moved)
    assert run.state == "finished"
    assert points(run, "loss") == [(n, value(n)) for n in training.acknowledged()]


def test_a_child_forked_after_the_folder_was_deleted_breaks_nothing(tmp_path: Path) -> None:
    script = """
    import shutil
    run = epochal.init("gone", id="gone")
    for n in range(100):
        run.log({"a": value(n)}, step=n)
    shutil.rmtree(run.folder)
    pid = os.fork()
    if pid == 0:
        for n in range(100):
            run.log({"b": value(n)}, step=n)
        run.finish()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    for n in range(100, 200):
        run.log({"a": value(n)}, step=n)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert run.state == "finished"
    assert points(run, "a") == [(n, value(n)) for n in range(200)]
    assert training.errors.count("cannot record") == 1
    assert "after finish" not in training.errors
    assert_sound(run.path)


def test_a_run_deleted_by_the_command_line_while_it_is_written_is_refused(tmp_path: Path) -> None:
    with Training(tmp_path, LOGGING) as training:
        training.hear(until=lambda: len(training.acks) > 100)
        with pytest.raises(epochal.RunAliveError):
            training.recorded().delete()
        (tmp_path / "stop").touch()
        training.succeed()
    assert points(training.recorded(), "loss") == [(n, value(n)) for n in training.acknowledged()]


@pytest.fixture
def unprivileged() -> int:
    """A user id that permissions hold for: root's own are not asked for them."""
    return 65534 if os.geteuid() == 0 else os.geteuid()


READ_ONLY = """
run = epochal.init("gone", id="gone")
for n in range(100):
    run.log({"n": n, "loss": value(n)}, step=n)
os.chmod(run.folder, 0o555)
os.chmod(run.folder / "journal", 0o555)
if os.geteuid() != int(sys.argv[1]):
    os.chmod(run.folder.parents[2], 0o755)
    os.seteuid(int(sys.argv[1]))
for n in range(100, 3000):
    run.log({"n": n, "loss": value(n)}, step=n)
pid = os.fork()
if pid == 0:
    run.log({"child": 1.0})
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
run.config["late"] = True
run.finish()
"""


def test_a_folder_made_read_only_costs_the_training_nothing(tmp_path: Path, unprivileged: int) -> None:
    with Training(tmp_path, READ_ONLY, unprivileged) as training:
        training.succeed()
        run = training.recorded()
        assert run.state == "finished"
        assert run.config["late"] is True
        assert points(run, "loss") == [(n, value(n)) for n in range(3000)]
        # the journal that is open goes on; a forked worker cannot make one of its own, and says so
        assert "child" not in run.metrics
        assert training.errors.count("cannot record") == 1
        subprocess.run(["chmod", "-R", "u+w", str(training.root)], check=True)


def test_a_read_only_place_is_said_by_init_with_the_way_out(tmp_path: Path, unprivileged: int) -> None:
    script = """
    epochal.init("first", dir="first").finish()  # loads what another user may not read
    os.mkdir("runs", 0o555)
    if os.geteuid() != int(sys.argv[1]):
        os.seteuid(int(sys.argv[1]))
    try:
        epochal.init("gone", dir=os.path.join(os.getcwd(), "runs"))
    except epochal.StorageError as error:
        print(error)
        sys.exit(5)
    """
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o777)
    with Training(tmp_path / "open", script, unprivileged) as training:
        assert training.wait() == 5, training.errors
    assert "dir=" in training.output and "disabled" in training.output


def test_a_working_folder_that_is_gone_is_no_obstacle(tmp_path: Path) -> None:
    script = """
    os.mkdir("here")
    os.chdir("here")
    os.rmdir("../here")
    run = epochal.init("gone")
    run.log({"a": 1.0})
    run.finish()
    """
    with Training(tmp_path, script) as training:
        assert points(training.succeed().recorded(), "a") == [(0, 1.0)]
