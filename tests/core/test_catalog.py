"""The catalog: what it remembers, what it looks at again, and that it can be thrown away at any time."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochal
from epochal import edits
from epochal.catalog import Catalog
from epochal.catalog_entry import Entry
from epochal.catalog_glance import glance
from epochal.catalog_index import _KINDS
from epochal.catalog_store import VERSION, Store
from epochal.journal.blocks import BlockScan
from epochal.journal.format import FILE_HEADER, ROWS
from epochal.journal.writer import JournalWriter
from epochal.recorded import RecordedRun
from epochal.settings import cache_dir
from tests.core.cli_call import call
from tests.core.make_runs import make_run, make_runs

FIELDS = ("id", "name", "project", "state", "started", "finished", "group", "job_type", "notes", "host", "config")


def look(root: Path) -> dict[str, Entry]:
    with Catalog(root) as catalog:
        entries = catalog.refresh()
        assert catalog.problems == []
    return {Path(entry.folder).name: entry for entry in entries}


def stored(root: Path) -> dict[str, Any]:
    with contextlib.closing(Store(root)) as store:
        return {Path(folder).name: row for folder, row in store.rows().items()}


def agrees(entry: Entry) -> None:
    """The catalog says what `RecordedRun` says."""
    run = RecordedRun(entry.path)
    for field in FIELDS:
        assert getattr(entry, field) == getattr(run, field), field
    assert (entry.tags, entry.ranks) == (list(run.tags), len(run.ranks))
    assert (entry.summary, entry.metrics) == (run.summary, run.metrics)
    assert entry.reason == run.ending.reason


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"derived": False},
        {"companion": False},
        {"finish": None},
        {"finish": None, "companion": False},
        {"finish": "failed"},
        {"finish": "interrupted", "rows": 0},
        {"rows": 2000},
        {"config": {"text": "x" * 300_000, "größe": {"tief": [1, {"a": None}]}, "big": 2**70}},
        {"meta": {"name": "[red]\x1b[31m\n", "tags": ["ü", "b"], "notes": "n", "job_type": "eval"}},
        {"opening": {"rank": 3}},
    ],
    ids=lambda options: ",".join(options) or "plain",
)
def test_the_catalog_says_what_the_run_says(root: Path, options: dict[str, Any]) -> None:
    folder = make_run(root, 1, **options)
    for _ in range(2):
        agrees(look(root)[folder.name])


def test_runs_recorded_by_this_process_are_listed_while_they_run_and_after(root: Path) -> None:
    with epochal.init("digits", config={"lr": 0.1}, dir=root, tags=["t"]) as run:
        for step in range(10):
            run.log({"loss": 1.0 / (step + 1)})
        entry = look(root)[run.id]
        assert (entry.state, entry.summary, entry.config) == ("running", {"loss": 0.1}, {"lr": 0.1})
        assert entry.duration is not None
        assert entry.finished is None
        run.log({"loss": 7.0})
        assert look(root)[run.id].summary == {"loss": 7.0}
    after = look(root)[run.id]
    assert after.state == "finished"
    agrees(after)


def test_a_final_run_is_not_read_again(root: Path) -> None:
    folder = make_run(root, 1)
    before = look(root)[folder.name]
    assert stored(root)[folder.name].final
    for journal in (folder / "journal").iterdir():
        journal.write_bytes(b"gone")
    after = look(root)[folder.name]
    assert (after.state, after.config, after.summary) == (before.state, before.config, before.summary)


def test_a_run_that_may_change_is_looked_at_again_at_each_refresh(root: Path) -> None:
    # the same boot, and another process that lives: the one that has started us
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    here = {"boot": boot, "pidns": os.readlink("/proc/self/ns/pid"), "pid": os.getppid() or 1, "pid_start": None}
    folder = make_run(root, 1, finish=None, companion=False, opening=here)
    assert look(root)[folder.name].state == "running"
    assert not stored(root)[folder.name].final
    (main,) = (folder / "journal").iterdir()
    time = main.stat().st_mtime
    main.write_bytes(
        make_run(root / "other", 1, started=time).joinpath("journal").glob("main*").__next__().read_bytes()
    )
    assert look(root)[folder.name].state == "finished"


def test_an_edit_is_seen_however_soon_it_comes(root: Path) -> None:
    folder = make_run(root, 1)
    for i in range(5):
        look(root)
        edits.edit(folder, meta={"name": f"name {i}"}, config_ops=[[["lr"], i]], summary_set={"best": i})
        entry = look(root)[folder.name]
        assert (entry.name, entry.config["lr"], entry.summary["best"]) == (f"name {i}", i, i)
    agrees(entry)


def test_a_manual_value_that_is_taken_back_gives_the_derived_one_again(root: Path) -> None:
    folder = make_run(root, 1)
    loss = look(root)[folder.name].summary["train/loss"]
    edits.edit(folder, summary_set={"train/loss": 99.0})
    assert look(root)[folder.name].summary["train/loss"] == 99.0
    edits.edit(folder, summary_delete=["train/loss", "best"])
    entry = look(root)[folder.name]
    assert entry.summary["train/loss"] == loss
    assert "best" not in entry.summary


def test_a_resumed_run_is_read_again(root: Path) -> None:
    folder = make_run(root, 1, project="digits")
    assert look(root)[folder.name].state == "finished"
    with epochal.init("digits", dir=root, id=folder.name, resume="must") as run:
        run.log({"train/loss": 5.0})
        entry = look(root)[folder.name]
        assert (entry.state, entry.summary["train/loss"]) == ("running", 5.0)
    agrees(look(root)[folder.name])


def test_a_vanished_run_leaves_and_a_moved_one_is_found_where_it_is(root: Path) -> None:
    gone, moved, kept = make_runs(root, 3)
    assert len(look(root)) == 3
    shutil.rmtree(gone)
    edits.move(moved, "elsewhere")
    found = look(root)
    assert set(found) == {moved.name, kept.name}
    assert found[moved.name].project == "elsewhere"
    assert len(stored(root)) == 2


def test_a_run_replaced_by_another_under_the_same_name_is_read_again(root: Path) -> None:
    folder = make_run(root, 1)
    look(root)
    stamp = (folder / "journal").stat().st_mtime_ns
    other = make_run(root / "x", 2)
    shutil.rmtree(folder)
    shutil.copytree(other, folder)
    os.utime(folder / "journal", ns=(stamp, stamp))
    (entry,) = (entry for name, entry in look(root).items() if name == folder.name)
    assert entry.name == "brave-otter-2"


def test_what_is_no_run_is_passed_over(root: Path) -> None:
    make_run(root, 1)
    (root / ".gitignore").write_text("*")
    (root / "file").write_text("")
    (root / "project" / "no-run").mkdir(parents=True)
    (root / "project" / "file").write_text("")
    (root / ".trash" / "p" / "r" / "journal").mkdir(parents=True)
    assert len(look(root)) == 1


def test_a_runs_folder_that_does_not_exist_has_no_runs(root: Path) -> None:
    assert look(root) == {}


def test_an_empty_journal_folder_is_an_unreadable_run(root: Path) -> None:
    (root / "p" / "r" / "journal").mkdir(parents=True)
    entry = look(root)["r"]
    assert (entry.state, entry.reason) == ("unreadable", "there is no journal in it")
    (root / "p" / "r" / "journal" / "main-0-1-aaaa.epochal").write_bytes(b"no journal, but bytes" * 10)
    assert look(root)["r"].state == "unreadable"


def test_a_newer_major_version_is_listed_as_unreadable_with_the_version_that_it_needs(root: Path) -> None:
    folder = make_run(root, 1, companion=False)
    (main,) = (folder / "journal").iterdir()
    data = bytearray(main.read_bytes())
    header = FILE_HEADER.unpack(data[:64])
    head = FILE_HEADER.pack(header[0], 7, *header[2:-1], 0)[:-4]
    data[:64] = head + zlib.crc32(head).to_bytes(4, "little")
    main.write_bytes(data)
    entry = look(root)[folder.name]
    assert entry.state == "unreadable"
    assert "7" in str(entry.reason)


def test_a_folder_without_permission_is_told_and_its_runs_are_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_runs(root, 3)
    look(root)
    real = os.listdir

    def refuse(path: Any) -> list[str]:
        # root, who may read everything, runs tests too
        if str(path).endswith("project-1"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patch, Catalog(root) as catalog:
        patch.setattr(os, "listdir", refuse)
        assert len(catalog.refresh()) == 2
        assert catalog.problems == [f"{root}/project-1 cannot be read: Permission denied"]
    assert len(stored(root)) == 3


@pytest.mark.parametrize("harm", [b"this is no database" * 100, b"", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_catalog_is_built_anew(root: Path, harm: bytes) -> None:
    folder = make_run(root, 1)
    look(root)
    (file,) = cache_dir().glob("*.sqlite")
    file.write_bytes(harm)
    agrees(look(root)[folder.name])
    assert stored(root)[folder.name].final


def test_a_catalog_damaged_within_is_built_anew(root: Path) -> None:
    folders = make_runs(root, 30)
    look(root)
    (file,) = cache_dir().glob("*.sqlite")
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)
    assert len(look(root)) == 30
    assert len(look(root)) == len(folders) == len(stored(root))


@pytest.mark.parametrize("version", [VERSION + 1, 99])
def test_a_catalog_of_another_version_is_built_anew(root: Path, version: int) -> None:
    make_run(root, 1)
    look(root)
    (file,) = cache_dir().glob("*.sqlite")
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE runs")
        connection.execute("CREATE TABLE runs (something TEXT)")
        connection.execute(f"PRAGMA user_version={version}")
    connection.close()
    assert len(look(root)) == 1
    assert len(stored(root)) == 1


def test_without_a_cache_folder_the_catalog_is_kept_in_memory(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EPOCHAL_CACHE_DIR", str(tmp_path / "file" / "cache"))
    folder = make_run(root, 1)
    agrees(look(root)[folder.name])


def test_a_locked_catalog_does_not_stop_the_list(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(root, 1)
    look(root)
    make_run(root, 2)
    (file,) = cache_dir().glob("*.sqlite")
    monkeypatch.setattr("epochal.catalog_store._BUSY_S", 0.05)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert len(look(root)) == 2
    holder.execute("ROLLBACK")
    holder.close()
    assert len(look(root)) == 2


def test_each_runs_folder_has_a_catalog_of_its_own(tmp_path: Path) -> None:
    one, other = make_run(tmp_path / "a", 1), make_run(tmp_path / "b", 2)
    assert set(look(tmp_path / "a")) == {one.name}
    assert set(look(tmp_path / "b")) == {other.name}
    assert set(look(tmp_path / "a")) == {one.name}


def test_several_processes_build_it_at_once(root: Path) -> None:
    make_runs(root, 60)
    command = [sys.executable, "-m", "epochal", "ls", "--json", "--dir", str(root)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    outputs = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, outputs
    ids = [[run["id"] for run in json.loads(out)] for out, _ in outputs]
    assert ids == [ids[0]] * 4
    assert len(ids[0]) == len(stored(root)) == 60


def test_a_folder_name_that_is_no_utf8_is_listed_every_time(root: Path) -> None:
    folder = make_run(root, 1)
    os.rename(os.fsencode(folder.parent), os.fsencode(root) + b"/odd-\xff")
    for _ in range(2):
        assert [entry.name for entry in look(root).values()] == ["brave-otter-1"]


def test_a_renamed_run_folder_keeps_its_id_and_project(root: Path) -> None:
    folder = make_run(root, 1, project="digits")
    (root / "backup").mkdir()
    copy = root / "backup" / "of-monday"
    folder.rename(copy)
    entry = look(root)["of-monday"]
    assert (entry.id, entry.project) == (folder.name, "digits")
    agrees(entry)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_journal_is_listed_as_far_as_it_can_be_read(root: Path, share: float, bit: int, cut: bool) -> None:
    shutil.rmtree(root, ignore_errors=True)
    folder = make_run(root, 1, derived=False, rows=12)
    (main,) = (folder / "journal").glob("main*")
    data = bytearray(main.read_bytes())
    at = int(share * len(data))
    if cut:
        del data[at:]
    else:
        data[at] ^= 1 << bit
    time = main.stat().st_mtime
    main.write_bytes(data)
    os.utime(main, (time, time))
    entry = look(root)[folder.name]
    if entry.state != "unreadable":
        agrees(entry)


def test_a_glance_sees_what_the_careful_reader_sees(root: Path) -> None:
    for i, options in enumerate([{}, {"rows": 3000}, {"rows": 1}, {"config": {"a": "b" * 200_000}}]):
        for path in (make_run(root, i, **options) / "journal").iterdir():  # type: ignore[arg-type]
            with path.open("rb") as file:
                seen = glance(file.fileno(), path.stat().st_size, _KINDS)
                scan = BlockScan(file.fileno())
            assert seen is not None
            assert seen.created == scan.header.created
            assert seen.frames == [frame for frame in scan.frames() if frame.payload["k"].encode() in _KINDS]
            assert seen.declarations == {block.declaration for block in scan.blocks if block.kind == ROWS}


def test_a_glance_gives_up_on_what_is_not_sound(tmp_path: Path) -> None:
    (path,) = (make_run(tmp_path, 1, companion=False) / "journal").iterdir()
    data = bytearray(path.read_bytes())
    for place in (3, 70, 140, 300):
        data[place] ^= 1
        path.write_bytes(data)
        with path.open("rb") as file:
            assert glance(file.fileno(), len(data), _KINDS) is None
        data[place] ^= 1


_odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_kinds = st.sampled_from(
    [
        "open",
        "meta",
        "config",
        "summary",
        "finish",
        "end",
        "derived",
        "row",
        "segment",
        "metric",
        "notice",
        "environment",
    ]
)
_names = st.sampled_from(
    ["set", "ops", "delete", "values", "t", "run", "project", "rank", "ordinal", "role", "parent", "state", "name",
     "error", "step", "cut", "summary", "code", "text", "data", "pid", "lock", "host", "why", "next_step"]
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.tuples(_kinds, st.dictionaries(_names, _odd, max_size=5)), max_size=5), sound=st.booleans())
def test_records_that_make_no_sense_do_not_stop_the_list(
    root: Path, records: list[tuple[str, dict[str, Any]]], sound: bool
) -> None:
    shutil.rmtree(root, ignore_errors=True)
    kept = make_run(root, 1, companion=False)
    journal = root / "p" / "r" / "journal"
    journal.mkdir(parents=True)
    writer = JournalWriter(journal.parent, role="main", rank=0, ordinal=1, clock=lambda: 5.0, report=lambda *_: None)
    if sound:
        writer.record("open", {"run": "r", "project": "p", "role": "main", "rank": 0, "ordinal": 1})
    for kind, fields in records:
        writer.record(kind, fields)
    writer.close()
    found = look(root)
    assert found[kept.name].state == "finished"
    assert {entry.id for entry in found.values()} >= {kept.name}
    assert len(found) == 2
    for words in (["ls"], ["ls", "--json"], ["ls", "-w", "config.a > 1", "-s", "-summary.b"]):
        call(*words, "--dir", root)
