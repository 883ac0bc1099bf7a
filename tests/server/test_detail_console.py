"""What a run has printed: windows of it, search, what comes while it is watched, and files in any state."""

from __future__ import annotations

import os
import random
import shutil
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.console.reading import ConsoleFiles

from .detail_runs import Client, calm, say

T0 = 1_790_000_000.0


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    calm(monkeypatch)
    return tmp_path / "epochal-runs"


def stamped(seconds: float, mark: str, text: str) -> bytes:
    moment = datetime.fromtimestamp(T0 + seconds, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z {mark}{text}\n".encode()


class Printed:
    """A run whose console files are written by hand."""

    def __init__(self, root: Path, *, ranks: int = 1, starts: int = 1) -> None:
        self.writers: list[str] = []
        for _ in range(starts):
            for rank in range(ranks):
                with epochal.init("p", id="printed", dir=root, rank=rank, resume="allow") as run:
                    run.log({"loss": 1.0})
                    self.writers.append(run._writer.hex)
        self.run = epochal.get_run(run.folder)
        self.folder = self.run.path / "console"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()

    def write(self, *lines: bytes, writer: int = 0, more: str = "") -> Path:
        path = self.folder / f"{self.writers[writer]}{more}.log"
        with path.open("ab") as file:
            file.write(b"".join(lines))
        return path


def texts(answer: Any) -> list[str]:
    return [line["text"] for line in answer["lines"]]


def test_what_a_training_prints_is_given_line_by_line(root: Path) -> None:
    with epochal.init("p", dir=root) as run:
        say("to stdout ü \x1b[31mred\x1b[0m")
        say("to stderr", error=True)
    found = Client(root).json(run, "/console")
    assert [(line["stream"], line["text"]) for line in found["lines"]] == [
        ("stdout", "to stdout ü \x1b[31mred\x1b[0m"), ("stderr", "to stderr"),
    ]  # fmt: skip
    assert [line["n"] for line in found["lines"]] == [0, 1]
    assert all(line["final"] and line["rank"] == 0 and not line["cut"] for line in found["lines"])
    assert abs(found["lines"][0]["time"] - run._writer.clock()) < 60
    assert {name: found[name] for name in ("next", "total", "matched", "earlier", "later", "following")} == {
        "next": 2, "total": 2, "matched": 2, "earlier": 0, "later": 0, "following": False,
    }  # fmt: skip


def test_a_run_that_prints_nothing_has_no_lines(root: Path) -> None:
    with epochal.init("p", dir=root) as run:
        run.log({"loss": 1.0})
    found = Client(root).json(run, "/console", tail=10)
    assert (found["lines"], found["total"], found["next"]) == ([], 0, 0)


def test_what_has_not_ended_yet_leaves_the_numbers_as_they_are(root: Path) -> None:
    printed, client = Printed(root), Client(root)
    printed.write(stamped(0, "|~", "10 %"))
    assert len({client.json(printed.run, "/console")["base"] for _ in range(3)}) == 1


def test_windows_from_the_beginning_from_the_end_and_before_a_line(root: Path) -> None:
    printed, client = Printed(root), Client(root)
    printed.write(*(stamped(at, "| ", f"line {at}") for at in range(100)))

    def window(**query: Any) -> tuple[list[str], int, int]:
        found = client.json(printed.run, "/console", **query)
        return [text.removeprefix("line ") for text in texts(found)], found["earlier"], found["later"]

    assert window(limit=3) == (["0", "1", "2"], 0, 97)
    assert window(after=50, limit=2) == (["50", "51"], 50, 48)
    assert window(tail=2) == (["98", "99"], 98, 0)
    assert window(tail=50, limit=1) == (["99"], 99, 0)
    assert window(before=10, limit=2) == (["8", "9"], 8, 90)
    assert window(before=1, limit=5) == (["0"], 0, 99)
    assert window(before=0) == ([], 0, 100)
    assert window(after=100) == ([], 100, 0)
    assert window(tail=0) == ([], 100, 0)
    assert window(search="7", offset=2, limit=3) == (["27", "37", "47"], 2, 14)
    assert window(offset=500) == ([], 100, 0)
    assert client.json(printed.run, "/console", after=50, limit=2)["next"] == 52
    status, why = client.problem(printed.run, "/console", after=1, tail=1)
    assert (status, why) == (400, "tail does not go together with after")
    for query in ({"stream": "both"}, {"rank": -1}, {"limit": 0}, {"search": "x" * 2000}, {"folow": 1}):
        assert client.problem(printed.run, "/console", **query)[0] == 400


def test_following_gives_each_line_once_and_what_has_not_ended_as_it_stands(root: Path) -> None:
    printed, client = Printed(root), Client(root)
    seen: list[str] = []
    at, base = 0, None

    def follow() -> list[str]:
        nonlocal at, base
        found = client.json(printed.run, "/console", after=at)
        assert base in {None, found["base"]}
        at, base = found["next"], found["base"]
        seen.extend(line["text"] for line in found["lines"] if line["final"])
        return [line["text"] for line in found["lines"] if not line["final"]]

    printed.write(stamped(0, "| ", "one"), stamped(1, "|~", "10 %"))
    assert follow() == ["10 %"]
    printed.write(stamped(2, "|~", "50 %"))
    assert follow() == ["50 %"]
    printed.write(stamped(3, "|~", "a bar"), stamped(3, "|~", "of two rows"), stamped(4, "! ", "other stream"))
    assert follow() == ["a bar", "of two rows"]
    printed.write(stamped(5, "| ", "100 %"), b"2026-11-29T00:31:10.123Z | hal")
    assert follow() == ["hal"]
    printed.write(b"f\n", stamped(6, "|+", "a long "))
    assert follow() == ["a long "]
    printed.write(stamped(7, "! ", "between"), stamped(8, "|+", "line in "), stamped(8, "| ", "pieces"))
    assert follow() == []
    assert seen == ["one", "other stream", "100 %", "half", "between", "a long line in pieces"]
    assert seen == [line.text for line in printed.run.console()]


def test_a_stream_or_a_rank_alone(root: Path) -> None:
    printed, client = Printed(root, ranks=2), Client(root)
    printed.write(stamped(0, "| ", "a"), stamped(2, "! ", "c"), stamped(4, "# ", "left out"))
    printed.write(stamped(1, "| ", "b"), stamped(3, "! ", "d"), writer=1)
    assert texts(client.json(printed.run, "/console")) == ["a", "c", "left out"]
    assert texts(client.json(printed.run, "/console", rank=1)) == ["b", "d"]
    everybody = client.json(printed.run, "/console", rank="all")
    assert texts(everybody) == ["a", "b", "c", "d", "left out"]
    assert [line["rank"] for line in everybody["lines"]] == [0, 1, 0, 1, 0]
    assert texts(client.json(printed.run, "/console", stream="stderr")) == ["c", "left out"]
    assert texts(client.json(printed.run, "/console", stream="stdout", rank="all")) == ["a", "b", "left out"]
    printed.write(stamped(0.5, "| ", "late"), writer=1)  # behind what was seen, whatever its clock says
    found = client.json(printed.run, "/console", rank="all", after=everybody["next"])
    assert (texts(found), found["base"]) == (["late"], everybody["base"])


def test_a_resumed_run_and_forked_children_are_sorted_in(root: Path) -> None:
    printed, client = Printed(root, starts=2), Client(root)
    printed.write(stamped(50, "| ", "first start"), stamped(60, "| ", "end of it"))
    printed.write(stamped(55, "| ", "forked child"), more="-4711")
    printed.write(stamped(5, "| ", "second start, by a clock that was set back"), writer=1)
    printed.write(stamped(70, "| ", "goes on"), more=".2")
    assert texts(client.json(printed.run, "/console")) == [line.text for line in printed.run.console()]
    assert texts(client.json(printed.run, "/console"))[-1].startswith("second start")


def test_a_deleted_stretch_gives_lines_other_numbers_and_says_so(root: Path) -> None:
    printed, client = Printed(root), Client(root)
    printed.write(stamped(0, "| ", "beginning"))
    middle = printed.write(stamped(1, "| ", "middle"), more=".2")
    printed.write(stamped(2, "| ", "end"), more=".3")
    before = client.json(printed.run, "/console")
    middle.unlink()
    after = client.json(printed.run, "/console", after=before["next"])
    assert after["base"] != before["base"]
    assert texts(client.json(printed.run, "/console")) == ["beginning", "end"]
    shutil.rmtree(printed.folder)
    assert client.json(printed.run, "/console")["total"] == 0


def test_search_finds_what_lines_hold_without_colours_and_capitals(root: Path) -> None:
    printed, client = Printed(root), Client(root)
    printed.write(
        stamped(0, "| ", "Loss: 0.5"), stamped(1, "| ", "lo\x1b[1mss\x1b[0m: 0.4"), stamped(2, "|~", "loss state"),
        stamped(3, "| ", "ÄRGER über loß"), stamped(4, "| ", "nothing"), stamped(5, "|+", "lo"),
        stamped(6, "| ", "ss joined"), b"no head loss\n", stamped(7, "! ", "2026-11"),
    )  # fmt: skip

    def search(text: str, **query: Any) -> list[int]:
        found = client.json(printed.run, "/console", search=text, **query)
        assert (
            found["matched"]
            == len([line for line in found["lines"] if line["final"]]) + found["earlier"] + found["later"]
        )
        return [line["n"] for line in found["lines"]]

    assert search("loss") == [0, 1, 4, 5]
    assert search("LOSS", limit=2) == [0, 1]
    assert search("ärger") == [2]
    assert search("LOß") == [2]
    assert search("2026-11") == [6]  # the text, not the time before it
    assert search("0.") == [0, 1]
    assert search("\x1b") == []
    assert search("loss", stream="stderr") == []
    assert search("z | ") == []
    printed.write(stamped(8, "| ", "one more loss"), stamped(9, "|~", "loss at the end"), stamped(9, "!~", "other"))
    assert search("loss") == [0, 1, 4, 5, 7, 8]
    assert search("", tail=1)[0] == 7


def test_a_large_output_is_read_piece_by_piece_and_searched_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("epochal_server.detail_console_lines._PIECE", 1 << 12)
    monkeypatch.setattr("epochal_server.detail_console_texts._PIECE", 1 << 10)
    printed, client, chance = Printed(root), Client(root), random.Random(0)
    marks = ["| "] * 20 + ["! ", "|+", "!+", "|~", "!~", "# "]
    sample = ["loss", "Ärger", "", "\x1b[3mred\x1b[0m", "x" * 300, "n" * 1500]
    for at in range(2000):
        printed.write(stamped(at // 3, chance.choice(marks), f"{at} {chance.choice(sample)}"))
        if at % 500 == 7:
            client.json(printed.run, "/console", tail=1)  # what is known so far is gone on from
    expected = [line for line in printed.run.console() if line.final]
    found = [line for line in client.json(printed.run, "/console", limit=10_000)["lines"] if line["final"]]
    assert [(line["text"], line["stream"]) for line in found] == [(line.text, line.stream) for line in expected]
    assert [line["time"] for line in found] == pytest.approx([line.time for line in expected])
    hits = client.json(printed.run, "/console", search="RED", limit=10_000)
    assert hits["matched"] == sum("\x1b[3mred" in line.text for line in expected)
    again = Client(root).json(printed.run, "/console", limit=10_000)
    assert texts(again) == texts(client.json(printed.run, "/console", limit=10_000))


def test_files_that_are_no_console_output_of_ours_are_shown_as_they_can_be(root: Path) -> None:
    printed, client = Printed(root), Client(root)
    printed.write(
        b"plain\n", stamped(0, "| ", "good"), b"\xff\xfe\0binary\n", b"2026-13-45T99:99:99.999Z | no date\n",
        b"2026-11-29T00:31:10.123Z ?? odd mark\n", b"\n", b"x" * 3_000_000,
    )  # fmt: skip
    found = client.json(printed.run, "/console")
    expected = [line.text for line in ConsoleFiles(printed.run.path).lines(printed.run._journals)]
    assert texts(found)[:3] == ["plain", "good", "\ufffd\ufffd\0binary"]
    assert texts(found)[3:6] == expected[3:6]
    assert all(len(line["text"]) <= 1 << 16 for line in found["lines"])
    assert [line["cut"] for line in found["lines"][-2:]] == [True, True]
    assert client.json(printed.run, "/console", search="no date")["matched"] == 1


def test_an_answer_is_cut_where_it_would_be_too_large(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("epochal_server.detail_console._MOST_TEXT", 1000)
    printed, client = Printed(root), Client(root)
    printed.write(*(stamped(at, "| ", f"{at:400}") for at in range(9)))
    first = client.json(printed.run, "/console")
    assert ([line["n"] for line in first["lines"]], first["next"], first["later"]) == ([0, 1], 2, 7)
    last = client.json(printed.run, "/console", tail=9)
    assert ([line["n"] for line in last["lines"]], last["next"], last["earlier"]) == ([7, 8], 9, 7)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_no_link_and_no_pipe_is_read(root: Path, tmp_path: Path, kind: str) -> None:
    printed, client = Printed(root), Client(root)
    outside = tmp_path / "outside"
    outside.mkdir()
    name = f"{printed.writers[0]}.log"
    (outside / name).write_text("secret\n")
    if kind == "file":
        (printed.folder / name).symlink_to(outside / name)
        os.mkfifo(printed.folder / f"{printed.writers[0]}-1.log")
    else:
        shutil.rmtree(printed.folder)
        printed.folder.symlink_to(outside)
    for query in ({}, {"search": "secret"}, {"rank": "all", "tail": 5}):
        assert client.json(printed.run, "/console", **query)["lines"] == []
