"""The runs table: which runs a query means, in which order, and what of them it gives."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.core.make_runs import make_run, make_runs
from tests.server.api_client import Api, key, until

QUERY = "/api/runs/query"
#: What a config may hold, each in a run of its own: the later ones were begun earlier.
ODD: list[Any] = [
    3, 0.5, math.nan, math.inf, -math.inf, True, False, None, "text", "", "Text", [1, 2], ["a"], {}, 2**70, -(2**70),
    2**53 + 1, 1e308, -0.0, "<script>alert(1)</script>", "😀", 1,
]  # fmt: skip


@pytest.fixture
def odd(root: Path) -> Path:
    for at, value in enumerate(ODD):
        make_run(root, at, config={"odd": value, "at": at, "half": at % 2}, rows=1)
    return root


def test_the_newest_runs_come_first_with_the_columns_that_were_asked_for(root: Path, api: Api) -> None:
    folders = make_runs(root, 5)
    found = api.query(columns=["name", "state", "config.lr", "config.optimizer.name", "summary.val/acc", "tags"])
    assert found["keys"] == [key(folder) for folder in folders]
    assert found["total"] == found["matched"] == 5
    assert found["left"] == found["offset"] == 0
    assert list(found["columns"]) == ["name", "state", "config.lr", "config.optimizer.name", "summary.val/acc", "tags"]
    for at, run in enumerate(epochal.runs(root)):
        row = [values[at] for values in found["columns"].values()]
        optimizer = run.config["optimizer"]["name"]
        assert row == [run.name, run.state, run.config["lr"], optimizer, run.summary["val/acc"], list(run.tags)]


def test_a_folder_without_runs_is_an_empty_table(api: Api) -> None:
    found = api.query(columns=["name", "config.lr"], sort=[["config.lr", "asc"]], where="config.lr > 1")
    assert (found["keys"], found["total"], found["columns"]) == ([], 0, {"name": [], "config.lr": []})
    assert api.query(group=["state", "config.lr"])["groups"] == []
    assert [column["count"] for column in api.get("/api/columns")["columns"]] == [0] * 15


def test_fields_are_what_the_python_api_gives(root: Path, api: Api) -> None:
    make_run(root, 0, meta={"notes": "a note", "job_type": "train"}, finish="failed")
    found = api.query(columns=["id", "project", "reason", "started", "finished", "duration", "group", "job_type",
                               "notes", "host", "ranks", "metrics"])["columns"]  # fmt: skip
    [entry] = epochal.runs(root).entries
    expected = entry.to_dict()
    assert {name: [expected[name]] for name in found} == found


def test_pages_are_pieces_of_the_whole(root: Path, api: Api) -> None:
    make_runs(root, 9)
    whole = api.query(limit=1000)["keys"]
    pieces = [api.query(offset=at, limit=4) for at in range(0, 12, 4)]
    assert [each for piece in pieces for each in piece["keys"]] == whole
    assert [piece["offset"] for piece in pieces] == [0, 4, 8]
    assert api.query(offset=100)["keys"] == []
    assert api.query(limit=0)["matched"] == 9


def test_a_column_that_no_run_has_is_empty(root: Path, api: Api) -> None:
    make_runs(root, 3)
    assert api.column("config.gone") == [None] * 3
    assert len(api.names(sort=[["summary.gone", "desc"]])) == 3
    assert api.names(filters=[{"column": "config.gone", "op": "set"}]) == []
    assert len(api.names(filters=[{"column": "config.gone", "op": "empty"}])) == 3
    assert api.query(group=["config.gone"])["groups"][0]["values"] == [None]


def test_values_that_json_does_not_have_are_words_and_large_integers_keep_their_digits(odd: Path, api: Api) -> None:
    found = dict(zip(api.column("config.at"), api.column("config.odd"), strict=True))
    words = {2: "NaN", 3: "Infinity", 4: "-Infinity", 14: str(2**70), 15: str(-(2**70)), 16: str(2**53 + 1)}
    assert found == {at: words.get(at, value) for at, value in enumerate(ODD)}
    assert [type(found[at]) for at in (0, 1, 5, 6)] == [int, float, bool, bool]


WHERE = [
    None, "config.odd", "config.odd > 0", "config.odd == 1", "isnan(config.odd)", "not config.odd",
    "config.at in [1, 2]",
    'config.odd == "text"', "len(config.odd) > 1", 'lower(config.odd) == "text"', "summary.best > 0.5", "duration > 0",
    'started < ago("1h")', 'project == "digits"', '"a" in tags', "config.odd != 3", "metrics and ranks == 1",
]  # fmt: skip
SORT = [
    "", "config.odd", "-config.odd", "name", "-started", "config.half, -config.odd", "-config.half, -config.at",
    "summary.best", "-duration, name", "tags, -config.at",
]  # fmt: skip


def test_filters_and_orders_are_those_of_the_python_api(odd: Path, api: Api) -> None:
    for where in WHERE:
        for sort in SORT:
            pairs = [[each.lstrip("-"), "desc" if each[0] == "-" else "asc"] for each in sort.split(", ") if each]
            expected = [run.name for run in epochal.runs(odd, where=where, sort=sort or None).entries]
            assert api.names(where=where, sort=pairs) == expected, (where, sort)


def test_a_sort_of_numbers_beyond_floats_is_exact(root: Path, api: Api) -> None:
    for at, value in enumerate([2**53 + 1, 2**53, 2**53 + 2]):
        make_run(root, at, config={"seed": value}, rows=1)
    assert api.column("config.seed", sort=[["config.seed", "asc"]]) == [2**53, str(2**53 + 1), str(2**53 + 2)]
    exact = [{"column": "config.seed", "op": "=", "value": str(2**53 + 1)}]
    assert api.column("config.seed", filters=exact) == [str(2**53 + 1)]


def test_a_search_finds_words_in_any_case_wherever_they_stand(root: Path, api: Api) -> None:
    make_run(root, 0, config={}, meta={"name": "Grüner Baum", "notes": "learns fast\nand well", "tags": ["Baseline"]})
    make_run(root, 1, meta={"name": "other"}, config={"model": {"name": "ResNet"}}, project="vision")
    assert (
        api.names(search="grüner") == api.names(search="BASELINE fast") == api.names(search=" baum ") == ["Grüner Baum"]
    )
    assert api.names(search="resnet vision") == ["other"]
    assert api.names(search="resnet baum") == []
    assert len(api.names(search="finished")) == 2


def test_a_project_is_all_that_is_asked_for(root: Path, api: Api) -> None:
    make_run(root, 0, project="a/b <c>", meta={"name": "one"})
    make_run(root, 1, project="a", meta={"name": "two"})
    assert api.names(project="a/b <c>") == ["one"]
    assert api.names(project="a", where='state == "finished"') == ["two"]
    assert api.names(project="nowhere") == []
    assert api.query(project="a")["total"] == 2


FILTERS: list[tuple[str, str, Any, list[int]]] = [
    ("config.n", "=", 2, [2]),
    ("config.n", "=", "2", [2]),
    ("config.n", "!=", 2, [0, 1, 3, 4]),
    ("config.n", "<", 2, [0, 1]),
    ("config.n", "<=", "2", [0, 1, 2]),
    ("config.n", ">", 1.5, [2]),
    ("config.n", ">=", "-inf", [0, 1, 2]),
    ("config.n", "=", "NaN", [3]),
    ("config.n", "=", [0, 2], [0, 2]),
    ("config.n", "!=", [0, 2], [1, 3, 4]),
    ("config.n", "empty", None, [4]),
    ("config.n", "set", None, [0, 1, 2, 3]),
    ("config.n", "contains", "1", [1]),
    ("config.word", "contains", "RES", [0, 1]),
    ("config.word", "=", "resnet", [0]),
    ("config.word", "<", "r", [1, 2]),
    ("config.word", ">", 3, []),
    ("config.flag", "=", True, [0, 2]),
    ("config.flag", "=", "false", [1, 3]),
    ("config.flag", ">", 0, [0, 2]),
    ("tags", "contains", "LINE", [0, 1]),
    ("tags", "=", "base line", [0]),
    ("tags", "!=", "base line", [1, 2, 3, 4]),
    ("name", "contains", "-3", [3]),
    ("state", "=", ["failed", "killed"], [1]),
    ("started", ">", "2001-01-01", [0, 1, 2, 3, 4]),
    ("started", "<", "2h", [0, 1, 2, 3, 4]),
    ("started", "<", 10, []),
    ("notes", "contains", "(", [0]),
]


def test_conditions_on_columns(conditions: Api) -> None:
    for column, op, value, expected in FILTERS:
        given = {"column": column, "op": op} | ({} if value is None else {"value": value})
        assert sorted(conditions.column("config.at", filters=[given])) == expected, given


def test_all_conditions_must_be_met(conditions: Api) -> None:
    both = [{"column": "config.n", "op": ">", "value": 0}, {"column": "config.flag", "op": "=", "value": True}]
    assert conditions.column("config.at", filters=both, where="config.at < 3", search="finished") == [2]


def test_what_changes_shows_in_the_next_answer(root: Path, api: Api) -> None:
    folders = make_runs(root, 6, config={"lr": 1.0})
    before = api.query(where="config.lr == 1", sort=[["name", "asc"]], columns=["name", "config.lr"])
    assert before["matched"] == 6
    shutil.rmtree(folders[2])
    epochal.get_run(folders[0]).rename("a new name")
    make_run(root, 9, config={"lr": 1, "other": 2}, meta={"name": "zz"})
    make_run(root, 10, config={"lr": 2})
    asked = {"where": "config.lr == 1", "sort": [["name", "asc"]], "columns": ["name", "config.lr", "config.other"]}
    after = until(lambda: api.query(**asked), lambda found: found["revision"] > before["revision"])
    assert after["total"] == 7
    names = ["a new name", "brave-otter-1", "brave-otter-3", "brave-otter-4", "brave-otter-5", "zz"]
    assert after["columns"] == {"name": names, "config.lr": [1.0] * 5 + [1], "config.other": [None] * 5 + [2]}


def test_damaged_and_strangely_named_runs_are_listed(root: Path, api: Api) -> None:
    name = '<img src=x onerror="alert(1)">../../etc/passwd\u202e'
    make_run(root, 0, project="../up", meta={"name": name, "tags": ["</script>"]})
    damaged = make_run(root, 1)
    for path in (damaged / "journal").iterdir():
        path.write_bytes(b"\0" * 100)
    (root / "digits" / "no-run").mkdir()
    folder = make_run(root, 2)
    folder.rename(folder.parent / "with % and #?")
    found = api.query(columns=["name", "state", "project", "reason"])
    rows = dict(zip(found["keys"], zip(*found["columns"].values(), strict=True), strict=True))
    assert len(rows) == found["total"] == 3
    assert rows[key(damaged)][:3] == [damaged.name, "unreadable", "digits"] or rows[key(damaged)][1] == "unreadable"
    assert rows["digits/with % and #?"][0] == "brave-otter-2"
    assert [row[:3] for at, row in rows.items() if at.startswith("%2E")] == [(name, "finished", "../up")]


def test_names_of_folders_that_are_no_utf8_are_listed_too(root: Path, api: Api) -> None:
    folder = make_run(root, 0)
    folder.rename(folder.parent / b"strange-\xff".decode("utf-8", "surrogateescape"))
    found = api.query(columns=["name", "id", "project"])
    assert found["keys"] == ["digits/strange-\\xff"]
    assert api.text("/api/runs.csv").count("\r\n") == 2


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"sort": [["nme", "asc"]]}, "sort[0]"),
    ({"sort": [["name", "up"]]}, "sort[0]"),
    ({"sort": "name"}, "sort"),
    ({"sort": [["name", "asc"]] * 9}, "sort"),
    ({"columns": ["confg.lr"]}, "columns"),
    ({"columns": "name"}, "columns"),
    ({"group": ["x"]}, "group"),
    ({"within": ["a"]}, "within"),
    ({"group": ["state"], "within": ["a", "b"]}, "within"),
    ({"filters": [{"column": "name"}]}, "filters[0].op"),
    ({"filters": [{"column": "name", "op": "~", "value": 1}]}, "filters[0].op"),
    ({"filters": [{"column": "name", "op": "="}]}, "filters[0].value"),
    ({"filters": [{"column": "name", "op": "=", "value": {}}]}, "filters[0].value"),
    ({"filters": [{"column": "name", "op": "set", "value": 1}]}, "filters[0].value"),
    ({"filters": [{"column": "name", "op": "set", "extra": 1}]}, "filters[0].extra"),
    ({"filters": [{"column": "started", "op": ">", "value": "soon"}]}, "filters[0].value"),
    ({"limit": 1001}, "limit"),
    ({"limit": -1}, "limit"),
    ({"offset": "x"}, "offset"),
    ({"where": 3}, "where"),
    ({"search": "x" * 1001}, "search"),
    ({"where": "state = 3"}, "where"),
    ({"colums": []}, "colums"),
]


def test_what_cannot_be_used_is_refused_by_name(conditions: Api) -> None:
    for body, named in REFUSED:
        found = conditions.refused(QUERY, body)
        assert found["input"] == named, body
        assert named in found["detail"] or "at" in found


def test_an_error_in_a_filter_points_at_its_place(conditions: Api) -> None:
    found = conditions.refused(QUERY, {"where": 'name == "😀" and status == "ok"'})
    assert found["detail"] == "there is no field status — did you mean state?"
    assert (found["at"], found["length"]) == (17, 6)  # as JavaScript counts: 😀 is two


@pytest.fixture
def conditions(root: Path, api: Api) -> Api:
    for at, (number, word, flag, tags) in enumerate([
        (0, "resnet", True, ["base line"]), (1, "ResNext", False, ["lines", "x"]), (2, "mlp", True, []),
        (math.nan, None, False, []), (None, None, None, []),
    ]):  # fmt: skip
        config = {"at": at, "n": number, "word": word, "flag": flag}
        config = {name: value for name, value in config.items() if value is not None}
        meta = {"tags": tags, "notes": "(" if at == 0 else None}
        make_run(root, at, config=config, meta=meta, rows=1, finish="failed" if at == 1 else "finished")
    return api
