"""Storage that refuses: training goes on, warns once, keeps what it can, and counts exactly what it could not keep."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import epochal
import pytest

from tests.core.hard.test_forks import assert_sound
from tests.core.hard.trainings import Training, points, value
from tests.needs import required


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


class Disk:
    """A small file system of its own, and a file that takes the room on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def leave(self, free: int) -> None:
        """Take room until `free` bytes are left, rounded down to whole pages."""
        room = os.statvfs(self.folder)
        size = self.ballast.stat().st_size if self.ballast.exists() else 0
        page = room.f_bsize
        take = size + (room.f_bavail * page - free) // page * page
        with open(self.ballast, "ab") as file:
            if take <= size:
                os.truncate(self.ballast, max(take, 0))
                return
            for end in [take] if free else range(size + page, take + 64 * page, page):
                try:
                    os.posix_fallocate(file.fileno(), 0, end)
                except OSError:  # the training was faster
                    return


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    outcome = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "none", str(folder)], capture_output=True, text=True, check=False
    )
    if outcome.returncode:
        reason = f"a tmpfs cannot be mounted here: {outcome.stderr.strip()}"
        assert "tmpfs" not in required(), reason
        pytest.skip(reason)
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


#: Logs without end; `r` reports the rows that came before it, so that the test can wait for a state of things.
ENDLESS = """
names = [f"loss-{k}" for k in range(int(sys.argv[1]))]
run = epochal.init("disk", dir=sys.argv[2])
print(run.folder, flush=True)
n = 0
while not os.path.exists("stop"):
    run.log({"n": n, **dict.fromkeys(names, value(n))}, step=n)
    ack(n)
    n += 1
    if n % 50 == 0:
        time.sleep(0.001)
run.finish()
"""


def missing_of(run: epochal.RecordedRun) -> list[dict[str, int]]:
    """Return the `missing` records of a run."""
    from epochal.journal.reader import Journal

    found: list[dict[str, int]] = []
    for path in sorted((run.path / "journal").glob("*.epochal")):
        journal = Journal(path)
        journal.refresh()
        found += [frame.payload for frame in journal.frames if frame.payload["k"] == "missing"]
    return found


def check_rows(run: epochal.RecordedRun, calls: int) -> int:
    """Check that the rows read are rows that were logged, each once and whole; return how many are not there."""
    recorded = points(run, "n")
    steps = [step for step, _ in recorded]
    assert steps == sorted(set(steps))
    assert all(step == n for step, n in recorded)
    assert points(run, "loss-0") == [(n, value(n)) for n in steps]
    assert all(0 <= step < calls for step in steps)
    return calls - len(steps)


@pytest.mark.parametrize("width", [1, 40])
def test_a_disk_that_fills_up_and_gets_room_again_costs_nothing(tmp_path: Path, disk: Disk, width: int) -> None:
    """What storage refused for a while fits the buffer: every row is there in the end, none twice."""
    with Training(tmp_path, ENDLESS, width, disk.folder / "runs") as training:
        training.hear(until=lambda: len(training.acks) > 100)
        disk.leave(0)
        training.hear(until=lambda: "cannot be written" in training.errors)
        heard = len(training.acks)
        training.hear(until=lambda: len(training.acks) > heard + 500)
        folder = Path(training.output.strip())
        meanwhile = epochal.get_run(folder)
        assert meanwhile.state == "running"
        check_rows(meanwhile, len(training.acks) + 1)
        disk.leave(8 << 20)
        heard = len(training.acks)
        training.hear(until=lambda: len(training.acks) > heard + 500)
        (tmp_path / "stop").touch()
        training.succeed()
    run = epochal.get_run(folder)
    assert run.state == "finished"
    assert check_rows(run, len(training.acks)) == 0
    assert training.errors.count("cannot be written") == 1
    assert missing_of(run) == []
    assert_sound(folder)


def test_rows_beyond_the_buffer_are_counted_exactly(tmp_path: Path, disk: Disk) -> None:
    with Training(tmp_path, ENDLESS, 40, disk.folder / "runs") as training:
        training.hear(until=lambda: len(training.acks) > 100)
        disk.leave(0)
        training.hear(until=lambda: "cannot be written" in training.errors)
        heard = len(training.acks)
        # a row takes 8 * 44 bytes: 4 MiB hold 12,000 of them
        training.hear(until=lambda: len(training.acks) > heard + 14_000)
        disk.leave(10 << 20)
        heard = len(training.acks)
        training.hear(until=lambda: len(training.acks) > heard + 200)
        (tmp_path / "stop").touch()
        training.succeed()
    run = epochal.get_run(Path(training.output.strip()))
    assert run.state == "finished"
    gone = check_rows(run, len(training.acks))
    missing = missing_of(run)
    assert gone > 500
    assert sum(record["rows"] for record in missing) == gone
    assert all(record["first"] <= record["last"] for record in missing)
    assert any(str(gone) in notice.text for notice in run.notices)
    assert training.errors.count("cannot be written") == 1
    assert_sound(run.path)


def test_a_disk_full_to_the_end_leaves_all_that_was_recorded_before(tmp_path: Path, disk: Disk) -> None:
    for number in range(6):
        disk.leave(12 << 20)
        folder = tmp_path / str(number)
        with Training(folder, ENDLESS, random.choice([1, 7, 100]), disk.folder / f"runs-{number}") as training:
            training.hear(until=lambda: len(training.acks) > 50)
            training.hear(random.uniform(0, 0.05))
            full_from = len(training.acks)
            disk.leave(0)
            training.hear(until=lambda: "cannot be written" in training.errors)
            if number % 2:
                training.kill()
            else:
                (folder / "stop").touch()
                training.succeed()
        run = epochal.get_run(Path(training.output.strip()))
        check_rows(run, len(training.acks) + 1)
        assert [step for step, _ in points(run, "n")][:full_from] == list(range(full_from))
        assert training.errors.count("cannot be written") == 1


def test_a_disk_with_room_for_a_few_pages_only_is_filled_to_the_last_and_read(tmp_path: Path, disk: Disk) -> None:
    """Every amount of room, page by page: headers, frames and rows are refused in turn; writes end short."""
    disk.leave(8 << 20)
    script = """
    import json
    for free in json.loads(sys.argv[1]):
        with open(sys.argv[2] + "/ballast", "ab") as ballast:
            run = epochal.init("disk", dir=sys.argv[2] + "/runs", id=f"free-{free}")
            size = os.path.getsize(ballast.name)
            room = os.statvfs(sys.argv[2])
            os.posix_fallocate(ballast.fileno(), 0, size + room.f_bavail * room.f_bsize - free * room.f_bsize)
            for n in range(400):
                run.log({f"loss-{k}": value(n) for k in range(n % 90 + 10)}, step=n)
                if n % 7 == 0:
                    run.log({f"seen/once/{n}": value(n)}, step=n)
                    run.config[f"changed/{n}"] = "x" * 300
            os.truncate(ballast.name, size)
            run.finish()
    """
    with Training(tmp_path, script, list(range(12)), disk.folder) as training:
        training.succeed()
    assert training.errors.count("cannot be written") == 12
    for free in range(12):
        run = epochal.get_run(disk.folder / "runs" / "disk" / f"free-{free}")
        assert run.state == "finished"
        assert points(run, "loss-0") == [(n, value(n)) for n in range(400)]
        assert points(run, "loss-98") == [(n, value(n)) for n in range(400) if n % 90 + 10 > 98]
        for n in range(0, 400, 7):
            assert points(run, f"seen/once/{n}") == [(n, value(n))]
            assert run.config[f"changed/{n}"] == "x" * 300
        assert missing_of(run) == []
        assert_sound(run.path)


def test_no_room_at_all_for_a_new_run_is_said_by_init(tmp_path: Path, disk: Disk) -> None:
    disk.leave(0)
    script = """
    try:
        run = epochal.init("disk", dir=sys.argv[1] + "/runs")
    except epochal.StorageError as error:
        assert "runs" in str(error)
        sys.exit(5)
    run.log({"a": 1.0})
    run.finish()
    """
    with Training(tmp_path, script, disk.folder) as training:
        status = training.wait()
    # a tmpfs may have room for names where it has none for bytes: then the run begins in the buffer
    assert status == 5 or training.errors.count("cannot be written") == 1, training.errors


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
        assert missing_of(run) == []
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
    assert sum(record["rows"] for record in missing_of(run)) == gone + 10_000 - len(rows)
    assert training.errors.count("cannot be written") == 1
    assert_sound(run.path)


def test_a_child_forked_while_the_disk_is_full_goes_on_too(tmp_path: Path, disk: Disk) -> None:
    script = """
    run = epochal.init("disk", dir=sys.argv[1] + "/runs")
    print(run.folder)
    with open(sys.argv[1] + "/ballast", "ab") as ballast:
        room = os.statvfs(sys.argv[1])
        os.posix_fallocate(ballast.fileno(), 0, room.f_bavail * room.f_bsize)
    for n in range(500):
        run.log({"a": value(n)}, step=n)
    pid = os.fork()
    if pid == 0:
        for n in range(500):
            run.log({"b": value(n)}, step=n)
        os.unlink(sys.argv[1] + "/ballast")
        run.finish()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    run.finish()
    """
    with Training(tmp_path, script, disk.folder) as training:
        training.succeed()
        run = epochal.get_run(Path(training.output.strip()))
    assert run.state == "finished"
    assert points(run, "a") == [(n, value(n)) for n in range(500)]
    assert points(run, "b") in ([], [(n, value(n)) for n in range(500)])
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
        assert missing_of(run) == []
        assert_sound(run.path)
