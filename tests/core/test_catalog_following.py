"""The catalog that is kept open: it sees what comes, grows, changes and goes, and reads no more than it must."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import epochal
from epochal import catalog, edits
from epochal.catalog_following import FollowedCatalog
from tests.core.make_runs import make_run, make_runs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "epochal-runs"
    folder.mkdir()
    return folder


@pytest.fixture
def followed(root: Path) -> Iterator[FollowedCatalog]:
    found = FollowedCatalog(root)
    yield found
    found.close()


def relative(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


def test_it_knows_what_the_catalog_knows(root: Path, followed: FollowedCatalog) -> None:
    folders = make_runs(root, 6)
    found = followed.refresh()
    assert found.changed == {relative(folder) for folder in folders} == set(followed.entries)
    listed = {entry.folder: entry.to_dict() for entry in epochal.runs(root).entries}
    assert {entry.folder: entry.to_dict() for entry in followed.entries.values()} == listed


def test_nothing_is_read_while_nothing_happens(
    root: Path, followed: FollowedCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_runs(root, 5)
    followed.refresh()
    monkeypatch.setattr(catalog, "index_run", lambda _: pytest.fail("a journal was read"))
    for _ in range(3):
        assert not followed.glance()
        assert not followed.refresh()


def test_what_an_earlier_process_found_out_is_not_read_again(
    root: Path, followed: FollowedCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_runs(root, 5)
    followed.refresh()
    followed.close()
    monkeypatch.setattr(catalog, "index_run", lambda _: pytest.fail("a journal was read"))
    again = FollowedCatalog(root)
    assert len(again.glance().changed) == 5
    assert again.entries.keys() == followed.entries.keys()
    again.close()


def test_a_run_that_comes_and_one_that_goes_are_told(root: Path, followed: FollowedCatalog) -> None:
    first = make_run(root, 0)
    followed.glance()
    second = make_run(root, 1, project="another")
    assert followed.glance()._replace(left=0) == ({relative(second)}, set(), set(), 0)
    shutil.rmtree(first)
    assert followed.glance().gone == {relative(first)}
    shutil.rmtree(second.parent)
    assert followed.glance().gone == {relative(second)}
    assert not followed.entries
    assert not epochal.runs(root)


def test_a_folder_becomes_a_run_when_its_journal_comes(
    root: Path, followed: FollowedCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_run(root.parent / "elsewhere", 0)
    make_runs(root, 3)
    monkeypatch.setattr("epochal.catalog_following._SLICE", 0)  # as if its turn were far away
    folder = root / "digits" / made.name
    folder.mkdir(parents=True)
    assert len(followed.glance().changed) == 3
    (folder / "journal").mkdir()
    assert not followed.glance()  # nobody calls it unreadable already
    for path in (made / "journal").iterdir():
        path.rename(folder / "journal" / path.name)
    assert followed.glance().changed == {relative(folder)}
    assert followed.entries[relative(folder)].state == "finished"


def test_a_running_run_grows_changes_and_ends(root: Path, followed: FollowedCatalog) -> None:
    run = epochal.init("live", dir=root)
    folder = relative(Path(run.folder))
    followed.refresh()
    assert followed.entries[folder].state == "running"
    run.log({"loss": 0.5}, step=0)
    assert folder in followed.glance().grown
    run.log({"loss": 0.25}, step=1)
    followed.refresh()
    assert followed.entries[folder].summary == {"loss": 0.25}
    run.finish()
    followed.refresh()
    assert followed.entries[folder].state == "finished"


def test_a_run_that_is_too_long_to_be_read_each_time_is_seen_to_grow_and_end_all_the_same(
    root: Path, followed: FollowedCatalog
) -> None:
    run = epochal.init("live", dir=root)
    folder = relative(Path(run.folder))
    followed.refresh()
    followed._live[folder].cost = 1e9
    run.log({"loss": 0.5}, step=0)
    assert followed.glance()._replace(left=0) == (set(), set(), {folder}, 0)
    run.finish()
    assert followed.glance().changed == {folder}
    assert followed.entries[folder].state == "finished"
    assert followed.entries[folder].summary == {"loss": 0.5}


def test_an_edit_of_a_run_that_has_ended_is_seen(root: Path, followed: FollowedCatalog) -> None:
    folder = make_run(root, 0)
    followed.refresh()
    edits.edit(folder, meta={"name": "another name"})
    assert followed.glance().changed == {relative(folder)}
    assert followed.entries[relative(folder)].name == "another name"


def test_reading_that_takes_long_goes_on_in_the_next_look_with_the_newest_first(
    root: Path, followed: FollowedCatalog
) -> None:
    folders = make_runs(root, 4)  # each begun a second before the last
    looked_at: list[str] = []
    left = 4
    while left:
        found = followed.refresh(seconds=1e-9)
        left = found.left
        looked_at += sorted(found.changed)
    assert looked_at == [relative(folder) for folder in folders]


def test_damage_in_one_run_hides_no_other(root: Path, followed: FollowedCatalog) -> None:
    folders = make_runs(root, 3)
    for path in (folders[0] / "journal").iterdir():
        path.write_bytes(b"no journal at all")
    (root / "digits").mkdir()
    (root / "digits" / "empty" / "journal").mkdir(parents=True)
    os.utime(root / "digits" / "empty" / "journal", (1, 1))
    (root / "a file").write_text("no project")
    followed.refresh()
    states = {folder: entry.state for folder, entry in followed.entries.items()}
    assert states.pop(relative(folders[0])) == states.pop("digits/empty") == "unreadable"
    assert set(states.values()) == {"finished"}


def test_a_root_that_is_not_there_yet_is_an_empty_one(tmp_path: Path) -> None:
    followed = FollowedCatalog(tmp_path / "later")
    assert not followed.refresh()
    make_run(tmp_path / "later", 0)
    assert len(followed.glance().changed) == 1
    shutil.rmtree(tmp_path / "later")
    assert len(followed.glance().gone) == 1
    followed.close()


def test_a_run_that_was_replaced_by_another_is_read_again(root: Path, followed: FollowedCatalog) -> None:
    first, second = make_run(root, 0), make_run(root, 1)
    followed.refresh()
    shutil.rmtree(first)
    os.rename(second, first)
    found = followed.refresh()
    assert found.gone == {relative(second)}
    assert followed.entries[relative(first)].name == "brave-otter-1"
