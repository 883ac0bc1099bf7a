"""How a run ends when the script says nothing, fails, is interrupted, or opens several runs."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.core.hard.soundness import records
from tests.core.hard.trainings import Training, points
from tests.needs import need


def ends(folder: Path, script: str, *, companion: bool = False, **more: Any) -> tuple[Training, int]:
    with Training(folder, script, companion=companion, **more) as training:
        status = training.wait()
    return training, status


def finish_of(folder: Path) -> dict[str, Any]:
    """Return the newest `finish` record of a run."""
    return records(folder, "finish", role="main")[-1]


BEGIN = 'run = epochal.init("endings", id="it")\nrun.log({"a": 1.0})\n'


def test_a_script_without_with_or_finish_is_finished(tmp_path: Path) -> None:
    training, status = ends(tmp_path, BEGIN)
    run = training.recorded()
    assert (status, run.state) == (0, "finished")
    assert points(run, "a") == [(0, 1.0)]
    assert training.errors.count("\n") <= 1  # the companion is off, it says


def test_an_exception_is_failed_with_its_traceback(tmp_path: Path) -> None:
    for number, opening in enumerate([BEGIN, BEGIN + "with run:\n"]):
        indent = "    " if "with" in opening else ""
        training, status = ends(
            tmp_path / str(number), f"{opening}{indent}def explode():\n{indent}    1 / 0\n{indent}explode()\n"
        )
        run = training.recorded()
        assert (status, run.state) == (1, "failed")
        assert "ZeroDivisionError" in (run.ending.reason or "")
        assert "ZeroDivisionError" in training.errors
        assert "in explode" in finish_of(run.path)["error"]["traceback"]


def test_an_exception_that_was_caught_ends_nothing(tmp_path: Path) -> None:
    script = BEGIN + "try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass\nrun.log({'a': 2.0})\n"
    training, _ = ends(tmp_path, script)
    assert training.recorded().state == "finished"


def test_an_exception_before_the_run_was_opened_is_not_the_runs(tmp_path: Path) -> None:
    script = "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    sys.last_value = error\n" + BEGIN
    training, _ = ends(tmp_path, script)
    assert training.recorded().state == "finished"


def test_an_exception_whose_text_fails_or_holds_anything_is_failed_too(tmp_path: Path) -> None:
    script = (
        BEGIN
        + """
class Odd(Exception):
    def __str__(self):
        raise RuntimeError("no text")
with run:
    raise Odd("\\ud800 password=hunter2hunter2")
"""
    )
    training, _ = ends(tmp_path / "odd", script)
    assert training.recorded().state == "failed"
    training, _ = ends(tmp_path / "surrogate", BEGIN + "with run:\n    raise RuntimeError('\\ud800 \\0')\n")
    run = training.recorded()
    assert run.state == "failed"
    assert "RuntimeError" in (run.ending.reason or "")
    training, _ = ends(tmp_path / "long", BEGIN + "with run:\n    raise RuntimeError('x' * 10_000_000)\n")
    assert training.recorded().state == "failed"
    deep = BEGIN + "def deeper():\n    deeper()\nwith run:\n    deeper()\n"
    training, _ = ends(tmp_path / "deep", deep)
    assert training.recorded().state == "failed"


def test_sys_exit_3_is_failed_with_its_status(tmp_path: Path) -> None:
    training, status = ends(tmp_path / "with", BEGIN + "with run:\n    sys.exit(3)\n")
    run = training.recorded()
    assert (status, run.state, finish_of(run.path)["exit_code"]) == (3, "failed", 3)
    # without `with`, nobody in the process is told: the companion learns it
    with Training(tmp_path / "without", BEGIN + "sys.exit(3)\n", companion=True) as training:
        assert training.reap_late() == 3
    run = training.recorded()
    assert run.state == "failed"
    assert "3" in (run.ending.reason or "")


@pytest.mark.parametrize("status", ["0", "None", ""])
def test_sys_exit_without_a_failure_is_finished(tmp_path: Path, status: str) -> None:
    training, code = ends(tmp_path, BEGIN + f"with run:\n    sys.exit({status})\n")
    assert (code, training.recorded().state) == (0, "finished")


def test_a_message_for_sys_exit_is_failed(tmp_path: Path) -> None:
    training, code = ends(tmp_path, BEGIN + "with run:\n    sys.exit('the data is missing')\n")
    assert (code, training.recorded().state) == (1, "failed")
    assert "the data is missing" in (training.recorded().ending.reason or "")


def test_finish_with_a_status_is_failed(tmp_path: Path) -> None:
    training, _ = ends(tmp_path, BEGIN + "run.finish(exit_code=2)\nrun.finish()\nrun.finish(3)\n")
    run = training.recorded()
    assert (run.state, finish_of(run.path)["exit_code"]) == ("failed", 2)


def test_runs_one_after_the_other_and_at_once_are_each_whole(tmp_path: Path) -> None:
    script = """
    for number in range(3):
        with epochal.init("endings", id=f"after-{number}") as run:
            epochal.log({"a": float(number)})
    at_once = [epochal.init("endings", id=f"beside-{number}") for number in range(3)]
    for step in range(100):
        for number, run in enumerate(at_once):
            run.log({"a": float(number)}, step=step)
        epochal.log({"last": 1.0}, step=step)
    at_once[1].finish()
    at_once[2].finish()
    epochal.log({"first again": 1.0})
    """
    training, status = ends(tmp_path, script)
    assert status == 0, training.errors
    for number in range(3):
        after, beside = training.recorded(f"after-{number}"), training.recorded(f"beside-{number}")
        assert (after.state, beside.state) == ("finished", "finished")
        assert points(after, "a") == [(0, float(number))]
        assert points(beside, "a") == [(step, float(number)) for step in range(100)]
    assert len(points(training.recorded("beside-2"), "last")) == 100
    assert len(points(training.recorded("beside-0"), "first again")) == 1


def test_with_in_with_goes_back_to_the_outer_run(tmp_path: Path) -> None:
    script = """
    with epochal.init("endings", id="outer") as outer:
        epochal.log({"a": 1.0})
        try:
            with epochal.init("endings", id="inner"):
                epochal.log({"a": 2.0})
                with epochal.init("endings", id="innermost"):
                    epochal.log({"a": 3.0})
                epochal.log({"a": 2.0})
                raise ValueError("within")
        except ValueError:
            pass
        epochal.log({"a": 1.0})
        assert epochal.active_run() is outer
    assert epochal.active_run() is None
    """
    training, status = ends(tmp_path, script)
    assert status == 0, training.errors
    for id, state, value in (("outer", "finished", 1.0), ("inner", "failed", 2.0), ("innermost", "finished", 3.0)):
        run = training.recorded(id)
        assert run.state == state, id
        assert {v for _, v in points(run, "a")} == {value}


def test_what_comes_after_finish_warns_once_and_is_not_recorded(tmp_path: Path) -> None:
    script = (
        BEGIN
        + """
run.finish()
for n in range(5):
    run.log({"a": 2.0})
    epochal.log({"a": 2.0})
    run.extend({"a": [2.0]}, steps=[n])
    run.config["late"] = n
    run.summary["late"] = n
    run.define_metric("a", summary="min")
    run.notice("late", "too late")
    run.name = "late"
    run.rewind(0)
    run.position()
    with run:
        pass
    run.finish()
"""
    )
    training, status = ends(tmp_path, script)
    assert status == 0, training.errors
    run = training.recorded()
    assert run.state == "finished"
    assert points(run, "a") == [(0, 1.0)]
    assert "late" not in run.config
    assert training.errors.count("after finish") == 1


def test_log_before_init_says_what_to_do(tmp_path: Path) -> None:
    training, status = ends(tmp_path, 'epochal.log({"a": 1.0})\n')
    assert status == 1
    assert "epochal.init()" in training.errors


def test_a_run_that_is_not_referred_to_any_more_is_still_finished(tmp_path: Path) -> None:
    script = """
    import gc
    def train():
        epochal.init("endings", id="it").log({"a": 1.0})
    train()
    gc.collect()
    epochal.log({"a": 2.0})
    """
    training, _ = ends(tmp_path, script)
    run = training.recorded()
    assert run.state == "finished"
    assert points(run, "a") == [(0, 1.0), (1, 2.0)]


def test_exit_handlers_of_the_script_can_still_log(tmp_path: Path) -> None:
    """They run in the reverse order: one that was registered after `init` comes before ours."""
    script = "import atexit\n" + BEGIN + "atexit.register(lambda: run.log({'late': 1.0}))\n"
    training, _ = ends(tmp_path, script)
    run = training.recorded()
    assert run.state == "finished"
    assert points(run, "late") == [(1, 1.0)]


def test_threads_that_live_on_at_the_end_do_no_harm(tmp_path: Path) -> None:
    script = (
        BEGIN
        + """
import threading
def work():
    while True:
        run.log({"thread": 1.0})
threading.Thread(target=work, daemon=True).start()
time.sleep(0.1)
"""
    )
    training, status = ends(tmp_path, script)
    run = training.recorded()
    assert status == 0, training.errors
    assert run.state == "finished"


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "RuntimeError('x')"])
def test_closing_the_standard_streams_hides_nothing(tmp_path: Path, error: str) -> None:
    script = "os.environ.pop('EPOCHAL_QUIET', None)\nfor fd in (0, 1, 2):\n    os.close(fd)\n"
    training, _ = ends(tmp_path, script + BEGIN + f"with run:\n    raise {error}\n")
    run = training.recorded()
    assert run.state == ("interrupted" if "Key" in error else "failed")
    assert points(run, "a") == [(0, 1.0)]


def test_a_notebook_that_runs_init_again_finishes_the_run_before(tmp_path: Path) -> None:
    """wandb/wandb#3403, #5203, #1033: runs of a kernel that were never finished."""
    need("IPython")
    script = """
    os.environ["IPYTHONDIR"] = os.getcwd()
    from IPython.core.interactiveshell import InteractiveShell
    class Kernel(InteractiveShell):
        kernel = object()  # what ipykernel's shell has
    shell = Kernel.instance()
    def cell(source):
        outcome = shell.run_cell(source, store_history=True)
        return outcome.error_in_exec
    assert cell("import epochal") is None
    assert cell("run = epochal.init('notebook', id='first')\\nrun.log({'a': 1.0})") is None
    assert cell("run.log({'a': 2.0})") is None
    assert isinstance(cell("1 / 0"), ZeroDivisionError)
    assert cell("run.log({'a': 3.0})") is None
    assert cell("run = epochal.init('notebook', id='second')\\nrun.log({'a': 4.0})") is None
    assert isinstance(cell("with run:\\n    run.log({'a': 5.0})\\n    1 / 0"), ZeroDivisionError)
    assert cell("run = epochal.init('notebook', id='third')\\nrun.log({'a': 6.0})") is None
    assert isinstance(cell("1 / 0"), ZeroDivisionError)
    """
    training, status = ends(tmp_path, script)
    assert status == 0, training.errors + training.output
    first, second, third = (training.recorded(id) for id in ("first", "second", "third"))
    assert [run.state for run in (first, second, third)] == ["finished", "failed", "finished"]
    assert points(first, "a") == [(0, 1.0), (1, 2.0), (2, 3.0)]
    assert points(second, "a") == [(0, 4.0), (1, 5.0)]
    lines = [line for line in training.errors.splitlines() if "finished run" in line]
    assert len(lines) == 1
    assert "earlier cell" in lines[0]


def test_a_script_that_is_piped_in_and_one_that_is_a_module_end_alike(tmp_path: Path) -> None:
    import subprocess

    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "EPOCHAL_DIR": str(tmp_path / "epochal-runs"),
        "EPOCHAL_COMPANION": "off",
    }
    source = 'import epochal\nrun = epochal.init("endings", id={!r})\nrun.log({{"a": 1.0}})\nraise KeyError("x")\n'
    subprocess.run(
        [sys.executable],
        input=source.format("piped"),
        text=True,
        env=environment,
        cwd=tmp_path,
        check=False,
        stderr=subprocess.DEVNULL,
    )
    subprocess.run(
        [sys.executable, "-c", source.format("command")],
        env=environment,
        cwd=tmp_path,
        check=False,
        stderr=subprocess.DEVNULL,
    )
    import epochal

    for id in ("piped", "command"):
        assert epochal.get_run(tmp_path / "epochal-runs" / "endings" / id).state == "failed"
    assert time.time() > 0
