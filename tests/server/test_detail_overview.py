"""All that is known of one run: as it is while it runs, after every kind of end, resumed, by several ranks, damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import epochal
from epochal_server.detail_schemas import OVERVIEW

from .detail_runs import Client, calm, everything, key, url


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calm(monkeypatch)
    return tmp_path / "epochal-runs"


def overview(root: Path, run: Any) -> Any:
    found = Client(root).json(run)
    jsonschema.validate(found, OVERVIEW)
    return found


def test_everything_that_is_said_of_a_run_is_given(root: Path) -> None:
    with epochal.init(
        "digits", dir=root, id="one", name="first", group="g", job_type="train", tags=["a", "b"], notes="**n**",
        config={"optimizer": {"name": "adam", "lr": 0.1}, "layers": [1, 2], "none": None},
    ) as run:  # fmt: skip
        run.define_metric("val/*", summary=["min", "last"], goal="min")
        run.use_dataset("train", b"bytes of it")
        run.log({"loss": 0.5, "val/loss": 0.25, "note": "text"}, step=3)
        run.log({"val/loss": 0.5}, step=4)
        run.summary["by_hand"] = float("nan")
        run.alert("look", "at this", level="warning")
        run.notice("odd", "something is odd", why="nobody knows")
        run.position()
    found = overview(root, run)
    names = ("key", "id", "name", "project", "group", "job_type", "tags", "notes", "state")
    assert {name: found[name] for name in names} == {
        "key": "digits/one", "id": "one", "name": "first", "project": "digits", "group": "g", "job_type": "train",
        "tags": ["a", "b"], "notes": "**n**", "state": "finished",
    }  # fmt: skip
    assert found["config"] == {"optimizer": {"name": "adam", "lr": 0.1}, "layers": [1, 2], "none": None}
    assert list(found["datasets"]) == ["train"]
    assert len(found["datasets"]["train"]["sha256"]) == 64
    assert found["summary"] == {
        "by_hand": "NaN", "loss": 0.5, "note": "text", "val/loss": 0.25, "val/loss.min": 0.25, "val/loss.last": 0.5,
        **{name: value for name, value in found["summary"].items() if name.endswith("best_step")},
    }  # fmt: skip
    assert found["manual_summary"] == ["by_hand"]
    assert found["goals"]["val/loss"] == found["goals"]["loss"] == "min"
    assert found["definitions"] == [{"name": "val/*", "step": None, "summary": ["min", "last"], "goal": "min"}]
    assert [(alert["title"], alert["text"], alert["level"]) for alert in found["alerts"]] == [
        ("look", "at this", "warning")
    ]
    notices = {notice["code"]: notice["data"] for notice in found["notices"]}
    assert notices == {"companion": {}, "odd": {"why": "nobody knows"}}
    assert found["metrics"] == ["loss", "note", "val/loss"]
    assert (found["ranks"], found["reason"], found["error"], found["files"]) == ([0], None, None, 0)
    assert found["duration"] == pytest.approx(found["finished"] - found["started"])
    [writer] = found["writers"]
    assert (writer["role"], writer["rank"], writer["pid"]) == ("main", 0, os.getpid())
    assert found["position"]["writer"] == writer["writer"]


def test_media_of_all_ranks_are_listed(root: Path) -> None:
    everything(root)
    with epochal.init("media", dir=root, id="all", rank=1) as run:
        run.log({"said": epochal.media.Text("by rank 1")}, step=9)
    found = overview(root, run)
    assert found["ranks"] == [0, 1]
    assert {each["key"] for each in found["media"]} >= {"image", "html", "said"}
    [image] = [each for each in found["media"] if each["key"] == "image"]
    assert image == {"key": "image", "kinds": ["image"], "items": 1, "steps": 1, "first_step": 3, "last_step": 3}


def test_a_running_run_is_told_as_it_stands(root: Path) -> None:
    client = Client(root)
    with epochal.init("p", dir=root) as run:
        run.log({"loss": 1.0}, step=0)
        first = client.json(run)
        run.log({"loss": 0.5, "new": 2.0}, step=1)
        run.alert("now")
        second = client.json(run)
    assert (first["state"], first["finished"], first["duration"]) == ("running", None, None)
    assert (first["summary"], second["summary"]) == ({"loss": 1.0}, {"loss": 0.5, "new": 2.0})
    assert [alert["title"] for alert in second["alerts"]] == ["now"]
    assert client.json(run)["state"] == "finished"


def test_a_run_that_failed_says_by_what(root: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        with epochal.init("p", dir=root) as run:
            run.log({"loss": 1 / 0})
    found = overview(root, run)
    assert (found["state"], found["error"]["type"], found["error"]["message"]) == (
        "failed",
        "ZeroDivisionError",
        "division by zero",
    )
    assert "Traceback" in found["error"]["traceback"] or "test_detail_overview" in found["error"]["traceback"]


def test_a_killed_run_was_killed(root: Path) -> None:
    script = (
        "import epochal, os, signal; run = epochal.init('p', id='k'); run.log({'loss': 1.0});"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", script], env={**os.environ, "EPOCHAL_DIR": str(root)}, check=False)
    found = overview(root, "p/k")
    assert (found["state"], found["summary"]) == ("killed", {"loss": 1.0})


def test_a_resumed_run_has_two_writers_and_its_newest_config(root: Path) -> None:
    for lr in (0.1, 0.2):
        with epochal.init("p", id="r", dir=root, resume="allow", config={"lr": lr}) as run:
            run.log({"loss": lr}, step=0)
    found = overview(root, run)
    assert [writer["role"] for writer in found["writers"]] == ["main", "main"]
    assert found["config"] == {"lr": 0.2}


def test_names_full_of_markup_and_signs_are_given_as_they_are(root: Path) -> None:
    odd = '</script><img src=x onerror=alert(1)> & "quotes" \u2028 ü \ud83d'
    project = "a/b <i> %2e.. ü"
    with epochal.init(project, dir=root, name=odd, config={odd: {odd: odd}}, tags=[odd], notes=odd) as run:
        run.log({odd: 1.0}, step=0)
    answer = Client(root).get(run)
    assert answer.status_code == 200
    found = json.loads(answer.content)
    assert found["project"] == project
    assert found["key"] == key(run)
    assert {found["name"], *found["tags"], *found["metrics"], *found["config"]} == {odd.replace("\ud83d", "\\ud83d")}
    assert "%252F" in url(run)  # the folder's own percent signs are encoded once more


def test_a_checkpoint_is_told_with_its_state_and_what_was_copied(root: Path, tmp_path: Path) -> None:
    file, folder = tmp_path / "a.pt", tmp_path / "model"
    file.write_bytes(b"weights")
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "w.bin").write_bytes(b"12345")
    with epochal.init("p", dir=root) as run:
        run.define_metric("loss", goal="min")
        run.checkpoint(file, step=1, metrics={"loss": 0.5}, copy=True)
        run.checkpoint(folder, step=2, metrics={"loss": 0.7}, copy=True)
        run.checkpoint(tmp_path / "gone.pt", step=3, metrics={"loss": 0.9})
    found = overview(root, run)["checkpoints"]
    assert [(each["step"], each["best"], each["file"], each["state"]) for each in found] == [
        (1, True, True, "present"), (2, False, True, "present"), (3, False, False, "vanished"),
    ]  # fmt: skip
    assert [each["copied"] for each in found] == [
        [{"name": None, "bytes": 7}], [{"name": "deep/w.bin", "bytes": 5}], [],
    ]  # fmt: skip


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "more"])
def test_a_damaged_journal_is_told_and_the_rest_is_shown(root: Path, damage: str) -> None:
    run = everything(root)
    [journal] = (run.path / "journal").glob("*.epochal")
    data = bytearray(journal.read_bytes())
    if damage == "noise":
        data[len(data) // 3 : len(data) // 3 + 200] = os.urandom(200)
    journal.write_bytes({"cut": data[: len(data) // 2], "noise": data, "empty": b"", "more": data + b"x" * 99}[damage])
    answer = Client(root).get(run)
    assert answer.status_code in {200, 404}
    if answer.status_code == 200:
        jsonschema.validate(answer.json(), OVERVIEW)
    for path in ("/media?key=image", "/histograms?key=histogram", "/table?key=table", "/console", "/files", "/patch"):
        assert Client(root).raw(url(run) + path).status_code in {200, 404}


def test_a_run_may_be_asked_by_many_at_once_while_it_is_written(root: Path) -> None:
    run = epochal.init("p", dir=root)
    run.log({"loss": 0.0, "said": epochal.media.Text("0")}, step=0)
    client, failures = Client(root), list[Any]()

    def ask() -> None:
        try:
            for path in ("", "/media?key=said", "/console?tail=5", "") * 3:
                answer = client.raw(url(run) + path)
                if answer.status_code != 200:
                    failures.append(answer)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for step in range(1, 200):
        run.log({"loss": float(step), "said": epochal.media.Text(str(step))}, step=step)
    for thread in threads:
        thread.join()
    run.finish()
    assert failures == []
    assert client.json(run)["summary"]["loss"] == 199


def test_a_run_may_be_deleted_while_many_ask_for_it(root: Path) -> None:
    """Whatever the moment, the answer is the run as it was, or that something of it is gone."""
    run = everything(root)
    kept = root.parent / "kept"
    shutil.copytree(run.path, kept)
    client, stop = Client(root), threading.Event()
    client.get(run)
    [image] = client.json(run, "/media", key="image")["items"]
    paths = ["", "/media?key=table", "/histograms?key=bins", "/table?key=table", "/console", "/files", "/patch"]
    statuses, failures = set[int](), list[Exception]()

    def ask(offset: int) -> None:
        try:
            while not stop.is_set():
                for path in paths[offset:] + paths[:offset]:
                    statuses.add(client.raw(url(run) + path).status_code)
                statuses.add(client.raw(image["url"]).status_code)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        shutil.rmtree(run.path)
        shutil.copytree(kept, run.path)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert statuses <= {200, 404, 409}
    client = Client(root)
    assert client.json(run)["summary"] == {"loss": 1.0}
    assert client.raw(image["url"]).status_code == 200
