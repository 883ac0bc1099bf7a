"""`epochal sinks` delivers what is left and shows what waits."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

import epochal
from epochal.cli.json_keys import JSON_KEYS
from epochal.sinks import JsonLines, Webhook
from tests.core.cli_call import call


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def test_what_is_left_is_shown_and_delivered(tmp_path: Path) -> None:
    with epochal.init("p", id="it", sinks=[JsonLines(str(tmp_path / "out"), name="file")]) as run:
        for n in range(10):
            run.log({"a": n})
    assert call("sinks", "it", "--pending", "--json").json[0]["pending"] > 10
    answer = call("sinks", "it", "--json").json
    lines = (tmp_path / "out").read_text().splitlines()
    assert answer == [
        {"sink": "file", "kind": "jsonl", "rank": 0, "delivered": len(lines), "pending": 0, "problems": []}
    ]
    assert "file" in call("sinks", "it").out
    assert (tmp_path / "out").read_text().splitlines() == lines


def test_a_run_that_is_going_on_gets_what_is_there_now(tmp_path: Path) -> None:
    run = epochal.init("p", id="it", sinks=[JsonLines(str(tmp_path / "out"))])
    for n in range(3):
        run.log({"a": n})
        call("sinks", "it")
    keys = [json.loads(line)["key"] for line in (tmp_path / "out").read_text().splitlines()]
    assert len(keys) == len(set(keys)) >= 6


def test_a_sink_that_fails_is_named_and_leaves_an_exit_code() -> None:
    with epochal.init("p", id="it", sinks=[Webhook(url_env="NOT_SET", name="hook")], mode="offline"):
        pass
    answer = call("sinks", "it", "--wait", "0", code=1)
    assert "NOT_SET" in answer.err
    problems = call("sinks", "it", "--wait", "0", "--json", code=1).json[0]["problems"]
    assert len(problems) == 1
    assert call("sinks", "it", "--pending").code == 0


def test_a_run_without_sinks_says_how_to_have_some() -> None:
    epochal.init("p", id="it").finish()
    assert "[[sinks]]" in call("sinks", "it").err
    assert call("sinks", "it", "--json").json == []


def test_the_schema_names_the_keys_that_are_documented() -> None:
    schema = json.loads((files("epochal.cli") / "schemas" / "sinks.json").read_text())
    properties = schema["items"]["properties"]
    assert set(properties) == set(JSON_KEYS["sinks"])
    assert all(one["description"] for one in properties.values())
