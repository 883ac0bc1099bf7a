"""Sinks and rules that `init` and the settings name: one clear form, checked at once, with no secret in the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal import BadValueError
from epochal.journals import Journals
from epochal.plugins import get_manager
from epochal.rules import NoProgress, NotFinite, WorseThan
from epochal.sinks import JsonLines, Webhook
from epochal.sinks.choosing import choose

pytestmark = pytest.mark.usefixtures("no_companion")


@pytest.fixture
def no_companion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    monkeypatch.chdir(tmp_path)


def recorded(run: epochal.Run, kind: str) -> list[dict[str, Any]]:
    """Return the fields of a run's records of a kind."""
    frames = [frame for journal in Journals(run.folder).ordered for frame in journal.records(kind)]
    return [{key: value for key, value in frame.payload.items() if key not in ("k", "t")} for frame in frames]


def test_sinks_are_recorded_with_what_opens_them_again(tmp_path: Path) -> None:
    hook = Webhook("https://example.org/hook", token_env="HOOK_TOKEN", name="team")
    with epochal.init("p", sinks=[JsonLines("out.jsonl"), hook]) as run:
        first, second = recorded(run, "sink")
    assert first["name"].startswith("jsonl-")
    assert first["settings"] == {"path": str(tmp_path / "out.jsonl")}
    assert second == {
        "name": "team", "kind": "webhook", "held": False,
        "settings": {"url": "https://example.org/hook", "token_env": "HOOK_TOKEN"},
    }  # fmt: skip


def test_the_settings_stand_in_where_init_says_nothing(tmp_path: Path) -> None:
    text = '[[sinks]]\nkind = "jsonl"\npath = "out.jsonl"\n[[rules]]\nkind = "not_finite"\nmetric = "*"\n'
    (tmp_path / ".epochal.toml").write_text(text)
    with epochal.init("p") as run:
        assert [sink["kind"] for sink in recorded(run, "sink")] == ["jsonl"]
        assert recorded(run, "rule") == [NotFinite("*").settings()]
    with epochal.init("p", sinks=[]) as run:
        assert recorded(run, "sink") == []


@pytest.mark.parametrize(("mode", "held"), [(None, False), ("online", False), ("offline", True)])
def test_a_run_that_is_offline_on_purpose_keeps_what_would_go_to_the_network(mode: str | None, held: bool) -> None:
    with epochal.init("p", mode=mode, sinks=[Webhook("https://example.org/"), JsonLines("out")]) as run:
        assert [sink["held"] for sink in recorded(run, "sink")] == [held, False]


@pytest.mark.parametrize(
    ("sinks", "words"),
    [
        ("out.jsonl", ["list", "JsonLines"]),
        ({"kind": "jsonl"}, ["list"]),
        (["out.jsonl"], ["sinks[0]", "JsonLines", "Webhook"]),
        ([None], ["sinks[0]"]),
        ([{}], ["None", "jsonl", "webhook"]),
        ([{"kind": "kafka"}], ["'kafka'", "jsonl", "webhook", "epochal plugins"]),
        ([JsonLines()], ["sinks[0] (jsonl)", "path or a command"]),
        ([JsonLines("a", command=["cat"])], ["path or a command"]),
        ([JsonLines("nowhere/out.jsonl")], ["nowhere", "folder"]),
        ([JsonLines(".")], ["cannot be a file"]),
        ([JsonLines(command="cat")], ["list of texts"]),  # type: ignore[arg-type]
        ([JsonLines(command=[])], ["empty"]),
        ([{"kind": "jsonl", "file": "out"}], ["'file'", "path"]),
        ([JsonLines("a"), JsonLines("a")], ["two sinks"]),
        ([JsonLines("a", name="../x")], ["'../x'"]),
        ([JsonLines("a", patience_s=-1)], ["patience_s"]),
        ([JsonLines("a", patience_s=float("nan"))], ["patience_s"]),
        ([Webhook()], ["url_env"]),
        ([Webhook("https://a", url_env="B")], ["url_env"]),
        ([Webhook("ftp://a/")], ["https://"]),
        ([Webhook("https://[")], ["https://"]),
        ([Webhook("https://a", token_env="A", token_file="b")], ["not both"]),
        ([Webhook("http://example.org/", token_env="A")], ["unencrypted", "example.org"]),
        ([Webhook(17)], ["text"]),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_with_the_way_out(tmp_path: Path, sinks: Any, words: list[str]) -> None:
    with pytest.raises(BadValueError) as refused:
        epochal.init("p", id="x", sinks=sinks)
    assert all(word in str(refused.value) for word in words), refused.value
    assert not list(tmp_path.glob("epochal-runs/*/x/journal/*.epochal")), "a run was begun all the same"


SECRET = "hf_abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize(
    "sink",
    [
        {"kind": "webhook", "url": "https://example.org/", "token": SECRET},
        {"kind": "webhook", "url": f"https://user:{SECRET}@example.org/"},
        {"kind": "webhook", "url": f"https://example.org/?token={SECRET}"},
        {"kind": "jsonl", "command": ["curl", "-H", f"Authorization: Bearer {SECRET}"]},
        SECRET,
    ],
)
def test_a_secret_is_neither_taken_nor_shown(sink: Any) -> None:
    with pytest.raises(BadValueError) as refused:
        epochal.init("p", sinks=[sink])
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value.__cause__)


def test_two_sinks_of_a_kind_have_names_of_their_own() -> None:
    kinds = get_manager().collect("register_sinks")
    names = {sink.name for sink in choose([JsonLines("a"), JsonLines("b"), JsonLines(command=["cat"])], kinds)}
    assert len(names) == 3
    again = choose([JsonLines("a", patience_s=5)], kinds)
    assert again[0].name in names, "how patient a sink is must not make it another one"


def test_a_disabled_run_takes_sinks_and_rules_and_does_nothing() -> None:
    run = epochal.init("p", mode="disabled", sinks=[JsonLines("out.jsonl")])
    run.alert_on(NotFinite("loss"))
    run.finish()
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("kind = 'nan'", ["'nan'", "not_finite", "rules in", "[0]"]),
        ("kind = 'not_finite'", ["metric"]),
        ("kind = 'not_finite'\nmetric = 'a'\nlevel = 'loud'", ["'loud'", "warning"]),
        ("kind = 'no_progress'\nmetric = 'a'\nsteps = 0", ["steps", "0"]),
        ("kind = 'no_progress'\nmetric = 'a'\ngoal = 'up'", ["'up'", "'max'"]),
        ("kind = 'worse_than'\nmetric = 'a'", ["run"]),
        ("kind = 'worse_than'\nmetric = 'a'\nrun = 'b'\ntolerance = -1.0", ["tolerance"]),
        ("kind = 'not_finite'\nmetric = 'a'\nextra = 1", ["extra", "level"]),
    ],
)
def test_a_rule_of_the_settings_that_cannot_be_used_is_refused(tmp_path: Path, rule: str, words: list[str]) -> None:
    (tmp_path / ".epochal.toml").write_text(f"[[rules]]\n{rule}\n")
    with pytest.raises(BadValueError) as refused:
        epochal.init("p")
    assert all(word in str(refused.value) for word in words), refused.value


def test_rules_in_a_table_that_is_no_list_are_refused(tmp_path: Path) -> None:
    (tmp_path / ".epochal.toml").write_text("[rules]\nkind = 'not_finite'\n")
    with pytest.raises(BadValueError, match=r"\[\[rules\]\]"):
        epochal.init("p")


def test_alert_on_records_rules_and_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    with epochal.init("p") as run:
        run.alert_on(NotFinite("loss"), NoProgress("val/*", steps=10, goal="max"), WorseThan("loss", run="base"))
        run.alert_on("loss", NoProgress("x", steps=-1), NotFinite("fine"))  # type: ignore[arg-type]
        assert [rule["kind"] for rule in recorded(run, "rule")] == [
            "not_finite", "no_progress", "worse_than", "not_finite",
        ]  # fmt: skip
        notices = [notice["text"] for notice in recorded(run, "notice") if notice["code"] == "rule"]
    assert len(notices) == 2
    assert "a rule is a str" in notices[0]
    assert "steps is -1" in notices[1]
