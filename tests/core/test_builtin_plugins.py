"""Epochal's own plugins: names, the lines on stderr, durations, versions of frameworks."""

from __future__ import annotations

import contextlib
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from epochal import plugins
from epochal.builtin_plugins import BUILTIN, announce, durations, frameworks, run_names
from epochal.hookspecs import RunInfo


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunInfo:
    monkeypatch.delenv("EPOCHAL_QUIET")
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "epochal-runs"
    return RunInfo("20260101t0-a", "digits", "brave-otter-17", root / "digits" / "20260101t0-a", root)


def test_a_run_is_announced_in_one_line(run: RunInfo, capsys: pytest.CaptureFixture[str]) -> None:
    announce.run_started(run)
    announce.run_finished(run, "finished")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "epochal: brave-otter-17 → epochal-runs/digits/20260101t0-a · look: epochal show brave-otter-17",
        "epochal: brave-otter-17 finished",
    ]


def test_the_command_that_is_shown_finds_the_run_from_here(
    run: RunInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EPOCHAL_DIR")
    elsewhere = RunInfo(run.id, "my work", "two words", tmp_path / "a b" / "my work" / run.id, tmp_path / "a b")
    announce.run_started(elsewhere)
    assert "look: epochal show 'two words' --dir 'a b'" in capsys.readouterr().err


def test_quiet_says_nothing_and_other_ranks_neither(
    run: RunInfo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    announce.run_started(RunInfo(run.id, run.project, run.name, run.folder, run.root, rank=1))
    monkeypatch.setenv("EPOCHAL_QUIET", "1")
    announce.run_started(run)
    announce.run_finished(run, "failed")
    assert capsys.readouterr().err == ""


def test_a_stderr_that_is_closed_or_gone_does_not_matter(run: RunInfo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    announce.run_started(run)
    full = Path("/dev/full").open("w")
    monkeypatch.setattr(sys, "stderr", full)
    announce.run_started(run)
    with contextlib.suppress(OSError):
        full.close()
    closed = Path("/dev/null").open("w")
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    announce.run_started(run)


def test_a_working_folder_that_is_gone_does_not_matter(
    run: RunInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    announce.run_started(run)
    assert "brave-otter-17" in capsys.readouterr().err


def test_a_name_is_made() -> None:
    assert run_names.make_run_name().count("-") == 2


def test_a_duration_becomes_seconds() -> None:
    (converter,) = durations.register_converters()
    assert converter.convert(timedelta(hours=1)) == 3600.0


def test_versions_of_frameworks_come_from_what_is_installed() -> None:
    import numpy as np

    assert frameworks.collect_environment()["frameworks"]["numpy"] == np.__version__


def test_names_and_modules_of_our_plugins_are_unique() -> None:
    assert len(dict(BUILTIN)) == len(BUILTIN) == len({module for _, module in BUILTIN})


def test_all_of_ours_can_be_loaded() -> None:
    plugins.forget_manager()
    assert {name for name, _ in BUILTIN} == {facts.name for facts in plugins.get_manager().plugins() if facts.builtin}
    plugins.forget_manager()
