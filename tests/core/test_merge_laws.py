"""The laws of merging: any order, any grouping, any repetition gives the same bytes, names and time stamps."""

from __future__ import annotations

import itertools
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import epochal
from epochal.journal.writer import JournalWriter
from epochal.merging.order import compare
from epochal.merging.versions import base_of, named
from epochal.writers import record_opening
from tests.core.merge_tools import tree, write

#: Without hypothesis' explanation of failures, which takes minutes with files.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]
MARK = f".conflict-{'0' * 16}"
PLAIN = ["files/a", "files/a/b", "files/A", "files/a.txt", f"files/a{MARK}.txt", "console/console.log"]
JOURNALS = ["journal/main-0-1-00000000.epochal", "journal/system-0-2-11111111.epochal", f"journal/x{MARK}.epochal"]

contents = st.lists(st.sampled_from([b"\0", b"\1", b"\2"]), max_size=4).map(b"".join)
times = st.integers(1000, 1003)
folders = st.lists(
    st.dictionaries(st.sampled_from(PLAIN + JOURNALS), st.tuples(contents, times), max_size=6), min_size=2, max_size=4
)


def lay(root: Path, files: dict[str, tuple[bytes, int]]) -> Path:
    """Write a run; of a name that is a file and a folder, the folder counts."""
    run = root / "p" / "r"
    (run / "journal").mkdir(parents=True)
    for name, (data, modified) in files.items():
        if not any(other.startswith(f"{name}/") for other in files):
            write(run / name, data, modified=modified)
    return root


def result(sources: list[Path], to: Path, *, one_by_one: bool) -> dict[str, object]:
    for group in [[source] for source in sources] if one_by_one else [sources]:
        assert [run.problems for run in epochal.merge(group, to).runs if run.problems] == []
    return tree(to, times=True)


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(folders, st.randoms(use_true_random=False))
def test_any_order_grouping_and_repetition_gives_the_same(made: list[Any], chance: random.Random) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        sources = [lay(home / f"from-{at}", files) for at, files in enumerate(made)]
        wanted = result(sources, home / "at-once", one_by_one=False)
        shuffled = chance.sample(sources, len(sources))
        assert result(shuffled, home / "shuffled", one_by_one=True) == wanted
        assert result([*sources, *shuffled], home / "again", one_by_one=True) == wanted
        cut = chance.randrange(1, len(sources))
        for at, part in enumerate((shuffled[:cut], shuffled[cut:])):
            epochal.merge(part, home / f"part-{at}")
        assert result([home / "part-1", home / "part-0"], home / "grouped", one_by_one=True) == wanted
        assert result([home / "at-once"], home / "onward", one_by_one=True) == wanted


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(
    st.lists(st.dictionaries(st.sampled_from(PLAIN), st.tuples(contents, times), max_size=4), min_size=1, max_size=3)
)
def test_nothing_that_any_copy_holds_is_lost(made: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        sources = [lay(home / f"from-{at}", files) for at, files in enumerate(made)]
        epochal.merge(sources, home / "to")
        held = {
            path.relative_to(home / "to/p/r").as_posix(): path
            for path in (home / "to" / "p").rglob("*")
            if path.is_file()
        }
        for source in sources:
            for path, data in tree(source).items():
                base = base_of(path.removeprefix("p/r/"))
                kept = [other.read_bytes() for other_name, other in held.items() if base_of(other_name) == base]
                assert any(one.startswith(data) for one in kept)  # type: ignore[arg-type]


#: Writes of a process into disjoint ranges, in the order in which they happen; a range may stay a hole for long.
growths = st.lists(
    st.tuples(st.integers(0, 30), st.binary(min_size=1, max_size=12)), unique_by=lambda one: one[0], min_size=1
).map(lambda writes: [(place * 12, data) for place, data in writes])


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(growths, st.data())
def test_of_two_snapshots_of_one_growing_file_the_later_holds_the_earlier(
    writes: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    whole = bytearray()
    snapshots = [bytes(whole)]
    for at, piece in writes:
        torn = data.draw(st.integers(0, len(piece)))
        for part in (piece[:torn], piece):  # a copy may be made while a row is half written
            whole.extend(bytes(max(0, at + len(part) - len(whole))))
            whole[at : at + len(part)] = part
            snapshots.append(bytes(whole))
    early, late = sorted(data.draw(st.tuples(*[st.integers(0, len(snapshots) - 1)] * 2)))
    with tempfile.TemporaryDirectory() as name:
        one = write(Path(name, "early"), snapshots[early])
        other = write(Path(name, "late"), snapshots[late])
        assert compare(str(one), str(other), journal=True).within
        assert compare(str(other), str(one), journal=True).beyond
        same = snapshots[early] == snapshots[late]
        assert compare(str(one), str(other), journal=True).beyond == same


def test_snapshots_of_a_journal_in_any_order_give_the_last(tmp_path: Path) -> None:
    """A real writer, with blocks that are claimed, rows of several tables in turn, and records."""
    run = tmp_path / "live" / "p" / "r"
    (run / "journal").mkdir(parents=True)
    writer = JournalWriter(run, role="main", rank=0, ordinal=1, clock=lambda: 1.0, report=print)
    record_opening(writer, run="r", project="p")
    sources = []
    for step in range(24):
        writer.row({f"a{step % 3}": 1.0, "b": step}, step, 1.0)
        if step % 5 == 0:
            writer.record("notice", {"code": "x", "text": "y" * step, "data": {}})
        if step % 4 == 3:
            sources.append(tmp_path / f"snapshot-{step}")
            write(sources[-1] / "p" / "r" / "journal" / Path(writer.path).name, Path(writer.path).read_bytes())
    writer.close()
    last = tree(sources[-1])
    for at, order in enumerate(itertools.islice(itertools.permutations(sources), 0, 720, 48)):
        assert result(list(order), tmp_path / f"to-{at}", one_by_one=True).keys() == last.keys()
        assert tree(tmp_path / f"to-{at}") == last


def naive(left: bytes, right: bytes) -> bool:
    return len(left) <= len(right) and all(a in (0, b) for a, b in zip(left, right, strict=False))


@settings(max_examples=100, deadline=None, phases=PHASES)
@given(contents, contents)
def test_the_order_of_files_is_what_its_words_say(left: bytes, right: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        one, other = str(write(Path(name, "1"), left)), str(write(Path(name, "2"), right))
        assert tuple(compare(one, other, journal=True)) == (naive(left, right), naive(right, left))
        assert tuple(compare(one, other, journal=False)) == (right.startswith(left), left.startswith(right))


@pytest.mark.parametrize("journal", [True, False])
def test_files_of_many_pieces_with_holes_are_compared_to_the_last_byte(tmp_path: Path, *, journal: bool) -> None:
    one, other = tmp_path / "1", tmp_path / "2"
    for path in (one, other):
        with path.open("wb") as file:
            file.write(b"begin")
            file.truncate(5 << 20)
            file.seek((5 << 20) - 1)
            file.write(b"\1")
    assert tuple(compare(str(one), str(other), journal=journal)) == (True, True)
    with other.open("r+b") as file:
        file.seek(3 << 20)
        file.write(b"\5")
    assert tuple(compare(str(one), str(other), journal=journal)) == (journal, False)
    with one.open("r+b") as file:
        file.seek((5 << 20) - 1)
        file.write(b"\2")
    assert tuple(compare(str(one), str(other), journal=journal)) == (False, False)


@given(st.lists(st.sampled_from([*"a./", MARK]), min_size=1, max_size=6).map("".join))
def test_a_name_without_its_marks_has_none_and_stays_in_its_folder(name: str) -> None:
    base = base_of(name)
    assert base_of(base) == base
    assert os.path.dirname(base) == os.path.dirname(name)
    assert base == name or os.path.basename(base) not in ("", ".", "..")


def test_every_version_finds_back_to_its_base(tmp_path: Path) -> None:
    from epochal.merging.versions import Version

    for base in ("a", "a.txt", ".hidden", "a.tar.gz", "files/b.", "...x", "journal/main-0-1-00000000.epochal"):
        paths = [write(tmp_path / f"{at}", bytes([at])) for at in range(3)]
        versions = [Version(str(path), base, False, path.stat()) for path in paths]
        for taken in (True, False):
            names = named(base, versions, taken=taken)
            assert (base in names) is not taken
            assert {base_of(name) for name in names} == {base}
            assert len(names) == 3
