"""A grid of a report shows the runs that it means: a query in its order, or a selection."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.core.make_runs import make_run
from tests.server.api_client import Api, key, until
from tests.server.conftest import Served
from tests.server.test_live import next_of


@pytest.fixture
def runs(root: Path) -> list[Path]:
    """Return runs of two projects, the newest last."""
    return [make_run(root, number, config={"lr": 10.0**-number}) for number in range(4)]


def asked(api: Api, **runs: Any) -> Any:
    return api.post("/api/reports/runs", {"runs": runs})


def keys(found: Any) -> list[str]:
    return [run["key"] for run in found["runs"]]


def test_without_a_word_the_latest_ten_are_meant(root: Path, api: Api) -> None:
    folders = [make_run(root, number) for number in range(12)]
    found = asked(api)
    assert len(found["runs"]) == 10
    assert found["matched"] == 12
    assert keys(found) == api.query(limit=10)["keys"]
    first = found["runs"][0]
    assert set(first) == {"key", "name", "project", "state"}
    assert first["key"] in [key(folder) for folder in folders]


def test_a_query_means_what_it_means_in_the_table(runs: list[Path], api: Api) -> None:
    query: dict[str, Any] = {"where": "config.lr < 0.05", "sort": [["config.lr", "asc"]]}
    found = asked(api, **query, limit=1)
    assert keys(found) == api.query(**query)["keys"][:1]
    assert found["matched"] == 2
    assert keys(asked(api, filters=[{"column": "config.lr", "op": "=", "value": 1.0}])) == [key(runs[0])]
    assert keys(asked(api, project="there is none")) == []


def test_a_selection_keeps_its_order_and_tells_what_is_gone(runs: list[Path], api: Api) -> None:
    chosen = [key(runs[number]) for number in (2, 0, 3)]
    assert keys(asked(api, keys=chosen)) == chosen
    shutil.rmtree(runs[0])
    found = until(lambda: asked(api, keys=[*chosen, "digits/never"]), lambda found: len(found["missing"]) == 2)
    assert keys(found) == [chosen[0], chosen[2]]
    assert found["missing"] == [chosen[1], "digits/never"]
    assert keys(asked(api, keys=[])) == []


def test_what_a_newer_version_may_have_written_is_told_and_no_fault(runs: list[Path], api: Api) -> None:
    found = asked(api, keys=[key(runs[0])], newest=True, colours={key(runs[0]): "#ff0000"}, hidden=[])
    assert len(found["runs"]) == 1
    assert [remark.partition(" ")[0] for remark in found["remarks"]] == ["runs.newest"]


@pytest.mark.parametrize(
    ("runs", "input"),
    [
        ({"limit": 0}, "runs.limit"), ({"limit": 1001}, "runs.limit"), ({"where": 3}, "runs.where"),
        ({"keys": "a"}, "runs.keys"),
        ({"keys": [f"a/{n}" for n in range(1001)]}, "runs.keys"), ({"sort": [["config.lr"]]}, "sort[0]"),
        ({"where": "state =="}, None), ([], "runs"), (None, "runs"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(api: Api, runs: Any, input: str | None) -> None:
    told = api.refused("/api/reports/runs", {"runs": runs})
    assert input is None or told["input"] == input
    assert told["detail"]


def test_pages_are_told_of_reports_that_come_change_and_go(root: Path, api: Api) -> None:
    (root / "reports").mkdir()
    file = root / "reports" / "lr.md"
    file.write_text("one")
    with api.events() as events:
        assert next(events)[0] == "hello"
        api.client.put("/api/reports/new", json={"text": "text", "version": None})
        assert next_of(events, "reports") == {"changed": ["new"], "gone": []}
        file.with_suffix(".part").write_text("by an editor")
        os.replace(file.with_suffix(".part"), file)
        assert next_of(events, "reports") == {"changed": ["lr"], "gone": []}
        file.unlink()
        assert next_of(events, "reports") == {"changed": [], "gone": ["lr"]}


def test_a_folder_of_reports_that_is_made_later_is_seen(serve: Callable[..., Served], root: Path) -> None:
    api = Api(serve(root))
    with api.events() as events:
        assert next(events)[0] == "hello"
        (root / "reports").mkdir()
        (root / "reports" / "first.md").write_text("text")
        assert next_of(events, "reports") == {"changed": ["first"], "gone": []}
    api.close()
