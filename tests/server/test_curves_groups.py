"""Runs that are put together have the mean, deviation, error, least and greatest value of core's `group_history`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.catalog_entry import Entry
from epochal.errors import BadValueError
from epochal.group_history import group_history
from epochal.smoothing import smooth
from epochal_server import curves_groups
from epochal_server.curves_groups import band_of, plain, value_of
from epochal_server.curves_request import Grouping
from tests.core.recorded_runs import record

from .curves_made import Panel, series


def runs_of(tmp_path: Path, *, count: int = 4, points: int = 60) -> dict[str, Any]:
    random = np.random.default_rng(0)
    return {
        f"r{number}": record(
            tmp_path,
            f"r{number}",
            config={"lr": 0.1 * (number % 2), "model": "a"},
            metrics={"loss": random.normal(0, 1, points).tolist()},
            steps=[(number % 3 + 1) * step for step in range(points)],
        )
        for number in range(count)
    }


@pytest.mark.parametrize("band", ["std", "sem", "minmax", "none"])
def test_it_is_what_core_gives(band: str, tmp_path: Path) -> None:
    runs = runs_of(tmp_path)
    (line,) = Panel(runs).lines("loss", group=Grouping((), band), width=8000)
    wanted = group_history(runs.values(), "loss")
    assert line["group"] == []
    assert (line["runs"], line["missing"]) == (4, 0)
    np.testing.assert_array_equal(line["x"], wanted.x)
    np.testing.assert_array_equal(line["y"], wanted.mean)
    np.testing.assert_array_equal(line["n"], wanted.n)
    assert ("low" in line) == (band != "none")
    several = wanted.n > 1
    if band == "minmax":
        np.testing.assert_array_equal(line["low"], wanted.min)
        np.testing.assert_array_equal(line["high"], wanted.max)
    elif band != "none":
        spread = getattr(wanted, band)
        np.testing.assert_allclose(line["high"][several], (wanted.mean + spread)[several])
        np.testing.assert_allclose(line["low"][several], (wanted.mean - spread)[several])
        np.testing.assert_array_equal(line["low"][~several], wanted.mean[~several])


def test_groups_are_made_by_columns_and_smoothed_like_lines_of_runs(tmp_path: Path) -> None:
    runs = runs_of(tmp_path, points=300)
    panel = Panel(runs)
    first, second = panel.lines("loss", group=Grouping(("config.lr", "project"), "std"), smoothing=0.9, width=50)
    assert [line["group"] for line in (first, second)] == [[0.0, "digits"], [0.1, "digits"]]
    wanted = group_history([runs["r0"], runs["r2"]], "loss")
    at = np.searchsorted(wanted.x, first["x"])
    assert first["reduced"]
    np.testing.assert_allclose(first["raw"], wanted.mean[at])
    np.testing.assert_allclose(first["y"], smooth(wanted.mean, 0.9)[at], rtol=1e-9, atol=1e-11)
    high = wanted.mean + np.where(wanted.n > 1, wanted.std, 0.0)
    np.testing.assert_allclose(first["high"], smooth(high, 0.9)[at], rtol=1e-9, atol=1e-11)


def test_runs_without_the_metric_are_counted_and_a_group_without_any_is_told(tmp_path: Path) -> None:
    runs = {
        "one": record(tmp_path, "one", config={"a": 1}, metrics={"loss": [1.0, 2.0]}),
        "two": record(tmp_path, "two", config={"a": 1}, metrics={"acc": [1.0]}),
        "three": record(tmp_path, "three", config={"a": True}, metrics={"acc": [1.0]}),
    }
    first, second = Panel(runs).lines("loss", group=Grouping(("config.a",), "std"))
    assert (first["group"], first["runs"], first["missing"]) == ([1], 1, 1)
    assert first["y"].tolist() == [1.0, 2.0]
    assert first["low"].tolist() == [1.0, 2.0]
    assert second["group"] == [True]
    assert "no metric 'loss'" in second["error"]


def test_runs_with_too_many_different_places_meet_on_a_coarser_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves_groups, "MOST_VALUES", 1000)
    monkeypatch.setattr("epochal.group_history.MOST_VALUES", 1000)
    members = [series(np.arange(400.0).tolist(), (np.arange(400) * 3 + number).tolist()) for number in range(3)]
    band = band_of(members, "std", "step")
    assert 300 <= len(band.mean) <= 1000 // 3
    same = [series([float(number)] * 900) for number in range(3)]
    assert len(band_of(same, "std", "step").mean) <= 1000 // 3
    assert band_of(same, "std", "step") is band_of(same, "std", "step")


@pytest.mark.parametrize("x", ["relative", "time", "metric:epoch"])
def test_other_axes(x: str, tmp_path: Path) -> None:
    runs = {
        name: record(tmp_path, name, metrics={"epoch": [0.0, 1.0, 2.0, 3.0], "loss": [value, 2.0, 3.0, 4.0]})
        for name, value in (("one", 1.0), ("two", 3.0))
    }
    (line,) = Panel(runs).lines("loss", group=Grouping((), "minmax"), x=x)
    wanted = group_history(runs.values(), "loss", x=x)
    np.testing.assert_array_equal(line["x"], wanted.x)
    np.testing.assert_array_equal(line["y"], wanted.mean)


def test_columns_of_a_run() -> None:
    details = {"config": {"a": {"b": 1}, "c.d": 2, "e": [1, 2]}, "summary": {"loss": math.nan}, "tags": ["x", "y"]}
    entry = Entry("f", "id", "p", "name", "finished", _details=details)
    assert [value_of(entry, name) for name in ("config.a.b", "config.c.d", "config.z", "state")] == [
        1,
        2,
        None,
        "finished",
    ]
    assert plain(value_of(entry, "config.e")) == "1, 2"
    assert plain(value_of(entry, "summary.loss")) == "NaN"
    assert plain(value_of(entry, "tags")) == "x, y"
    for wrong in ("nothing", "_details", "config", "config.", "folder", "to_dict"):
        with pytest.raises(BadValueError, match="no column"):
            value_of(entry, wrong)
