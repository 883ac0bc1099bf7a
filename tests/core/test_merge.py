"""`epochal.merge`: runs of several machines become one folder, and read as one run where they are one."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import epochal
from epochal import edits, liveness
from epochal.catalog import Catalog
from epochal.journal.verify import verify
from epochal.merging import putting
from epochal.recorded import RecordedRun
from tests.core.make_runs import make_run
from tests.core.merge_tools import copied, merged, only, tree, write

pytestmark = pytest.mark.usefixtures("no_companion")


@pytest.fixture
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def test_runs_of_several_roots_come_together_byte_for_byte(tmp_path: Path) -> None:
    here = [make_run(tmp_path / "a", 1), make_run(tmp_path / "a", 2, project="other ü")]
    there = [make_run(tmp_path / "b", 3)]
    report = merged(tmp_path / "a", tmp_path / "b", tmp_path / "to")
    assert [run.status for run in report.runs] == ["new"] * 3
    assert tree(tmp_path / "to", times=True) == tree(tmp_path / "a", times=True) | tree(tmp_path / "b", times=True)
    assert {run.id for run in epochal.runs(tmp_path / "to")} == {path.name for path in here + there}
    assert {path.name: verify(path).findings for path in here + there} == {
        run.id: verify(run.path).findings for run in report.runs
    }
    again = merged(tmp_path / "b", tmp_path / "a", tmp_path / "to")
    assert {run.status for run in again.runs} == {"unchanged"}
    assert sum(run.bytes for run in again.runs) == 0


@pytest.mark.parametrize("given", ["root", "project", "run", "link"])
def test_a_source_is_a_root_a_project_or_a_run(tmp_path: Path, given: str) -> None:
    run = make_run(tmp_path / "from", 1, project="p")
    (tmp_path / "link").symlink_to(run)
    source = {"root": tmp_path / "from", "project": run.parent, "run": run, "link": tmp_path / "link"}[given]
    assert only(merged(source, tmp_path / "to")).path == tmp_path / "to" / "p" / run.name
    assert tree(tmp_path / "to") == tree(tmp_path / "from")


def test_a_project_can_be_chosen_and_a_project_of_the_name_journal_is_no_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "usb", 1, project="journal")
    assert only(merged(tmp_path / "usb", tmp_path / "to")).project == "journal"
    epochal.merge(run, tmp_path / "two", project="a/b")
    assert RecordedRun(tmp_path / "two" / "a%2Fb" / run.name).project == "a/b"


def test_the_copy_that_holds_more_is_kept_whichever_side_has_it(tmp_path: Path) -> None:
    with epochal.init("p", id="r", dir=tmp_path / "live") as run:
        run.log({"loss": 1.0})
        early = copied(Path(run.folder), tmp_path / "early").parents[1]
        run.log({"loss": 2.0})
    for first, second in ((early, tmp_path / "live"), (tmp_path / "live", early)):
        to = tmp_path / f"to-{first.name}"
        merged(first, to)
        report = only(merged(second, to))
        assert report.status == ("extended" if first == early else "unchanged")
        assert RecordedRun(to / "p" / "r").history("loss").values.tolist() == [1.0, 2.0]
        assert RecordedRun(to / "p" / "r").state == "finished"
        assert epochal.runs(to)[0].summary["loss"] == 2.0


def test_ranks_of_several_machines_read_as_one_run(tmp_path: Path) -> None:
    for rank in (0, 1, 2):
        with epochal.init("p", id="shared", dir=tmp_path / str(rank), rank=rank) as run:
            run.log({"loss": float(rank)})
    report = only(merged(*(tmp_path / str(rank) for rank in (2, 0, 1)), tmp_path / "to"))
    assert report.status == "new"
    run = RecordedRun(report.path)
    assert run.ranks == [0, 1, 2]
    assert [run.history("loss", rank=rank).values.tolist() for rank in (0, 1, 2)] == [[0.0], [1.0], [2.0]]
    assert verify(report.path).sound


def test_edits_of_two_machines_are_folded_by_time_and_a_summary_set_by_hand_survives(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    other = copied(run, tmp_path / "b")
    edits.edit(run, meta={"name": "first"}, summary_set={"best": 0.5})
    time.sleep(0.01)
    edits.edit(other, meta={"name": "second", "tags": ["x"]})
    for order in ("ab", "ba"):
        to = tmp_path / order
        for name in order:
            merged(tmp_path / name, to)
        found = RecordedRun(to / run.parent.name / run.name)
        assert (found.name, found.tags, found.summary["best"]) == ("second", ("x",), 0.5)
    assert tree(tmp_path / "ab") == tree(tmp_path / "ba")


def test_of_copies_that_contradict_both_are_kept_told_and_survived_by_readers(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    other = copied(run, tmp_path / "b")
    journal = next((other / "journal").glob("main-*"))
    data = bytearray(journal.read_bytes())
    data[-20] ^= 1
    journal.write_bytes(data + b"\x01" * 64)  # the damaged one is the longer, and so the one that is read
    write(run / "files" / "notes.txt", b"one")
    write(other / "files" / "notes.txt", b"another")
    results = []
    for sources in (("a", "b"), ("b", "a")):
        to = tmp_path / "-".join(sources)
        for source in sources:
            report = only(merged(tmp_path / source, to))
        assert report.conflicts == ["files/notes.txt", f"journal/{journal.name}"]
        assert report.problems == []
        assert len(list((report.path / "files").iterdir())) == 2
        results.append(tree(to))
    assert results[0] == results[1]
    found = RecordedRun(report.path)
    assert any("a copy of" in notice.text for notice in found.notices)
    with Catalog(tmp_path / "a-b") as catalog:
        (entry,) = catalog.refresh()
    assert (entry.state, entry.summary) == (found.state, found.summary)
    faults = {finding.file for finding in verify(report.path).findings}
    assert journal.name in faults
    report = only(merged(tmp_path / "a", tmp_path / "b", tmp_path / "a-b"))
    assert (report.status, len(report.conflicts)) == ("unchanged", 2)


def test_a_conflict_ends_when_a_copy_that_holds_both_comes(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    journal = next((run / "journal").glob("main-*"))
    whole = journal.read_bytes()
    middle = len(whole) // 2
    for name, data in (
        ("a", whole[:middle].ljust(len(whole), b"\0")),
        ("b", whole[:64] + bytes(middle) + whole[middle + 64 :]),
    ):
        (path := journal if name == "a" else copied(run, tmp_path / "b") / "journal" / journal.name).write_bytes(data)
        assert path.stat().st_size == len(whole)
    report = only(merged(tmp_path / "a", tmp_path / "b", tmp_path / "to"))
    assert report.conflicts == [f"journal/{journal.name}"]
    # of two that are equally long, readers take the one that has kept its name
    assert any(f"a copy of {journal.name}" in notice.text for notice in RecordedRun(report.path).notices)
    copied(run, tmp_path / "c")
    (tmp_path / "c" / run.parent.name / run.name / "journal" / journal.name).write_bytes(whole)
    report = only(merged(tmp_path / "c", tmp_path / "to"))
    assert report.conflicts == []
    assert tree(tmp_path / "to") == tree(tmp_path / "c")


def test_deletions_do_not_travel_and_the_trash_of_the_target_is_respected(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    write(run / "files" / "x", b"x")
    merged(tmp_path / "a", tmp_path / "to")
    (run / "files" / "x").unlink()
    assert only(merged(tmp_path / "a", tmp_path / "to")).status == "unchanged"
    kept = tmp_path / "to" / run.parent.name / run.name
    assert (kept / "files" / "x").exists()
    edits.delete(kept, tmp_path / "to")
    report = only(merged(tmp_path / "a", tmp_path / "to"))
    assert (report.status, kept.exists()) == ("trashed", False)
    assert "stays there" in report.notices[0].what
    assert only(merged(tmp_path / "to" / ".trash", tmp_path / "to")).status == "new"
    assert (kept / "files" / "x").exists()


def test_what_concerns_one_machine_alone_is_left_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    for name in (
        "journal/main-0-1-00000000.lock", "sinks/mine-0.lock", "sinks/mine-0.cursor", "sinks/mine-0.part",
        "files/.x.png.0123abcd.part", "files/.merge-0123456789abcdef.part",
    ):  # fmt: skip
        write(run / name, b"1")
    kept = {"files/poetry.lock", "files/model.part", "sinks/out.jsonl", "files/.hidden", "files/.part"}
    for name in kept:
        write(run / name, b"1")
    os.mkfifo(run / "files" / "pipe")
    (run / "files" / "link").symlink_to("/etc/passwd")
    (run / "files" / "folder-link").symlink_to("/etc")
    report = only(merged(tmp_path / "a", tmp_path / "to"))
    assert {name for name in tree(report.path) if not name.startswith("journal/")} == kept
    assert not list(report.path.rglob("*.lock")) or list(report.path.rglob("*.lock")) == [
        report.path / "files/poetry.lock"
    ]
    assert {notice.path for notice in report.notices} == {"files/pipe", "files/link", "files/folder-link"}


def test_a_link_in_the_target_is_not_followed(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    write(run / "files" / "x", b"x")
    outside = tmp_path / "outside"
    outside.mkdir()
    kept = tmp_path / "to" / run.parent.name / run.name
    kept.mkdir(parents=True)
    (kept / "files").symlink_to(outside)
    report = only(merged(tmp_path / "a", tmp_path / "to"))
    assert [problem.path for problem in report.problems] == ["files/x"]
    assert (report.status, list(outside.iterdir())) == ("extended", [])
    (kept / "files").unlink()
    assert only(merged(tmp_path / "a", tmp_path / "to")).problems == []
    for level in (run.parent.name, f"{run.parent.name}/{run.name}"):
        to = tmp_path / f"to-{len(level)}"
        (to / level).parent.mkdir(parents=True)
        (to / level).symlink_to(outside)
        assert only(merged(tmp_path / "a", to)).problems[0].path == "."
        assert list(outside.iterdir()) == []


def test_the_marks_in_names_cannot_lead_anywhere(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    mark = f".conflict-{'0' * 16}"
    odd = [mark, f".{mark}", f"..{mark}", f"x{mark}{mark}.txt", f".{mark}.", "new\nline", "\udcff", "-rf", "x" * 255]
    for at, name in enumerate(odd):
        write(run / "files" / name, str(at).encode())
    report = only(merged(tmp_path / "a", tmp_path / "to"))
    assert report.problems == []
    held = {path.name: path.read_bytes() for path in (report.path / "files").iterdir()}
    assert set(held.values()) == {str(at).encode() for at in range(len(odd))}
    assert held["x.txt"] == b"3"
    assert only(merged(tmp_path / "a", tmp_path / "to")).status == "unchanged"


def test_a_name_that_is_a_file_here_and_a_folder_there_keeps_both(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    other = copied(run, tmp_path / "b")
    write(run / "files" / "x", b"file")
    write(other / "files" / "x" / "y", b"below")
    results = []
    for sources in ("ab", "ba"):
        for source in sources:
            report = only(merged(tmp_path / source, tmp_path / sources))
        assert report.conflicts == ["files/x"]
        assert report.problems == []
        results.append(tree(tmp_path / sources))
    assert results[0] == results[1]
    assert (report.path / "files" / "x" / "y").read_bytes() == b"below"


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (1, 0, 2)])
def test_a_file_makes_room_for_a_folder_that_holds_versions_of_another(tmp_path: Path, order: tuple[int, ...]) -> None:
    made = [{"files/a": b"x"}, {"files/a/b": b"one"}, {"files/a/b": b"other"}]
    roots = [tmp_path / f"from-{at}" for at in range(3)]
    for root, files in zip(roots, made, strict=True):
        for name, data in files.items():
            write(root / "p" / "r" / name, data)
        (root / "p" / "r" / "journal").mkdir()
    both = [roots[at] for at in order if at]
    epochal.merge(both, tmp_path / "both")
    for sources in [[roots[0], tmp_path / "both"], [tmp_path / "both", roots[0]]]:
        to = tmp_path / f"to-{sources[0].name}"
        for source in sources:
            assert [run.problems for run in epochal.merge([source], to).runs] == [[]]
        held = {name: data for name, data in tree(to).items() if "/files/" in name}
        assert sorted(held.values()) == [b"one", b"other", b"x"]
        assert held["p/r/files/a/b"] == b"other"


def test_names_that_differ_in_capitals_alone_are_told(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    for name in ("Model.pt", "model.pt", "e\u0301.txt", "\xe9.txt"):
        write(run / "files" / name, name.encode())
    report = only(merged(tmp_path / "a", tmp_path / "to"))
    assert report.added == 6
    assert sorted(notice.path for notice in report.notices) == sorted(["files/Model.pt", "files/e\u0301.txt"])


def test_holes_stay_holes(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    big = write(run / "files" / "sparse", b"begin")
    with big.open("r+b") as file:
        file.seek(1 << 32)
        file.write(b"middle")
        file.truncate(1 << 36)
    assert big.stat().st_blocks < 100
    report = only(merged(tmp_path / "a", tmp_path / "to"))
    copy = report.path / "files" / "sparse"
    assert (copy.stat().st_size, copy.stat().st_blocks < 100) == (1 << 36, True)
    with copy.open("rb") as file:
        file.seek(1 << 32)
        assert file.read(6) == b"middle"
    assert only(merged(tmp_path / "a", tmp_path / "to", check=True)).status == "unchanged"


@pytest.mark.parametrize("age", [10.0, 3600.0])
def test_a_copy_of_a_run_that_goes_on_elsewhere_is_running_then_lost(tmp_path: Path, age: float) -> None:
    run = make_run(tmp_path / "a", 1, finish=None, companion=False, opening={"lock": {"dev": 1, "ino": 2}})
    write(next((run / "journal").glob("main-*")).with_suffix(".lock"), b"")
    changed = time.time() - age
    for path in (run / "journal").iterdir():
        os.utime(path, (changed, changed))
    report = only(merged(tmp_path / "a", tmp_path / "to"))
    assert RecordedRun(report.path).state == ("running" if age < liveness.PATIENCE else "lost")


def test_a_run_can_be_merged_while_it_is_written_again_and_again(tmp_path: Path) -> None:
    with epochal.init("p", id="r", dir=tmp_path / "a") as run:
        for step in range(40):
            run.log({"loss": float(step), **({"other": 1} if step % 3 == 0 else {})})
            if step % 8 == 0:
                report = only(merged(tmp_path / "a", tmp_path / "to"))
                assert report.conflicts == report.problems == []
                assert len(RecordedRun(report.path).history("loss")) == step + 1
    merged(tmp_path / "a", tmp_path / "to")
    assert tree(tmp_path / "to") == {
        name: data for name, data in tree(tmp_path / "a").items() if not name.endswith(".lock")
    }


def test_a_row_within_the_tick_of_a_copy_is_not_overlooked(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    file = write(run / "files" / "x", b"old")
    now = time.time_ns()
    os.utime(file, ns=(now, now))
    merged(tmp_path / "a", tmp_path / "to")
    file.write_bytes(b"oldnew"[:3] + b"new")
    file.write_bytes(b"new")  # as long as before, and under the same time stamp
    os.utime(file, ns=(now, now))
    assert only(merged(tmp_path / "a", tmp_path / "to")).conflicts == ["files/x"]


def test_files_that_were_merged_are_not_opened_again_but_with_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from epochal.merging import versions

    run = make_run(tmp_path / "a", 1)
    merged(tmp_path / "a", tmp_path / "to")
    compared: list[str] = []
    compare = versions.compare
    monkeypatch.setattr(
        versions, "compare", lambda *files, journal: (compared.append(files[0]), compare(*files, journal=journal))[1]
    )
    assert only(merged(tmp_path / "a", tmp_path / "to")).unchanged == 2
    assert compared == []
    journal = next((run / "journal").glob("main-*"))
    before = journal.stat()
    journal.write_bytes(journal.read_bytes()[:-1] + b"\xff")
    os.utime(journal, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert only(merged(tmp_path / "a", tmp_path / "to")).conflicts == []
    assert only(merged(tmp_path / "a", tmp_path / "to", check=True)).conflicts == [f"journal/{journal.name}"]


def test_equal_copies_have_the_earliest_time_stamp(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    other = copied(run, tmp_path / "b")
    for folder, modified in ((run, 2000), (other, 1000)):
        write(folder / "files" / "x", b"x", modified=modified)
    for order in ("ab", "ba"):
        for name in order:
            report = only(merged(tmp_path / name, tmp_path / order))
        assert (report.path / "files" / "x").stat().st_mtime == 1000


def test_checksums_never_run_ahead_of_what_they_are_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, str]] = []

    class Told(putting.Staged):
        def __init__(self, source: str, target: str, **options: int | None) -> None:
            done.append(("copied", os.path.basename(target)[:4]))
            super().__init__(source, target, **options)

        def publish(self) -> None:
            done.append(("placed", os.path.basename(self.target)[:4]))
            super().publish()

    monkeypatch.setattr(putting, "Staged", Told)
    run = make_run(tmp_path / "a", 1)
    write(run / "files" / "pict", b"png")
    merged(tmp_path / "a", tmp_path / "to")
    assert done == [
        ("copied", "pict"), ("placed", "pict"),
        ("copied", "syst"), ("copied", "main"), ("placed", "main"), ("placed", "syst"),
    ]  # fmt: skip


def test_a_journal_that_is_written_in_the_target_is_never_replaced(tmp_path: Path) -> None:
    with epochal.init("p", id="r", dir=tmp_path / "to") as run:
        run.log({"loss": 1.0})
        other = copied(Path(run.folder), tmp_path / "a")
        journal = next((other / "journal").glob("main-*.epochal"))
        journal.write_bytes(journal.read_bytes() + b"\x01" * 4096)
        report = only(merged(tmp_path / "a", tmp_path / "to"))
        assert "is being written in the target" in report.problems[0].what
        run.log({"loss": 2.0})
    assert RecordedRun(run.folder).history("loss").values.tolist() == [1.0, 2.0]


def test_the_target_may_be_among_the_sources(tmp_path: Path) -> None:
    make_run(tmp_path / "to", 1)
    make_run(tmp_path / "a", 2)
    before = tree(tmp_path / "to")
    report = merged(tmp_path / "to", tmp_path / "a", tmp_path / "to")
    assert [run.status for run in report.runs] in (["unchanged", "new"], ["new", "unchanged"])
    assert tree(tmp_path / "to") == before | tree(tmp_path / "a")


def test_a_source_is_only_read(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    paths = [tmp_path / "a", *(tmp_path / "a").rglob("*")]
    before = {path: path.stat() for path in paths}
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    merged(tmp_path / "a", tmp_path / "to")
    assert {path: path.stat().st_mtime_ns for path in paths} == {
        path: facts.st_mtime_ns for path, facts in before.items()
    }
    epochal.get_run(tmp_path / "to" / run.parent.name / run.name).rename("can be edited")
    for path in paths:
        path.chmod(0o755)


def test_a_dry_run_writes_nothing_and_tells_the_same(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1)
    other = copied(run, tmp_path / "b")
    write(run / "files" / "x", b"1")
    write(other / "files" / "x", b"2")
    told = merged(tmp_path / "a", tmp_path / "b", tmp_path / "to", dry_run=True)
    assert not (tmp_path / "to").exists()
    done = merged(tmp_path / "a", tmp_path / "b", tmp_path / "to")
    assert [run.to_dict() for run in told.runs] == [run.to_dict() for run in done.runs]


@pytest.mark.parametrize(
    ("sources", "to", "error", "words"),
    [
        ([], "to", epochal.BadValueError, "nothing to merge"),
        (["nowhere"], "to", epochal.RunNotFoundError, "there is no folder"),
        (["a"], "a/p", epochal.BadValueError, "is a project: give the runs folder above it"),
        (["a"], "a/p/r", epochal.BadValueError, "is a run: give the runs folder"),
        (["a"], "a/p/r/files/to", epochal.BadValueError, "lies within the run"),
        (["a"], "file", epochal.BadValueError, "is no folder"),
        (["a"], "file/to", epochal.StorageError, "cannot be merged into: Not a directory"),
    ],
)
def test_what_cannot_be_merged_is_said_before_anything_is_copied(
    tmp_path: Path, sources: list[str], to: str, error: type[Exception], words: str
) -> None:
    epochal.init("p", id="r", dir=tmp_path / "a").finish()
    (tmp_path / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=words):
        epochal.merge([tmp_path / source for source in sources], tmp_path / to)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_without_runs_is_told_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / "a" / "p").mkdir(parents=True)
    report = merged(tmp_path / "a", tmp_path / "to")
    assert report.runs == []
    assert report.notices[0].what == "holds no runs"


def test_what_cannot_be_read_costs_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "a", 1)
    write(run / "files" / "x", b"x")
    real = os.open

    def denied(path: str, *more: int, **options: int) -> int:
        if str(path) == str(run / "files" / "x"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *more, **options)

    monkeypatch.setattr(os, "open", denied)
    report = only(merged(tmp_path / "a", tmp_path / "to"))
    assert [tuple(problem) for problem in report.problems] == [("files/x", "Permission denied")]
    assert RecordedRun(report.path).state == "finished"
