"""Histograms over steps as a heat map: nothing is lost when they are counted into common bins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.media import Histogram, Text

from .detail_runs import Client, calm


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calm(monkeypatch)
    return tmp_path / "epochal-runs"


def logged(root: Path, *histograms: Any) -> Any:
    with epochal.init("p", dir=root) as run:
        for step, histogram in enumerate(histograms):
            run.log({"w": histogram}, step=10 * step)
    return run


def test_each_step_is_a_column_in_common_bins(root: Path) -> None:
    run = logged(root, Histogram(np.arange(100.0), bins=10), Histogram(np.arange(50.0, 150.0), bins=20))
    found = Client(root).json(run, "/histograms", key="w", bins=15)
    assert (found["low"], found["high"], found["bins"], found["total"], found["reduced"]) == (0, 149, 15, 2, False)
    first, second = found["columns"]
    assert (first["first"], first["last"], second["first"]) == (0, 0, 10)
    assert sum(first["counts"]) == pytest.approx(100)
    assert sum(second["counts"]) == pytest.approx(100)
    assert first["counts"][-1] == 0
    assert second["counts"][0] == 0
    assert found["most"] == max(first["counts"] + second["counts"])
    assert (second["count"], second["min"], second["max"], second["mean"]) == (100, 50, 149, 99.5)


def test_equal_bins_are_given_as_they_were_counted(root: Path) -> None:
    values = np.random.default_rng(0).normal(size=1000)
    counts, edges = np.histogram(values, 32)
    run = logged(root, Histogram(counts=counts, edges=edges))
    found = Client(root).json(run, "/histograms", key="w", bins=int(np.count_nonzero(counts)) and 32)
    assert found["columns"][0]["counts"] == pytest.approx(counts.tolist())


def test_neighbouring_steps_share_a_column_where_there_are_more_than_places(root: Path) -> None:
    run = logged(root, *(Histogram(np.full(10, float(step))) for step in range(25)))
    found = Client(root).json(run, "/histograms", key="w", width=10)
    assert (found["total"], found["reduced"], len(found["columns"])) == (25, True, 10)
    assert sum(column["records"] for column in found["columns"]) == 25
    assert sum(sum(column["counts"]) for column in found["columns"]) == pytest.approx(250)
    assert found["columns"][0]["first"] == 0
    assert found["columns"][-1]["last"] == 240
    assert all(one["last"] < two["first"] for one, two in zip(found["columns"], found["columns"][1:]))


def test_a_part_of_the_steps_and_of_the_values(root: Path) -> None:
    run, client = logged(root, *(Histogram(np.arange(100.0)) for _ in range(5))), Client(root)
    found = client.json(run, "/histograms", key="w", from_=10, to=30, low=20, high=40, bins=2)
    assert [column["first"] for column in found["columns"]] == [10, 20, 30]
    assert (found["low"], found["high"]) == (20, 40)
    assert sum(found["columns"][0]["counts"]) == pytest.approx(20, rel=0.05)
    assert client.problem(run, "/histograms", key="w", from_=500)[0] == 404
    assert client.problem(run, "/histograms", key="w", low=3, high=3)[0] == 400
    beyond = client.json(run, "/histograms", key="w", low=1000)
    assert beyond["low"] < beyond["high"]


def test_what_no_bin_holds_is_counted_apart(root: Path) -> None:
    values = [1.0, 2.0, float("nan"), float("inf"), float("-inf"), float("-inf")]
    run = logged(
        root, Histogram(values), Histogram([float("nan")]), Histogram([]), Histogram([7.0, 99.0], bins=[0.0, 10.0])
    )
    columns = Client(root).json(run, "/histograms", key="w")["columns"]
    assert [(c["count"], c["nan"], c["below"], c["above"], c["outside"]) for c in columns] == [
        (6, 1, 2, 1, 0), (1, 1, 0, 0, 0), (0, 0, 0, 0, 0), (2, 0, 0, 0, 1),
    ]  # fmt: skip
    assert [round(sum(column["counts"]), 3) for column in columns] == [2, 0, 0, 1]


@pytest.mark.parametrize("values", [[5.0], [1e300, -1e300], [1.7e308, 1.6e308], [1e-320, 0.0], []])
def test_values_of_any_size_are_counted_once(root: Path, values: list[float]) -> None:
    run = logged(root, Histogram(values))
    found = Client(root).json(run, "/histograms", key="w")
    assert found["low"] < found["high"]
    assert sum(found["columns"][0]["counts"]) == pytest.approx(len(values))


def test_small_densities_are_kept(root: Path) -> None:
    run = logged(root, Histogram(counts=[1e-9, 2e-9], edges=[0.0, 1.0, 2.0]))
    assert Client(root).json(run, "/histograms", key="w", bins=2)["columns"][0]["counts"] == [1e-9, 2e-9]


def test_bins_in_files_are_read_and_those_that_cannot_be_are_told(root: Path) -> None:
    values = np.random.default_rng(0).normal(size=1000)
    run = logged(root, *(Histogram(values + at, bins=600) for at in range(3)))
    client, recorded = Client(root), epochal.get_run(run.folder)
    assert len(client.json(run, "/histograms", key="w")["columns"]) == 3
    first, second, _ = (entry.items[0].path for entry in recorded.media("w"))
    first.unlink()
    second.write_bytes(b"{}")
    found = client.json(run, "/histograms", key="w")
    assert [column["first"] for column in found["columns"]] == [20]
    assert [(each["step"], each["why"].split(" is ")[1][:4]) for each in found["missing"]] == [
        (0, "gone"),
        (10, "not "),
    ]
    assert found["missing_count"] == 2


def test_records_that_are_damaged_are_told_and_passed_over(root: Path) -> None:
    odd: list[dict[str, Any]] = [
        {"edges": [0, 1], "counts": ["x"]}, {"edges": [0, 1, 2], "counts": [1]}, {"edges": [2, 1, 0], "counts": [1, 1]},
        {"edges": "no", "counts": {}}, {}, {"edges": [0, float("nan")], "counts": [1]},
        {"edges": [0, 1], "counts": [-1]}, {"file": "text"}, {"edges": [[0, 1], [1]], "counts": [1]},
        {"edges": [0, 1], "counts": [1], "mean": "x", "count": 10**30},
    ]  # fmt: skip
    with epochal.init("p", dir=root) as run:
        for step, fields in enumerate(odd):
            item = {"kind": "histogram", **fields}
            run._writer.record("media", {"name": "w", "step": step, "items": [item]})
        run.log({"w": Histogram([1.0])}, step=99)
        run.log({"said": Text("no histogram")})
    found = Client(root).json(run, "/histograms", key="w")
    assert [column["first"] for column in found["columns"]] == [9, 99]
    assert found["missing_count"] == 9
    assert Client(root).problem(run, "/histograms", key="said")[0] == 404
    assert Client(root).problem(run, "/histograms", key="w", index=1)[0] == 404


def test_what_cannot_be_asked_is_refused_by_name(root: Path) -> None:
    run, client = logged(root, Histogram([1.0])), Client(root)
    for query in ({"width": 0}, {"bins": 1000}, {"low": "nan"}, {"high": "inf"}, {"width": "many"}, {"steps": 3}):
        status, why = client.problem(run, "/histograms", key="w", **query)
        assert (status, next(iter(query)) in why) == (400, True)
