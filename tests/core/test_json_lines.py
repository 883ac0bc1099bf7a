"""The JSON-lines sinks: whole lines on the disk, torn ones mended, and a command that has read what is confirmed."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from epochal.hookspecs import RunInfo
from epochal.sinks import RefusedError
from epochal.sinks.command_lines import CommandLines
from epochal.sinks.file_lines import FileLines


def batch(*numbers: int) -> list[dict[str, Any]]:
    return [{"key": f"w:{number}", "kind": "row", "text": "ü\ud800\n\u2028" * (number % 3)} for number in numbers]


def keys(path: Path) -> list[str]:
    """Return the keys of a file in which every line must be JSON."""
    return [json.loads(line)["key"] for line in path.read_bytes().decode("utf-8").split("\n") if line]


def test_a_batch_is_appended_as_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    sink = FileLines(str(path))
    sink.write(batch(1, 2))
    sink.write(batch(3))
    sink.close()
    assert keys(path) == ["w:1", "w:2", "w:3"]
    assert path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("cut", [1, 2, 9, 20, 40])
def test_a_line_that_was_cut_off_is_taken_away_before_the_next(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "out.jsonl"
    FileLines(str(path)).write(batch(1, 4))
    whole = path.read_bytes()
    start = whole.index(b"\n") + 1
    path.write_bytes(whole[: start + cut])
    FileLines(str(path)).write(batch(4, 5))
    assert keys(path) == ["w:1", "w:4", "w:5"]


def test_a_long_line_that_was_cut_off_is_taken_away_too(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b'{"key":"w:1"}\n{"key":"w:2","text":"' + b"x" * 200_000)
    FileLines(str(path)).write(batch(2))
    assert keys(path) == ["w:1", "w:2"]


def test_a_last_line_of_somebody_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"a note without an end")
    FileLines(str(path)).write(batch(1))
    assert path.read_bytes().startswith(b'a note without an end\n{"key":"w:1"')


def test_a_file_that_was_deleted_or_moved_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    sink = FileLines(str(path))
    sink.write(batch(1))
    path.rename(tmp_path / "rotated")
    sink.write(batch(2))
    assert keys(path) == ["w:2"]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/dev/null", path)])
def test_what_is_no_regular_file_is_refused(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "out"
    make(path)
    with pytest.raises((RefusedError, OSError)):
        FileLines(str(path)).write(batch(1))


def test_a_batch_that_found_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from epochal.sinks.file_lines import FileLines
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
sink = FileLines(sys.argv[1])
sink.write([{"key": "w:1"}])
for _ in range(2):
    try:
        sink.write([{"key": f"w:{n}", "text": "x" * 50} for n in range(2, 20)])
    except OSError:
        print("refused")
resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))
sink.write([{"key": "w:2"}])
"""
    import subprocess

    path = tmp_path / "out.jsonl"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, env=environment)
    assert (done.stdout, done.returncode) == ("refused\nrefused\n", 0), done.stderr
    assert keys(path) == ["w:1", "w:2"]


def _write_many(path: str, who: int) -> None:
    sink = FileLines(path)
    for number in range(50):
        sink.write([{"key": f"{who}:{number}:{part}", "text": "x" * 500} for part in range(3)])


def test_two_runs_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_many, args=(str(path), who)) for who in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(keys(path)) == sorted(f"{w}:{n}:{p}" for w in range(2) for n in range(50) for p in range(3))


@pytest.fixture
def run(tmp_path: Path) -> RunInfo:
    return RunInfo("an-id", "a project", "a name", tmp_path / "run", tmp_path)


def test_a_command_is_given_the_lines_and_what_run_they_are_of(tmp_path: Path, run: RunInfo) -> None:
    out = tmp_path / "out"
    code = 'echo "{\\"key\\":\\"$EPOCHAL_SINK_RUN\\"}" > out; cat >> out'
    sink = CommandLines(["sh", "-c", code], run, str(tmp_path))
    sink.write(batch(1, 2))
    sink.write(batch(3))
    sink.close()
    assert keys(out) == ["an-id", "w:1", "w:2", "w:3"]


def test_what_a_command_has_not_read_is_not_confirmed(run: RunInfo) -> None:
    sink = CommandLines(["sh", "-c", "sleep 0.2; exit 3"], run)
    with pytest.raises(OSError, match="status 3"):
        sink.write(batch(1))
    sink.close()


def test_a_command_that_has_gone_is_an_error_and_not_a_signal(run: RunInfo) -> None:
    sink = CommandLines(["true"], run)
    sink._process.wait()
    with pytest.raises(OSError):
        sink.write(batch(1))
    sink.close()


def test_a_command_that_does_not_exist_is_an_error(run: RunInfo) -> None:
    with pytest.raises(OSError):
        CommandLines(["/nonexistent/command"], run)
