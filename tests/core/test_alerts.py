"""`run.alert` stands in the record, on the terminal once, and is read back; what rules found is read with it."""

from __future__ import annotations

import sys

import pytest

import epochal
from epochal.cli.json_keys import JSON_KEYS
from epochal.clock import run_clock
from epochal.journal.writer import JournalWriter
from epochal.writers import record_opening
from tests.core.cli_call import call


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def test_an_alert_is_read_back_with_the_step_that_it_belongs_to() -> None:
    with epochal.init("alerts") as run:
        run.alert("at once")
        run.log({"loss": 1.0}, step=7)
        run.alert("loss rises", "by 3\nin a row", "warning")
        run.alert("earlier", level="ERROR", step=3)
    alerts = epochal.get_run(run.folder).alerts
    assert [alert[:4] for alert in alerts] == [
        ("at once", "", "info", 0),
        ("loss rises", "by 3\nin a row", "warning", 7),
        ("earlier", "", "error", 3),
    ]
    assert {(alert.source, alert.rank, alert.abandoned) for alert in alerts} == {("run", 0, False)}
    assert [alert.time for alert in alerts] == sorted(alert.time for alert in alerts)
    assert epochal.get_run(run.folder).history("loss").steps.tolist() == [7]


def test_what_a_rewind_hides_hides_its_alerts() -> None:
    with epochal.init("alerts") as run:
        run.alert("kept", step=4)
        run.alert("hidden", step=6)
        run.rewind(5)
        run.alert("again", step=6)
    assert [alert.title for alert in epochal.get_run(run.folder).alerts] == ["kept", "again"]


def test_alerts_of_rules_are_read_too_and_are_never_hidden() -> None:
    with epochal.init("alerts") as run:
        run.alert("from the run", step=9)
        info = run._session.info
        writer = JournalWriter(info.folder, role="system", rank=0, ordinal=1, clock=run_clock(), report=print)
        record_opening(writer, run=info.id, project=info.project)
        fields = {"title": "NaN in loss", "text": "since step 9", "level": "error", "step": 9, "source": "rule"}
        writer.record("alert", fields)
        writer.record("alert", {"title": None, "step": "odd"})
        writer.close()
        run.rewind(5)
    found = epochal.get_run(run.folder).alerts
    assert [(alert.title, alert.step, alert.source) for alert in found] == [
        ("NaN in loss", 9, "rule"), ("", None, "run"),
    ]  # fmt: skip
    assert "by a rule" in call("show", run.id).out


def test_secrets_are_taken_out_and_sizes_are_bounded() -> None:
    with epochal.init("alerts") as run:
        run.alert("t" * 5000, "password: hunter2hunter2 " + "x" * 500_000)
    (alert,) = epochal.get_run(run.folder).alerts
    assert len(alert.title) == 1000
    assert len(alert.text) == 100_000
    assert "hunter2" not in alert.text


def test_nothing_raises(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    monkeypatch.delenv("EPOCHAL_STRICT")
    with epochal.init("alerts") as run:
        run.alert(Hostile())  # type: ignore[arg-type]
        run.alert("level", level="loud")
        run.alert("step", step="tomorrow")  # type: ignore[arg-type]
        run.alert(None, 3, None)  # type: ignore[arg-type]
    run.alert("too late")
    recorded = epochal.get_run(run.folder)
    assert [(alert.title, alert.level) for alert in recorded.alerts] == [
        ("level", "warning"), ("step", "info"), ("None", "warning"),
    ]  # fmt: skip
    assert "level 'loud' is none of info, warning, error" in caplog.text


def test_the_terminal_shows_one_line_and_the_same_alert_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EPOCHAL_QUIET")
    with epochal.init("alerts") as run:
        capsys.readouterr()
        for n in range(1000):
            run.log({"n": n})
            run.alert("loss\nis \x1b]0;NaN", "text", "error")
        for n in range(1000):
            run.alert(f"another {n}")
        shown = capsys.readouterr().err
    lines = shown.splitlines()
    assert lines[0] == "epochal: error: loss is \ufffd]0;NaN"
    assert len(lines) == 10
    assert len(epochal.get_run(run.folder).alerts) == 2000
    assert [line.text for line in epochal.get_run(run.folder).console(stream="stderr")].count(lines[0]) == 1


def test_quiet_shows_none_and_no_stream_does_no_harm(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with epochal.init("alerts") as run:
        run.alert("quiet")
        monkeypatch.delenv("EPOCHAL_QUIET")
        monkeypatch.setattr(sys, "stderr", None)
        run.alert("nobody listens")
    assert capsys.readouterr().err == ""
    assert len(epochal.get_run(run.folder).alerts) == 2


def test_the_page_and_the_json_have_them() -> None:
    with epochal.init("alerts") as run:
        for _ in range(3):
            run.alert("again [bold]", "line\x1b[31m\nmore", "warning")
    page = call("show", run.id).out
    assert "Alerts (3)" in page
    assert "again [bold]  step 0" in page
    assert "3 times" in page
    assert "\x1b" not in page
    record = call("show", run.id, "--json").json
    assert len(record["alerts"]) == 3
    assert JSON_KEYS["show"]["alerts"] == f"list of {', '.join(record['alerts'][0])}"


def test_a_disabled_run_has_the_verb_and_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run = epochal.init("alerts", mode="disabled")
    run.alert("nothing", level="nonsense")
    run.finish()
    assert capsys.readouterr() == ("", "")
