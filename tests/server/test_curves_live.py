"""Curves over HTTP from a server that looks at a folder in which trainings write."""

from __future__ import annotations

import json
import shutil
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.needs import need

need("starlette")
need("uvicorn")

import epochal  # noqa: E402

from .conftest import Served  # noqa: E402
from .curves_made import unpacked  # noqa: E402


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def post(server: Served, path: str, body: dict[str, Any]) -> bytes:
    headers = {**server.headers, "Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: bytes = answer.read()
        return found


def test_points_are_there_as_soon_as_they_are_written(serve: Callable[..., Served]) -> None:
    runs = [epochal.init("p") for _ in range(8)]
    for run in runs:
        run.log({"loss": 0.0}, step=0)
    server = serve()
    keys = [f"p/{Path(run.folder).name}" for run in runs]
    asked = {"runs": keys, "series": [{"metric": "loss"}], "width": 8000}
    for step in range(1, 400):
        for run in runs:
            run.log({"loss": 0.5 * step}, step=step)
        if step % 100 == 0:
            for line in unpacked(post(server, "/api/curves", asked))["lines"]:
                assert line["y"].tolist() == [0.5 * each for each in range(step + 1)]
    for run in runs:
        run.finish()
    shutil.rmtree(runs[3].folder)
    lines = unpacked(post(server, "/api/curves", asked))["lines"]
    assert ["error" in line for line in lines] == [number == 3 for number in range(8)]
    found = json.loads(post(server, "/api/metrics", {"keys": keys}))
    assert found["metrics"] == [{"name": "loss", "runs": 7}]


def test_importance_of_all_runs_that_a_query_means(serve: Callable[..., Served]) -> None:
    for number in range(9):
        run = epochal.init("p", config={"lr": number, "kind": "small" if number < 6 else "large"})
        run.summary["acc"] = number * 2.0
        run.finish()
    server = serve()
    asked = {"query": {"where": "config.kind == 'small'"}, "metric": "acc"}
    found = json.loads(post(server, "/api/importance", asked))
    assert (found["runs"], found["constant"]) == (6, ["config.kind"])
    assert [(row["column"], row["rank_correlation"]) for row in found["rows"]] == [("config.lr", pytest.approx(1.0))]
    everything = json.loads(post(server, "/api/importance", {"query": {}, "metric": "acc"}))
    assert everything["runs"] == 9
