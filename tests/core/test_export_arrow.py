"""Arrow tables and Parquet files hold every point exactly, and what is known of the runs in their metadata."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.exchange import parquet_export
from epochal.recorded import RecordedRun
from tests.needs import need

from .odd_run import make_odd_run

pa = need("pyarrow")


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    return make_odd_run(tmp_path / "runs")


def of(table: Any, metric: str) -> dict[str, list[Any]]:
    """Return the columns of one metric at rank 0."""
    found: dict[str, list[Any]] = table.to_pydict()
    kept = [at for at, name in enumerate(found["metric"]) if name == metric and found["rank"][at] == 0]
    return {name: [column[at] for at in kept] for name, column in found.items() if name != "at"}


def check(table: Any, run: RecordedRun) -> None:
    floats, history = of(table, "floats"), run.history("floats")
    assert struct.pack("<7d", *floats["value"]) == history.values.tobytes()
    assert floats["step"] == history.steps.tolist()
    assert floats["time"] == history.times.tolist()
    assert of(table, "ints")["int_value"] == [2**53 + 1, -(2**63), 2**63 - 1, 0]
    assert of(table, "flag")["value"] == [1.0, 0.0, 1.0, 0.0]
    mixed = of(table, "mixed")
    assert mixed["kind"] == ["int", "float", "bool", "int", *["text"] * 5]
    assert mixed["text_value"][4:] == run.texts("mixed").values
    assert mixed["value"][4:] == [None] * 5
    facts = json.loads(table.schema.metadata[b"epochal"])
    assert facts["runs"][0]["config"]["big"] == 2**90
    assert facts["runs"][0]["config"]["nan"] == "NaN"
    assert ["config", "nan"] in facts["runs"][0]["not_numbers"]
    assert ["config", "word"] not in facts["runs"][0]["not_numbers"]


def test_an_arrow_table_is_exact(run: RecordedRun) -> None:
    report = epochal.export_runs(run, format="arrow")
    assert report.data.num_rows == report.points
    check(report.data, run)


def test_a_parquet_file_is_exact(run: RecordedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as pq

    monkeypatch.setattr(parquet_export, "_GROUP", 50)
    out = tmp_path / "out.parquet"
    report = epochal.export_runs(run, out, format="parquet", system=True, abandoned=True, duplicates=True)
    file = pq.ParquetFile(out)
    assert file.metadata.num_row_groups > 1
    table = file.read()
    assert table.num_rows == report.points
    assert {"abandoned", "system"} <= set(table.column_names)
    shown = table.filter(pa.array([not gone for gone in table["abandoned"].to_pylist()]))
    check(shown, run)
    assert "system/cpu" in table["metric"].to_pylist()
    assert epochal.export_runs(run, tmp_path / "plain.parquet", format="parquet").files[0].stat().st_size > 0


def test_times_stand_beside_as_time_stamps_in_utc(run: RecordedRun) -> None:
    table = epochal.export_runs(run, format="arrow").data
    assert str(table.schema.field("at").type) == "timestamp[us, tz=UTC]"
    seconds, stamps = table["time"].to_pylist(), table["at"].cast(pa.int64()).to_pylist()
    assert all(abs(second * 1e6 - stamp) <= 1 for second, stamp in zip(seconds, stamps, strict=True))


def test_a_run_without_points_has_the_same_schema(run: RecordedRun, tmp_path: Path) -> None:
    with epochal.init("empty") as empty:
        pass
    table = epochal.export_runs(empty.folder, format="arrow").data
    assert table.num_rows == 0
    assert table.schema.names == epochal.export_runs(run, format="arrow").data.schema.names
    assert epochal.export_runs(empty.folder, tmp_path / "e.parquet", format="parquet").points == 0
