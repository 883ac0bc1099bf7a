"""`disabled`: no file, no process, no thread, no socket, no descriptor; every verb works and does nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.core.hard.trainings import Training

#: Everything that a run can be asked; afterwards nothing of it may be found in this process or on disk.
EVERYTHING = """
import threading
seen = []
def audit(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.posix_spawn", "os.fork", "os.exec", "os.mkdir", "os.system")):
        seen.append((event, arguments))
    if event == "open" and arguments[2] is not None and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        seen.append((event, arguments))
sys.dont_write_bytecode = True

def state():
    return (sorted(os.listdir("/proc/self/fd")), sorted(os.listdir("/proc/self/task")), threading.active_count(),
            open("/proc/self/maps").read().count("zero"))

before = state()
sys.addaudithook(audit)
{opening}
assert run.disabled
with run as same:
    assert same is run
    run.log({"a": 1.0})
    run.log({"a": object()}, step="nonsense", time="nonsense")
    run.log(None)
    epochal.log({"a": 1.0}, step=3)
    run.extend({"a": [1.0, 2.0]}, steps=[1, 2])
    run.config["lr"] = 0.1
    run.config.update(model={"depth": 3})
    epochal.config.seed = 7
    assert run.config.lr == 0.1 and run.config["model"]["depth"] == 3 and run.config.seed == 7
    run.summary["best"] = 0.5
    epochal.summary.update(worst=0.1)
    assert run.summary["best"] == 0.5 and dict(run.summary) == {"best": 0.5, "worst": 0.1}
    run.define_metric("a", step="epoch", summary="min")
    assert run.use_dataset("train", "/nonexistent") is not None
    assert isinstance(run.position(), dict)
    run.rewind(3)
    run.notice("code", "text", more=1)
    run.alert("title", "text", level="nonsense", step="nonsense")
    print("printed")
    run.name = "renamed"
    run.notes = "notes"
    run.tags = ["a", "b"]
    assert (run.name, run.notes, list(run.tags)) == ("renamed", "notes", ["a", "b"])
    assert run.id and run.project and str(run.folder) and run.rank in (0, 2, 3) and repr(run)
    assert epochal.active_run() is run
    import pickle
    assert pickle.loads(pickle.dumps(run)).disabled
run.finish()
run.finish(3)
run.log({"a": 1.0})
epochal.finish()
assert state() == before, (state(), before)
assert not seen, seen
"""


@pytest.mark.parametrize(
    ("opening", "environment"),
    [
        ('run = epochal.init("off", mode="disabled", config={"a": 1})', {}),
        ('run = epochal.init("off")', {"EPOCHAL_MODE": "disabled"}),
        ('run = epochal.init("off", id="it", resume="must", position={})', {"EPOCHAL_MODE": "disabled"}),
        ('run = epochal.init("off", rank=3, mode="disabled", tags=["x"], notes="y", group="z")', {}),
    ],
    ids=["argument", "variable", "resume", "rank"],
)
def test_a_disabled_run_leaves_no_trace(tmp_path: Path, opening: str, environment: dict[str, str]) -> None:
    with Training(
        tmp_path, EVERYTHING.replace("{opening}", opening), environment=environment, companion=True
    ) as training:
        before = files(tmp_path)
        training.succeed()
        assert training.companions() == []
    assert files(tmp_path) == before
    assert training.errors == ""


def test_the_folders_setting_disables_too(tmp_path: Path) -> None:
    (tmp_path / ".epochal.toml").write_text('mode = "disabled"\n')
    # to read that setting loads a parser of TOML; no file is written for it
    with Training(tmp_path / "below", EVERYTHING.replace("{opening}", 'run = epochal.init("off")')) as training:
        training.succeed()
    assert not training.root.exists()


def test_a_rank_without_a_run_to_join_leaves_no_trace_but_one_warning(tmp_path: Path) -> None:
    script = EVERYTHING.replace("{opening}", 'run = epochal.init("off")')
    with Training(tmp_path, script, environment={"RANK": "2", "WORLD_SIZE": "4"}) as training:
        training.succeed()
    assert not training.root.exists()
    assert training.errors.count("\n") == 1


def test_a_disabled_run_is_not_finished_by_a_forked_child_and_survives_one(tmp_path: Path) -> None:
    script = """
    run = epochal.init("off", mode="disabled")
    pid = os.fork()
    if pid == 0:
        run.log({"a": 1.0})
        run.finish()
        sys.exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert epochal.active_run() is run
    run.log({"a": 1.0})
    """
    with Training(tmp_path, script) as training:
        training.succeed()
    assert not training.root.exists()


def files(folder: Path) -> set[str]:
    """Return the paths of all files and folders below a folder."""
    return {os.path.join(here, name) for here, folders, names in os.walk(folder) for name in (*folders, *names)}
