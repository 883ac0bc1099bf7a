"""Finding runs: lists with filters and order, and one run by path, id, name or the beginning of its id."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import epochal
from epochal import edits
from epochal.errors import AmbiguousRunError, BadValueError, MissingDependencyError, RunNotFoundError, WhereError
from epochal.run_list import hints
from tests.core.make_runs import make_run, make_runs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def names(runs: epochal.Runs) -> list[str]:
    return [run.name for run in runs]


def test_the_newest_run_stands_first(root: Path) -> None:
    make_runs(root, 4)
    assert names(epochal.runs()) == ["brave-otter-0", "brave-otter-1", "brave-otter-2", "brave-otter-3"]


def test_runs_are_a_sequence_of_recorded_runs(root: Path) -> None:
    make_runs(root, 12)
    runs = epochal.runs(root)
    assert len(runs) == 12
    assert isinstance(runs[0], epochal.RecordedRun)
    assert runs[-1].name == "brave-otter-11"
    assert isinstance(runs[2:4], epochal.Runs)
    assert names(runs[2:4]) == ["brave-otter-2", "brave-otter-3"]
    assert [run.name for run in reversed(runs[:2])] == ["brave-otter-1", "brave-otter-0"]
    with pytest.raises(IndexError):
        runs[12]
    text = repr(runs)
    assert text.startswith(f"<12 runs in {root}")
    assert "brave-otter-0" in text
    assert text.endswith("… and 2 more>")
    assert repr(runs[:0]) == f"<0 runs in {root}>"


def test_filter_project_and_order_work_together(root: Path) -> None:
    for i in range(6):
        make_run(root, i, project=f"p{i % 2}", config={"lr": i}, finish="failed" if i == 4 else "finished")
    assert names(epochal.runs(root, project="p0")) == ["brave-otter-0", "brave-otter-2", "brave-otter-4"]
    assert names(epochal.runs(root, where="config.lr > 2 and state == 'finished'", sort="-config.lr")) == [
        "brave-otter-5",
        "brave-otter-3",
    ]
    assert names(epochal.runs(root, sort=["project", "-config.lr"]))[:3] == [
        "brave-otter-4",
        "brave-otter-2",
        "brave-otter-0",
    ]
    assert names(epochal.runs(root, where='summary["val/acc"] > 2')) == []
    assert names(epochal.runs(root, sort="-started")) == names(epochal.runs(root))


def test_a_wrong_filter_is_refused_before_anything_is_read(root: Path) -> None:
    with pytest.raises(WhereError):
        epochal.runs(where="config.lr >")
    with pytest.raises(WhereError):
        epochal.runs(sort="name desc")


def test_a_folder_that_is_named_must_exist_and_the_usual_one_need_not(tmp_path: Path) -> None:
    assert len(epochal.runs()) == 0
    with pytest.raises(BadValueError, match="is no folder: give the runs folder"):
        epochal.runs(tmp_path / "typo")


def test_the_nearest_runs_folder_above_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EPOCHAL_DIR")
    make_run(tmp_path / "epochal-runs", 1)
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert names(epochal.runs()) == ["brave-otter-1"]
    assert epochal.get_run("brave-otter-1").name == "brave-otter-1"


def test_entries_tell_of_runs_without_opening_them(root: Path) -> None:
    (folder,) = make_runs(root, 1, config={"lr": 3})
    runs = epochal.runs(root)
    shutil.rmtree(folder)
    (entry,) = runs.entries
    assert (entry.config, entry.state, entry.path) == ({"lr": 3}, "finished", folder)
    with pytest.raises(RunNotFoundError):
        runs[0]


def test_a_data_frame_has_a_row_for_each_run(root: Path) -> None:
    make_run(root, 0, config={"lr": 0.1, "optimizer": {"name": "adam"}})
    make_run(root, 1, config={"lr": 0.2, "größe": 3}, finish="failed")
    frame = epochal.runs(root).to_pandas()
    assert frame["name"].tolist() == ["brave-otter-0", "brave-otter-1"]
    assert frame["config.lr"].tolist() == [0.1, 0.2]
    assert frame["config.optimizer.name"].iloc[0] == "adam"
    assert math.isnan(frame["config.größe"].iloc[0])
    assert frame["state"].tolist() == ["finished", "failed"]
    assert str(frame["started"].dtype).startswith("datetime64")
    assert frame["started"].iloc[0].timestamp() == pytest.approx(epochal.runs(root)[0].started)
    assert frame["summary.val/acc"].notna().all()
    assert len(epochal.runs(root, where="false").to_pandas()) == 0


def test_without_pandas_the_error_says_how_to_get_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="pip install 'epochal\\[pandas\\]'"):
        epochal.runs().to_pandas()


def test_a_run_is_found_by_path_id_name_and_the_beginning_of_its_id(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_run(root, 1, project="digits")
    make_run(root, 2, started=1.0)
    for wanted in (
        folder,
        str(folder),
        f"{folder}/",
        folder.name,
        "brave-otter-1",
        folder.name[:-1],
        f"digits/{folder.name}",
    ):
        assert epochal.get_run(wanted).id == folder.name, wanted
    monkeypatch.chdir(folder.parent)
    assert epochal.get_run(f"./{folder.name}").id == folder.name
    monkeypatch.chdir(folder)
    assert epochal.get_run(".").id == folder.name


def test_path_id_name_and_prefix_count_in_this_order(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three = make_runs(root, 3)
    edits.edit(two, meta={"name": one.name})
    assert epochal.get_run(one.name).path == one
    edits.edit(two, meta={"name": three.name[:-1]})
    assert epochal.get_run(three.name[:-1]).path == two
    monkeypatch.chdir(root.parent)
    shutil.copytree(two, root.parent / "brave-otter-0")
    assert epochal.get_run("brave-otter-0").path == root.parent / "brave-otter-0"


def test_several_runs_that_answer_are_listed(root: Path) -> None:
    folders = make_runs(root, 12, meta={"name": "same"})
    with pytest.raises(AmbiguousRunError) as caught:
        epochal.get_run("same")
    lines = str(caught.value).splitlines()
    assert lines[0] == "12 runs answer to 'same': give an id"
    assert len(lines) == 10
    assert lines[-1] == "  … and 4 more"
    assert folders[0].name in lines[1]
    with pytest.raises(AmbiguousRunError, match="12 runs answer to '2'"):
        epochal.get_run("2")


def test_the_same_id_in_two_projects_needs_a_path(root: Path) -> None:
    folder = make_run(root, 1, project="one")
    shutil.copytree(folder, root / "two" / folder.name)
    with pytest.raises(AmbiguousRunError, match="give the run's path"):
        epochal.get_run(folder.name)
    assert epochal.get_run(f"two/{folder.name}").project == "two"


def test_a_run_that_is_not_found_says_where_was_looked_and_what_is_near(root: Path) -> None:
    with pytest.raises(RunNotFoundError, match=f"there are no runs in {root}"):
        epochal.get_run("x")
    make_runs(root, 3)
    with pytest.raises(RunNotFoundError, match=f"among 3 runs in {root}: did you mean brave-otter-1"):
        epochal.get_run("brave-oter-1")
    with pytest.raises(RunNotFoundError, match="did you mean brave-otter-0, brave-otter-1, brave-otter-2"):
        epochal.get_run("otter")
    with pytest.raises(RunNotFoundError, match="`epochal ls` lists them"):
        epochal.get_run("zzz")
    with pytest.raises(RunNotFoundError, match="has no folder journal/"):
        epochal.get_run("some/where")
    with pytest.raises(RunNotFoundError, match="has no folder journal/"):
        epochal.get_run(Path("brave-otter-1"))


def test_without_any_runs_folder_all_places_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EPOCHAL_DIR")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunNotFoundError, match="and in epochal-runs of the folders above"):
        epochal.get_run("x")


@pytest.mark.parametrize("wanted", ["", 3, None])
def test_what_names_no_run_is_refused(wanted: object) -> None:
    with pytest.raises(BadValueError, match="cannot be looked for"):
        epochal.get_run(wanted)  # type: ignore[arg-type]


def test_a_path_leads_to_runs_outside_any_root(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "x", 1)
    lonely = tmp_path / "lonely"
    os.rename(folder, lonely)
    assert epochal.get_run(lonely).name == "brave-otter-1"


def test_hints_name_what_no_run_has(root: Path) -> None:
    make_run(root, 1, config={"lr": 1, "optimizer": {"name": "adam"}})
    entries = epochal.runs(root).entries
    assert hints("config.lrr > 1", entries) == ["no run has lrr in its config: did you mean lr?"]
    assert hints('summary["val/ac"] > 1 and config.optimizer.name == 1 and config.optimizer', entries) == [
        "no run has val/ac in its summary: did you mean val/acc?"
    ]
    assert hints("config.zzzzzz", entries) == ["no run has zzzzzz in its config"]
    assert hints("config.lr > 99", entries) == []


@pytest.mark.parametrize("first", ["epochal.get_run", "import epochal.run_list", "from epochal.run_list import Runs"])
def test_the_function_is_reached_whatever_was_loaded_first(first: str) -> None:
    code = f"import epochal\n{first}\nassert len(epochal.runs()) == 0\nassert len(epochal.runs(where='true')) == 0"
    subprocess.run([sys.executable, "-c", code], check=True)
