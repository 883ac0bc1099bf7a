"""The golden files of every released version stay readable, by the reader and by the reference reader alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.journal.verify import verify
from epochal.recorded import RecordedRun
from tests.core.golden import make_golden

GOLDEN = sorted(path for path in Path(__file__).with_name("golden").iterdir() if (path / "expected.json").exists())


@pytest.fixture(params=GOLDEN, ids=lambda path: path.name)
def golden(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def run_and_expected(golden: Path) -> tuple[RecordedRun, dict[str, Any]]:
    return RecordedRun(golden / "digits" / "run1"), json.loads((golden / "expected.json").read_text())


def test_everything_in_a_golden_run_is_read(golden: Path) -> None:
    run, expected = run_and_expected(golden)
    for name in ("id", "name", "group", "job_type", "notes", "state", "started", "finished", "ranks"):
        assert getattr(run, name) == expected[name], name
    assert list(run.tags) == expected["tags"]
    for name in ("config", "summary", "metrics", "system_metrics", "environment"):
        assert getattr(run, name) == expected[name], name
    assert run.datasets == expected["config"]["datasets"]
    assert {metric: run.axis(metric) for metric in expected["axes"]} == expected["axes"]
    assert sorted(notice.code for notice in run.notices) == expected["notices"]


def test_every_history_of_a_golden_run_is_read(golden: Path) -> None:
    run, expected = run_and_expected(golden)
    for metric, (steps, values) in expected["history"].items():
        history = run.history(metric)
        assert (history.steps.tolist(), history.values.tolist()) == (steps, values), metric
    for metric, (steps, values) in expected["all"].items():
        history = run.history(metric, duplicates=True, abandoned=True)
        assert (history.steps.tolist(), history.values.tolist()) == (steps, values), metric
    odd = run.history("odd", abandoned=True)
    assert odd.steps.tolist() == [-5, 2**62]
    np.testing.assert_array_equal(odd.values, [np.nan, np.inf])


def test_a_golden_run_is_sound(golden: Path) -> None:
    run, _ = run_and_expected(golden)
    report = verify(run.path)
    assert report.findings == []
    assert report.rows - report.rows_uncovered == 11


def test_the_generator_still_writes_the_same_bytes(tmp_path: Path) -> None:
    make_golden.write(tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {
        path.relative_to(make_golden.FOLDER): path.read_bytes()
        for path in make_golden.FOLDER.rglob("*")
        if path.is_file()
    }
    assert written == kept
