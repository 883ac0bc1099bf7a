"""Living and dead writers, and the states of runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from epochal import layout, liveness, processes
from epochal.liveness import WriterFacts, is_alive, state

HOLDER = """
    import json, os, sys
    from epochal import liveness, processes
    fd, lock = liveness.hold_lock(sys.argv[1])
    print(json.dumps({"lock": lock, "pid": os.getpid(), "pid_start": processes.start_time(os.getpid()),
                      "boot": processes.boot_id(), "pidns": processes.pid_namespace()}), flush=True)
    input()
"""


class Holder:
    """Another process that holds a journal's lock."""

    def __init__(self, journal: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HOLDER), os.fspath(journal)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.opening = json.loads(self.process.stdout.readline())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "journal" / "main-0-1-00112233.epochal"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


@pytest.fixture
def holder(journal: Path) -> Iterator[Holder]:
    holder = Holder(journal)
    yield holder
    holder.kill()


def elsewhere(opening: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**opening, "boot": "another boot", "pidns": "pid:[1]", "pid": 1, "pid_start": 1, **changes}


# ---- one writer


def test_a_writer_lives_as_long_as_its_process(journal: Path, holder: Holder) -> None:
    folder = journal.parent.parent
    assert is_alive(folder, holder.opening, journal) is True
    holder.kill()
    assert is_alive(folder, holder.opening, journal) is False


def test_a_pid_that_was_given_to_another_process_is_not_the_writer(journal: Path, holder: Holder) -> None:
    opening = {**holder.opening, "pid_start": holder.opening["pid_start"] - 1}
    assert is_alive(journal.parent.parent, opening, journal) is False


def test_from_another_boot_or_host_the_lock_alone_tells(journal: Path, holder: Holder) -> None:
    folder = journal.parent.parent
    assert is_alive(folder, elsewhere(holder.opening), journal) is True
    holder.kill()
    assert is_alive(folder, elsewhere(holder.opening), journal) is None


def test_from_another_container_of_this_boot_a_lock_that_is_let_go_means_dead(journal: Path, holder: Holder) -> None:
    folder = journal.parent.parent
    opening = {**holder.opening, "pidns": "pid:[1]"}
    assert is_alive(folder, opening, journal) is True
    holder.kill()
    assert is_alive(folder, opening, journal) is False


def test_without_a_lock_and_in_another_namespace_nothing_can_be_said(journal: Path, holder: Holder) -> None:
    opening = {**holder.opening, "pidns": "pid:[1]", "lock": None}
    assert is_alive(journal.parent.parent, opening, journal) is None


def test_a_copied_folder_is_not_alive_while_the_original_is(journal: Path, holder: Holder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(journal.parent.parent, copy)
    assert is_alive(copy, holder.opening, copy / "journal" / journal.name) is False
    assert is_alive(copy, elsewhere(holder.opening), copy / "journal" / journal.name) is False
    assert is_alive(journal.parent.parent, holder.opening, journal) is True


def test_a_moved_folder_is_still_alive(journal: Path, holder: Holder, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    journal.parent.parent.rename(moved)
    assert is_alive(moved, holder.opening, moved / "journal" / journal.name) is True


def test_a_deleted_lock_file_does_not_make_a_living_writer_dead(journal: Path, holder: Holder) -> None:
    os.unlink(layout.lock_path(journal))
    assert is_alive(journal.parent.parent, holder.opening, journal) is True


def test_asking_for_ones_own_writer_keeps_the_lock(journal: Path) -> None:
    fd, lock = liveness.hold_lock(os.fspath(journal))
    try:
        folder = journal.parent.parent
        # no claim was made, and no pid helps: only the lock would tell, and asking for it would drop it
        assert is_alive(folder, elsewhere({"lock": lock}), journal) is True
        assert ask_from_another_process(journal, lock) == "True"
        liveness.claim(journal)
        assert is_alive(folder, {}, journal) is True
        assert ask_from_another_process(journal, lock) == "True"
    finally:
        liveness.release(journal)
        os.close(fd)
    assert is_alive(folder, {}, journal) is None
    assert ask_from_another_process(journal, lock) == "None"


def ask_from_another_process(journal: Path, lock: dict[str, int] | None) -> str:
    code = (
        "import sys; from pathlib import Path; from epochal.liveness import is_alive; journal = Path(sys.argv[1]);"
        f"print(is_alive(journal.parent, {{'boot': 'another', 'lock': {lock!r}}}, journal))"
    )
    done = subprocess.run([sys.executable, "-c", code, journal], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_claim_holds_under_every_path_and_not_in_a_forked_child(journal: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(journal.parent.parent)
    liveness.claim(journal)
    try:
        assert liveness.owns(link / "journal" / journal.name)
        pid = os.fork()
        if pid == 0:
            os._exit(1 if liveness.owns(journal) else 0)
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        liveness.release(journal)
    assert not liveness.owns(journal)


def test_a_forked_child_does_not_keep_the_lock_of_its_parent(journal: Path) -> None:
    """A worker that outlives the trainer holds the descriptor, but no lock."""
    code = textwrap.dedent("""
        import os, sys, time, json
        from epochal import liveness
        fd, lock = liveness.hold_lock(sys.argv[1])
        if os.fork() == 0:
            os.close(1)
            sys.stdin.readline()
            os._exit(0)
        print(json.dumps(lock), flush=True)
        os.kill(os.getpid(), 9)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", code, journal], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        lock = json.loads(parent.stdout.readline())
        parent.wait()
        opening = {"boot": processes.boot_id(), "pidns": "pid:[1]", "lock": lock}
        assert is_alive(journal.parent, opening, journal) is False


def test_a_lock_that_somebody_else_holds_is_not_ours(journal: Path, holder: Holder) -> None:
    fd, lock = liveness.hold_lock(os.fspath(journal))
    os.close(fd)
    liveness.release(journal)
    assert lock is None


# ---- the run

Record = dict[str, Any]
HERE: Record = {"boot": processes.boot_id(), "pidns": processes.pid_namespace()}
DEAD = {**HERE, "pid": 2**22 + 1, "pid_start": 1, "lock": None}
OTHER = os.getppid() or 1  # our own pid would be that of a writer of ours, and known
ALIVE = {**HERE, "pid": OTHER, "pid_start": processes.start_time(OTHER), "lock": None}
AWAY = {"boot": "another", "pidns": "pid:[1]", "pid": 1, "pid_start": 1, "lock": None}


COLLECTED = time.time()


def facts(
    role: str = "main",
    *,
    rank: int = 0,
    ordinal: int = 1,
    process: Record = DEAD,
    finish: Record | None = None,
    end: Record | None = None,
    parent: Record | None = None,
    age: float = 0.0,
) -> WriterFacts:
    opening = {"t": 100.0 + ordinal, "role": role, "rank": rank, "ordinal": ordinal, "parent": parent, **process}
    name = f"{role}-{rank}-{ordinal}-0011223{ordinal}.epochal"
    return WriterFacts(Path("journal") / name, opening, finish, end, time.time() - age)


def companion(
    end: Record | None, *, parent: int = 1, ordinal: int = 2, rank: int = 0, process: Record = DEAD
) -> WriterFacts:
    return facts("system", rank=rank, ordinal=ordinal, end=end, process=process, parent={"ordinal": parent})


def finish(state: str = "finished", **more: Any) -> Record:
    return {"k": "finish", "t": 200.0, "state": state, "exit_code": 0, "error": None, **more}


def ended(state: str | None, **more: Any) -> Record:
    return {"k": "end", "t": 300.0, "state": state, "exit_code": None, "signal": None, "reason": None, **more}


RUNS: dict[str, tuple[list[WriterFacts], str, bool]] = {
    "a living process": ([facts(process=ALIVE)], "running", False),
    "a dead process": ([facts()], "killed", True),
    "finished": ([facts(finish=finish())], "finished", True),
    "finished, its process lives on": ([facts(finish=finish(), process=ALIVE)], "finished", True),
    "finished, its companion is at work": ([facts(finish=finish()), companion(None, process=ALIVE)], "finished", False),
    "interrupted": ([facts(finish=finish("interrupted"))], "interrupted", True),
    "interrupted, and ended by its signal": (
        [facts(finish=finish("interrupted")), companion(ended("killed", signal=2))],
        "interrupted",
        True,
    ),
    "finished, then exit status 3": (
        [facts(finish=finish(atexit=True)), companion(ended("failed", exit_code=3))],
        "failed",
        True,
    ),
    "finished, then a crash": (
        [facts(finish=finish(atexit=True)), companion(ended("killed", signal=11))],
        "killed",
        True,
    ),
    "no finish, exit status 3": ([facts(), companion(ended("failed", exit_code=3))], "failed", True),
    "no finish, exit status 0": ([facts(), companion(ended(None, exit_code=0))], "killed", True),
    "the end of an earlier process": (
        [facts(), companion(ended("killed", signal=9)), facts(ordinal=3, process=ALIVE)],
        "running",
        False,
    ),
    "resumed and finished": ([facts(), facts(ordinal=3, finish=finish())], "finished", True),
    "finished, resumed and killed": ([facts(finish=finish()), facts(ordinal=3)], "killed", True),
    "rank 0 counts": ([facts(rank=1, finish=finish("failed")), facts(finish=finish())], "finished", True),
    "the smallest rank counts": (
        [facts(rank=7, finish=finish("failed")), facts(rank=3, finish=finish())],
        "finished",
        True,
    ),
    "another rank still writes": ([facts(finish=finish()), facts(rank=1, process=ALIVE)], "finished", False),
    "a forked worker is left behind": ([facts(), facts("child", ordinal=3, process=ALIVE)], "killed", False),
    "far away, fresh": ([facts(process=AWAY, age=10)], "running", False),
    "far away, old": ([facts(process=AWAY, age=400)], "lost", False),
    "far away, finished, fresh": (
        [facts(process=AWAY, finish=finish()), companion(None, process=AWAY)],
        "finished",
        False,
    ),
    "far away, finished, old": (
        [facts(process=AWAY, finish=finish(), age=400), facts("system", ordinal=2, process=AWAY, age=400)],
        "finished",
        True,
    ),
    "imported": ([facts("import", process=DEAD, finish=finish())], "finished", True),
    "imported as failed": ([facts("import", process=DEAD, finish=finish("failed"))], "failed", True),
    "edited after its end": ([facts(finish=finish()), facts("edit", ordinal=9)], "finished", True),
    "nothing readable": ([], "lost", False),
}


@pytest.mark.parametrize("case", RUNS)
def test_the_state_of_a_run(case: str, tmp_path: Path) -> None:
    openings, name, proven = RUNS[case]
    waited = time.time() - COLLECTED  # other tests may have taken minutes since
    openings = [fact._replace(modified=fact.modified + waited) for fact in openings]
    found = state(tmp_path, openings)
    assert (found.name, found.proven) == (name, proven)
    found_again = state(tmp_path, openings[::-1])
    assert found_again == found


def test_a_state_tells_why_when_and_how(tmp_path: Path) -> None:
    error = {"type": "ValueError", "message": "no data", "traceback": "…"}
    found = state(tmp_path, [facts(finish=finish("failed", error=error, exit_code=1))])
    assert (found.reason, found.ended, found.exit_code) == ("ValueError: no data", 200.0, 1)
    found = state(tmp_path, [facts(), companion(ended("killed", signal=9, reason="out of memory"))])
    assert (found.reason, found.ended, found.signal) == ("out of memory", 300.0, 9)
    found = state(tmp_path, [facts(finish=finish()), companion(ended("failed", exit_code=3, reason="exit status 3"))])
    assert (found.name, found.reason, found.ended, found.exit_code) == ("failed", "exit status 3", 200.0, 3)


def test_lost_becomes_running_again_when_something_is_written(tmp_path: Path) -> None:
    assert state(tmp_path, [facts(process=AWAY, age=400)]).name == "lost"
    assert state(tmp_path, [facts(process=AWAY, age=0)]).name == "running"


def test_records_of_odd_types_do_not_raise(tmp_path: Path) -> None:
    opening = {"role": "main", "rank": "x", "ordinal": None, "pid": "1", "lock": 3, "boot": 5, "parent": []}
    odd = WriterFacts(Path("journal/x.epochal"), opening, {"state": 4, "error": "x", "t": "y"}, None, 0.0)
    assert state(tmp_path, [odd]).name == "finished"
    odd = WriterFacts(Path("journal/x.epochal"), opening, None, {"state": 7, "t": None, "reason": 3}, 0.0)
    assert state(tmp_path, [odd]).name in {"killed", "lost"}
