"""What a call of `log` asks of the system, counted: one write, two clocks, nothing else; no thread, no child."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

import epochal
from tests.core.hard.trainings import Training, points, value


def calls_between_marks(log: Path) -> Counter[str]:
    """Return the system calls of the trainer between its two marks (a chdir each), by name."""
    names: Counter[str] = Counter()
    inside = False
    for line in log.read_text().splitlines():
        found = re.match(r"(?:\d+ +)?(\w+)\(", line)
        if found is None:
            continue
        if found[1] == "chdir" and "mark" in line:
            inside = not inside
            continue
        if inside:
            names[found[1]] += 1
    assert not inside
    return names


def test_a_call_of_log_makes_one_system_call(tmp_path: Path, strace: str) -> None:
    """The kernel's answer: clock_gettime is answered in user space and is no system call."""
    script = """
    run = epochal.init("cost", id="it")
    os.mkdir("mark")
    for n in range(20_000):
        run.log({"loss": value(n), "acc": value(n), "lr": 0.1, "n": n, "ok": True})
    os.chdir("mark")
    for n in range(5_000):
        run.log({"loss": value(n), "acc": value(n), "lr": 0.1, "n": n, "ok": True})
    os.chdir("../mark")
    run.finish()
    """
    log = tmp_path / "calls"
    interpreter = [strace, "-qq", "-o", str(log), sys.executable]
    with Training(tmp_path, script, companion=True, interpreter=interpreter) as training:
        training.succeed()
    names = calls_between_marks(log)
    # besides the rows: a block begins now and then with a header, memory may be asked for,
    # and every 5 s it is looked whether the file is still there
    assert 5_000 <= names.pop("pwrite64") <= 5_010
    for rare in ("brk", "mmap", "munmap", "madvise", "fstat", "newfstatat", "clock_gettime"):
        assert names.pop(rare, 0) <= 10, rare
    assert not names, names
    assert len(points(training.recorded(), "n")) == 25_000


def test_a_call_of_log_calls_one_function_that_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no tracer is: the functions of C that a call reaches, as the interpreter's profiler sees them."""
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    seen: Counter[str] = Counter()
    with epochal.init("cost") as run:
        for n in range(1000):
            run.log({"loss": 1.0, "n": n})

        def profile(frame: object, event: str, function: object) -> None:
            if event == "c_call":
                seen[getattr(function, "__name__", "?")] += 1
            elif event == "call":
                seen["call of Python"] += 1

        sys.setprofile(profile)
        for n in range(100):
            run.log({"loss": 1.0, "n": n})
        sys.setprofile(None)
    assert seen["pwrite"] == 100
    assert seen["clock_gettime"] == 100
    assert set(seen) <= {
        "pwrite", "clock_gettime", "get", "values", "pack", "next", "setprofile", "call of Python",
    }, seen  # fmt: skip


def test_the_trainer_gets_no_thread_no_child_and_few_descriptors(tmp_path: Path) -> None:
    script = """
    import threading
    before = len(os.listdir("/proc/self/fd"))
    run = epochal.init("cost", id="it")
    for n in range(1000):
        run.log({"loss": value(n)})
        run.log({f"once/{n}": value(n), "text": "text"})
        run.config["n"] = n
    assert len(os.listdir("/proc/self/task")) == 1
    assert threading.active_count() == 1
    children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
    assert not children, children
    held = len(os.listdir("/proc/self/fd")) - before
    assert held <= 3, [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")[:-1]]
    run.finish()
    """
    with Training(tmp_path, script, companion=True) as training:
        training.succeed()


def test_a_process_that_opens_run_after_run_and_keeps_them_all_needs_few_descriptors(tmp_path: Path) -> None:
    script = """
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    kept = []
    for number in range(60):
        run = epochal.init("cost", id=f"run-{number}")
        run.log({"a": value(number)})
        run.finish()
        kept.append(run)
    """
    with Training(tmp_path, script) as training:
        training.succeed()
    for number in range(60):
        run = training.recorded(f"run-{number}")
        assert run.state == "finished"
        assert points(run, "a") == [(0, value(number))]


def test_importing_epochal_loads_nothing_heavy_and_neither_does_log(tmp_path: Path) -> None:
    script = """
    heavy = {"numpy", "pluggy", "importlib.metadata", "click", "rich", "sqlite3", "msgspec", "socket", "asyncio",
             "multiprocessing", "subprocess", "torch"}
    assert not heavy & set(sys.modules), heavy & set(sys.modules)
    epochal.__version__
    run = epochal.init("cost")
    for n in range(100):
        run.log({"loss": value(n)})
    run.finish()
    late = heavy - {"pluggy"} | {"typing_extensions"}
    assert not late & set(sys.modules), late & set(sys.modules)
    """
    with Training(tmp_path, script) as training:
        training.succeed()


def test_random_numbers_are_left_alone(tmp_path: Path) -> None:
    """Losses are equal with and without a run: no generator moves."""
    script = """
    import random
    import numpy as np
    random.seed(1), np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    run = epochal.init("cost", id="it")
    names = {run.name}
    for n in range(100):
        run.log({"loss": value(n)})
    run.use_dataset("train", np.zeros(1000))
    run.finish()
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    random.seed(1)
    with epochal.init("cost") as other:
        names.add(other.name)
    random.seed(1)
    with epochal.init("cost") as other:
        names.add(other.name)
    assert len(names) > 1, names
    """
    with Training(tmp_path, script) as training:
        training.succeed()
