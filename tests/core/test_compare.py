"""Runs side by side: settings, results with the best, environment, packages, data."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal import MISSING
from epochal.differences.datasets import judged
from epochal.differences.rows import rows, same
from epochal.errors import BadValueError, RunNotFoundError
from epochal.goals import goal_by_name
from tests.core.recorded_runs import record

FULL = {"sha256": "a" * 64, "kind": "file", "rows": None, "bytes": 10, "method": "sha256sum", "coverage": "full"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


# ---- settings


def test_settings_that_differ_stand_first_and_what_is_missing_is_not_none() -> None:
    found = rows([{"same": 1, "lr": 0.1, "none": None, "model": {"depth": 3}}, {"same": 1, "lr": 0.2, "model": {}}])
    assert [(row.key, row.values, row.same) for row in found] == [
        ("lr", (0.1, 0.2), False),
        ("none", (None, MISSING), False),
        ("model.depth", (3, MISSING), False),
        ("model", (MISSING, {}), False),
        ("same", (1, 1), True),
    ]
    assert repr(MISSING) == "MISSING"
    assert not MISSING


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1.0, False), (1, "1", False), (1, True, False), (0.0, False, False), (None, False, False),
        (math.nan, math.nan, True), ([1, [math.nan]], [1, [math.nan]], True), ([1], [1.0], False), ([1], [1, 2], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ({"a": 1}, {"a": True}, False), (2**70, 2**70, True),
        ("ü", "ü", True),
    ],
)  # fmt: skip
def test_values_are_the_same_only_in_value_and_type(one: Any, other: Any, expected: bool) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected
    (row,) = rows([{"x": one}, {"x": other}]) if not isinstance(one, dict) else (None,)
    if row is not None:
        assert row.same is expected
        assert row.retyped is (type(one) is not type(other))


def test_a_key_with_dots_is_not_taken_for_nested_keys() -> None:
    found = rows([{"a.b": 1, "": 2, 'q"': 3}, {"a": {"b": 1}, "": 2, 'q"': 3}])
    assert [(row.key, row.values) for row in found] == [
        ('["a.b"]', (1, MISSING)), ("a.b", (MISSING, 1)), ('[""]', (2, 2)), ('q"', (3, 3)),
    ]  # fmt: skip


def test_datasets_are_no_settings(root: Path) -> None:
    runs = [record(root, name, config={"lr": 1, "datasets": {"train": FULL}}) for name in "ab"]
    found = epochal.compare(*runs)
    assert [row.key for row in found.config] == ["lr"]
    assert [dataset.name for dataset in found.datasets] == ["train"]


def test_a_config_of_ten_megabytes_is_compared(root: Path) -> None:
    large: dict[str, Any] = {f"layer{i}": {f"unit{j}": [i, j, 0.5] for j in range(400)} for i in range(50)}
    large["prompt"] = "x" * 10_000_000
    changed = {**large, "layer7": {**large["layer7"], "unit9": [7, 9, 0.25]}, "prompt": large["prompt"] + "y"}
    runs = [record(root, "a", config=large), record(root, "b", config=changed)]
    found = epochal.compare(*runs).config
    assert len(found) == 20_001
    assert [row.key for row in found if not row.same] == ["layer7.unit9", "prompt"]
    assert found[0].values == ([7, 9, 0.5], [7, 9, 0.25])


# ---- results


@pytest.mark.parametrize(
    ("name", "goal"),
    [
        ("loss", "min"), ("val/loss", "min"), ("evalLoss", "min"), ("val_top5_acc", "max"), ("F1", "max"),
        ("BLEU", "max"),
        ("test/RMSE", "min"), ("accuracy", "max"), ("lr", None), ("epoch", None), ("glossary", None), ("", None),
        ("reward_loss", None), ("map", "max"), ("heatmaps", None), ("roc_auc", "max"), ("word_error_rate", "min"),
    ],
)  # fmt: skip
def test_a_name_says_by_whole_words_which_is_better(name: str, goal: str | None) -> None:
    assert goal_by_name(name) == goal


def test_the_best_is_marked_by_goal_then_summary_then_name(root: Path) -> None:
    metrics = {
        "val/acc": [0.5, 0.9],
        "loss": [3.0, 1.0],
        "speed": [1.0, 2.0],
        "size": [5.0, 1.0],
        "odd_acc": [1.0, 2.0],
    }
    define = [
        {"name": "speed", "goal": "max"},
        {"name": "size", "summary": ["min"]},
        {"name": "odd_acc", "goal": "min"},
    ]
    one = record(root, "one", metrics=metrics, define=define)
    two = record(root, "two", metrics={name: [value / 2 for value in values] for name, values in metrics.items()})
    found = {result.key: result for result in epochal.compare(one, two).summary}
    assert {name: (result.goal, result.best) for name, result in found.items()} == {
        "val/acc": ("max", (0,)),
        "loss": ("min", (1,)),
        "speed": ("max", (0,)),
        "size": ("min", (1,)),
        "odd_acc": ("min", (1,)),
    }


def test_nan_is_never_the_best_ties_share_and_equal_numbers_have_none(root: Path) -> None:
    values = {"a": [math.nan, 1.0, 2.0, 1.0], "b": [5.0, 5.0, 5.0, 5.0], "c": [math.inf, -math.inf, 0.0, 0.0]}
    runs = [
        record(root, f"run{i}", summary={"a/loss": values["a"][i], "b/loss": values["b"][i], "c/loss": values["c"][i]})
        for i in range(4)
    ]
    found = {result.key: result.best for result in epochal.compare(*runs).summary}
    assert found == {"a/loss": (1, 3), "b/loss": (), "c/loss": (1,)}


def test_runs_whose_goals_contradict_one_another_mark_nothing(root: Path) -> None:
    one = record(root, "one", metrics={"acc": [1.0]}, define=[{"name": "acc", "goal": "min"}])
    two = record(root, "two", metrics={"acc": [2.0]}, define=[{"name": "a*", "goal": "max"}])
    (result,) = epochal.compare(one, two).summary
    assert (result.goal, result.best) == (None, ())


def test_texts_and_what_is_missing_stand_among_the_results(root: Path) -> None:
    one = record(root, "one", summary={"acc": "high", "only": 1})
    two = record(root, "two", summary={"acc": 0.5})
    found = {result.key: result for result in epochal.compare(one, two).summary}
    assert found["acc"].values == ("high", 0.5)
    assert found["acc"].best == ()
    assert found["only"].values == (1, MISSING)


def test_the_best_step_is_no_result_to_be_good_at(root: Path) -> None:
    define = [{"name": "loss", "summary": ["best"]}]
    runs = [
        record(root, name, metrics={"loss": [2.0, value]}, define=define) for name, value in (("a", 1.0), ("b", 3.0))
    ]
    found = {result.key: (result.goal, result.best) for result in epochal.compare(*runs).summary}
    assert found == {"loss": ("min", (0,)), "loss.best_step": (None, ())}


# ---- environment and packages


def test_the_environment_is_compared_without_code_and_packages(root: Path) -> None:
    facts = {"python": {"version": "3.11.7"}, "git": {"commit": "a" * 40}, "host": "box"}
    one = record(root, "one", environment=facts)
    two = record(root, "two", environment={**facts, "python": {"version": "3.12.0"}})
    found = epochal.compare(one, two).environment
    assert [(row.key, row.values, row.same) for row in found] == [
        ("python.version", ("3.11.7", "3.12.0"), False),
        ("host", ("box", "box"), True),
    ]


def test_packages_are_added_removed_and_changed(root: Path) -> None:
    one = record(root, "one", packages="numpy==1.26\nold==1\nThe_Same.Name==2\n")
    two = record(root, "two", packages="numpy==2.0\nnew==3\nthe-same-name==2\n")
    found = epochal.compare(one, two).packages
    assert [(row.key, row.values) for row in found.versions] == [("numpy", ("1.26", "2.0"))]
    assert [row.key for row in found.added] == ["new"]
    assert [row.key for row in found.removed] == ["old"]
    assert (found.same, found.unknown) == (1, {})


def test_a_run_whose_packages_are_not_known_says_why_and_counts_in_no_difference(root: Path) -> None:
    one, two = (record(root, name, packages="numpy==1.26\n") for name in ("one", "two"))
    gone = record(root, "gone", packages="numpy==1.26\n")
    (gone.path / "files" / "code" / "packages.txt").unlink()
    outside = record(root, "outside", environment={"packages": {"file": "../../../etc/passwd"}})
    found = epochal.compare(one, two, gone, outside).packages
    assert found.changed == ()
    assert found.same == 1
    assert found.unknown == {
        2: "its list of packages cannot be read (No such file or directory)",
        3: "no list of packages was recorded",
    }


# ---- data


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        ({}, "same"),
        ({"sha256": "b" * 64}, "different"),
        ({"sha256": "b" * 64, "bytes": 11}, "different"),
        ({"coverage": "sampled"}, "unknown"),
        ({"coverage": "partial"}, "unknown"),
        ({"coverage": "sampled", "sha256": "b" * 64}, "unknown"),
        ({"coverage": "sampled", "sha256": "b" * 64, "bytes": 11}, "different"),
        ({"sha256": None, "coverage": "none"}, "unknown"),
        ({"sha256": "b" * 64, "kind": "numpy.ndarray"}, "unknown"),
    ],
)
def test_data_are_the_same_only_where_all_of_them_were_hashed(other: dict[str, Any], verdict: str) -> None:
    assert judged([FULL, {**FULL, **other}])[0] == verdict


def test_equal_samples_are_not_called_the_same_data() -> None:
    sampled = {**FULL, "coverage": "sampled"}
    assert judged([sampled, sampled]) == ("unknown", "the same SHA-256, of a sample of it only")
    assert judged([FULL, MISSING]) == ("missing", "recorded by 1 of 2 runs")


@pytest.mark.parametrize("odd", [None, 5, "text", [1], {"sha256": 7}, {"sha256": []}])
def test_odd_records_of_data_are_not_known(odd: Any, root: Path) -> None:
    one = record(root, "one", config={"datasets": {"train": odd}})
    two = record(root, "two", config={"datasets": {"train": FULL}})
    (dataset,) = epochal.compare(one, two).datasets
    assert dataset.verdict == "unknown"


# ---- which runs


def test_runs_are_named_in_any_way_and_one_that_is_named_twice_counts_once(root: Path) -> None:
    one, two = record(root, "one"), record(root, "two", project="other project")
    assert [run.id for run in epochal.compare("one", two.path, one, dir=root).runs] == ["one", "two"]
    with pytest.raises(BadValueError, match="run 'one' alone cannot be compared: give two or more different runs"):
        epochal.compare(one, "one", dir=root)
    with pytest.raises(BadValueError, match="nothing cannot be compared"):
        epochal.compare()
    with pytest.raises(RunNotFoundError, match="did you mean"):
        epochal.compare("one", "twoo", dir=root)


def test_metrics_choose_results_and_curves(root: Path) -> None:
    runs = [record(root, name, metrics={"loss": [1.0, 2.0], "acc": [0.5, 0.6]}) for name in ("one", "two")]
    found = epochal.compare(*runs, metrics="loss")
    assert [result.key for result in found.summary] == ["loss"]
    assert found.metrics == ["loss"]
    with pytest.raises(BadValueError, match=r"none of the 2 runs has 'los': did you mean 'loss'"):
        epochal.compare(*runs, metrics=["los"])


def test_histories_stand_on_one_grid(root: Path) -> None:
    one = record(root, "one", metrics={"loss": [1.0, 2.0, 3.0]})
    two = record(root, "two", metrics={"loss": [3.0, 5.0]}, steps=[0, 2])
    found = epochal.compare(one, two, record(root, "three")).histories("loss")
    assert found.values.tolist() == [[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]
    assert (found.runs, found.missing) == (("one", "two"), ("three",))


def test_running_lost_empty_and_unreadable_runs_are_compared(root: Path) -> None:
    record(root, "whole", config={"lr": 1}, metrics={"loss": [1.0]})
    record(root, "cut", name="cut off", config={"lr": 2}, metrics={"loss": [2.0]}, finish=None)
    broken = record(root, "broken", config={"lr": 3})
    for path in (broken.path / "journal").iterdir():
        path.write_bytes(b"\xff" * 1000)
    (root / "digits" / "empty" / "journal").mkdir(parents=True)
    with epochal.init("digits", name="alive", config={"lr": 4}, dir=root) as run:
        run.log({"loss": 0.5})
        found = epochal.compare("whole", "cut off", "broken", "empty", "alive", dir=root)
        told = found.to_dict()
    assert [row.values for row in found.config] == [(1, 2, MISSING, MISSING, 4)]
    assert {result.key: result.best for result in found.summary} == {"loss": (4,)}
    assert [run["state"] for run in told["runs"]] == ["finished", "lost", "lost", "lost", "running"]
    assert found.code.same is None
    assert found.metrics == ["loss"]


def test_the_whole_of_it_is_plain_data(root: Path) -> None:
    runs = [
        record(root, name, config={"lr": lr, "n": None}, summary={"loss": loss}, packages="a==1\n")
        for name, lr, loss in (("one", 0.1, 1.0), ("two", 1, math.nan))
    ]
    told = epochal.compare(*runs).to_dict()
    assert list(told) == ["runs", "config", "summary", "environment", "packages", "datasets", "code"]
    assert told["config"][0] == {"key": "lr", "same": False, "values": [0.1, 1], "present": [True, True]}
    assert told["config"][1] == {"key": "n", "same": True, "values": [None, None], "present": [True, True]}
    assert json.loads(json.dumps(told))["runs"][0]["path"] == str(runs[0].path)


def test_thousands_of_metrics_and_dozens_of_runs(root: Path) -> None:
    names = [f"layer{i}/loss" for i in range(2000)]
    runs = [record(root, f"r{j}", summary={name: float(i % 7 + j) for i, name in enumerate(names)}) for j in range(24)]
    found = epochal.compare(*runs)
    assert len(found.summary) == 2000
    assert {result.best for result in found.summary} == {(0,)}
    assert repr(found) == "<Comparison of 24 runs: r0, r1, r2, r3, r4 …; 0 settings differ>"
    assert np.isfinite(found.summary[0].values).all()


def test_a_list_of_packages_behind_a_link_is_not_read(root: Path, tmp_path: Path) -> None:
    one, two = (record(root, name, packages="numpy==1.26\n") for name in ("one", "two"))
    (tmp_path / "passwords").write_text("root:x\n")
    [listed] = (two.path / "files" / "code").iterdir()
    listed.unlink()
    listed.symlink_to(tmp_path / "passwords")
    found = epochal.compare(one, two).packages
    assert list(found.unknown) == [1]
    assert found.changed == ()
