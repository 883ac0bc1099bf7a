"""What happens in the folder is told to open pages, as it happens, and nothing is done while none is open."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal import edits
from epochal.catalog_following import FollowedCatalog
from tests.core.make_runs import make_run, make_runs
from tests.server.api_client import Api, key, until
from tests.server.conftest import serving
from tests.server.live_runs import training


def next_of(events: Iterator[tuple[str, Any]], name: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
    """Return the data of the next event of a name that is as wanted; the stream's own time limit ends the wait."""
    for found, data in events:
        if found == name and wanted(data):
            return data
    raise AssertionError("the stream has ended")


def appear(root: Path, index: int, **options: Any) -> Path:
    """Make a run elsewhere, and move it into the folder at once."""
    made = make_run(root.parent / "elsewhere", index, **options)
    folder = root / made.parent.name / made.name
    folder.parent.mkdir(exist_ok=True)
    made.rename(folder)
    return folder


def test_a_page_is_greeted_with_what_tells_a_restart(root: Path, api: Api) -> None:
    make_runs(root, 2)
    with api.events() as events:
        assert next(events) == ("hello", {"boot": api.get("/api/server")["boot"], "revision": 1})
    assert api.query()["revision"] == 1


def test_runs_that_come_change_and_go_are_told(root: Path, api: Api) -> None:
    first = make_run(root, 0)
    with api.events() as events:
        assert next(events)[0] == "hello"
        second = appear(root, 1, meta={"name": "<new>"})
        found = next_of(events, "runs")
        assert found["changed"] == [{"key": key(second), "name": "<new>", "state": "finished"}]
        assert found["gone"] == []
        edits.edit(first, meta={"name": "renamed"})
        later = next_of(events, "runs")
        assert later["changed"] == [{"key": key(first), "name": "renamed", "state": "finished"}]
        assert later["revision"] > found["revision"]
        shutil.rmtree(second)
        assert next_of(events, "runs")["gone"] == [key(second)]


def test_new_points_of_watched_runs_are_told_and_of_no_others(root: Path, api: Api) -> None:
    one, other = epochal.init("a,b", dir=root), epochal.init("live", dir=root)
    watched, unwatched = key(Path(one.folder)), key(Path(other.folder))
    api.query()
    with api.events(watch=f"{watched},none/such") as events, api.events() as all_of_them:
        next(events)
        next(all_of_them)
        told: set[str] = set()
        for step in range(3):
            other.log({"loss": 0.5}, step=step)
            one.log({"loss": 0.5}, step=step)
            assert next_of(events, "grown")["keys"] == [watched]
            told.update(next_of(all_of_them, "grown")["keys"])
        assert {watched, unwatched} >= told > set()
        one.log({"loss": 0.25}, step=9)
        found = next_of(events, "runs", lambda data: any(each["key"] == watched for each in data["changed"]))
        assert found["gone"] == []
    one.finish()
    other.finish()


def test_a_training_is_followed_from_its_start_to_its_death(root: Path, api: Api) -> None:
    with api.events() as events:
        next(events)
        with training(root, "doomed") as live:
            found = next_of(events, "runs")["changed"]
            assert found == [{"key": live.key, "name": "doomed", "state": "running"}]
            assert next_of(events, "grown")["keys"] == [live.key]
            live.kill()
            next_of(events, "runs", lambda data: [each["state"] for each in data["changed"]] == ["killed"])
    assert api.column("state") == ["killed"]


def test_a_training_whose_whole_session_is_killed_is_seen_too(root: Path, api: Api) -> None:
    with api.events() as events:
        next(events)
        with training(root) as live:
            next_of(events, "runs", lambda data: [each["state"] for each in data["changed"]] == ["running"])
        live.close()  # the companion, too: nobody is left to write how it ended
        next_of(events, "runs", lambda data: [each["state"] for each in data["changed"]] == ["killed"])


def test_a_finished_training_says_so(root: Path, api: Api) -> None:
    with api.events() as events:
        next(events)
        with training(root, steps=3, pause=0.01) as live:
            found = next_of(events, "runs", lambda data: [each["state"] for each in data["changed"]] == ["finished"])
            assert found["changed"][0]["key"] == live.key


def test_changes_of_one_page_reach_the_others(root: Path, api: Api) -> None:
    folder = make_run(root, 0)
    with api.events() as events:
        next(events)
        revision = api.post("/api/runs/edit", {"keys": [key(folder)], "name": "new"})["revision"]
        assert next_of(events, "runs") == {
            "revision": revision,
            "changed": [{"key": key(folder), "name": "new", "state": "finished"}],
            "gone": [],
            "more": 0,
        }


def test_only_what_is_known_may_be_asked_for(api: Api) -> None:
    assert api.get("/api/events", status=400, wtch="a/b")["input"] == "wtch"
    assert api.client.head("/api/events").status_code == 200


def test_a_restarted_server_greets_with_another_boot(root: Path) -> None:
    make_run(root, 0)
    boots = []
    for _ in range(2):
        with serving(root) as served:
            api = Api(served)
            with api.events() as events:
                boots.append(next(events)[1]["boot"])
            api.close()
    assert boots[0] != boots[1]


def test_open_pages_do_not_keep_a_server_from_ending(root: Path) -> None:
    with serving(root) as served:
        api = Api(served)
        stream = api.events()
        next(stream.__enter__())
    api.close()


def test_nothing_is_looked_at_while_no_page_is_open(root: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(root, 0)
    looks: list[int] = []
    look = FollowedCatalog.glance
    monkeypatch.setattr(FollowedCatalog, "glance", lambda self, **given: looks.append(1) or look(self, **given))
    api.query()
    time.sleep(1.5)
    assert looks == []
    with api.events() as events:
        next(events)
        appear(root, 1)
        next_of(events, "runs")
        assert looks

    def looks_meanwhile() -> int:
        before = len(looks)
        time.sleep(1.5)
        return len(looks) - before

    until(looks_meanwhile, lambda count: count == 0)  # a busy machine is told late that the page is gone


def test_while_nothing_happens_no_journal_is_opened_and_nothing_is_sent(
    root: Path, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_runs(root, 3)
    with api.events() as events:
        next(events)
        from epochal import catalog

        monkeypatch.setattr(catalog, "index_run", lambda _: pytest.fail("a journal was read"))
        time.sleep(2.5)
        monkeypatch.undo()
        new = appear(root, 9)
        name, data = next(events)
        assert (name, [each["key"] for each in data["changed"]]) == ("runs", [key(new)])
