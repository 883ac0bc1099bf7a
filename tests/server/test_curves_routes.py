"""The HTTP API of curves and importance: what is asked is checked, and what is wrong is named."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.needs import need

need("starlette")
need("httpx")

import httpx  # noqa: E402
from starlette.applications import Starlette  # noqa: E402

from epochal.catalog_entry import Entry  # noqa: E402
from epochal_server import curves_routes, importance_routes  # noqa: E402
from epochal_server.curves_cache import HeldRun, SeriesCache  # noqa: E402
from epochal_server.openapi import describe  # noqa: E402
from epochal_server.problems import HANDLERS, not_found  # noqa: E402
from tests.core.journal_maker import Maker  # noqa: E402
from tests.core.recorded_runs import record  # noqa: E402

from .curves_made import entry_of, unpacked  # noqa: E402


class _Roster:
    revision = 3

    def __init__(self, entries: dict[str, Entry]) -> None:
        self._entries = entries

    def entry(self, key: str) -> Entry:
        if key not in self._entries:
            raise not_found(f"there is no run {key}")
        return self._entries[key]


class Client:
    """Asks an application without a server."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def post(self, path: str, *, json: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.post(path, json=json)

        return asyncio.run(ask())


@pytest.fixture
def client(tmp_path: Path) -> Client:
    runs = {
        "p/one": record(
            tmp_path, "one", config={"lr": 1}, metrics={"loss": [3.0, 2.0, float("nan")], "epoch": [0.0, 1.0, 1.0]},
        ),
        "p/two": record(
            tmp_path, "two", metrics={"loss": [1.0], "layer10": [1.0], "layer2": [1.0]},
            define=[{"name": "loss", "step": "layer2"}],
        ),
    }  # fmt: skip
    state = SimpleNamespace(roster=_Roster({key: entry_of(run) for key, run in runs.items()}), series=SeriesCache())
    app = Starlette(
        routes=[*curves_routes.routes(state), *importance_routes.routes(state)], exception_handlers=HANDLERS
    )
    return Client(app)


def test_curves_travel_as_binary(client: Client) -> None:
    asked = {
        "runs": ["p/one", "p/two", "p/three"], "series": [{"metric": "loss"}, {"formula": "loss * 2"}], "x": "relative",
        "smoothing": 0.5, "width": 500, "range": None, "abandoned": True, "clip": True, "group": None, "system": False,
        "logx": False,
    }  # fmt: skip
    answer = client.post("/api/curves", json=asked)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-epochal-curves"
    header = unpacked(answer.content)
    assert (header["revision"], header["x"], header["smoothing"]) == (3, "relative", 0.5)
    assert [(line["run"], line["series"], "error" in line) for line in header["lines"]] == [
        ("p/one", 0, False), ("p/two", 0, False), ("p/three", 0, True),
        ("p/one", 1, False), ("p/two", 1, False), ("p/three", 1, True),
    ]  # fmt: skip
    assert header["lines"][3]["y"][:2].tolist() == [6.0, 4.0]


def test_who_knows_the_metrics_of_runs_finds_the_first_ones_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[str, str]] = []
    plain = HeldRun.series

    def series(run: HeldRun, metric: str, *words: Any, **more: Any) -> Any:
        found = plain(run, metric, *words, **more)
        read.append((Path(run.folder).name, metric))
        return found

    monkeypatch.setattr(HeldRun, "series", series)
    # a run is gone, each of the others lacks a metric: that is told when it is asked for
    answer = client.post("/api/metrics", json={"keys": ["p/one", "p/three", "p/two"]})
    assert answer.status_code == 200
    assert [metric["name"] for metric in answer.json()["metrics"]] == ["epoch", "layer2", "layer10", "loss"]
    assert read == [("one", "epoch"), ("two", "layer2")]


@pytest.mark.parametrize(
    ("change", "input"),
    [
        ({"runs": "p/one"}, "runs"),
        ({"runs": [1]}, "runs"),
        ({"runs": ["x"] * 1001}, "runs"),
        ({"series": []}, "series"),
        ({"series": [{}]}, "series"),
        ({"series": [{"metric": "a", "formula": "b"}]}, "series"),
        ({"series": [{"metric": 1}]}, "series[0].metric"),
        ({"series": [{"metric": "a", "color": "red"}]}, "series[0].color"),
        ({"series": [{"metric": "a"}] * 21}, "series"),
        ({"x": "metric:"}, "x"),
        ({"x": "nothing"}, "x"),
        ({"smoothing": 1}, "smoothing"),
        ({"smoothing": "a"}, "smoothing"),
        ({"width": 49}, "width"),
        ({"width": 8001}, "width"),
        ({"range": [1]}, "range"),
        ({"range": [2, 1]}, "range"),
        ({"range": [True, 2]}, "range"),
        ({"range": [1, 10**400]}, "range"),
        ({"range": "1,2"}, "range"),
        ({"group": {"by": ["state"], "band": "all"}}, "group.band"),
        ({"group": {"of": []}}, "group.of"),
        ({"group": []}, "group"),
        ({"clip": 3}, "clip"),
        ({"more": 1}, "more"),
    ],
)
def test_what_cannot_be_used_is_named(client: Client, change: dict[str, Any], input: str) -> None:
    answer = client.post("/api/curves", json={"runs": ["p/one"], "series": [{"metric": "loss"}], **change})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["input"] == input


def test_formulas_and_columns_that_cannot_be_understood(client: Client) -> None:
    answer = client.post("/api/curves", json={"runs": ["p/one"], "series": [{"formula": "loss - los"}]})
    assert answer.status_code == 400
    problem = answer.json()
    assert (problem["at"], problem["length"], problem["input"]) == (7, 3, "series[0].formula")
    asked = {"runs": ["p/one"], "series": [{"metric": "loss"}], "group": {"by": ["nothing"]}}
    answer = client.post("/api/curves", json=asked)
    assert (answer.status_code, "no column" in answer.json()["detail"]) == (400, True)


def test_metrics_are_a_union_in_natural_order_with_axes(client: Client) -> None:
    answer = client.post("/api/metrics", json={"keys": ["p/one", "p/two", "p/three"]})
    assert answer.json() == {
        "metrics": [
            {"name": "epoch", "runs": 1}, {"name": "layer2", "runs": 1}, {"name": "layer10", "runs": 1},
            {"name": "loss", "runs": 2},
        ],
        "axes": ["step", "relative", "time", "metric:layer2", "metric:epoch"],
    }  # fmt: skip
    assert client.post("/api/metrics", json={"keys": ["p/one"], "system": True}).json()["metrics"] == []
    assert client.post("/api/metrics", json={"keys": []}).json()["metrics"] == []


def test_exact_points_near_a_place(client: Client) -> None:
    answer = client.post("/api/points", json={"run": "p/one", "metric": "loss", "around": 1.2, "count": 2})
    found = answer.json()
    assert (found["total"], found["first"], found["nearest"]) == (3, 1, 0)
    assert [(point["x"], point["step"], point["value"]) for point in found["points"]] == [(1, 1, 2.0), (2, 2, "NaN")]
    answer = client.post("/api/points", json={"run": "p/one", "formula": "loss + epoch", "around": -1e9})
    assert [point["value"] for point in answer.json()["points"]] == [3.0]
    for wrong in ({"around": 1}, {"metric": "loss", "formula": "loss", "around": 1}, {"metric": "loss"}):
        assert client.post("/api/points", json={"run": "p/one", **wrong}).status_code == 400
    assert client.post("/api/points", json={"run": "p/three", "metric": "loss", "around": 1}).status_code == 404
    assert client.post("/api/points", json={"run": "p/one", "metric": "los", "around": 1}).status_code == 400


def test_exact_points_of_large_steps_are_texts(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    maker.row(2**60 + 1, {"loss": 1.0})
    maker.save(tmp_path)
    series = SeriesCache().held(str(tmp_path)).series("loss")
    assert curves_routes.near(series, 0.0, 5)["points"][0]["step"] == str(2**60 + 1)


def test_importance_over_http(client: Client) -> None:
    answer = client.post("/api/importance", json={"keys": ["p/one", "p/two", "p/three"], "metric": "loss"})
    assert answer.status_code == 200
    assert answer.json()["rows"] == []
    assert "Only" in answer.json()["note"]
    assert client.post("/api/importance", json={"keys": ["p/one"]}).json()["input"] == "metric"
    assert client.post("/api/importance", json={"keys": ["p/three"], "metric": "loss"}).json()["input"] == "keys"


def test_every_route_is_documented(client: Client) -> None:
    paths = describe(client.app.routes)["paths"]  # type: ignore[attr-defined]
    assert sorted(paths) == ["/api/curves", "/api/importance", "/api/metrics", "/api/points"]
    assert all("post" in found and found["post"]["requestBody"] for found in paths.values())
