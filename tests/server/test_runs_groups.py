"""Runs in groups: which there are, what they add up to, and who is in them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.core.make_runs import make_run
from tests.server.api_client import Api

VALUES: list[Any] = [1, 1.0, True, "a", "1", None, math.nan, [1, 2], [1, 2], "a", 2, math.nan, {}, False, 0, math.inf]


def test_groups_and_their_statistics_are_those_of_the_python_api(root: Path, api: Api) -> None:
    for at in range(12):
        config = {"model": {"name": ["vit", "mlp", None][at % 3]}, "wide": at % 2, "lr": 10.0**-at, "flag": at % 4 == 0}
        make_run(root, at, config=config, finish="failed" if at % 5 == 0 else "finished", rows=3)
    names = ["config.model.name", "config.wide"]
    columns = ["summary.val/acc", "summary.best", "config.lr", "config.flag"]
    found = api.query(group=names, columns=[*columns, "name"])
    expected = list(epochal.runs(root).group_by("config.model.name", "config.wide").values())
    assert found["group_count"] == len(expected) == len(found["groups"])
    for group, wanted in zip(found["groups"], expected, strict=True):
        assert group["values"] == list(wanted.fields.values())
        assert (group["count"], group["states"]) == (wanted.n, wanted.states)
        assert list(group["stats"]) == columns
        for name, stats in group["stats"].items():
            path = f'summary["{name[8:]}"]' if name.startswith("summary") else name
            exact = wanted.stats(path)
            assert (stats["n"], stats["min"], stats["max"]) == (exact.n, exact.min, exact.max)
            assert stats["mean"] == pytest.approx(exact.mean, rel=1e-12)
            assert stats["std"] == pytest.approx(exact.std, rel=1e-9)


def test_every_kind_of_value_makes_its_own_group_in_the_order_of_the_python_api(root: Path, api: Api) -> None:
    for at, value in enumerate(VALUES):
        make_run(root, at, config={"odd": value, "at": at}, rows=1)
    groups = api.query(group=["config.odd"])["groups"]
    words = {math.inf: "Infinity"}
    expected = epochal.runs(root).group_by("config.odd")
    assert [group["count"] for group in groups] == [group.n for group in expected.values()]
    for group, wanted in zip(groups, expected.values(), strict=True):
        [value] = wanted.fields.values()
        value = "NaN" if value != value else words.get(value, value) if isinstance(value, float) else value
        assert group["values"] == [value]
        inside = api.query(group=["config.odd"], within=group["values"], columns=["config.at"])
        assert inside["columns"]["config.at"] == [run.config["at"] for run in wanted.runs.entries]
        assert inside["matched"] == group["count"]


def test_statistics_of_numbers_at_the_limits(root: Path, api: Api) -> None:
    numbers = {
        "equal": [0.1, 0.1, 0.1], "huge": [1e308, 1e308, -1e308], "tiny": [5e-324, 0.0, 5e-324], "one": [3.0],
        "nan": [math.nan, 1.0, 3.0], "inf": [math.inf, 1.0], "none": [], "far": [1e9 + 1, 1e9 + 2, 1e9 + 3],
    }  # fmt: skip
    for group, values in numbers.items():
        for at, value in enumerate(values or [None]):
            make_run(root, at, config={"group": group, "value": value}, rows=1)
    found = {each["values"][0]: each for each in api.query(group=["config.group"], columns=["config.value"])["groups"]}
    stats = {group: each["stats"].get("config.value") for group, each in found.items()}
    assert stats["equal"] == {"n": 3, "mean": 0.1, "std": 0.0, "min": 0.1, "max": 0.1}
    assert stats["huge"]["mean"] == pytest.approx(1e308 / 3)
    assert stats["huge"]["std"] == pytest.approx(1.1547005383792515e308)
    assert (stats["tiny"]["min"], stats["tiny"]["max"]) == (0.0, 5e-324)
    assert stats["one"] == {"n": 1, "mean": 3.0, "std": None, "min": 3.0, "max": 3.0}
    assert stats["nan"] == {"n": 2, "mean": 2.0, "std": pytest.approx(math.sqrt(2)), "min": 1.0, "max": 3.0}
    assert stats["inf"] == {"n": 2, "mean": "Infinity", "std": "NaN", "min": 1.0, "max": "Infinity"}
    assert stats["none"] is None
    assert stats["far"]["std"] == pytest.approx(1.0)


def test_groups_come_in_any_order_and_in_pages(root: Path, api: Api) -> None:
    for at in range(10):
        make_run(root, at, config={"seed": at // 2 if at < 8 else 0, "score": float(at % 3)}, rows=1)

    def groups(*sort: list[str], **more: Any) -> list[Any]:
        answer = api.query(group=["config.seed"], sort=list(sort), columns=["config.score"], **more)
        return [group["values"][0] for group in answer["groups"]]

    assert groups() == [0, 1, 2, 3]
    assert groups(["config.seed", "desc"]) == [3, 2, 1, 0]
    assert groups(["count", "desc"], ["config.seed", "desc"]) == [0, 3, 2, 1]
    assert groups(["config.score", "desc"]) == [2, 1, 0, 3]
    assert groups(offset=1, limit=2) == [1, 2]


def test_members_are_filtered_sorted_and_paged_like_all_runs(root: Path, api: Api) -> None:
    for at in range(12):
        make_run(root, at, config={"kind": "ab"[at % 2], "seed": at % 3, "at": at}, rows=1)
    asked: dict[str, Any] = {"group": ["config.kind", "config.seed"], "where": "config.at > 1"}
    assert api.column("config.at", within=["a", 1], sort=[["config.at", "desc"]], **asked) == [10, 4]
    assert api.column("config.at", within=["a"], sort=[["config.at", "asc"]], **asked) == [2, 4, 6, 8, 10]
    page = api.query(within=["a"], sort=[["config.at", "asc"]], offset=1, limit=2, columns=["config.at"], **asked)
    assert (page["columns"]["config.at"], page["matched"]) == ([4, 6], 5)
    assert api.query(within=["no such"], **asked)["keys"] == []
