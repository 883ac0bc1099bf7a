"""Which columns there are to choose from, and the CSV file of them."""

from __future__ import annotations

import copy
import csv
import io
import json
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.catalog_entry import Entry
from epochal_server import runs_columns
from epochal_server.inputs import Inputs
from epochal_server.roster import Roster
from epochal_server.runs_api import RunsApi
from epochal_server.runs_columns import Described
from epochal_server.runs_query import read_query
from epochal_server.runs_table import RunsTable
from tests.core.make_runs import make_run, make_runs
from tests.server.api_client import Api, key, until


def columns(api: Api, **query: str) -> dict[str, dict[str, Any]]:
    return {each["key"]: each for each in api.get("/api/columns", **query)["columns"]}


def test_columns_are_fields_then_settings_then_results(root: Path, api: Api) -> None:
    make_runs(root, 4)
    found = list(columns(api))
    assert found[:3] == ["name", "id", "project"]
    settings = [name for name in found if name.startswith("config.")]
    results = [name for name in found if name.startswith("summary.")]
    assert found[15:] == settings + results
    assert settings == sorted(settings)
    assert "config.optimizer.momentum" in settings
    assert "summary.val/acc" in results


def test_each_column_says_what_it_holds(root: Path, api: Api) -> None:
    rows: list[dict[str, Any]] = [
        {"n": 1, "x": 0.5, "word": "b", "flag": True, "list": [1], "mixed": 1, "same": 7, "some": 1, "nan": math.nan},
        {"n": 3, "x": 2, "word": "a", "flag": False, "list": [2], "mixed": "1", "same": 7, "nan": 1.5},
        {"n": 2, "x": math.inf, "word": "a", "flag": True, "list": [1], "mixed": True, "same": 7.0, "big": 2**60},
    ]
    for at, config in enumerate(rows):
        make_run(root, at, config=config, rows=1)
    found = {name[7:]: each for name, each in columns(api).items() if name.startswith("config.")}
    kinds = {"n": "number", "x": "number", "word": "text", "flag": "bool", "list": "list", "mixed": "mixed"}
    assert {name: found[name]["kind"] for name in kinds} == kinds
    assert found["n"] == {
        "key": "config.n", "source": "config", "kind": "number", "count": 3, "distinct": 3, "differs": True,
        "min": 1, "max": 3, "values": [1, 2, 3],
    }  # fmt: skip
    assert (found["x"]["min"], found["x"]["max"], found["x"]["values"]) == (0.5, "Infinity", [0.5, 2, "Infinity"])
    assert found["word"]["values"] == ["a", "b"]
    assert found["flag"]["values"] == [False, True]
    assert found["list"]["values"] == [[1], [2]]
    assert found["list"]["distinct"] == 2
    assert found["mixed"]["distinct"] == 3
    assert (found["same"]["differs"], found["same"]["distinct"]) == (False, 1)
    assert (found["some"]["differs"], found["some"]["count"]) == (True, 1)
    assert (found["nan"]["distinct"], found["nan"]["values"]) == (2, [1.5, "NaN"])
    assert found["big"]["values"] == [str(2**60)]
    fields = columns(api)
    assert (fields["started"]["kind"], fields["duration"]["kind"], fields["tags"]["kind"]) == ("time", "number", "list")
    assert fields["notes"]["count"] == 0


def test_many_values_are_counted_and_not_listed(root: Path, api: Api) -> None:
    for at in range(21):
        make_run(root, at, config={"seed": at, "word": f"w{at}", "few": at % 20}, rows=1)
    found = columns(api)
    assert (found["config.seed"]["distinct"], "values" in found["config.seed"]) == (21, False)
    assert (found["config.word"]["distinct"], "values" in found["config.word"]) == (21, False)
    assert found["config.few"]["values"] == list(range(20))


def test_names_with_dots_and_nested_names_are_one_column(root: Path, api: Api) -> None:
    for at, config in enumerate([{"a": {"b": 1}}, {"a.b": 2}, {"a": {}}, {"a": 5}]):
        make_run(root, at, config=config, rows=0)
    assert columns(api)["config.a.b"]["values"] == [1, 2]
    assert api.column("config.a.b") == [1, 2, None, None]
    assert api.column("config.a") == [None, None, {}, 5]


def test_columns_stand_as_people_sort_them(root: Path, api: Api) -> None:
    make_run(root, 0, config={"layer10": 1, "layer2": 1, "Beta": 1, "alpha": 1, "9": 1, "10": 1, "²": 1}, rows=0)
    found = [name[7:] for name in columns(api) if name.startswith("config.")]
    assert found == ["9", "10", "alpha", "Beta", "layer2", "layer10", "²"]


def test_columns_of_a_project_are_those_its_runs_have(root: Path, api: Api) -> None:
    make_run(root, 0, project="a", config={"x": 1, "only": 1}, rows=1)
    make_run(root, 1, project="b", config={"x": 2}, rows=1)
    assert columns(api)["config.x"]["distinct"] == 2
    found = columns(api, project="b")
    assert found["config.x"]["values"] == [2]
    assert "config.only" not in found
    assert api.get("/api/columns", status=400, projct="b")["input"] == "projct"


def test_columns_follow_what_changes(root: Path, api: Api) -> None:
    first = make_run(root, 0, config={"x": 1}, rows=1)
    assert columns(api)["config.x"]["values"] == [1]
    make_run(root, 1, config={"x": 2, "new": "y"}, rows=1)
    found = until(lambda: columns(api), lambda found: "config.new" in found)
    assert found["config.x"]["values"] == [1, 2]
    api.post("/api/runs/delete", {"keys": [key(first)], "confirm": True})
    assert columns(api)["config.x"]["values"] == [2]


def test_a_csv_file_reads_back_as_the_values(root: Path, api: Api) -> None:
    config = {"x": 0.1 + 0.2, "n": 2**70, "word": 'a "b", c\r\nd', "list": [1, None], "flag": True, "nan": math.nan}
    folder = make_run(root, 0, config=config, meta={"name": "ümläut", "tags": ["a", "b"]})
    make_run(root, 1, config={}, project="other")
    names = ["name", *(f"config.{name}" for name in config), "started", "tags", "config.gone", "summary.val/acc"]
    text = api.text("/api/runs.csv", q=json.dumps({"columns": names}))
    header, first, second = csv.reader(io.StringIO(text, newline=""))
    assert header == names
    run = epochal.get_run(folder)
    assert first[:7] == ["ümläut", repr(0.1 + 0.2), str(2**70), 'a "b", c\r\nd', "[1, null]", "true", "NaN"]
    assert run.started is not None
    assert datetime.fromisoformat(first[7]).timestamp() == pytest.approx(run.started, abs=1e-6)
    assert json.loads(first[8]) == ["a", "b"]
    assert first[9] == ""
    assert float(first[10]) == run.summary["val/acc"]
    assert second[1:7] == [""] * 6


def test_a_csv_file_holds_all_runs_of_its_query_in_its_order(root: Path, api: Api) -> None:
    for at in range(1203):
        if at < 3 or at % 400 == 0:
            make_run(root, at, config={"at": at}, rows=0, companion=False)
    asked = {"where": "config.at > 0", "sort": [["config.at", "desc"]], "columns": ["config.at"], "limit": 1}
    assert api.text("/api/runs.csv", q=json.dumps(asked)) == "config.at\r\n1200\r\n800\r\n400\r\n2\r\n1\r\n"
    assert api.text("/api/runs.csv").splitlines()[0] == "name,id,project,state,started,finished,duration"


def test_a_csv_query_is_checked_like_any_other(api: Api) -> None:
    for asked, named in (("[", "q"), ("[]", "q"), ('{"sort": 1}', "sort"), ('{"where": "x ="}', "where")):
        assert api.get("/api/runs.csv", status=400, q=asked)["input"] == named


class Held:
    """A lock that counts how often it is taken, and does something the first times that it is."""

    def __init__(self, *then: Callable[[], object]) -> None:
        self.taken, self._then, self._inside = 0, list(then), False

    def __enter__(self) -> None:
        assert not self._inside
        self._inside = True
        self.taken += 1

    def __exit__(self, *_: object) -> None:
        self._inside = False
        if self._then:
            self._then.pop(0)()


def described(table: RunsTable, lock: Held) -> list[dict[str, Any]]:
    return Described(table).columns(None, lambda: np.arange(len(table)), lock)


@pytest.fixture
def entries(root: Path) -> dict[str, Entry]:
    for number in range(6):
        make_run(root, number)
    roster = Roster(root)
    try:
        return {roster.key(entry): entry for entry in roster.entries()}
    finally:
        roster.close()


def test_the_table_is_given_to_others_while_its_columns_are_described(
    entries: dict[str, Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = RunsTable()
    table.change(entries, [])
    at_once, in_pieces = Held(), Held()
    monkeypatch.setattr(runs_columns, "_HELD_S", math.inf)
    wanted = described(table, at_once)
    assert at_once.taken == 2
    monkeypatch.setattr(runs_columns, "_HELD_S", 0.0)
    assert described(table, in_pieces) == wanted
    assert in_pieces.taken == 2 + len(wanted)


@pytest.mark.parametrize("times", [1, 20])
def test_columns_that_change_while_they_are_described_are_told_as_they_are_then(
    entries: dict[str, Entry], monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(runs_columns, "_HELD_S", 0.0)
    table, keys = RunsTable(), list(entries)
    table.change({name: entries[name] for name in keys[:2]}, [])
    more = [lambda name=name: table.change({name: entries[name]}, []) for name in (keys[2:] * times)[:times]]
    found = described(table, Held(lambda: None, *more))
    counts = {each["key"]: each["count"] for each in found}
    assert counts["id"] == len(table) == min(6, 2 + len(set((keys[2:] * times)[:times])))


def test_what_filters_ask_is_made_beside_the_table_and_follows_what_changes_meanwhile(
    entries: dict[str, Entry],
) -> None:
    table, keys = RunsTable(), list(entries)
    table.change({name: entries[name] for name in keys[:4]}, [])
    again = {name: copy.copy(entries[name]) for name in keys[1:2]}
    lock = Held(lambda: table.change({**again, keys[4]: entries[keys[4]]}, [keys[0]]))
    table.prepare_subjects(lock)
    assert lock.taken == 2
    subjects = table.subjects()
    assert [subject.entry for subject in subjects] == table.entries
    assert all(subject.entry is entry for subject, entry in zip(subjects, table.entries, strict=True))
    table.prepare_subjects(lock)
    assert lock.taken == 3
    assert table.subjects() is subjects


def test_what_a_table_needs_is_made_once_beside_its_first_answer_whatever_is_asked_first(root: Path) -> None:
    for number in range(3):
        make_run(root, number)
    roster = Roster(root)
    told: list[bool] = []
    api = RunsApi(roster, lambda: told.append(roster.table.prepared))
    try:
        assert len(api.columns(None)["columns"]) > 3
        # a slow machine reads its runs in several steps: a table is made when all are there
        until(lambda: api.query(read_query(Inputs({"columns": ["name"]}))) and told, bool)
        api.query(read_query(Inputs({"columns": ["name"]})))
        assert told == [True]
    finally:
        roster.close()


def test_a_table_without_runs_has_nothing_to_make(root: Path) -> None:
    root.mkdir(exist_ok=True)
    roster = Roster(root)
    api = RunsApi(roster)
    try:
        assert api.query(read_query(Inputs({"columns": ["name"]})))["total"] == 0
        until(lambda: roster.table.prepared, bool)
    finally:
        roster.close()
