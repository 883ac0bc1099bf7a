"""What a run's other processes leave for the trainer's terminal is printed there once, whole lines only."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from epochal.terminal_lines import TerminalLines, leave_line


def test_lines_are_printed_as_they_come_and_those_of_an_earlier_process_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("EPOCHAL_QUIET", raising=False)
    leave_line(tmp_path, 0, "of an earlier process\n")
    lines = TerminalLines(tmp_path, 0)
    leave_line(tmp_path, 0, "one\ntw")
    lines.look(100.0)
    leave_line(tmp_path, 0, "o \ud800 ü\n")
    lines.look(101.0)
    assert capsys.readouterr().err == "one\n"
    lines.look(106.0)
    assert capsys.readouterr().err == "two ? ü\n"
    monkeypatch.setenv("EPOCHAL_QUIET", "1")
    leave_line(tmp_path, 0, "three\n")
    lines.look(0.0, last=True)
    assert capsys.readouterr().err == ""


def test_each_rank_has_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EPOCHAL_QUIET", raising=False)
    lines = TerminalLines(tmp_path, 1)
    leave_line(tmp_path, 0, "for the first\n")
    leave_line(tmp_path, 1, "for the second\n")
    lines.look(0.0, last=True)
    assert capsys.readouterr().err == "for the second\n"


def test_a_run_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    leave_line(tmp_path / "gone", 0, "a line\n")
    TerminalLines(tmp_path / "gone", 0).look(0.0, last=True)
    assert not (tmp_path / "gone").exists()


def test_a_pipe_in_its_place_keeps_nobody_waiting(tmp_path: Path) -> None:
    import os

    (tmp_path / "console").mkdir()
    os.mkfifo(tmp_path / "console" / "told-0.txt")
    TerminalLines(tmp_path, 0).look(0.0, last=True)
    leave_line(tmp_path, 0, "a line\n")
    assert stat.S_ISFIFO((tmp_path / "console" / "told-0.txt").stat().st_mode)
