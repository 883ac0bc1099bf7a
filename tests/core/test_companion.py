"""The companion beside real trainings: how it starts, what it writes down, how it ends."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import zlib
from pathlib import Path

import pytest

from epochal.journal.format import FRAME_HEADER, RECORDS, frame_size
from tests.core.watched import Watched, process_facts, wait_until

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

FINISH = "begin().log({'loss': 0.5}); wait_for(started); "


# ---- how a training ends


def test_a_clean_run_leaves_environment_checksums_end_and_no_process(tmp_path: Path) -> None:
    script = "begin()\nwait_for(started)\nfor n in range(30): run.log({'loss': 1 / (n + 1)})"
    training = Watched(tmp_path, script).succeeds().companion_ends()
    kinds = [frame["k"] for frame in training.frames()]
    assert kinds[0] == "open"
    assert {"environment", "sync", "checksum", "end"} <= set(kinds)
    end = training.frame("end")
    assert (end["state"], end["exit_code"], end["signal"]) == (None, 0, None)
    assert training.notices() == []
    assert training.frame("derived")["values"]["loss"] == 1 / 30
    found = training.state()
    assert (found.name, found.proven) == ("finished", True)


def test_its_journal_names_the_trainer_as_its_parent(tmp_path: Path) -> None:
    training = Watched(tmp_path, FINISH).succeeds().companion_ends()
    opening, main = training.frame("open"), training.frame("open", "main")
    assert opening["parent"]["ordinal"] == main["ordinal"]
    assert (opening["role"], opening["rank"], opening["ordinal"]) == ("system", 0, main["ordinal"] + 1)
    assert opening["pid"] != main["pid"] and opening["boot"] == main["boot"]


ENDINGS = {
    "kill -9": ("os.kill(os.getpid(), signal.SIGKILL)", "killed", "ended by SIGKILL", None, signal.SIGKILL),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM)", "killed", "ended by SIGTERM", None, signal.SIGTERM),
    "a crash": ("os.kill(os.getpid(), signal.SIGSEGV)", "killed", "ended by SIGSEGV", None, signal.SIGSEGV),
    "os._exit(5)": ("os._exit(5)", "failed", "exit status 5", 5, None),
    "os._exit(0)": ("os._exit(0)", "killed", "its process ended without finishing the run", 0, None),
    "exit status 3 after atexit": ("import atexit; sys.exit(3)", "failed", None, 3, None),
    "exit status 6 after finish": ("run.finish(); os._exit(6)", "finished", None, 0, None),
    "a crash after finish": ("run.finish(); os.kill(os.getpid(), signal.SIGSEGV)", "finished", None, 0, None),
}  # fmt: skip


@linux
@pytest.mark.parametrize("how", ENDINGS)
def test_how_the_trainer_ended_is_recorded(how: str, tmp_path: Path) -> None:
    script, name, reason, exit_code, number = ENDINGS[how]
    training = Watched(tmp_path, FINISH + script).companion_ends()
    training.ended()  # only now: before Linux 6.15 nobody learns how a process ended that its parent has reaped
    found = training.state()
    assert found.name == name
    assert found.proven
    if reason is not None:
        assert found.reason == reason
    assert (found.exit_code, found.signal) == (exit_code, number)


@linux
def test_an_exit_status_that_follows_a_finish_at_exit_is_learned(tmp_path: Path) -> None:
    script = FINISH + "import atexit; atexit._clear(); atexit.register(lambda: os._exit(7));"
    script += "from epochal.ending import Ending;"
    script += "atexit.register(lambda: run._session.end(Ending('finished', atexit=True), {}))"
    training = Watched(tmp_path, script).companion_ends()
    assert training.ended()[0] == 7
    end = training.frame("end")
    assert (end["state"], end["exit_code"], end["reason"]) == ("failed", 7, "exit status 7")
    assert training.state().name == "failed"


def test_a_run_that_is_finished_while_its_process_lives_on_needs_no_companion_any_more(tmp_path: Path) -> None:
    training = Watched(tmp_path, FINISH + "run.finish(); ready()").ready().companion_ends()
    assert "end" not in {frame["k"] for frame in training.frames()}
    found = training.state()
    assert (found.name, found.proven) == ("finished", True)
    training.go_on().succeeds()


@linux
def test_a_zombie_that_nobody_reaps_is_dead_and_shows_its_signal(tmp_path: Path) -> None:
    training = Watched(tmp_path, FINISH + "ready()").ready()
    training.process.send_signal(signal.SIGKILL)
    training.companion_ends()  # and `wait` comes after
    assert training.frame("end")["signal"] == signal.SIGKILL
    training.process.communicate()


@linux
def test_a_forked_worker_that_holds_the_pipe_open_hides_no_death(tmp_path: Path) -> None:
    script = """
        begin().log({"loss": 1.0})
        wait_for(started)
        if os.fork() == 0:
            for fd in (0, 1, 2): os.close(fd)
            time.sleep(60)
        ready()
    """
    training = Watched(tmp_path, script, start_new_session=True).ready()
    training.process.kill()
    try:
        training.companion_ends()
        assert training.state().name == "killed"
    finally:
        os.killpg(training.process.pid, signal.SIGKILL)
        training.process.communicate()


# ---- the companion's own death, and what is taken away under it


def test_a_training_goes_on_without_its_companion(tmp_path: Path) -> None:
    script = """
        begin().log({"loss": 1.0})
        wait_for(started)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        assert companion().alive()
        ready()
        wait_for(lambda: not companion().alive())
        run.log({"loss": 0.5})
        run.finish()
    """
    training = Watched(tmp_path, script).ready()
    os.kill(training.companion_pid(), signal.SIGKILL)
    training.go_on().succeeds()
    assert training.state().name == "finished"


def test_of_both_killed_the_trainer_is_known_to_be_dead(tmp_path: Path) -> None:
    training = Watched(tmp_path, FINISH + "ready()").ready()
    os.kill(training.companion_pid(), signal.SIGKILL)
    training.process.kill()
    training.process.communicate()
    training.companion_ends()
    found = training.state()
    assert (found.name, found.signal, found.proven) == ("killed", None, True)


def test_the_trainers_process_group_takes_no_companion_with_it(tmp_path: Path) -> None:
    training = Watched(tmp_path, FINISH + "ready()", start_new_session=True).ready()
    os.killpg(training.process.pid, signal.SIGKILL)
    training.companion_ends()
    training.process.communicate()
    assert training.state().reason == "ended by SIGKILL"


def test_it_ends_when_the_run_is_deleted(tmp_path: Path) -> None:
    training = Watched(tmp_path, FINISH + "ready()", env={"EPOCHAL_STRICT": "0"}).ready()
    pid = training.companion_pid()
    shutil.rmtree(training.run)
    wait_until(lambda: not Path(f"/proc/{pid}").exists() if sys.platform == "linux" else True)
    training.process.kill()
    training.process.communicate()
    assert not list(tmp_path.glob("epochal-runs/*/*/journal/system-*"))


def test_it_stays_with_a_run_that_is_moved(tmp_path: Path) -> None:
    training = Watched(tmp_path, FINISH + "ready()").ready()
    training.run = training.run.rename(tmp_path / "moved")
    training.process.kill()
    training.companion_ends()
    training.process.communicate()
    assert training.frame("end")["signal"] == signal.SIGKILL
    assert not (tmp_path / "epochal-runs" / "test" / "run").exists()


# ---- what it takes, and what it leaves alone


@linux
def test_it_is_small_and_keeps_nothing_of_the_trainers(tmp_path: Path) -> None:
    script = (
        FINISH + "import tempfile; file = tempfile.TemporaryFile(); os.set_inheritable(file.fileno(), True); ready()"
    )
    training = Watched(tmp_path, script).ready()
    pid = training.companion_pid()
    training.frame("environment")
    wait_until(lambda: any(frame["k"] == "row" for frame in training.frames()))
    status = process_facts(pid)
    assert status["VmRSS"] <= 25 * 1024
    assert status["Threads"] == 1
    maps = Path(f"/proc/{pid}/maps").read_text()
    assert "numpy" not in maps and "torch" not in maps
    targets = {os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    allowed = ("pipe:", "anon_inode:", "/dev/null", os.fspath(training.run))
    assert all(target.startswith(allowed) for target in targets), targets
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert os.getsid(pid) == pid
    assert "EPOCHAL_COMPANION_ASSIGNMENT" not in os.environ
    training.go_on().succeeds()


def test_modules_of_the_users_do_not_stand_in_its_way(tmp_path: Path) -> None:
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    names = ("select", "signal", "zlib", "typing", "subprocess", "struct")
    for name in names:
        (shadow / f"{name}.py").write_text("raise SystemExit('not this one')")
    script = f"import {', '.join(names)}\nsys.path.insert(0, 'shadow')\n" + FINISH
    Watched(tmp_path, script).succeeds().companion_ends()


def test_a_program_that_closes_all_descriptors_is_watched_on_and_its_files_stay_whole(tmp_path: Path) -> None:
    script = """
        begin().log({"loss": 1.0})
        wait_for(started)
        fd = companion()._fd
        os.close(fd)
        mine = os.open("mine.txt", os.O_RDWR | os.O_CREAT)
        os.dup2(mine, fd)
        assert not companion().alive()
        run.finish()
        assert os.fstat(fd).st_size == 0
        ready()
    """
    training = Watched(tmp_path, script).ready().companion_ends()
    assert (tmp_path / "mine.txt").read_bytes() == b""
    training.go_on().succeeds()
    assert training.state().name == "finished"


# ---- checksums


def test_checksums_cover_all_of_a_finished_run_and_are_right(tmp_path: Path) -> None:
    script = """
        begin(config={"big": "x" * 200_000})
        wait_for(started)
        for n in range(3000):
            run.log({"loss": n / 7, "acc": True})
            run.log({"val": n})
        run.log({"note": "text"})
    """
    training = Watched(tmp_path, script).succeeds().companion_ends()
    (path,) = training.journals("main")
    data = path.read_bytes()
    with open(path, "rb") as file:
        from epochal.journal.blocks import BlockScan

        scan = BlockScan(file.fileno())
    covered = {frame["block"]: frame for frame in training.frames() if frame["k"] == "checksum"}
    assert {block.offset for block in scan.blocks} == set(covered)
    rows = 0
    for block in scan.blocks:
        frame = covered[block.offset]
        size = frame["rows"] * (block.stride or 1)
        assert zlib.crc32(data[block.body : block.body + size]) == frame["crc"]
        if block.kind == RECORDS:
            ends = [
                f.offset + frame_size(FRAME_HEADER.unpack_from(data, f.offset)[0])
                for f in scan.frames()
                if block.body <= f.offset < block.end
            ]
            assert size >= max(ends, default=block.body) - block.body
        else:
            rows += frame["rows"]
    assert rows == 3000 + 3000 - 4


def test_the_journals_of_forked_children_are_covered_too(tmp_path: Path) -> None:
    script = """
        begin().log({"loss": 1.0})
        wait_for(started)
        if os.fork() == 0:
            for n in range(100): run.log({"child": n / 2})
            os._exit(0)
        os.wait()
    """
    training = Watched(tmp_path, script).succeeds().companion_ends()
    (child,) = training.journals("child")
    writer = child.read_bytes()[16:32].hex()
    rows = [frame["rows"] for frame in training.frames() if frame["k"] == "checksum" and frame["writer"] == writer]
    assert sum(rows) >= 98
