"""Importing a log folder: what becomes of its files, again when they have grown or changed, and what is reported."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.exchange.import_report import ImportReport, TakenRun
from epochal.recorded import RecordedRun
from tests.core.cli_call import call
from tests.needs import need

need("tensorboard")

from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata  # noqa: E402
from tensorboard.compat.proto.tensor_pb2 import TensorProto  # noqa: E402

import epochal_tensorboard  # noqa: E402
from epochal_tensorboard import import_logdir  # noqa: E402

from .event_messages import of_values, version, write_events  # noqa: E402

SCALARS = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))


def loss(step: int, value: float | None = None, tag: str = "loss") -> Any:
    return of_values(step, 1000.0 + step, Summary.Value(tag=tag, simple_value=float(step if value is None else value)))


def log(folder: Path, steps: range, *, name: str = "events.out.tfevents.1000.host", offset: float = 0.0) -> Path:
    return write_events(folder / name, [version(), *(loss(step, step + offset) for step in steps)])


def bring(path: Path, **options: Any) -> TakenRun:
    """Import a folder that gives one run, in which nothing is wrong."""
    report = import_logdir(path, **options)
    assert report.sound, report
    (run,) = report.runs
    return run


def points(run: TakenRun, metric: str = "loss", **options: Any) -> list[tuple[int, float]]:
    history = RecordedRun(run.path).history(metric, **options)
    return list(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def ids(report: ImportReport) -> list[str]:
    return [run.id for run in report.runs]


def test_each_folder_with_event_files_is_a_run_named_by_its_path(tmp_path: Path) -> None:
    log(tmp_path / "logs", range(1))
    log(tmp_path / "logs" / "a" / "train", range(2), name="events.out.tfevents.1001.host")
    log(tmp_path / "logs" / "b", range(3), name="events.out.tfevents.1002.host")
    report = import_logdir(tmp_path / "logs")
    assert [(run.name, run.points) for run in report.runs] == [("logs", 1), ("a/train", 2), ("b", 3)]
    assert {run.state for run in map(RecordedRun, (run.path for run in report.runs))} == {"lost"}
    assert bring(tmp_path / "logs" / "b" / "events.out.tfevents.1002.host").name == "b"


def test_the_core_command_line_imports_it_and_knows_its_options(tmp_path: Path) -> None:
    log(tmp_path / "logs" / "train", range(3))
    out = call("import", "tensorboard", str(tmp_path / "logs"), "--purge", "none", "--merge-subruns")
    assert out.out == "logs imported: 1 metric (1 scalars), 3 points\n"
    assert call("import", "auto", str(tmp_path / "logs"), "-o", "merge-subruns=yes").out == "logs is here already\n"
    wrong = call("import", "tensorboard", str(tmp_path / "logs"), "--purge", "all", code=1)
    assert "purge 'all' cannot be used: take one of eventaccumulator, rustboard, none" in wrong.err


def test_again_changes_nothing_and_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log(tmp_path / "logs", range(20))
    first = bring(tmp_path / "logs")
    before = {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()}
    monkeypatch.setattr("epochal_tensorboard._reading.EventFile", None)
    second = bring(tmp_path / "logs")
    assert (second.outcome, second.points, second.added) == ("unchanged", 20, 0)
    assert {path: path.read_bytes() for path in first.path.rglob("*") if path.is_file()} == before


def test_of_a_grown_folder_what_is_new_is_added(tmp_path: Path) -> None:
    log(tmp_path / "logs", range(20))
    first = bring(tmp_path / "logs")
    log(tmp_path / "logs", range(30))
    log(tmp_path / "logs", range(30, 40), name="events.out.tfevents.2000.host")
    second = bring(tmp_path / "logs")
    assert (second.id, second.outcome, second.added, second.points) == (first.id, "grown", 20, 40)
    assert points(second, duplicates=True, abandoned=True) == [(step, float(step)) for step in range(40)]


def test_a_record_that_was_not_whole_is_taken_when_it_is(tmp_path: Path) -> None:
    path = log(tmp_path / "logs", range(20))
    whole = path.read_bytes()
    for left in (whole[:-5], whole[:-42] + bytes(4096)):
        path.write_bytes(left)
        report = import_logdir(tmp_path / "logs")
        assert not report.sound
        assert "ends within a record" in report.runs[0].damage[0]
        assert report.runs[0].skipped_bytes == len(left) - (len(whole) - 42)
        assert not import_logdir(tmp_path / "logs").sound
    path.write_bytes(whole)
    assert points(bring(tmp_path / "logs")) == [(step, float(step)) for step in range(20)]


def test_a_file_that_says_otherwise_now_takes_the_place_of_what_it_said(tmp_path: Path) -> None:
    log(tmp_path / "logs", range(20))
    bring(tmp_path / "logs")
    log(tmp_path / "logs", range(5), offset=0.5)
    again = bring(tmp_path / "logs")
    assert points(again) == [(step, step + 0.5) for step in range(5)]
    assert again.points == 5


def test_what_was_imported_of_a_file_that_is_gone_stays(tmp_path: Path) -> None:
    log(tmp_path / "logs", range(10))
    later = log(tmp_path / "logs", range(10, 20), name="events.out.tfevents.2000.host")
    bring(tmp_path / "logs")
    later.unlink()
    log(tmp_path / "logs", range(20, 25), name="events.out.tfevents.3000.host")
    assert len(points(bring(tmp_path / "logs"))) == 25


def test_a_folder_that_was_moved_is_the_same_run_and_a_copy_beside_it_another(tmp_path: Path) -> None:
    log(tmp_path / "logs" / "a", range(20))
    first = bring(tmp_path / "logs")
    (tmp_path / "logs" / "a").rename(tmp_path / "elsewhere")
    moved = bring(tmp_path / "elsewhere")
    assert (moved.id, moved.outcome) == (first.id, "unchanged")
    shutil.copytree(tmp_path / "elsewhere", tmp_path / "logs" / "a")
    shutil.copytree(tmp_path / "elsewhere", tmp_path / "logs" / "b")
    report = import_logdir(tmp_path / "logs")
    assert [run.outcome for run in report.runs] == ["unchanged", "new"]
    assert len(set(ids(report))) == 2
    assert ids(import_logdir(tmp_path / "logs")) == ids(report)


def test_merged_sub_runs_have_their_name_before_each_tag(tmp_path: Path) -> None:
    write_events(tmp_path / "logs" / "r" / "train" / "events.out.tfevents.1", [version(), loss(1)])
    write_events(tmp_path / "logs" / "r" / "validation" / "events.out.tfevents.2", [version(), loss(1, 5.0)])
    run = bring(tmp_path / "logs", merge_subruns=True)
    assert run.name == "r"
    assert RecordedRun(run.path).metrics == ["train/loss", "validation/loss"]
    assert points(run, "validation/loss") == [(1, 5.0)]
    assert bring(tmp_path / "logs", merge_subruns=True).outcome == "unchanged"
    log(tmp_path / "logs" / "r" / "validation", range(3), name="events.out.tfevents.3")
    assert len(points(bring(tmp_path / "logs", merge_subruns=True), "validation/loss", duplicates=True)) == 4
    apart = import_logdir(tmp_path / "logs", project="apart")
    assert [run.name for run in apart.runs] == ["r/train", "r/validation"]


def test_values_come_exactly(tmp_path: Path) -> None:
    one = TensorProto(dtype=9, int64_val=[2**53 + 1])
    one.tensor_shape.SetInParent()
    values = [
        *(Summary.Value(tag="loss", simple_value=value) for value in (math.nan, math.inf, -math.inf, -0.0, 1e-45)),
        Summary.Value(tag="count", metadata=SCALARS, tensor=one),
    ]
    events = [of_values(at, 1000.0, value) for at, value in enumerate(values)]
    write_events(tmp_path / "logs" / "events.out.tfevents.1", [version(), *events])
    run = bring(tmp_path / "logs")
    found = RecordedRun(run.path).history("loss").values
    assert str(found.tolist()) == "[nan, inf, -inf, -0.0, 1.401298464324817e-45]"
    assert RecordedRun(run.path).history("count").values.tolist() == [2**53 + 1]
    assert RecordedRun(run.path).history("count").values.dtype == "int64"


def test_damage_is_told_with_its_place_and_the_exit_code_says_so(tmp_path: Path) -> None:
    path = log(tmp_path / "logs", range(20))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    out = call("import", "tensorboard", str(tmp_path / "logs"), code=1)
    assert "19 points, 1 damaged" in out.out
    assert "events.out.tfevents.1000.host at " in out.err
    call("import", "tensorboard", str(tmp_path / "logs"), code=1)  # it is still lost
    call("import", "tensorboard", str(tmp_path / "logs"), "--lenient")
    (run,) = epochal.runs()
    assert [notice.code for notice in epochal.get_run(run.id).notices][-1:] == ["imported"]
    assert "source_damaged" in [notice.code for notice in epochal.get_run(run.id).notices]


def test_a_dry_run_writes_nothing_and_says_what_would_be_done(tmp_path: Path) -> None:
    log(tmp_path / "logs", range(20))
    out = call("import", "tensorboard", str(tmp_path / "logs"), "--dry-run")
    assert out.out == "logs would be imported: 1 metric (1 scalars), 20 points\n"
    assert not (tmp_path / "epochal-runs").exists()
    bring(tmp_path / "logs")
    log(tmp_path / "logs", range(30))
    out = call("import", "tensorboard", str(tmp_path / "logs"), "--dry-run")
    assert out.out == "logs would be brought up to date: 1 metric (1 scalars), 10 of 30 points\n"
    assert len(points(bring(tmp_path / "logs"))) == 30


def test_several_processes_give_what_one_gives(tmp_path: Path) -> None:
    for at in range(5):
        log(tmp_path / "logs" / f"run{at}", range(50), name=f"events.out.tfevents.{at}.host", offset=at)
    one = import_logdir(tmp_path / "logs", project="one", workers=1)
    two = import_logdir(tmp_path / "logs", dir=tmp_path / "two", workers=2)
    assert [(run.id, run.name, run.points) for run in one.runs] == [(run.id, run.name, run.points) for run in two.runs]
    assert [points(run) for run in one.runs] == [points(run) for run in two.runs]


def test_an_error_in_a_process_ends_the_import_with_its_words(tmp_path: Path) -> None:
    for at in range(3):
        log(tmp_path / "logs" / f"run{at}", range(5), name=f"events.out.tfevents.{at}.host")
    (tmp_path / "file").write_text("")
    with pytest.raises(epochal.errors.StorageError, match="choose another folder with --dir"):
        import_logdir(tmp_path / "logs", dir=tmp_path / "file", workers=2)


def test_name_project_group_and_tags_can_be_chosen(tmp_path: Path) -> None:
    log(tmp_path / "logs", range(5))
    run = bring(tmp_path / "logs", project="p", name="n", group="g", tags=["t"])
    recorded = RecordedRun(run.path)
    assert (recorded.project, recorded.name, recorded.group, list(recorded.tags)) == ("p", "n", "g", ["t"])


def test_files_that_hold_nothing_yet_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "events.out.tfevents.1").touch()
    report = import_logdir(tmp_path / "logs")
    assert (report.sound, report.runs) == (True, [])
    assert report.remarks == [(tmp_path / "logs", "there is no whole record in its event files yet")]
    write_events(tmp_path / "logs" / "events.out.tfevents.1", [version()])
    assert bring(tmp_path / "logs").points == 0


def test_a_folder_without_event_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    out = call("import", "tensorboard", str(tmp_path / "logs"), code=1)
    assert "there is no event file in it, nor below it" in out.err


def test_where_a_run_came_from_is_in_its_record(tmp_path: Path) -> None:
    path = log(tmp_path / "logs", range(5))
    run = bring(tmp_path / "logs")
    (notice,) = [each for each in RecordedRun(run.path).notices if each.code == "imported"]
    assert notice.data["source"] == str(tmp_path / "logs")
    (file,) = notice.data["files"]
    assert (file["path"], file["bytes"]) == (str(path), path.stat().st_size)


def test_the_package_has_what_it_says() -> None:
    assert dir(epochal_tensorboard)
    assert {name: getattr(epochal_tensorboard, name) for name in epochal_tensorboard.__all__}


def test_a_log_folder_at_an_address_is_fetched_and_named_by_it(tmp_path: Path) -> None:
    fsspec = need("fsspec")
    path = log(tmp_path / "logs" / "a", range(20))
    (tmp_path / "logs" / "a" / "notes.txt").write_text("no event file")
    memory = fsspec.filesystem("memory")
    memory.put(str(tmp_path / "logs"), "/far/logs", recursive=True)
    (run,) = import_logdir("memory://far/logs").runs
    assert (run.name, run.points) == ("a", 20)
    (notice,) = [each for each in RecordedRun(run.path).notices if each.code == "imported"]
    assert notice.data["source"] == "memory://far/logs/a"
    assert [file["path"] for file in notice.data["files"]] == [f"memory://far/logs/a/{path.name}"]
    assert "memory://far/logs/a" in notice.text
    again = import_logdir("memory://far/logs").runs[0]
    assert (again.id, again.outcome) == (run.id, "unchanged")
    (alone,) = import_logdir(f"memory://far/logs/a/{path.name}").runs
    assert alone.id == run.id
    with pytest.raises(epochal.errors.BadValueError, match="is not there"):
        import_logdir("memory://far/nowhere")
    with pytest.raises(epochal.errors.BadValueError, match="cannot be followed"):
        import_logdir("memory://far/logs", follow=True)
