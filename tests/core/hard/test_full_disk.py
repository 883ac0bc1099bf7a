"""Storage that refuses: training goes on, warns once, keeps what it can, and counts exactly what it could not keep."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import epochal
from tests.core.hard.soundness import assert_sound, records
from tests.core.hard.trainings import Training, points, value
from tests.needs import required

pytestmark = pytest.mark.usefixtures("no_companion")


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
    assert records(run.path, "missing") == []
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
    missing = records(run.path, "missing")
    assert gone > 500
    assert sum(record["rows"] for record in missing) == gone
    assert all(record["first"] <= record["last"] for record in missing)
    assert any(str(gone) in notice.text for notice in run.notices)
    assert training.errors.count("cannot be written") == 1
    assert_sound(run.path)


@pytest.mark.slow
def test_a_disk_full_to_the_end_leaves_all_that_was_recorded_before(tmp_path: Path, disk: Disk) -> None:
    for number in range(4):
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
        assert records(run.path, "missing") == []
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
