"""All runs of a folder in memory: what it knows is what is there, whatever happens to the folder meanwhile."""

from __future__ import annotations

import shutil
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import epochal
from epochal import edits
from epochal_server.problems import Problem
from epochal_server.roster import NotFound, Roster
from epochal_server.run_keys import listed
from tests.core.make_runs import make_run, make_runs
from tests.server.api_client import Api, key, until
from tests.server.live_runs import training, unprivileged


@pytest.fixture
def roster(root: Path) -> Iterator[Roster]:
    found = Roster(root)
    yield found
    found.close()


def test_it_knows_every_run_by_its_key(root: Path, roster: Roster) -> None:
    folders = make_runs(root, 5)
    folders.append(make_run(root, 6, project="with / and %"))
    roster.refresh()
    assert sorted(roster.keys()) == sorted(map(key, folders))
    for folder in folders:
        entry = roster.entry(key(folder))
        assert Path(entry.folder) == folder
        assert roster.key(entry) == key(folder)
    assert roster.projects() == ["project-0", "project-1", "project-2", "with / and %"]
    assert [entry.project for entry in roster.entries("with / and %")] == ["with / and %"]
    assert len(roster.entries()) == 6


@pytest.mark.parametrize("made_up", [
    "", "/", "..", "../..", "a/..", "a/.", "./a", "project-0/../project-0", "/etc/passwd", "project-0", "project-0/",
    ".trash/project-0", "project-0\0/x", "PROJECT-0/x", "project%2D0/x",
])  # fmt: skip
def test_a_key_that_names_no_run_is_not_found(made_up: str, root: Path, roster: Roster) -> None:
    folder = make_run(root, 0, project="project-0")
    roster.refresh()
    for each in (made_up, f"{made_up}{folder.name}", f"{made_up}/{folder.name}"):
        if each != key(folder):
            for ask in (roster.entry, roster.run):
                with pytest.raises(NotFound) as problem:
                    ask(each)
                assert problem.value.status == 404
                assert isinstance(problem.value, Problem)


def test_the_revision_grows_with_what_changes_and_only_then(root: Path, roster: Roster) -> None:
    folder = make_run(root, 0)
    first = roster.refresh()
    assert roster.refresh() == roster.glance() == first
    edits.edit(folder, meta={"name": "new"})
    second = roster.glance()
    assert second > first
    assert roster.entry(key(folder)).name == "new"
    shutil.rmtree(folder)
    assert roster.glance() > second
    with pytest.raises(NotFound):
        roster.entry(key(folder))


def test_what_changed_is_told_from_any_moment_on(root: Path, roster: Roster, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = make_runs(root, 2)
    roster.refresh()
    number = roster.number
    assert roster.since(number) == []
    edits.edit(folders[0], meta={"name": "new"})
    roster.glance()
    shutil.rmtree(folders[1])
    roster.glance()
    first, second = roster.since(number) or ()
    assert (first.changed, first.gone) == ({key(folders[0])}, set())
    assert (second.changed, second.gone) == (set(), {key(folders[1])})
    monkeypatch.setattr(roster, "_log", deque(roster._log, maxlen=2))
    edits.edit(folders[0], meta={"notes": "more"})
    roster.look_at([key(folders[0])])
    assert roster.since(number) is None  # so long ago that nobody remembers


def test_runs_that_are_new_to_the_catalog_are_listed_as_they_are_read(
    root: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_READING_S", "_FIRST_S"):
        monkeypatch.setattr(f"epochal_server.roster.{name}", 0.0)  # one at a time
    folders = make_runs(root, 4)
    answers = [api.query(columns=["name", "config.lr"]) for _ in range(4)]
    assert [(answer["total"], answer["left"]) for answer in answers] == [(1, 3), (2, 2), (3, 1), (4, 0)]
    assert [answer["keys"] for answer in answers] == [[key(folder) for folder in folders[: at + 1]] for at in range(4)]


def test_who_asks_after_a_long_time_is_told_all_that_happened(
    root: Path, roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = make_runs(root, 5)
    monkeypatch.setattr("epochal.catalog_following._SLICE", 1)  # as if there were 5,000
    assert roster.fresh() == 1
    for folder in folders:
        edits.edit(folder, meta={"name": "new"})
    monkeypatch.setattr("epochal_server.roster._STALE_S", 0.0)
    roster._looked -= 60
    roster.fresh()
    assert [entry.name for entry in roster.entries()] == ["new"] * 5


def test_a_run_stays_open_and_is_as_its_journals_are(root: Path, roster: Roster) -> None:
    run = epochal.init("live", dir=root)
    roster.refresh()
    name = key(Path(run.folder))
    for step in range(3):
        run.log({"loss": float(step)}, step=step)
        found = roster.run(name)
        assert found.history("loss").values.tolist() == [float(at) for at in range(step + 1)]
        assert found.summary == {"loss": float(step)}
        assert roster.run(name) is found
    run.finish()
    assert roster.run(name).state == "finished"
    shutil.rmtree(run.folder)
    roster.glance()
    with pytest.raises(NotFound):
        roster.run(name)


def test_an_open_run_may_be_asked_by_many_threads(root: Path, roster: Roster) -> None:
    folder = make_run(root, 0, rows=50)
    roster.refresh()
    expected = epochal.get_run(folder)
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(20):
            run = roster.run(key(folder))
            run.refresh()
            values = {metric: run.history(metric).values.tolist() for metric in run.metrics}
            if values != expected_values:
                wrong.append(values)
            if run.summary != expected.summary or run.config != expected.config:
                wrong.append(run.summary)

    expected_values = {metric: expected.history(metric).values.tolist() for metric in expected.metrics}
    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_damaged_journals_hide_no_other_run(root: Path, roster: Roster) -> None:
    folders = make_runs(root, 4)
    for at, data in enumerate((b"", b"\xff" * 5000, b"EPOCHAL")):
        for path in (folders[at] / "journal").glob("*.epochal"):
            path.write_bytes(data)
    broken = make_run(root, 9)
    for path in (broken / "journal").glob("main-*"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    roster.refresh()
    states = {name: roster.entry(name).state for name in roster.keys()}
    assert [states[key(folder)] for folder in folders] == ["unreadable"] * 3 + ["finished"]
    assert len(states) == 5
    for name in states:
        roster.run(name)  # opens all the same: its notices say what is wrong


def test_what_cannot_be_read_for_a_while_keeps_what_was_known_of_it(root: Path, roster: Roster) -> None:
    make_runs(root, 3)
    number = roster.refresh()
    (root / "project-1").chmod(0)
    with unprivileged():
        assert roster.refresh() == number
        assert len(roster.entries()) == 3
        assert any("cannot be" in problem for problem in roster.problems)
    (root / "project-1").chmod(0o755)
    assert roster.refresh() == number
    assert roster.problems == []


def test_keys_are_listed_with_commas_in_the_names_of_projects() -> None:
    assert listed(["a/1,b/2"]) == ["a/1", "b/2"]
    assert listed(["a,b/1,c/2,d,e,f/3"]) == ["a,b/1", "c/2", "d,e,f/3"]
    assert listed(["a/1", "a/1", ""]) == ["a/1"]
    assert listed(["no key", ",,,", "/", "a/"]) == []


def test_eight_trainings_write_while_the_table_is_asked_and_runs_are_deleted(root: Path, api: Api) -> None:
    ended = make_runs(root, 12)
    revisions = [0]
    stop = threading.Event()
    wrong: list[str] = []

    def ask() -> None:
        with ExitStack() as stack:
            mine = Api.__new__(Api)
            mine.client = api.client
            stack.callback(stop.set)
            while not stop.is_set():
                found = mine.query(
                    columns=["name", "state", "config.lr", "summary.loss"], sort=[["summary.loss", "asc"]]
                )
                revisions.append(found["revision"])
                values = [value for value in found["columns"]["summary.loss"] if value is not None]
                if values != sorted(values) or len(found["keys"]) != len(found["columns"]["name"]):
                    wrong.append(str(found))
                groups = mine.query(group=["state"])["groups"]
                if sum(group["count"] for group in groups) < 6:
                    wrong.append(str(groups))

    thread = threading.Thread(target=ask)
    thread.start()
    with ExitStack() as stack:
        trainings = [stack.enter_context(training(root, f"t{at}", steps=40, pause=0.02)) for at in range(8)]
        for folder in ended[:6]:
            shutil.rmtree(folder)
        for each in trainings:
            each.process.wait(60)
        keys = {each.key for each in trainings}
        found = until(
            lambda: api.query(columns=["state", "summary.loss"], limit=1000),
            lambda found: found["columns"]["state"] == ["finished"] * 14,
        )
        stop.set()
        thread.join()
    assert wrong == []
    assert revisions == sorted(revisions)
    assert len(set(revisions)) > 3
    assert set(found["keys"]) == keys | {key(folder) for folder in ended[6:]}
    losses = dict(zip(found["keys"], found["columns"]["summary.loss"], strict=True))
    assert {losses[name] for name in keys} == {1 / 40}
