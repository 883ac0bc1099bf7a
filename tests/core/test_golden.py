"""The golden files of every released version stay readable, by the reader and by the reference reader alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal import Text
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


def test_media_files_checkpoints_and_alerts_of_a_golden_run_are_read(golden: Path) -> None:
    run = RecordedRun(golden / "digits" / "run2")
    assert run.media_keys == ["samples"]
    (logged,) = run.media("samples")
    picture, words = logged.items
    assert (logged.step, picture.caption, picture.bytes) == (0, "a pixel", make_golden.PIXEL)
    assert isinstance(words, Text)
    assert words.text == "two"
    (hidden,) = [each for each in run.media("samples", abandoned=True) if each.abandoned]
    assert hidden.step == 9
    assert hidden.items[0].bytes == make_golden.PIXEL
    (saved,) = run.files(verify=True)
    assert (saved.name, saved.state, saved.path.read_bytes()) == ("model.bin", "present", make_golden.SAVED)
    best, last = run.checkpoints()
    assert (best.step, best.path, best.best, best.sha256) == (4, "s3://bucket/best.pt", True, None)
    assert (last.step, last.metrics, last.best, last.sha256) == (8, {"val/acc": 0.5}, False, "ab" * 32)
    told = [(alert.title, alert.level, alert.step, alert.source) for alert in run.alerts]
    assert sorted(told) == [("loss is NaN", "error", 8, "rule"), ("loss spiked", "warning", 8, "run")]


def test_the_generator_still_writes_the_same_bytes(tmp_path: Path) -> None:
    make_golden.write(tmp_path)
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {
        path.relative_to(make_golden.FOLDER): path.read_bytes()
        for path in make_golden.FOLDER.rglob("*")
        if path.is_file()
    }
    assert written == kept
