"""SIGKILL of the trainer beside a companion, of the companion, of both."""

from __future__ import annotations

import random
from pathlib import Path

from tests.core.hard.test_kill import check_rows, resume_and_check
from tests.core.hard.trainings import Training, kill, kills, until

LOGGING = """
run = epochal.init("kill", id="victim")
for n in range(10_000_000):
    run.log({"n": n, "loss": value(n)}, step=n)
    ack(n)
    if os.path.exists("stop"):
        break
"""


def test_the_companion_names_the_signal_that_ended_its_trainer(tmp_path: Path) -> None:
    for number in range(kills(4)):
        with Training(tmp_path / str(number), LOGGING, companion=True) as training:
            training.hear(until=lambda: bool(training.acks))
            until(lambda: watched(training), "the companion's journal")
            training.hear(random.uniform(0, 0.4))
            training.kill()
            until(lambda: "SIGKILL" in (training.recorded().ending.reason or ""), "the companion's word on the end")
            run = training.recorded()
            assert run.state == "killed"
            check_rows(run, training)
            resume_and_check(training.run_folders()[0])


def watched(training: Training) -> bool:
    """Return whether the companion has begun to watch: it opens its journal after it has looked at its trainer."""
    return bool(list(training.root.glob("*/*/journal/system-*.epochal")))


def test_a_trainer_killed_before_its_companion_has_begun_is_killed_all_the_same(tmp_path: Path) -> None:
    for number in range(kills(3)):
        with Training(tmp_path / str(number), LOGGING, companion=True) as training:
            training.hear(until=lambda: bool(training.acks))
            training.kill()
            assert training.recorded().state == "killed"
            until(lambda: not training.companions(), "the companion's end")
            run = training.recorded()
            assert run.state == "killed"
            check_rows(run, training)
            resume_and_check(training.run_folders()[0])


def test_a_killed_companion_costs_the_training_nothing(tmp_path: Path) -> None:
    for number in range(kills(6)):
        with Training(tmp_path / str(number), LOGGING, companion=True) as training:
            training.hear(until=lambda: bool(training.acks) and bool(training.companions()))
            training.hear(random.uniform(0, 0.4))
            for pid in training.companions():
                kill(pid)
            until(lambda: not training.companions(), "the companion's end")
            heard = len(training.acks)
            training.hear(until=lambda: len(training.acks) > heard + 100)
            (training.folder / "stop").touch()
            training.succeed()
            assert training.errors == ""
            run = training.recorded()
            assert run.state == "finished"
            check_rows(run, training)


def test_trainer_and_companion_killed_together_lose_nothing(tmp_path: Path) -> None:
    for number in range(kills(8)):
        with Training(tmp_path / str(number), LOGGING, companion=True) as training:
            training.hear(until=lambda: bool(training.acks) and bool(training.companions()))
            training.hear(random.uniform(0, 0.3))
            order = [training.process.pid, *training.companions()]
            random.shuffle(order)
            for pid in order:
                kill(pid)
            training.wait()
            run = training.recorded()
            assert run.state == "killed"
            check_rows(run, training)
            resume_and_check(training.run_folders()[0])
