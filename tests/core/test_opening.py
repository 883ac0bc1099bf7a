"""`init`: what opens a run, what refuses to, and what is resumed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import epochal
from epochal.errors import (
    BadValueError,
    PositionError,
    RunAliveError,
    RunExistsError,
    RunNotFoundError,
    StorageError,
)


def trainer(code: str) -> subprocess.CompletedProcess[str]:
    """Run a script that records, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "import epochal, os, signal\n" + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ,
    )


def test_a_run_is_a_folder_that_keeps_itself_out_of_version_control(tmp_path: Path) -> None:
    with epochal.init("my project/é", config={"lr": 0.1}, dir=tmp_path / "runs") as run:
        run.log({"loss": 1.0})

    assert run.folder.parent == tmp_path / "runs" / "my project%2F%C3%A9"
    assert "*" in (tmp_path / "runs" / ".gitignore").read_text().splitlines()
    recorded = epochal.get_run(run.folder)
    assert (recorded.project, recorded.id, recorded.name) == ("my project/é", run.id, run.name)
    assert recorded.config == {"lr": 0.1}
    assert recorded.state == "finished"


def test_what_init_is_told_is_in_the_record() -> None:
    run = epochal.init(
        "p", name="first", group="g", job_type="train", tags=["a", "b"], notes="some notes", config={"x": {"y": [1, 2]}}
    )
    run.finish()

    recorded = epochal.get_run("first")
    assert (recorded.name, recorded.group, recorded.job_type) == ("first", "g", "train")
    assert (list(recorded.tags), recorded.notes) == (["a", "b"], "some notes")
    assert recorded.config == {"x": {"y": [1, 2]}}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"resume": "yes"}, ["'yes'", "never", "allow", "must"]),
        ({"id": "../evil"}, ["'../evil'", "letter or digit"]),
        ({"id": ""}, ["''"]),
        ({"mode": "off"}, ["'off'", "disabled"]),
        ({"rank": -1}, ["-1"]),
        ({"tags": "one"}, ["'one'", "list"]),
        ({"config": 3}, ["int", "mapping"]),
        ({"resume": "must"}, ["id"]),
        ({"sinks": ["x"]}, ["sinks[0]", "JsonLines"]),
        ({"position": {"run": "a"}, "resume": "must"}, ["writer"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_bad_argument_is_named_with_the_way_out(arguments: dict[str, object], words: list[str]) -> None:
    if "position" in arguments:
        epochal.init("p", id="a").finish()
    with pytest.raises(BadValueError) as caught:
        epochal.init("p", **arguments)  # type: ignore[arg-type]
    for word in words:
        assert word in str(caught.value)


def test_an_id_is_opened_once_at_a_time() -> None:
    run = epochal.init("p", id="mine")
    with pytest.raises(RunAliveError, match="this process"):
        epochal.init("p", id="mine", resume="allow")
    run.finish()
    with pytest.raises(RunExistsError, match="resume='allow'"):
        epochal.init("p", id="mine")
    epochal.init("p", id="mine", resume="must").finish()


def test_a_run_that_another_process_writes_is_refused() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import epochal; epochal.init('p', id='theirs'); print('open', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    try:
        with pytest.raises(RunAliveError, match=str(process.pid)):
            epochal.init("p", id="theirs", resume="allow")
    finally:
        process.communicate("\n", timeout=60)
    epochal.init("p", id="theirs", resume="must").finish()


def test_must_asks_for_a_run_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError, match="nothing-here"):
        epochal.init("p", id="nothing-here", resume="must")

    assert not (tmp_path / "epochal-runs" / "p" / "nothing-here").exists()


def test_a_resumed_run_keeps_its_config_name_and_steps() -> None:
    first = epochal.init("p", id="r", name="keeps", config={"lr": 0.1, "depth": 2}, tags=["t"])
    for _ in range(5):
        first.log({"loss": 1.0})
    first.summary["best"] = 7
    first.finish()

    second = epochal.init(id="r", resume="must", config={"lr": 0.2})
    assert (second.name, second.project, second.tags) == ("keeps", "p", ("t",))
    assert second.config == {"lr": 0.2, "depth": 2}
    assert second.summary["best"] == 7
    second.log({"loss": 2.0})
    second.finish()

    history = epochal.get_run("keeps").history("loss")
    assert history.steps.tolist() == [0, 1, 2, 3, 4, 5]
    assert history.values.tolist() == [1.0] * 5 + [2.0]


def test_a_position_hides_exactly_what_came_after_it() -> None:
    first = epochal.init("p", id="r")
    for step in range(10):
        first.log({"loss": 1.0}, step=step)
        if step == 6:
            position = first.position()
    first.finish(1)

    second = epochal.init("p", resume="must", position=position)
    assert second.id == "r"
    for _ in range(2):
        second.log({"loss": 2.0})
    second.finish()

    run = epochal.get_run("r")
    assert run.history("loss").steps.tolist() == list(range(9))
    assert run.history("loss").values.tolist() == [1.0] * 7 + [2.0] * 2
    assert len(run.history("loss", abandoned=True, duplicates=True)) == 12


@pytest.mark.parametrize("change", [{"writer": "0" * 32}, {"seq": 10_000}, {"run": "another"}], ids=str)
def test_an_unknown_position_is_refused(change: dict[str, object]) -> None:
    run = epochal.init("p", id="r")
    position = run.position()
    run.finish()
    with pytest.raises(PositionError):
        epochal.init("p", id="r", resume="must", position={**position, **change})


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match=r"EPOCHAL_DIR.*disabled"):
        epochal.init("p", dir=tmp_path / "file" / "runs")


def test_the_project_is_the_git_repository_or_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "deep").mkdir()
    (tmp_path / "plain").mkdir()
    for folder, project in (("repo/deep", "repo"), ("plain", "plain")):
        monkeypatch.chdir(tmp_path / folder)
        with epochal.init() as run:
            assert run.project == project


def test_two_ranks_are_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [
        f"""
        os.environ["EPOCHAL_RANK"] = "{rank}"
        with epochal.init("p", id="shared") as run:
            for i in range(100):
                run.log({{"loss": float({rank} * 1000 + i)}}, step=i)
        """
        for rank in (1, 0)
    ]
    for code in codes:
        done = trainer(code)
        assert done.returncode == 0, done.stderr

    run = epochal.get_run("shared")
    assert run.history("loss").values.tolist() == [float(i) for i in range(100)]
    assert run.history("loss", rank=1).values.tolist() == [1000.0 + i for i in range(100)]
    assert len(epochal.runs(project="p")) == 1


def test_a_rank_without_an_id_is_disabled_with_one_warning(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    run = epochal.init("p", rank=2)
    run.log({"loss": 1.0})
    run.finish()

    assert run.disabled
    assert len(caplog.records) == 1
    assert "rank=0" in caplog.text
    assert not (tmp_path / "epochal-runs").exists()


def test_the_environment_names_the_run_for_every_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_RUN_ID", "from-outside")
    for value in (1.0, 2.0):
        with epochal.init("p") as run:
            run.log({"loss": value})

    assert run.id == "from-outside"
    assert epochal.get_run("from-outside").history("loss").values.tolist() == [1.0, 2.0]


def test_the_active_run_is_the_contexts_else_the_last_one() -> None:
    outer = epochal.init("p", name="outer")
    inner = epochal.init("p", name="inner")
    assert epochal.active_run() is inner
    with outer:
        epochal.log({"x": 1.0})
    assert epochal.active_run() is inner
    epochal.log({"y": 1.0})
    epochal.config.lr = 3
    epochal.summary["z"] = 4
    epochal.finish()
    assert epochal.active_run() is None

    assert epochal.get_run("outer").metrics == ["x"]
    assert epochal.get_run("inner").metrics == ["y"]
    assert epochal.get_run("inner").config == {"lr": 3}
    assert epochal.get_run("inner").summary["z"] == 4


def test_a_log_without_any_run_says_what_to_do() -> None:
    done = trainer("epochal.log({'x': 1.0})")
    assert "call epochal.init() first" in done.stderr
    assert done.returncode == 1


def test_a_late_log_after_the_run_harms_nothing() -> None:
    epochal.init("p").finish()
    epochal.log({"x": 1.0})


def test_module_level_names_do_not_change_when_modules_are_loaded() -> None:
    done = trainer(
        """
        import epochal.opening, epochal.session, pkgutil, importlib
        for module in pkgutil.iter_modules(epochal.__path__):
            if module.name not in ("__main__",):
                try: importlib.import_module("epochal." + module.name)
                except ImportError: pass
        for name in ("runs", "fingerprint", "init", "get_run", "smooth", "log"):
            assert callable(getattr(epochal, name)), name
        """
    )
    assert done.returncode == 0, done.stderr
