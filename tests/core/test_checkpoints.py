"""Checkpoints: recorded where they are written, hashed outside the training, and what has become of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal import checkpoint_facts as facts_of
from epochal.checkpoint_facts import MOST_FILES, checkpoint_facts, hash_checkpoint
from epochal.checkpoints import Checkpoint
from epochal.companion.hash_checkpoints import judge
from epochal.recorded import RecordedRun
from tests.core.cli_call import call
from tests.core.watched import Watched

NEVER = float("inf")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> epochal.Run:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    monkeypatch.chdir(tmp_path)
    return epochal.init("test", id="run")


def found(run: epochal.Run, **options: Any) -> list[Checkpoint]:
    return RecordedRun(run.folder).checkpoints(**options)


def hash_all(run: epochal.Run) -> None:
    """Do what the companion does with what was recorded."""
    for frame in RecordedRun(run.folder)._journals.recording()[0].records("checkpoint"):
        fields = frame.payload
        known = {name: fields[name] for name in ("kind", "bytes", "files", "mtime_ns") if name in fields}
        told = {"path": fields["path"], "facts": known, "writing": False}
        run._record("checkpoint_sha", {"writer": run._writer.hex, "seq": frame.seq, **judge(told, NEVER)})


def as_system(run: epochal.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read what this test has recorded in the training's own journal as a companion's."""
    monkeypatch.setattr("epochal.journals.Journals.system", lambda journals, rank=0: journals.recording(rank))


# What the training records


def test_a_checkpoint_is_recorded_without_being_read(
    run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.ckpt").write_bytes(b"x" * 1000)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b").write_bytes(b"y" * 10)

    def read(*_: Any) -> None:
        raise AssertionError("the training reads a checkpoint")

    monkeypatch.setattr(facts_of, "_hash_file", read)
    run.checkpoint("a.ckpt", step=3, metrics={"loss": 0.5, "note": "text", "list": [1, 2]})
    run.checkpoint("folder", step=5)
    run.checkpoint("s3://me:secret@bucket/c", step=7)
    one, two, three = found(run)
    assert (one.path, one.step, one.metrics, one.bytes) == (str(tmp_path / "a.ckpt"), 3, {"loss": 0.5}, 1000)
    assert (one.state, one.sha256, one.why, one.best) == ("present", None, "not hashed yet", False)
    assert (two.bytes, two.state) == (10, "present")
    assert (three.path, three.state) == ("s3://[redacted]@bucket/c", "unknown")


def test_a_checkpoint_that_is_not_there_is_recorded_and_warned_of(run: epochal.Run) -> None:
    run.checkpoint("gone", step=1)
    run.checkpoint("gone", step=2)
    assert [(each.step, each.state) for each in found(run)] == [(1, "vanished"), (2, "vanished")]
    assert [notice.code for notice in RecordedRun(run.folder).notices if notice.code == "checkpoint"] == ["checkpoint"]


@pytest.mark.parametrize(("path", "step"), [(3, 1), ("", 1), (None, None), ("a", "five"), ("a", 1 << 70)])
def test_what_cannot_be_used_costs_a_warning(path: Any, step: Any, run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    run.checkpoint(path, step=step)
    run.log({"loss": 1.0})
    assert found(run) == []


def test_a_copy_outlives_the_original(run: epochal.Run, tmp_path: Path) -> None:
    for step in (1, 2):
        (tmp_path / "last.ckpt").write_text(f"step {step}")
        run.checkpoint("last.ckpt", step=step, copy=True)
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    (tmp_path / "folder" / "deep" / "a").write_text("a")
    for step in (3, 4):
        run.checkpoint("folder", step=step, copy=True)
    (tmp_path / "last.ckpt").unlink()
    copies = [each.file for each in found(run)]
    assert [copy and copy.name for copy in copies] == ["last.ckpt", "last.2.ckpt", "folder", "folder.2"]
    assert copies[0] is not None and copies[3] is not None
    assert copies[0].read_text() == "step 1"
    assert (copies[3] / "deep" / "a").read_text() == "a"
    assert list(run.folder.rglob("*.part")) == []


# What the hashing process says


def test_a_hash_is_what_the_shell_prints(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint-4"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.bin", "a.bin", "deep/c.bin", "deep.bin"):
        (folder / name).write_bytes(name.encode())
    line = "find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 -r sha256sum -- | sha256sum"
    printed = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True, check=True).stdout.split()[0]
    assert hash_checkpoint(str(folder)) == printed == epochal.fingerprint(folder)["sha256"]
    file = hash_checkpoint(str(folder / "a.bin"))
    assert file == epochal.fingerprint(folder / "a.bin")["sha256"] == hashlib.sha256(b"a.bin").hexdigest()


def test_facts_of_a_large_folder_stay_cheap(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 1):
        (tmp_path / f"{number}").touch()
    assert checkpoint_facts(str(tmp_path), most_files=MOST_FILES) == {"kind": "folder"}
    assert (checkpoint_facts(str(tmp_path)) or {})["files"] == MOST_FILES + 1
    assert checkpoint_facts(str(tmp_path / "gone")) is None


def told(path: Path, *, writing: bool = False) -> dict[str, Any]:
    return {"path": str(path), "facts": checkpoint_facts(str(path)) or {}, "writing": writing}


def test_what_is_not_what_was_recorded_has_no_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("first")
    before = told(path)
    assert judge(before, NEVER)["state"] == "hashed"
    path.write_text("second")
    assert judge(before, NEVER) == {"state": "overwritten"}
    path.unlink()
    assert judge(before, NEVER) == {"state": "vanished"}
    os.mkfifo(path)
    assert judge(told(tmp_path / "a"), NEVER)["state"] == "unreadable"


def test_what_changes_while_it_is_read_has_no_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("first")
    really = facts_of._hash_file

    def grows(file: bytes, go_on: Any) -> str:
        digest = really(file, go_on)
        with path.open("a") as writing:
            writing.write("more")
        return digest

    monkeypatch.setattr(facts_of, "_hash_file", grows)
    assert judge(told(path), NEVER) == {"state": "overwritten"}
    assert judge({**told(path), "facts": {}}, NEVER) == {"state": "changing"}


def test_hashing_ends_when_its_time_is_up(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert judge(told(tmp_path / "a"), time.monotonic() - 1)["state"] == "unhashed"


# What a reader finds


def test_what_became_of_each_is_said(run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("kept", "gone", "longer", "other", "touched", "early")
    for step, name in enumerate(names):
        (tmp_path / name).write_text("12345")
        run.checkpoint(name, step=step)
    (tmp_path / "early").write_text("overwritten before it was hashed")
    hash_all(run)
    as_system(run, monkeypatch)
    (tmp_path / "gone").unlink()
    (tmp_path / "longer").write_text("123456")
    (tmp_path / "other").write_text("54321")
    os.utime(tmp_path / "touched")
    states = {Path(each.path).name: (each.state, each.why) for each in found(run)}
    assert states == {
        "kept": ("present", ""),
        "gone": ("vanished", ""),
        "longer": ("changed", "6 bytes instead of 5"),
        "other": ("changed", "its SHA-256 is another"),
        "touched": ("present", ""),
        "early": ("changed", "32 bytes instead of 5"),
    }
    shutil.copystat(tmp_path / "kept", tmp_path / "other")  # size and time say nothing now
    later = {Path(each.path).name: each.state for each in found(run, verify=True)}
    assert (later["kept"], later["other"], later["early"]) == ("present", "changed", "unknown")


def test_another_machines_checkpoints_are_unknown(
    run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    run.checkpoint("a", step=1)
    run.checkpoint("b", step=2)
    (tmp_path / "b").unlink()
    monkeypatch.setattr("epochal.processes.host", lambda: "another")
    assert [(each.state) for each in found(run)] == ["present", "unknown"]


def test_a_folder_that_has_grown_beyond_all_measure_is_not_looked_through(
    run: epochal.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("epochal.checkpoints._MOST_FILES", 3)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "0").touch()
    run.checkpoint("folder", step=1)
    run._record("checkpoint", {"path": str(tmp_path / "folder"), "step": 2, "metrics": {}, "goal": None})
    for at in range(1, 10):
        (tmp_path / "folder" / str(at)).touch()
    known, bare = found(run)
    assert (known.state, known.why) == ("changed", "it holds more than 3 files")
    assert (bare.state, bare.why) == ("unknown", "it holds more than 3 files: verify=True looks at all")


def test_a_checkpoint_in_the_run_is_found_where_the_run_is_now(run: epochal.Run, tmp_path: Path) -> None:
    (run.folder / "checkpoints").mkdir()
    (run.folder / "checkpoints" / "a").write_text("a")
    run.checkpoint(run.folder / "checkpoints" / "a", step=1)
    run.finish()
    moved = run.folder.rename(run.folder.parent / "moved")
    assert [each.state for each in RecordedRun(moved).checkpoints()] == ["present"]


@pytest.mark.parametrize(("goal", "best"), [("min", 2), ("max", 1), (None, None)])
def test_the_best_is_known_by_the_goal_of_its_metric(
    goal: str | None, best: int | None, run: epochal.Run, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("a")
    if goal:
        run.define_metric("val/*", goal=goal)
    for step, value in ((1, 0.9), (2, 0.1), (3, 0.5), (4, float("nan")), (5, 0.1), (6, 0.9)):
        run.checkpoint("a", step=step, metrics={"epoch": step, "val/loss": value})
    assert [each.step for each in found(run) if each.best] == ([] if best is None else [best])
    shown = call("show", run.folder).out
    assert ("★" in shown) == (best is not None)
    assert ("none is marked as the best" in shown) == (best is None)


def test_an_abandoned_checkpoint_is_shown_and_never_the_best(run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    run.define_metric("loss", goal="min")
    for step, loss in ((1, 0.5), (2, 0.1)):
        run.checkpoint("a", step=step, metrics={"loss": loss})
    run.rewind(2)
    run.checkpoint("a", step=2, metrics={"loss": 0.3})
    assert [(each.step, each.metrics["loss"], each.abandoned, each.best) for each in found(run)] == [
        (1, 0.5, False, False),
        (2, 0.1, True, False),
        (2, 0.3, False, True),
    ]
    assert "abandoned" in call("show", run.folder).out


def test_show_prints_them_as_json(run: epochal.Run, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    run.checkpoint("a", step=1, metrics={"loss": float("nan")}, copy=True)
    run.save("a")
    told = call("show", run.folder, "--json").json
    (one,), (kept,) = told["checkpoints"], told["saved"]
    assert (one["step"], one["metrics"], one["state"]) == (1, {"loss": "NaN"}, "present")
    assert one["file"] == str(run.folder / "files" / "checkpoints" / "a")
    assert (kept["name"], kept["state"]) == ("a", "present")


def test_hostile_records_lead_nowhere(run: epochal.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    bad: list[dict[str, Any]] = [
        {"path": 3, "step": 1}, {"path": "a\0b", "step": 1}, {"path": "/", "step": "x"}, {"step": 1},
        {"path": "/nowhere", "step": 1, "metrics": 3, "bytes": "x", "file": "../../a", "within": "/etc", "data": []},
        {"path": "/nowhere", "step": 2, "metrics": {"a": "b", "c": []}, "goal": "best", "mtime_ns": -1},
    ]  # fmt: skip
    for fields in bad:
        run._record("checkpoint", fields)
    run._record("checkpoint_sha", {"writer": [], "seq": "x", "state": 3})
    run._record("checkpoint_sha", {"writer": run._writer.hex, "seq": 5, "sha256": 3, "bytes": "many"})
    as_system(run, monkeypatch)
    assert [(each.path, each.state, each.file) for each in found(run)] == [("/nowhere", "vanished", None)] * 2


# With a companion


SCRIPT = """
    import pathlib
    begin()
    wait_for(started)
    here = pathlib.Path("ckpt")
    here.mkdir()
    for step in range(6):
        (here / f"{step}").write_bytes(b"%d" % step * 1000)
        run.checkpoint(here / f"{step}", step=step, copy=step == 3)
        (here / "last").write_bytes(b"%d" % step)
        run.checkpoint(here / "last", step=step)
    (here / "0").unlink()
    run.checkpoint(here / "3", step=50, copy=True)
    (here / "3").unlink()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_companion_hashes_what_a_killed_training_has_left(tmp_path: Path) -> None:
    watched = Watched(tmp_path, SCRIPT)
    watched.ended()
    watched.companion_ends()
    checkpoints = RecordedRun(watched.run).checkpoints()
    assert len(checkpoints) == 13
    by_name = {(Path(each.path).name, each.step): each for each in checkpoints}
    for step in range(1, 6):
        assert by_name[f"{step}", step].sha256 == hashlib.sha256(b"%d" % step * 1000).hexdigest()
    assert by_name["0", 0].why == "it was gone before it was hashed"
    assert by_name["last", 5].state == "present"
    assert by_name["last", 4].sha256 is None
    # a copy is hashed, whatever became of the original
    assert by_name["3", 50].sha256 == hashlib.sha256(b"3" * 1000).hexdigest()
    assert by_name["3", 50].state == "vanished"
