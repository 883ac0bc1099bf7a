"""Several runs side by side: what differs, which did best, and the code between them; and whose code is looked at."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import epochal
from epochal_server.detail_schemas import COMPARE_BODY, COMPARISON
from tests.core.code_records import alone, commit, git, recorded
from tests.core.recorded_runs import record

from .detail_runs import Client, calm, key, told


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calm(monkeypatch)
    alone(monkeypatch)
    return tmp_path / "epochal-runs"


def compare(root: Path, *runs: Any, **more: Any) -> Any:
    body = {"keys": [key(run) for run in runs], **more}
    jsonschema.validate(body, COMPARE_BODY)
    answer = Client(root).post("/api/compare", body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    jsonschema.validate(found, COMPARISON)
    return found


def rows(found: Any, part: str) -> dict[str, Any]:
    return {row["key"]: row for row in found[part]}


def test_settings_and_results_stand_side_by_side_what_differs_first_and_the_best_marked(root: Path) -> None:
    config = {"lr": 0.1, "model": {"width": 8}, "seed": 1}
    one = record(root, "one", config=config, metrics={"loss": [0.5], "acc": [0.9], "odd": [1.0]})
    two = record(root, "two", config={**config, "lr": 0.2, "new": None}, metrics={"loss": [0.4], "acc": [0.9]})
    found = compare(root, one, two)
    assert [(run["key"], run["name"], run["state"]) for run in found["runs"]] == [
        ("digits/one", "one", "finished"), ("digits/two", "two", "finished"),
    ]  # fmt: skip
    config_rows = rows(found, "config")
    assert list(config_rows)[:2] == ["lr", "new"]
    assert (config_rows["lr"]["values"], config_rows["lr"]["differs"]) == ([0.1, 0.2], True)
    assert (config_rows["new"]["values"], config_rows["new"]["present"]) == ([None, None], [False, True])
    assert (config_rows["model.width"]["differs"], config_rows["model.width"]["same"]) == (False, True)
    summary = rows(found, "summary")
    assert (summary["loss"]["best"], summary["loss"]["goal"]) == ([1], "min")
    assert (summary["acc"]["best"], summary["acc"]["differs"]) == ([], False)
    assert summary["odd"]["present"] == [True, False]
    assert found["metrics"] == ["acc", "loss"]


def test_values_stand_in_the_order_that_was_asked_for_and_each_run_once(root: Path) -> None:
    runs = [record(root, id, config={"id": id}) for id in ("b", "a", "c")]
    found = compare(root, *runs)
    assert [run["id"] for run in found["runs"]] == rows(found, "config")["id"]["values"] == ["b", "a", "c"]
    twice = Client(root).post("/api/compare", {"keys": ["digits/a", "digits/b", "digits/a"]}).json()
    assert [run["id"] for run in twice["runs"]] == ["a", "b"]


def test_environment_packages_and_datasets(root: Path) -> None:
    python = {"python": {"version": "3.11"}}
    one = record(
        root,
        "one",
        environment=python,
        packages="numpy==1\nsame==1\n",
        config={"datasets": {"d": {"sha256": "a" * 64}}},
    )
    two = record(root, "two", environment={"python": {"version": "3.12"}}, packages="numpy==2\nsame==1\nmore==1\n")
    found = compare(root, one, two)
    assert rows(found, "environment")["python.version"]["values"] == ["3.11", "3.12"]
    assert {row["key"]: row["values"] for row in found["packages"]["changed"]} == {
        "numpy": ["1", "2"],
        "more": [None, "1"],
    }
    assert all(row["differs"] for row in found["packages"]["changed"])
    assert found["packages"]["same"] == 1
    assert [(dataset["name"], dataset["verdict"]) for dataset in found["datasets"]] == [("d", "missing")]


def test_only_the_parts_and_results_that_were_asked_for(root: Path) -> None:
    one, two = (record(root, id, metrics={"loss": [0.5], "acc": [0.9]}) for id in ("one", "two"))
    found = compare(root, one, two, parts=["summary"], metrics=["loss"])
    assert set(found) == {"runs", "metrics", "summary"}
    assert [row["key"] for row in found["summary"]] == ["loss"]


def test_what_cannot_be_compared_is_refused(root: Path) -> None:
    record(root, "one")
    record(root, "two")
    client = Client(root)
    both = ["digits/one", "digits/two"]
    for body in (
        {}, {"keys": []}, {"keys": ["digits/one"]}, {"keys": ["digits/one", "digits/one"]}, {"keys": "digits/one"},
        {"keys": [1, 2]}, {"keys": both, "parts": ["all"]}, {"keys": both, "metrics": "loss"},
        {"keys": both, "path": "/etc"}, {"keys": [f"digits/{at}" for at in range(51)]}, [], None,
    ):  # fmt: skip
        assert told(client.post("/api/compare", body))[0] == 400, body
    for keys in (
        ["digits/one", "digits/three"], ["digits/one", "digits/../digits/two"], ["digits/one", "/etc/passwd"],
        ["digits/one", ".."], ["digits/one", ""], ["digits/one", "digits/two/journal"],
    ):  # fmt: skip
        assert told(client.post("/api/compare", {"keys": keys}))[0] == 404, keys
    shutil.rmtree(root / "digits" / "two")
    assert told(client.post("/api/compare", {"keys": both}))[0] == 404


# ---- code


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "-q")
    (path / "train.py").write_text("lr = 1\nsecret = 2\n")
    commit(path)
    return path


def test_the_diff_of_the_code_is_between_whole_trees_where_the_repository_is_here(root: Path, repo: Path) -> None:
    one = recorded(repo, None, into=root, id="one")
    (repo / "train.py").write_text("lr = 2\nsecret = 2\n")
    two = recorded(repo, None, into=root, id="two")
    commit(repo)
    (repo / "new.py").write_text("x = '</pre><script>'\n")
    three = recorded(repo, None, into=root, id="three")
    code = compare(root, one, two, three)["code"]
    assert (code["same"], code["base"]) == (False, 0)
    assert code["diffs"][0] == {"text": "", "notes": [], "cut": False}
    assert "-lr = 1\n+lr = 2" in code["diffs"][1]["text"]
    assert "+x = '</pre><script>'" in code["diffs"][2]["text"]
    assert len(code["states"][0]["commit"]) == 40


def test_a_long_diff_is_cut_and_says_so(root: Path, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("epochal_server.compare_runs._MOST_DIFF", 100)
    one = recorded(repo, None, into=root, id="one")
    (repo / "train.py").write_text("line\n" * 500)
    two = recorded(repo, None, into=root, id="two")
    diff = compare(root, one, two, parts=["code"])["code"]["diffs"][1]
    assert (len(diff["text"]), diff["cut"]) == (100, True)


@pytest.mark.parametrize("way", ["other machine", "within the runs"])
def test_a_repository_that_a_record_names_is_looked_at_only_where_the_run_was_started_in_it(
    root: Path, repo: Path, way: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A run that was copied here may name any folder: commits that it knows of are not shown from there."""
    monkeypatch.chdir(tmp_path)
    place = repo
    if way == "within the runs":
        place = root / "test" / "repo"
        place.parent.mkdir(parents=True)
        shutil.copytree(repo, place)
    first = git(place, "rev-parse", "HEAD").decode().strip()
    (place / "train.py").write_text("lr = 1\nsecret = 3\n")
    second = commit(place)
    if way == "other machine":
        monkeypatch.setattr("epochal.processes.host", lambda: "elsewhere")
    runs = [
        recorded(place, None, into=root, id=commit_, git={"commit": commit_, "root": str(place)})
        for commit_ in (first, second)
    ]
    if way == "other machine":
        monkeypatch.undo()
        monkeypatch.chdir(tmp_path)
        calm(monkeypatch)
    diff = compare(root, *runs)["code"]["diffs"][1]
    assert "secret" not in diff["text"]
    assert "no clone of the repository is here" in " ".join(diff["notes"])


def test_runs_of_which_no_code_is_known_say_why(root: Path) -> None:
    with epochal.init("digits", id="three", dir=root) as run:
        run.log({"loss": 1.0})
    code = compare(root, record(root, "one"), run)["code"]
    assert code["same"] is None
    assert "not recorded" in code["diffs"][1]["notes"][0]
