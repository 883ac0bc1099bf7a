"""Tables: rows page by page and in any order, of tables of any size, whole or damaged."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.media import Image, Table, Text

from .detail_runs import PIXELS, Client, calm, everything


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calm(monkeypatch)
    return tmp_path / "epochal-runs"


def logged(root: Path, *tables: Any) -> Any:
    with epochal.init("p", dir=root) as run:
        for step, table in enumerate(tables):
            run.log({"t": table}, step=step)
    return run


def test_cells_of_all_types_are_given_column_by_column(root: Path) -> None:
    found = Client(root).json(everything(root), "/table", key="table")
    assert [(column["name"], column["type"]) for column in found["columns"]] == [
        ("a", "int"), ("b", "text"), ("c", "float"), ("d", "media"),
    ]  # fmt: skip
    assert found["data"] == [[3, 1, 2], ["x", "<script>", None], [0.5, "NaN", "Infinity"], [0, None, 1]]
    assert [item["kind"] for item in found["media"]] == ["image", "text"]
    assert (found["rows"], found["offset"], found["step"], found["caption"]) == (3, 0, 3, "t")


def test_a_long_table_is_given_page_by_page_also_sorted(root: Path) -> None:
    values = np.random.default_rng(0).permutation(1000)
    run, client = logged(root, Table({"v": values, "n": np.arange(1000)})), Client(root)
    page = client.json(run, "/table", key="t", offset=990, limit=20)
    assert (page["rows"], page["data"][1]) == (1000, list(range(990, 1000)))
    assert client.json(run, "/table", key="t", sort="v", offset=10, limit=3)["data"][0] == [10, 11, 12]
    assert client.json(run, "/table", key="t", sort="v", descending=1, limit=3)["data"][0] == [999, 998, 997]
    assert client.json(run, "/table", key="t", offset=5000)["data"] == [[], []]
    assert client.problem(run, "/table", key="t", sort="w")[0] == 400


def test_sorting_keeps_what_is_no_value_at_the_end(root: Path) -> None:
    nan = float("nan")
    table = Table({"f": [nan, 2.0, None, 1.0], "s": ["b", None, "A", "c"], "m": [[2], "x", 3, None]})
    run, client = logged(root, table), Client(root)

    def column(at: int, **query: Any) -> Any:
        return client.json(run, "/table", key="t", **query)["data"][at]

    assert column(0, sort="f") == [1.0, 2.0, "NaN", None]
    assert column(0, sort="f", descending=1) == [2.0, 1.0, "NaN", None]
    assert column(1, sort="s") == ["A", "b", "c", None]
    assert column(2, sort="m") == [3, "x", [2], None]


def test_a_step_and_an_item_of_it_can_be_chosen_the_last_is_the_default(root: Path) -> None:
    run = logged(root, Table({"v": [1]}), [Text("no table"), Table({"v": [2]})], Table({"v": [3]}))
    client = Client(root)
    assert client.json(run, "/table", key="t")["data"] == [[3]]
    assert client.json(run, "/table", key="t", step=0)["data"] == [[1]]
    assert client.json(run, "/table", key="t", step=1, index=1)["data"] == [[2]]
    assert client.problem(run, "/table", key="t", step=1)[0] == 404
    assert client.problem(run, "/table", key="t", step=9)[0] == 404
    assert client.problem(run, "/table", key="u")[0] == 404


def test_media_of_a_page_alone_are_told(root: Path) -> None:
    run = logged(root, Table({"p": [Image(PIXELS + at) for at in range(20)]}))
    found = Client(root).json(run, "/table", key="t", offset=10, limit=2)
    assert (found["data"], len(found["media"])) == ([[0, 1]], 2)
    assert len({item["sha"] for item in found["media"]}) == 2


def test_a_whole_table_is_saved_as_csv(root: Path) -> None:
    text = 'a "quoted", long\ntext ü'
    table = Table({
        "n": [2, 1, None], "f": [0.1, float("nan"), float("-inf")], "s": [text, "=1+1", None], "b": [True, False, None],
        "j": [[1, {"a": None}], "x", 3], "m": [Image(PIXELS), Text("inline"), None],
    })  # fmt: skip
    run, client = logged(root, table), Client(root)
    answer = client.get(run, "/table", key="t", format="csv", sort="n", limit=1)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == "attachment; filename=\"t.csv\"; filename*=UTF-8''t.csv"
    [image] = [item["sha"] for item in client.json(run, "/table", key="t")["media"] if "sha" in item]
    assert list(csv.reader(io.StringIO(answer.text, newline=""))) == [
        ["n", "f", "s", "b", "j", "m"],
        ["1", "NaN", "=1+1", "false", "x", ""],
        ["2", "0.1", text, "true", '[1, {"a": null}]', image],
        ["", "-Infinity", "", "", "3", ""],
    ]
    long = logged(root, Table({"v": range(1234)}))
    lines = Client(root).get(long, "/table", key="t", format="csv").text.split("\r\n")
    assert lines == ["v", *map(str, range(1234)), ""]


def test_an_empty_table_is_one(root: Path) -> None:
    run = logged(root, Table([], columns=["a"]), Table({}))
    assert Client(root).json(run, "/table", key="t", step=0)["rows"] == 0
    assert Client(root).json(run, "/table", key="t")["columns"] == []


def test_a_table_whose_file_is_gone_or_changed_says_so_also_when_it_was_read_before(root: Path) -> None:
    run, client = logged(root, Table({"v": [1]}), Table({"v": [2]})), Client(root)
    one, two = (entry.items[0].path for entry in epochal.get_run(run.folder).media("t"))
    client.json(run, "/table", key="t")
    one.unlink()
    two.write_bytes(b"x")
    assert client.problem(run, "/table", key="t", step=0)[0] == 404
    status, why = client.problem(run, "/table", key="t")
    assert (status, "not the one that was recorded" in why) == (409, True)


def test_a_file_that_unpacks_to_more_than_memory_is_not_unpacked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("epochal_server.detail_tables._LARGEST_JSON", 1 << 20)
    files = {"bomb": gzip.compress(b" " * (3 << 20)), "none": b"no gzip", "cut": gzip.compress(b"{}" * 99)[:-9],
             "other": gzip.compress(b'{"columns": 1}')}  # fmt: skip
    with epochal.init("p", dir=root) as run:
        (Path(run.folder) / "files" / "media" / "table").mkdir(parents=True)
        for name, data in files.items():
            sha = hashlib.sha256(data).hexdigest()
            file = {"path": f"files/media/table/{sha}.json.gz", "sha256": sha, "bytes": len(data)}
            (Path(run.folder) / file["path"]).write_bytes(data)
            run._writer.record("media", {"name": name, "step": 0, "items": [{"kind": "table", "file": file}]})
        run._writer.record("media", {"name": "bare", "step": 0, "items": [{"kind": "table"}]})
    client = Client(root)
    assert {name: client.problem(run, "/table", key=name)[0] for name in (*files, "bare")} == {
        "bomb": 413, "none": 409, "cut": 409, "other": 409, "bare": 409,
    }  # fmt: skip
