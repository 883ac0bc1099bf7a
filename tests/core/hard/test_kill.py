"""SIGKILL at any moment: every acknowledged call is read back, nothing is invented, the run is resumed."""

from __future__ import annotations

import os
import random
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import epochal
from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, kills, points, until, value

#: A training as it comes: two tables, a key set that changes now and then, text, config and summary in between.
EVERYTHING = """
run = epochal.init("kill", id="victim", config={"lr": 0.1})
for n in range(10_000_000):
    run.log({"n": n, "loss": value(n)}, step=n)
    ack(n)
    if n % 3 == 0:
        run.log({"every/third": value(n), "odd": n % 2 == 1}, step=n)
        ack(n, who=3)
    if n % 50 == 0:
        run.log({f"seen/once/{n}": value(n), "note": f"at {n}"}, step=n)
        ack(n, who=50)
    if n % 200 == 0:
        run.config[f"changed/{n}"] = n
        run.summary["best"] = n
        ack(n, who=200)
"""


def check_everything(run: epochal.RecordedRun, training: Training) -> int:
    """Check that all that was acknowledged is there and that nothing else is, and return the number of rows."""

    def expect(metric: str, who: int, form: object) -> int:
        acknowledged = training.acknowledged(who)
        recorded = points(run, metric) if metric in run.metrics else []
        step = acknowledged[1] - acknowledged[0] if len(acknowledged) > 1 else max(who, 1)
        # one call more than what was acknowledged may have been made: its acknowledgement did not come through
        upcoming = acknowledged[-1] + step if acknowledged else 0
        wanted = [(n, form(n)) for n in acknowledged]  # type: ignore[operator]
        assert recorded[: len(wanted)] == wanted
        assert recorded[len(wanted) :] in ([], [(upcoming, form(upcoming))])  # type: ignore[operator]
        return len(recorded)

    rows = expect("n", 0, lambda n: n)
    assert expect("loss", 0, value) == rows
    thirds = expect("every/third", 3, value)
    assert expect("odd", 3, lambda n: n % 2 == 1) == thirds
    for n in training.acknowledged(50)[-20:]:
        assert points(run, f"seen/once/{n}") == [(n, value(n))]
    changes = training.acknowledged(200)
    for n in changes:
        assert run.config[f"changed/{n}"] == n
    if changes:
        assert run.summary["best"] in (changes[-1], changes[-1] + 200)
    return rows


def kill_and_check(folder: Path, seconds: float, *, after_first: bool) -> tuple[int, Path | None]:
    """Start a training, kill it, check what it left; return (acknowledged calls, its run folder if it has one)."""
    with Training(folder, EVERYTHING) as training:
        if after_first:
            training.hear(until=lambda: bool(training.acks))
        training.hear(seconds)
        assert training.kill() == -signal.SIGKILL, training.errors
        found = training.run_folders()
        if not found:
            assert not training.acks
            return 0, None
        if not list((found[0] / "journal").glob("*.epochal")):
            assert not training.acks
            return 0, found[0]
        run = epochal.get_run(found[0])
        check_everything(run, training)
        if training.acks:
            assert_sound(found[0], torn=1)
            assert run.state == "killed"
            assert run.config["lr"] == 0.1
        return len(training.acks), found[0]


def check_rows(run: epochal.RecordedRun, training: Training) -> None:
    """Check the rows of `LOGGING`: all that were acknowledged, and at most one more."""
    acknowledged = training.acknowledged()
    for metric, form in (("n", lambda n: n), ("loss", value)):
        recorded = points(run, metric)
        assert recorded == [(n, form(n)) for n in range(len(recorded))]
        assert len(acknowledged) <= len(recorded) <= len(acknowledged) + 1


def resume_and_check(folder: Path) -> None:
    """Go on with a killed run in this process, and check that it goes on where it stood."""
    before = epochal.get_run(folder)
    losses = points(before, "loss") if "loss" in before.metrics else []
    with epochal.init(id=folder.name, dir=folder.parents[1], resume="must") as run:
        run.log({"loss": -1.0})
        run.log({"loss": -2.0})
    after = epochal.get_run(folder)
    assert after.state == "finished"
    recorded = points(after, "loss")
    assert recorded[:-2] == losses
    first = recorded[-2][0]
    assert recorded[-2:] == [(first, -1.0), (first + 1, -2.0)]
    # a row of another table may have been the last one
    assert first >= (losses[-1][0] + 1 if losses else 0)


def test_a_trainer_killed_at_any_moment_loses_nothing_and_is_resumed(tmp_path: Path, no_companion: None) -> None:
    chance = random.Random()
    seed = chance.randrange(1 << 32)
    print(f"seed {seed}")
    chance.seed(seed)
    rounds = kills(136)

    def one(number: int, seconds: float) -> tuple[int, Path | None]:
        return kill_and_check(tmp_path / f"round-{number}", seconds, after_first=number % 4 != 0)

    # every fourth is killed while it starts, all others while they log
    moments = [chance.uniform(0, 0.4) if n % 4 == 0 else chance.uniform(0, 0.03) for n in range(rounds)]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(one, range(rounds), moments))
    assert sum(calls for calls, _ in outcomes) > 100 * rounds
    for _, folder in outcomes:
        if folder is not None and list((folder / "journal").glob("main-*.epochal")):
            resume_and_check(folder)


#: A training as preemption wants it: the checkpoint holds the run's position, and every start goes on from it.
PREEMPTED = """
import json
from pathlib import Path
checkpoint = Path("checkpoint.json")
at = json.loads(checkpoint.read_text()) if checkpoint.exists() else {"next": 0, "position": None}
run = epochal.init("kill", id="preempted", resume="allow", position=at["position"])
if at["position"] is None:
    run.rewind(0)  # killed before its first checkpoint, it begins anew
for n in range(at["next"], 3000):
    run.log({"loss": value(n)}, step=n)
    if n % 2 == 0:
        run.log({"even": value(n), "n": n}, step=n)
    if n % 50 == 49:
        Path("next.json").write_text(json.dumps({"next": n + 1, "position": run.position()}))
        os.replace("next.json", checkpoint)
        ack(n)
    if n % 10 == 0:
        time.sleep(0.001)
run.finish()
"""


def test_a_run_killed_and_resumed_from_its_checkpoint_time_after_time_is_as_if_nothing_had_been(
    tmp_path: Path,
) -> None:
    """ray-project/ray#29916: steps between the checkpoint and the crash were there twice."""
    chance = random.Random()
    killed = 0
    while True:
        with Training(tmp_path, PREEMPTED) as training:
            training.hear(chance.uniform(0.25, 0.4))
            if training.process.poll() is not None or killed >= kills(12):
                training.succeed()
                break
            training.kill()
            killed += 1
    run = training.recorded()
    assert run.state == "finished"
    assert points(run, "loss") == [(n, value(n)) for n in range(3000)]
    assert points(run, "even") == [(n, value(n)) for n in range(0, 3000, 2)]
    assert killed > 0
    kept = run.history("loss", duplicates=True, abandoned=True)
    assert len(kept.steps) >= 3000
    assert set(zip(kept.steps.tolist(), kept.values.tolist(), strict=True)) == {(n, value(n)) for n in range(3000)}


#: A training with two forked workers, as a DataLoader has them: one only waits, the other logs.
WITH_WORKERS = """
run = epochal.init("kill", id="victim")
run.log({"n": -1}, step=-1)
if os.fork() == 0:
    while True:
        time.sleep(60)
if os.fork() == 0:
    for n in range(10_000_000):
        run.log({"worker": value(n)}, step=n)
        ack(n, who=1)
        time.sleep(0.0005)
for n in range(10_000_000):
    run.log({"loss": value(n)}, step=n)
    ack(n)
"""


def test_workers_left_behind_do_not_keep_a_killed_run_running(tmp_path: Path, no_companion: None) -> None:
    for number in range(kills(6)):
        with Training(tmp_path / str(number), WITH_WORKERS) as training:
            training.hear(until=lambda: bool(training.acknowledged(0) and training.acknowledged(1)))
            training.hear(random.uniform(0, 0.05))
            training.kill()
            heard = len(training.acknowledged(1))
            run = training.recorded()
            assert run.state == "killed"
            with epochal.init(id="victim", dir=training.root, resume="must") as resumed:
                resumed.log({"loss": 0.5})
            training.hear(until=lambda: len(training.acknowledged(1)) > heard + 10)
            acknowledged = training.acknowledged(1)
            run = training.recorded()
            assert run.state == "finished"
            assert points(run, "worker")[: len(acknowledged)] == [(n, value(n)) for n in acknowledged]
            losses = points(run, "loss")
            assert losses[: len(training.acknowledged(0))] == [(n, value(n)) for n in training.acknowledged(0)]
            assert losses[-1] == (len(losses) - 1, 0.5)


def test_a_killed_process_group_loses_nothing_of_trainer_and_workers(tmp_path: Path) -> None:
    for number in range(kills(6)):
        with Training(tmp_path / str(number), WITH_WORKERS) as training:
            training.hear(until=lambda: bool(training.acknowledged(0) and training.acknowledged(1)))
            training.hear(random.uniform(0, 0.05))
            training.kill(group=True)
            run = training.recorded()
            assert run.state == "killed"
            for who, metric in ((0, "loss"), (1, "worker")):
                acknowledged = training.acknowledged(who)
                recorded = points(run, metric)
                assert recorded[: len(acknowledged)] == [(n, value(n)) for n in acknowledged]
                assert len(recorded) <= len(acknowledged) + 1


def test_a_trainer_killed_at_each_of_its_writes_in_turn_leaves_a_sound_run(
    tmp_path: Path, no_companion: None, strace: str
) -> None:
    """Not by chance: at the first write to the journal, at the second, and so on through `init` and the first rows."""
    script = """
    run = epochal.init("kill", id="victim", config={"lr": 0.1})
    for n in range(10_000_000):
        run.log({"n": n, "loss": value(n)}, step=n)
        ack(n)
    """
    for number in sorted({*range(1, kills(9) + 1), 16, 24}):
        inject = ["-qq", "-o", os.devnull, "-e", f"inject=pwrite64:signal=KILL:when={number}", sys.executable]
        with Training(tmp_path / str(number), script, interpreter=[strace, *inject]) as training:
            training.wait()
            acknowledged = training.acknowledged()
            folder = training.run_folders()[0]
            run = epochal.get_run(folder)
            if acknowledged:
                check_rows(run, training)
                assert run.config == {"lr": 0.1}
            # before its first record is whole, nobody can tell whose journal it is: for five minutes it is running
            assert run.state == "killed" or number <= 3
            with epochal.init("kill", id="victim", dir=training.root, resume="allow") as again:
                again.log({"after": 1.0})
            run = epochal.get_run(folder)
            assert run.state == "finished"
            assert len(points(run, "after")) == 1
    assert len(acknowledged) > 3


def test_a_run_killed_while_it_opens_can_be_opened_again(tmp_path: Path, no_companion: None) -> None:
    script = 'epochal.init("kill", id="victim", resume="allow", config={"a": list(range(1000))})\nos._exit(9)'
    for number in range(kills(12)):
        folder = tmp_path / str(number)
        with Training(folder, script) as training:
            # the folder is made while init runs: from here on it is killed at every stage of it
            until(lambda: bool(training.run_folders()) or training.process.poll() is not None, "the run folder")
            training.hear(random.uniform(0, 0.01))
            training.kill()
            exists = bool(list(training.root.glob("*/*/journal/main-*.epochal")))
            with epochal.init("kill", id="victim", dir=training.root, resume="must" if exists else "allow") as run:
                run.log({"a": 1})
            recorded = training.recorded()
            assert recorded.state == "finished"
            assert points(recorded, "a")[-1][1] == 1
