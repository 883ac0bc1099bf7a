"""Two processes and one run: ranks that share it, and claimants of which exactly one gets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import epochal
from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, points, until, value

pytestmark = pytest.mark.usefixtures("no_companion")


RANK = """
run = epochal.init("ranks", config={"lr": 0.1, f"rank-{sys.argv[1]}": True})
assert run.rank == int(sys.argv[1])
assert run.id == "shared"
ack(0)
while not os.path.exists("go"):
    time.sleep(0.001)
for n in range(2000):
    run.log({"loss": value(n + 10_000 * run.rank), "n": n}, step=n)
if run.rank == 0:
    run.summary["best"] = 1
run.finish()
"""


def test_two_ranks_record_into_one_run(tmp_path: Path) -> None:
    """Lightning-AI/pytorch-lightning#11380: N processes made N runs, of which N-1 were empty."""

    def rank(number: int) -> Training:
        own = {"EPOCHAL_RUN_ID": "shared", "EPOCHAL_RANK": str(number), "EPOCHAL_DIR": str(tmp_path / "epochal-runs")}
        folder = tmp_path / str(number)
        return Training(folder, RANK.replace('"go"', repr(str(tmp_path / "go"))), number, environment=own)

    with rank(0) as first, rank(1) as second:
        first.hear(until=lambda: bool(first.acks))
        second.hear(until=lambda: bool(second.acks))
        (tmp_path / "go").touch()
        first.succeed()
        second.succeed()
    run = epochal.get_run(tmp_path / "epochal-runs" / "ranks" / "shared")
    assert run.state == "finished"
    assert points(run, "loss") == [(n, value(n)) for n in range(2000)]
    assert points(run, "loss", rank=1) == [(n, value(n + 10_000)) for n in range(2000)]
    assert len(points(run, "loss", rank="all")) == 4000
    assert run.summary["loss"] == value(1999)
    assert run.summary["best"] == 1
    assert run.config["lr"] == 0.1
    assert_sound(run.path)


def test_ranks_of_a_launcher_without_an_id_make_one_run(tmp_path: Path) -> None:
    script = """
    run = epochal.init("ranks")
    for n in range(10):
        run.log({"loss": value(n)}, step=n)
    run.config["a"] = 1
    run.finish()
    """
    trainings = [
        Training(
            tmp_path / str(rank),
            script,
            environment={"RANK": str(rank), "WORLD_SIZE": "3", "EPOCHAL_DIR": str(tmp_path / "epochal-runs")},
        )
        for rank in range(3)
    ]
    for training in trainings:
        with training:
            training.succeed()
    assert len(list((tmp_path / "epochal-runs").glob("*/*/journal"))) == 1
    assert all("no run id" in training.errors for training in trainings[1:])
    assert "no run id" not in trainings[0].errors


def test_a_rank_killed_leaves_the_others_record_alone(tmp_path: Path) -> None:
    script = """
    run = epochal.init("ranks")
    n = 0
    while not os.path.exists("stop"):
        run.log({"loss": value(n)}, step=n)
        ack(n)
        n += 1
        time.sleep(0.0002)
    run.finish()
    """

    def rank(number: int) -> Training:
        own = {"EPOCHAL_RUN_ID": "shared", "EPOCHAL_RANK": str(number), "EPOCHAL_DIR": str(tmp_path / "epochal-runs")}
        return Training(tmp_path / str(number), script, environment=own)

    with rank(0) as first, rank(1) as second:
        first.hear(until=lambda: len(first.acks) > 100)
        second.hear(until=lambda: len(second.acks) > 100)
        second.kill()
        heard = len(first.acks)
        first.hear(until=lambda: len(first.acks) > heard + 100)
        run = epochal.get_run(tmp_path / "epochal-runs" / "ranks" / "shared")
        assert run.state == "running"
        with rank(1) as again:
            heard = len(again.acks)
            again.hear(until=lambda: len(again.acks) > 100)
            (tmp_path / "1" / "stop").touch()
            again.succeed()
        (tmp_path / "0" / "stop").touch()
        first.succeed()
    run = epochal.get_run(run.path)
    assert run.state == "finished"
    assert points(run, "loss") == [(n, value(n)) for n in first.acknowledged()]
    of_second = points(run, "loss", rank=1)
    assert sorted(set(of_second)) == sorted({(n, value(n)) for n, _ in of_second})
    assert len(of_second) - len(second.acks) - len(again.acks) in (0, 1)


#: Claims one id after the other, as the line on its standard input says, and tells how it went.
CLAIMANT = """
import epochal, sys
for line in sys.stdin:
    id, resume = line.split()
    if id == "finish":
        if run is not None:
            run.finish()
        print("finished", flush=True)
        continue
    run = None
    try:
        run = epochal.init("claims", id=id, resume=resume)
        run.log({"pid": 1.0})
        print("won", flush=True)
    except (epochal.RunAliveError, epochal.RunExistsError) as error:
        print(type(error).__name__, flush=True)
"""


def test_of_two_processes_that_claim_one_id_at_the_same_moment_exactly_one_gets_it(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    claimants = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMANT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        for _ in range(2)
    ]

    def tell(line: str) -> None:
        for claimant in claimants:
            assert claimant.stdin is not None
            claimant.stdin.write(line + "\n")
        for claimant in claimants:
            claimant.stdin.flush()  # type: ignore[union-attr]

    def answers() -> list[str]:
        return [claimant.stdout.readline().strip() for claimant in claimants]  # type: ignore[union-attr]

    try:
        tell("warm-up-alone allow")
        answers()
        tell("finish -")
        answers()
        for number in range(30):
            tell(f"claimed-{number} {'allow' if number % 2 else 'never'}")
            outcome = answers()
            assert sorted(outcome)[1] == "won", outcome
            assert sorted(outcome)[0] in ("RunAliveError", "RunExistsError"), outcome
            if number % 2:
                assert sorted(outcome)[0] == "RunAliveError"
            tell("finish -")
            assert answers() == ["finished", "finished"]
            folder = tmp_path / "epochal-runs" / "claims" / f"claimed-{number}"
            assert len(list((folder / "journal").glob("main-*.epochal"))) == 1
            assert points(epochal.get_run(folder), "pid") == [(0, 1.0)]
    finally:
        for claimant in claimants:
            claimant.kill()
            claimant.communicate()


def test_a_live_run_is_refused_and_a_killed_one_is_not(tmp_path: Path) -> None:
    script = 'run = epochal.init("alive", id="it")\nrun.log({"a": 1.0})\nack(1)\ntime.sleep(60)\n'
    with Training(tmp_path, script) as training:
        training.hear(until=lambda: bool(training.acks))
        for resume in ("never", "allow", "must"):
            with pytest.raises((epochal.RunAliveError, epochal.RunExistsError)):
                epochal.init("alive", id="it", dir=training.root, resume=resume)
        assert training.recorded().state == "running"
        os.kill(training.process.pid, signal.SIGKILL)
        # not reaped yet: a zombie holds the pid, and writes no more
        os.waitid(os.P_PID, training.process.pid, os.WEXITED | os.WNOWAIT)
        until(lambda: training.recorded().state == "killed", "the state of a zombie's run")
        with epochal.init("alive", id="it", dir=training.root, resume="must") as run:
            run.log({"a": 2.0})
        training.wait()
    assert points(training.recorded(), "a") == [(0, 1.0), (1, 2.0)]


def test_a_stopped_trainer_is_alive(tmp_path: Path) -> None:
    script = 'run = epochal.init("alive", id="it")\nrun.log({"a": 1.0})\nack(1)\ntime.sleep(60)\n'
    with Training(tmp_path, script) as training:
        training.hear(until=lambda: bool(training.acks))
        os.kill(training.process.pid, signal.SIGSTOP)
        assert training.recorded().state == "running"
        with pytest.raises(epochal.RunAliveError):
            epochal.init("alive", id="it", dir=training.root, resume="must")


def test_a_claimant_killed_while_it_opens_does_not_block_the_next(tmp_path: Path) -> None:
    """The claim is the kernel's to drop."""
    script = """
    import fcntl
    os.makedirs(sys.argv[1] + "/journal")
    fd = os.open(sys.argv[1] + "/journal/opening-0.lock", os.O_RDWR | os.O_CREAT)
    fcntl.lockf(fd, fcntl.LOCK_EX)
    ack(1)
    time.sleep(60)
    """
    folder = tmp_path / "epochal-runs" / "claims" / "it"
    with Training(tmp_path / "holder", script, folder) as training:
        training.hear(until=lambda: bool(training.acks))
        training.kill()
        with epochal.init("claims", id="it", dir=tmp_path / "epochal-runs", resume="allow") as run:
            run.log({"a": 1.0})
    assert points(epochal.get_run(folder), "a") == [(0, 1.0)]
