"""Archives: the run folders byte for byte, and hostile ones that harm nothing."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.exchange import archive_import
from epochal.exchange.archive_format import MANIFEST
from epochal.journal.verify import verify
from epochal.recorded import RecordedRun

from .make_runs import make_run
from .odd_run import make_odd_run, record_of


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def archived(folder: Path, runs: list[Any]) -> Path:
    out = folder / "runs.zip"
    epochal.export_runs(runs, out, format="archive")
    return out


def outcomes(report: Any) -> list[str]:
    return [run.outcome for run in report.runs]


@pytest.fixture
def runs(tmp_path: Path) -> list[RecordedRun]:
    made = [make_odd_run(tmp_path / "runs", id=f"run-{at}", project=project) for at, project in enumerate("aß")]
    (made[0].path / "files" / "media").mkdir(parents=True)
    (made[0].path / "files" / "media" / "größe.png").write_bytes(bytes(range(256)) * 10)
    (made[0].path / "empty.txt").touch()
    return made


def test_every_file_comes_back_byte_for_byte_with_its_time(runs: list[RecordedRun], tmp_path: Path) -> None:
    out = archived(tmp_path, runs)
    report = epochal.import_runs(out, dir=tmp_path / "back")
    assert outcomes(report) == ["new", "new"]
    for run, taken in zip(runs, report.runs, strict=True):
        assert contents(taken.path) == contents(run.path)
        assert taken.path.relative_to(tmp_path / "back") == run.path.relative_to(tmp_path / "runs")
        assert record_of(RecordedRun(taken.path), rank="all") == record_of(run, rank="all")
        for path in run.path.rglob("*.epochal"):
            assert (taken.path / path.relative_to(run.path)).stat().st_mtime == pytest.approx(path.stat().st_mtime)
    assert [path.name for path in (tmp_path / "back").iterdir() if path.name.startswith(".im")] == []


def test_importing_again_does_nothing_and_one_that_differs_is_told(runs: list[RecordedRun], tmp_path: Path) -> None:
    out = archived(tmp_path, runs)
    epochal.import_runs(out, dir=tmp_path / "back")
    first, second = (RecordedRun(tmp_path / "back" / run.path.relative_to(tmp_path / "runs")) for run in runs)
    first.rename("another name")  # adds a file: what the archive has is there all the same
    journal = next(second.path.glob("journal/main-0*"))
    journal.write_bytes(journal.read_bytes() + b"more")
    report = epochal.import_runs(out, dir=tmp_path / "back")
    assert outcomes(report) == ["unchanged", "differs"]
    assert "epochal merge" in report.runs[1].left_out[0]
    assert not report.sound
    assert journal.read_bytes().endswith(b"more")
    assert RecordedRun(first.path).name == "another name"


def test_holes_of_journals_cost_nothing_in_the_archive_and_are_holes_again(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "runs", 1)
    sparse = folder / "journal" / "main-9-1-abcdabcd.epochal"
    with sparse.open("wb") as file:
        file.write(b"x" * 5000)
        file.truncate(16 << 20)
    out = archived(tmp_path, [folder])
    assert out.stat().st_size < 1 << 20
    (taken,) = epochal.import_runs(out, dir=tmp_path / "back").runs
    back = taken.path / "journal" / sparse.name
    assert back.stat().st_size == 16 << 20
    assert back.stat().st_blocks * 512 < 1 << 20
    assert hashlib.sha256(back.read_bytes()).digest() == hashlib.sha256(sparse.read_bytes()).digest()


def test_a_run_that_is_being_written_is_archived_without_a_torn_row(tmp_path: Path) -> None:
    """A thread logs as fast as it can while the archive is made: what is in it is a beginning of what was logged."""
    run = epochal.init("live")
    stop = threading.Event()
    run.log({"a": 0.0, "b": 0.0, "c": 0.0})

    def write() -> None:
        step = 1
        while not stop.is_set():
            run.log({"a": float(step), "b": float(step), "c": float(step)})
            step += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(3):
            report = epochal.export_runs(run.folder, tmp_path / f"{number}.zip", format="archive")
            assert report.runs[0]["live"]
    finally:
        stop.set()
        thread.join()
        run.finish()
    for number in range(3):
        report = epochal.import_runs(tmp_path / f"{number}.zip", dir=tmp_path / f"back{number}")
        assert "was being recorded" in report.runs[0].left_out[0]
        back = RecordedRun(report.runs[0].path)
        for name in "abc":
            history = back.history(name)
            assert history.values.tolist() == history.steps.tolist() == list(range(len(history)))
        assert back.state == "killed"


def test_an_import_that_is_killed_leaves_no_half_run_and_goes_on_when_repeated(tmp_path: Path) -> None:
    runs = [make_odd_run(tmp_path / "runs", id=f"run-{number}") for number in range(4)]
    out = archived(tmp_path, runs)
    code = f"""
import os, signal, epochal
from epochal.exchange import archive_import
extract, count = archive_import._extract, [0]
def extract_and_die(*given):
    count[0] += 1
    if count[0] == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    return extract(*given)
archive_import._extract = extract_and_die
epochal.import_runs({str(out)!r}, dir={str(tmp_path / "back")!r})
"""
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True)
    assert done.returncode == -9
    there = list((tmp_path / "back").glob("[!.]*/*"))
    assert 0 < len(there) < 4
    for path in there:
        assert contents(path) == contents(tmp_path / "runs" / path.relative_to(tmp_path / "back"))
    report = epochal.import_runs(out, dir=tmp_path / "back")
    assert outcomes(report) == ["unchanged"] * len(there) + ["new"] * (4 - len(there))
    assert contents(tmp_path / "back" / "odd%2Fproject") == contents(tmp_path / "runs" / "odd%2Fproject")
    assert list((tmp_path / "back").glob(".importing-*")) == []


def test_the_project_may_be_another(runs: list[RecordedRun], tmp_path: Path) -> None:
    report = epochal.import_runs(archived(tmp_path, runs), dir=tmp_path / "back", project="theirs")
    assert [run.project for run in report.runs] == ["theirs", "theirs"]


def test_links_in_a_run_are_named_and_not_followed(runs: list[RecordedRun], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (runs[0].path / "link").symlink_to(tmp_path / "secret")
    report = epochal.export_runs(runs, tmp_path / "runs.zip", format="archive")
    assert any("symbolic link" in text for text in report.left_out)
    assert b"secret" not in (tmp_path / "runs.zip").read_bytes()


# ---- archives that somebody has changed


Change = Callable[[dict[str, bytes], dict[str, Any]], None]


def changed(out: Path, change: Change) -> Path:
    """Write an archive anew with changes to its members and its manifest."""
    with zipfile.ZipFile(out) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    target = out.with_name("changed.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return target


def with_file(path: str, data: bytes = b"evil") -> Change:
    """Return a change that adds a file to the first run."""

    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        run = manifest["runs"][0]
        members[f"{run['project']}/{run['id']}/{path}"] = data
        sha = hashlib.sha256(data).hexdigest()
        run["files"].append({"path": path, "size": len(data), "sha256": sha, "modified": 1.0})

    return change


def with_run(**fields: Any) -> Change:
    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        manifest["runs"][0].update(fields)

    return change


HOSTILE: dict[str, Change] = {
    "up": with_file("../../../evil"),
    "up within": with_file("files/../../evil"),
    "absolute": with_file("/tmp/evil"),
    "backslash": with_file("..\\evil"),
    "drive": with_file("c:evil"),
    "dot": with_file("./evil"),
    "twice": with_file("a//b"),
    "case": lambda members, manifest: [with_file(name)(members, manifest) for name in ("A.txt", "a.txt")] and None,
    "composed": lambda members, manifest: [with_file(name)(members, manifest) for name in ("é", "e\u0301")] and None,
    "below a file": lambda members, manifest: [with_file(name)(members, manifest) for name in ("x", "x/y")] and None,
    "project up": with_run(project=".."),
    "project hidden": with_run(project=".trash"),
    "project path": with_run(project="a/b"),
    "id up": with_run(id=".."),
    "id path": with_run(id="a/b"),
    "member alone": lambda members, manifest: members.update({"a/run-0/evil": b"evil"}),
    "manifest alone": lambda members, manifest: members.pop(next(iter(members))) and None,
    "time": lambda members, manifest: manifest["runs"][0]["files"][0].update(modified=1e300),
    "size": lambda members, manifest: manifest["runs"][0]["files"][0].update(size=-1),
    "newer": lambda members, manifest: manifest.update(version=2),
    "no runs": lambda members, manifest: manifest.pop("runs") and None,
    "not ours": lambda members, manifest: manifest.update(schema="x"),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_an_archive_that_no_export_has_written_is_refused_whole(
    change: Change, runs: list[RecordedRun], tmp_path: Path
) -> None:
    target = changed(archived(tmp_path, runs), change)
    before = sorted(tmp_path.iterdir())
    report = epochal.import_runs(target, format="archive", dir=tmp_path / "back")
    assert report.runs == []
    assert len(report.skipped) == 1
    assert sorted(tmp_path.iterdir()) == before
    assert not Path("/tmp/evil").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(kind: int, runs: list[RecordedRun], tmp_path: Path) -> None:
    out = archived(tmp_path, runs)
    info = zipfile.ZipInfo("a/run-0/link")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    report = epochal.import_runs(out, format="archive", dir=tmp_path / "back")
    assert "which is no file" in report.skipped[0][1]


def test_a_name_that_is_there_twice_is_refused(runs: list[RecordedRun], tmp_path: Path) -> None:
    out = archived(tmp_path, runs)
    with zipfile.ZipFile(out, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a/run-0/empty.txt", b"")
    report = epochal.import_runs(out, format="archive", dir=tmp_path / "back")
    assert "twice" in report.skipped[0][1]


def test_a_file_whose_bytes_are_others_costs_its_run_alone(runs: list[RecordedRun], tmp_path: Path) -> None:
    def change(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
        name = next(name for name in members if name.endswith("größe.png"))
        members[name] = members[name][:-1] + b"!"

    report = epochal.import_runs(changed(archived(tmp_path, runs), change), dir=tmp_path / "back")
    assert outcomes(report) == ["damaged", "new"]
    assert not report.runs[0].path.exists()
    assert not report.sound


def test_what_declares_more_than_there_is_room_for_is_refused_before_anything_is_written(
    runs: list[RecordedRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_import.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 100}))
    report = epochal.import_runs(archived(tmp_path, runs), dir=tmp_path / "back")
    assert "100 are free" in report.skipped[0][1]
    assert [path.name for path in (tmp_path / "back").iterdir()] == [".gitignore"]


@pytest.mark.parametrize("cut", [0, 10, 0.5, -30])
def test_an_archive_that_is_cut_or_no_zip_file_is_refused(cut: float, runs: list[RecordedRun], tmp_path: Path) -> None:
    out = archived(tmp_path, runs)
    data = out.read_bytes()
    out.write_bytes(data[: int(len(data) * cut) if isinstance(cut, float) else cut])
    report = epochal.import_runs(out, format="archive", dir=tmp_path / "back")
    assert report.runs == []
    assert len(report.skipped) == 1


def test_an_archived_run_verifies(tmp_path: Path) -> None:
    with epochal.init("sound") as run:
        for step in range(100):
            run.log({"loss": step / 7})
    (taken,) = epochal.import_runs(archived(tmp_path, [run.folder]), dir=tmp_path / "back").runs
    assert verify(taken.path).sound
