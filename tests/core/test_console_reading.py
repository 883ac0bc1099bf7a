"""Console files are read in order, joined, and shown without what could play tricks on a terminal."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

import epochal
from epochal.cli.console import legible
from epochal.console.lines import LONGEST
from tests.core.cli_call import call
from tests.core.hard.trainings import Training


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def test_lines_are_read_with_time_and_stream() -> None:
    with epochal.init("console") as run:
        print("out")
        print("err", file=sys.stderr)
        print("x" * (3 * LONGEST))
    recorded = epochal.get_run(run.folder)
    lines = recorded.console()
    assert [(line.stream, line.text) for line in lines] == [
        ("stdout", "out"), ("stderr", "err"), ("stdout", "x" * (3 * LONGEST)),
    ]  # fmt: skip
    started, finished = recorded.started, recorded.finished
    assert started is not None and finished is not None
    assert all(started - 0.01 <= line.time <= finished + 0.01 and line.final for line in lines)
    assert str(recorded.console(stream="stderr")) == "err\n"
    assert repr(lines) == "<Console: 3 lines>"
    assert recorded.console(rank=1) == ()


def test_a_resumed_run_is_read_in_the_order_of_its_writers() -> None:
    with epochal.init("console", id="it"):
        print("first")
    with epochal.init("console", id="it", resume="must") as run:
        print("second")
    assert epochal.get_run(run.folder).console().text == "first\nsecond\n"


def test_damage_and_strange_files_cost_only_themselves(tmp_path: Path) -> None:
    with epochal.init("console") as run:
        print("sound")
    folder = run.folder / "console"
    (path,) = folder.iterdir()
    with path.open("ab") as file:
        file.write(b"no stamp\n\xff\xfe\0\n2026-13-99T99:99:99.000Z | no such day\n\n2026-01-01T00:00:00.000Z | torn")
    (folder / "notes.txt").write_text("not ours")
    (folder / f"{'b' * 32}.log").symlink_to("/etc/passwd")
    os.mkfifo(folder / f"{'c' * 32}.log")
    (folder / f"{'d' * 32}.log").mkdir()
    recorded = epochal.get_run(run.folder)
    assert [line.text for line in recorded.console()] == [
        "sound",
        "no stamp",
        "\\xff\\xfe\0",
        "no such day",
        "",
        "torn",
    ]
    path.chmod(0)
    if os.geteuid() != 0:
        assert recorded.console() == ()


def test_the_command_prints_what_was_printed() -> None:
    with epochal.init("console", name="talker") as run:
        print("\x1b[31mred\x1b[0m and \x1b]0;title\x07plain")
        print("err", file=sys.stderr)
    assert call("show", run.id, "--console").out == "red and plain\nerr\n"
    assert call("show", run.id, "--console", "--ansi", "--stream", "stdout").out == (
        "\x1b[31mred\x1b[0m and plain\x1b[0m\n"
    )
    assert call("show", run.id, "--console", "--times").out.splitlines()[1][-5:] == "  err"
    lines = call("show", run.id, "--console", "--json").json
    assert [line["stream"] for line in lines] == ["stdout", "stderr"]
    assert lines[0].keys() == epochal.get_run(run.id).console()[0]._asdict().keys()
    assert call("show", run.id, "--follow", code=2).err.splitlines()[-1].startswith("Error: --follow")
    page = call("show", run.id).out
    assert f"console/{run._writer.hex}.log" in page


def test_following_ends_with_the_run(tmp_path: Path) -> None:
    script = """
    run = epochal.init("console", id="it")
    print("one")
    ack(1)
    time.sleep(0.5)
    sys.stdout.write("begun, ")
    time.sleep(0.5)
    print("ended")
    run.finish()
    """
    with Training(tmp_path, script) as training:
        training.hear(until=lambda: training.acknowledged() == [1])
        answer = call("show", training.root / "console" / "it", "--console", "--follow", "--json")
        training.succeed()
    lines = [json.loads(line) for line in answer.out.splitlines()]
    assert [line["text"] for line in lines] == ["one", "begun, ended"]


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b]52;c;ZXZpbA==\x07copied", "copied"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("\x1bPdevice\x1b\\text", "text"),
        ("\x1b[6nquery\x1b[2J\x1b[H", "query"),
        ("\x9b31mc1\x9d0;t\x9ctext", "c1text"),
        ("\x1bcreset", "reset"),
        ("tab\tkept bell\x07", "tab\tkept bell\\x07"),
        ("bidi \u202e", "bidi \\u202e"),
        ("unfinished \x1b[", "unfinished "),
        ("unfinished \x1b]0;title", "unfinished "),
        ("grün 你好 👩‍🔬", "grün 你好 👩‍🔬"),
    ],
)
def test_nothing_that_is_shown_commands_the_terminal(printed: str, shown: str) -> None:
    assert legible(printed, colours=False) == shown
    assert legible(f"\x1b[1;31m{printed}", colours=True) == f"\x1b[1;31m{shown}\x1b[0m"
