"""Processes forked and spawned from a training log into its run: each row once, whole, and nobody waits for ever."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, points, value
from tests.needs import need

ROWS = 2000


pytestmark = pytest.mark.usefixtures("no_companion")


def test_forked_workers_and_their_parent_log_into_one_run(tmp_path: Path) -> None:
    script = f"""
    run = epochal.init("forks")
    run.log({{"before": 1.0}})
    children = []
    for who in range(1, 5):
        pid = os.fork()
        if pid == 0:
            for n in range({ROWS}):
                run.log({{f"worker-{{who}}": value(n), "n": n}}, step=n)
                ack(n, who)
            os._exit(0)
        children.append(pid)
    for n in range({ROWS}):
        run.log({{"parent": value(n)}}, step=n)
        ack(n)
    for pid in children:
        assert os.waitpid(pid, 0)[1] == 0
    run.finish()
    """
    with Training(tmp_path, script) as training:
        training.succeed()
        run = training.recorded()
    assert run.state == "finished"
    wanted = [(n, value(n)) for n in range(ROWS)]
    assert points(run, "parent") == wanted
    for who in range(1, 5):
        assert training.acknowledged(who) == list(range(ROWS))
        assert points(run, f"worker-{who}") == wanted
    assert Counter(points(run, "n")) == dict.fromkeys(((n, n) for n in range(ROWS)), 4)
    assert points(run, "before") == [(0, 1.0)]


def test_where_a_child_and_its_parent_log_one_step_the_later_in_order_is_the_point(tmp_path: Path) -> None:
    """The parent's row at a step before the fork sorts before the child's, and the child's stands at equal steps."""
    script = """
    run = epochal.init("forks")
    run.log({"a": 1.0}, step=5)
    if os.fork() == 0:
        run.log({"a": 2.0}, step=5)
        os._exit(0)
    os.wait()
    run.log({"a": 3.0}, step=5)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    history = run.history("a")
    assert history.steps.tolist() == [5]
    assert sorted(v for _, v in points(run, "a")) == [1.0, 2.0, 3.0]


def test_a_fork_by_a_c_library_is_noticed(tmp_path: Path) -> None:
    """No Python code runs at such a fork, and no hook of Python's is called."""
    script = f"""
    import ctypes
    libc = ctypes.PyDLL(None)
    run = epochal.init("forks")
    for n in range(10):
        run.log({{"parent": value(n)}}, step=n)
    children = []
    for who in range(1, 4):
        pid = libc.fork()
        if pid == 0:
            for n in range({ROWS}):
                run.log({{f"child-{{who}}": value(n)}}, step=n)
                ack(n, who)
            os._exit(0)
        children.append(pid)
    for n in range(10, {ROWS}):
        run.log({{"parent": value(n)}}, step=n)
    for pid in children:
        assert os.waitpid(pid, 0)[1] == 0
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    wanted = [(n, value(n)) for n in range(ROWS)]
    assert points(run, "parent") == wanted
    for who in range(1, 4):
        assert points(run, f"child-{who}") == wanted


def test_grandchildren_have_a_journal_of_their_own_too(tmp_path: Path) -> None:
    script = """
    run = epochal.init("forks")
    def descend(generation):
        run.log({f"generation-{generation}": value(generation)}, step=generation)
        if generation < 4:
            pid = os.fork()
            if pid == 0:
                descend(generation + 1)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
        run.log({f"generation-{generation}": value(generation + 100)}, step=generation + 100)
    descend(0)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    for generation in range(5):
        assert points(run, f"generation-{generation}") == [
            (generation, value(generation)),
            (generation + 100, value(generation + 100)),
        ]
    assert len(list((run.path / "journal").glob("child-*.epochal"))) == 4


def test_every_verb_in_a_child_goes_to_the_childs_journal(tmp_path: Path) -> None:
    script = """
    run = epochal.init("forks", config={"parent": 1})
    run.log({"a": 1.0})
    verbs = [
        lambda: run.notice("told", "by a child"),
        lambda: run.define_metric("a", summary="nonsense"),
        lambda: run.define_metric("a", summary="min"),
        lambda: run.use_dataset("odd", object()),
        lambda: run.position(),
        lambda: run.rewind("nonsense"),
        lambda: run.extend({"b": [1.0, 2.0]}, steps=[1, 2]),
        lambda: run.extend({"b": [1.0, 2.0]}, steps=["x", 2]),
        lambda: run.config.update(child=2),
        lambda: run.summary.update(child=3),
        lambda: setattr(run, "notes", "of a child"),
        lambda: run.log(None),
        lambda: run.log({"a": object()}),
    ]
    for verb in verbs:
        pid = os.fork()
        if pid == 0:
            verb()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        run.log({"a": 1.0})
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert run.state == "finished"
    assert [v for _, v in points(run, "a")] == [1.0] * 14
    assert run.config["child"] == 2
    assert run.summary["child"] == 3
    assert run.notes == "of a child"
    assert points(run, "b") == [(1, 1.0), (2, 2.0)]
    assert_sound(run.path)


def test_a_child_ends_its_own_part_only(tmp_path: Path) -> None:
    """By `finish`, the end of `with`, `sys.exit` and an exception, all of which would end the run in the parent."""
    script = """
    import contextlib
    run = epochal.init("forks")
    def in_child(work):
        pid = os.fork()
        if pid == 0:
            work()  # what comes up from it ends the interpreter, with its exit handlers
            sys.exit(0)
        os.waitpid(pid, 0)
        run.log({"parent": 1.0})
    def finish():
        run.log({"child": 1.0})
        run.finish()
        run.finish(3)
    def leave():
        with run:
            run.log({"child": 1.0})
    def leave_without_logging():
        with run:
            pass
    def fail():
        run.log({"child": 1.0})
        raise RuntimeError("in the child")
    def leave_by_exit():
        with run:
            run.log({"child": 1.0})
            sys.exit(3)
    for work in (finish, leave, leave_without_logging, fail, leave_by_exit, lambda: epochal.finish()):
        in_child(work)
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert run.state == "finished"
    assert len(points(run, "parent")) == 6
    assert len(points(run, "child")) == 4
    assert_sound(run.path)


def test_a_child_that_can_open_no_file_warns_and_goes_on(tmp_path: Path) -> None:
    script = """
    import resource
    run = epochal.init("forks")
    for n in range(10):
        run.log({"a": value(n)}, step=n)
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        for n in range(10, 20):
            run.log({"a": value(n)}, step=n)
        run.notice("told", "by the child")
        run.config.update(x=1)
        run.finish()
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    for n in range(10, 20):
        run.log({"a": value(n)}, step=n)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert points(run, "a") == [(n, value(n)) for n in range(20)]
    assert training.errors.count("cannot record") == 1
    assert_sound(run.path)


def test_a_run_opened_in_a_child_is_a_run_of_its_own(tmp_path: Path) -> None:
    script = """
    outer = epochal.init("forks", id="outer")
    outer.log({"a": 1.0})
    pid = os.fork()
    if pid == 0:
        try:
            epochal.init("forks", id="outer", resume="allow")
        except epochal.RunAliveError:
            ack(1, 1)
        with epochal.init("forks", id="inner") as inner:
            inner.log({"a": 2.0})
            epochal.log({"b": 3.0})
        outer.log({"a": 4.0})
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    epochal.log({"b": 5.0})
    outer.finish()
    """
    with Training(tmp_path, script) as training:
        training.succeed()
    outer, inner = training.recorded("outer"), training.recorded("inner")
    assert training.acknowledged(1) == [1]
    assert (outer.state, inner.state) == ("finished", "finished")
    assert sorted(v for _, v in points(outer, "a")) == [1.0, 4.0]
    assert [v for _, v in points(outer, "b")] == [5.0]
    assert [v for _, v in points(inner, "a")] == [2.0]
    assert [v for _, v in points(inner, "b")] == [3.0]


def _log_from_a_process(run: epochal.Run, who: int) -> None:
    for n in range(200):
        run.log({f"process-{who}": value(n)}, step=n)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing_log_into_the_run_they_are_given(tmp_path: Path, method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    with epochal.init("forks") as run:
        run.log({"parent": 1.0})
        processes = [context.Process(target=_log_from_a_process, args=(run, who)) for who in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(60)
            assert process.exitcode == 0
        run.log({"parent": 2.0})
    recorded = epochal.get_run(run.folder)
    assert recorded.state == "finished"
    assert [v for _, v in points(recorded, "parent")] == [1.0, 2.0]
    for who in range(2):
        assert points(recorded, f"process-{who}") == [(n, value(n)) for n in range(200)]
    assert_sound(recorded.path)


def test_workers_of_a_torch_dataloader_log(tmp_path: Path) -> None:
    need("torch")
    script = """
    import torch
    class Data(torch.utils.data.Dataset):
        def __len__(self):
            return 64
        def __getitem__(self, at):
            run.log({"worker": value(at)}, step=at)
            return torch.zeros(1)
    run = epochal.init("forks")
    if __name__ == "__main__":
        for n, batch in enumerate(torch.utils.data.DataLoader(Data(), batch_size=4, num_workers=2)):
            run.log({"loss": batch.mean()}, step=n)
        run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert points(run, "worker") == [(n, value(n)) for n in range(64)]
    assert points(run, "loss") == [(n, 0.0) for n in range(16)]
