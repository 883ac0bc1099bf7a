"""Importing others' tables and JSON lines: what is taken over, and what is reported as left out."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochal
from epochal.errors import BadValueError
from epochal.exchange.field_values import NoStep, number, step_of, time_of
from epochal.recorded import RecordedRun

WIDE = "step,train/loss,val,note,ok\n0,0.5,,a,true\n1,nan,0.25,b,false\n2,-inf,,,\n"


def taken(path: Path, **options: Any) -> tuple[RecordedRun, tuple[str, ...]]:
    """Import a file, which must give one run, and return it with what was left out."""
    report = epochal.import_runs(path, **options)
    assert report.skipped == []
    (run,) = report.runs
    return RecordedRun(run.path), run.left_out


def refused(path: Path, **options: Any) -> str:
    """Import a file, which must give no run, and return why."""
    report = epochal.import_runs(path, **options)
    assert report.runs == []
    ((source, why),) = report.skipped
    assert source == path
    return why


def write(folder: Path, text: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_table_gives_a_metric_for_each_column_that_holds_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, WIDE)
    run, left_out = taken(path, project="theirs", tags=["t"], group="g")
    assert run.metrics == ["ok", "train/loss", "val"]
    loss = run.history("train/loss")
    assert loss.steps.tolist() == [0, 1, 2]
    assert [str(value) for value in loss.values] == ["0.5", "nan", "-inf"]
    assert run.history("ok").values.tolist() == [True, False]
    assert run.history("val").steps.tolist() == [1]
    assert left_out == ("column 'note': it holds no numbers",)
    assert (run.name, run.project, run.tags, run.group) == ("log", "theirs", ("t",), "g")
    assert run.state == "finished"


def test_the_source_and_its_digest_are_recorded(tmp_path: Path) -> None:
    import hashlib

    run, _ = taken(write(tmp_path, WIDE))
    (notice,) = run.notices
    assert notice.code == "imported"
    (file,) = notice.data["files"]
    assert file["path"] == str(tmp_path / "log.csv")
    assert file["sha256"] == hashlib.sha256(WIDE.encode()).hexdigest()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + WIDE.encode(),
        WIDE.encode("utf-16"),
        WIDE.replace("\n", "\r\n").encode(),
        WIDE.replace(",", ";").encode(),
        WIDE.replace(",", "\t").encode(),
        WIDE.replace("step", "Global_Step").encode(),
        WIDE.replace("\n", "\n\n").encode(),
        WIDE.rstrip().encode(),
    ],
    ids=["bom", "utf-16", "crlf", "semicolons", "tabs", "other name", "empty lines", "no end"],
)
def test_the_same_table_in_other_clothes_is_the_same_run(data: bytes, tmp_path: Path) -> None:
    run, _ = taken(write(tmp_path, data))
    assert run.history("train/loss").steps.tolist() == [0, 1, 2]
    assert run.history("val").values.tolist() == [0.25]


def test_columns_may_be_named_by_hand(tmp_path: Path) -> None:
    path = write(tmp_path, "it|when|loss\n5|2026-01-02T03:04:05Z|1\n6|1700000000.5|2\n")
    run, _ = taken(path, options={"step": "it", "time": "when", "delimiter": "|"})
    history = run.history("loss")
    assert history.steps.tolist() == [5, 6]
    assert history.times.tolist() == [1767323045.0, 1700000000.5]
    assert run.metrics == ["loss"]


def test_a_named_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert "no column 'x' to take as step" in refused(write(tmp_path, WIDE), options={"step": "x"})
    with pytest.raises(BadValueError, match="'steps' is not known: format csv has step, time"):
        epochal.import_runs(tmp_path / "log.csv", options={"steps": "x"})


def test_without_a_step_rows_are_counted_and_it_is_said(tmp_path: Path) -> None:
    run, left_out = taken(write(tmp_path, "a,b\n1,2\n3,4\n"))
    assert run.history("a").steps.tolist() == [0, 1]
    assert any("counted from 0" in text for text in left_out)


def test_lines_that_cannot_be_used_are_named_by_their_numbers(tmp_path: Path) -> None:
    text = "step,loss\n1,0.5\n1.5,0.4\nnan,1\nx,1\n3.0,0.25\n4\n5,1,2,3\n99999999999999999999,1\n6,\n"
    run, left_out = taken(write(tmp_path, text))
    assert run.history("loss").steps.tolist() == [1, 3]
    said = "\n".join(left_out)
    for line in ("line 3: '1.5' is no step", "line 4: 'nan' is no step", "line 7: 1 fields", "line 8: 4 fields",
                 "line 9: '99999999999999999999' does not fit"):  # fmt: skip
        assert line in said


def test_a_column_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    run, left_out = taken(write(tmp_path, "step,loss,loss,,LOSS\n0,1,2,3,4\n"))
    assert run.history("loss").values.tolist() == [1]
    assert run.history("LOSS").values.tolist() == [4]
    assert any("twice" in text for text in left_out)
    assert any("without a name" in text for text in left_out)


def test_integers_stay_exact_and_columns_with_floats_are_floats(tmp_path: Path) -> None:
    run, _ = taken(write(tmp_path, f"step,big,loss\n0,{2**60 + 1},1\n1,{2**62},0.5\n"))
    assert run.history("big").values.tolist() == [2**60 + 1, 2**62]
    assert run.history("loss").values.dtype == float


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"\n\n", "it is empty"),
        (b"step,loss\n", "no row of it holds a number"),
        (b"a,b\nx,y\n", "no row of it holds a number"),
        (gzip.compress(b"0" * (1 << 20)), r"packed \(gzip\)"),
        (b"step,loss\n\0\0\0\0", "zero bytes"),
        (bytes(range(256)), "zero bytes"),
    ],
    ids=["empty", "empty lines", "names alone", "no numbers", "packed", "zeros", "binary"],
)
def test_what_is_no_table_is_refused_with_the_reason(data: bytes, why: str, tmp_path: Path) -> None:
    path = write(tmp_path, data)
    import re

    assert re.search(why, refused(path, format="csv"))
    assert not (tmp_path / "epochal-runs").exists() or not list((tmp_path / "epochal-runs").glob("[!.]*"))


def test_a_wrong_encoding_costs_names_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path, "step,größe\n0,1.5\n".encode("latin-1"))
    run, _ = taken(path)
    assert run.metrics == ["gr\\xf6\\xdfe"]
    run, _ = taken(path, options={"encoding": "latin-1"})
    assert run.history("größe").values.tolist() == [1.5]
    assert len(run.history("gr\\xf6\\xdfe")) == 0
    assert "is not known" in refused(path, options={"encoding": "no such"})


def test_a_huge_field_is_a_field(tmp_path: Path) -> None:
    run, left_out = taken(write(tmp_path, f"step,loss,text\n0,1,{'x' * 1_000_000}\n"))
    assert run.metrics == ["loss"]
    assert left_out == ("column 'text': it holds no numbers",)


def test_a_source_that_is_not_there_or_of_no_known_kind_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadValueError, match="is not there"):
        epochal.import_runs(tmp_path / "no.csv")
    with pytest.raises(BadValueError, match="of no known format"):
        epochal.import_runs(write(tmp_path, "x", "a.bin"))
    with pytest.raises(BadValueError, match="no format 'x' to import"):
        epochal.import_runs(tmp_path / "a.bin", format="x")


# ---- JSON lines


def test_lines_of_a_loop_become_rows(tmp_path: Path) -> None:
    lines = [
        {"_step": 0, "_timestamp": 1.7e9, "loss": 0.5, "eval": {"acc": 1}, "name": "x"},
        {"_step": 1, "_timestamp": 1.7e9 + 1, "loss": "NaN", "eval": {"acc": 2}, "list": [1]},
        {"_step": 2.0, "_timestamp": 1.7e9 + 2, "loss": -math.inf, "none": None},
    ]
    path = write(tmp_path, "\n".join(map(json.dumps, lines)) + "\n", "log.jsonl")
    run, left_out = taken(path)
    assert run.metrics == ["eval/acc", "loss"]
    assert run.history("loss").steps.tolist() == [0, 1, 2]
    assert run.history("loss").times.tolist() == [1.7e9, 1.7e9 + 1, 1.7e9 + 2]
    assert left_out == ("key 'name': values that are no numbers", "key 'list': values that are no numbers")


def test_lines_that_are_no_objects_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, '{"step": 0, "a": 1}\n[1]\n{bad\n\n{"step": 1, "a": 2}\n{"step": 2, "a', "log.jsonl")
    run, left_out = taken(path)
    assert run.history("a").steps.tolist() == [0, 1]
    assert left_out == (
        "line 2: no object",
        "line 3: no JSON",
        "line 6: no JSON, or longer than 64 MiB, or not whole yet",
    )


@pytest.mark.parametrize("text", ["", "\n", "[]\n", "nonsense", '{"a": "b"}', "[" * 100_000])
def test_lines_without_a_number_give_no_run(text: str, tmp_path: Path) -> None:
    assert "no line of it" in refused(write(tmp_path, text, "log.jsonl"))


def test_our_own_lines_that_were_changed_are_reported(tmp_path: Path) -> None:
    with epochal.init("p") as run:
        run.log({"loss": 0.5})
    out = tmp_path / "out.jsonl"
    epochal.export_runs(run.folder, out, format="jsonl")
    export, facts, point = out.read_text().splitlines()
    odd = [
        point.replace('"kind": "float"', '"kind": "x"'), point.replace('"rank": 0', '"rank": -1'),
        point.replace('"step": 0', '"step": 0.5'), point.replace(run.id, "another"), "{}", "[]",
        point.replace('"metric": "loss", ', ""), point.replace('"row": ', '"row": 1e400, "x": '),
    ]  # fmt: skip
    out.write_text("\n".join([export, facts, point, *odd]))
    report = epochal.import_runs(out, dir=tmp_path / "back")
    (back,) = report.runs
    assert RecordedRun(back.path).history("loss").values.tolist() == [0.5]
    assert len(back.left_out) == 5
    assert [why for _, why in report.skipped] == ["lines 7, 8: neither a run nor a point of one", "line 9: no object"]


@pytest.mark.parametrize("id", ["../evil", "", None, 5, "a/b", ".hidden", "x" * 200])
def test_an_id_that_leads_elsewhere_is_refused(id: Any, tmp_path: Path) -> None:
    lines = [{"type": "export", "schema": "epochal-export", "version": 1}, {"type": "run", "id": id, "project": "../p"}]
    path = write(tmp_path, "\n".join(map(json.dumps, lines)), "log.jsonl")
    report = epochal.import_runs(path, dir=tmp_path / "deep" / "runs")
    assert report.runs == []
    assert len(report.skipped) == 1
    assert {path.name for path in tmp_path.iterdir()} <= {"log.jsonl", "deep"}
    assert {path.name for path in (tmp_path / "deep").glob("*")} <= {"runs"}


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    line = json.dumps({"type": "export", "schema": "epochal-export", "version": 2})
    assert "install a newer one" in refused(write(tmp_path, line, "log.jsonl"))


# ---- fields


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-7", -7), ("1.0", 1.0), ("1e3", 1000.0), (" 2 ", 2), ("inf", math.inf), ("True", True),
     ("1_000", None), ("١", None), ("", None), ("0x10", None), ("abc", None), ("9" * 399, int("9" * 399))],
)  # fmt: skip
def test_fields_that_are_numbers(text: str, value: Any) -> None:
    assert number(text) == value
    assert type(number(text)) is type(value)


def test_steps_and_times() -> None:
    assert step_of("3.0") == 3
    for bad in ("nan", "inf", True, None, "", 1.5, 2**63, "x", [], {}):
        with pytest.raises(NoStep):
            step_of(bad)
    assert time_of("1970-01-01T00:00:01") == 1.0
    assert time_of("nan") is None
    assert time_of("yesterday") is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.sampled_from(["csv", "jsonl"]))
def test_no_bytes_at_all_end_an_import_with_anything_but_a_report(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, format: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    report = epochal.import_runs(write(folder, data, f"log.{format}"), format=format, dir=folder / "runs")
    assert len(report.runs) + len(report.skipped) >= 1
