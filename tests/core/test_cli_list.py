"""`epochal ls`: what it shows, how it fits, and what it says where there is nothing."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import epochal
from epochal.cli.json_keys import JSON_KEYS
from tests.core.cli_call import call
from tests.core.make_runs import make_run, make_runs
from tests.core.recorded_runs import record


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def first_words(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines()]


def test_the_list_has_a_line_for_each_run_and_tells_what_differs(root: Path) -> None:
    make_run(root, 0, config={"lr": 0.1, "same": 1, "optimizer": {"name": "adam"}})
    make_run(root, 1, config={"lr": 0.2, "same": 1, "optimizer": {"name": "sgd"}}, finish="failed")
    make_run(root, 2, config={"lr": 0.3, "same": 1, "optimizer": {"name": "sgd"}}, finish=None)
    out = call("ls").out
    assert first_words(out) == ["NAME", "brave-otter-0", "brave-otter-1", "brave-otter-2"]
    header = out.splitlines()[0].split()
    assert {"STATE", "STARTED", "TIME", "lr", "name", "val/acc"} <= set(header)
    assert "same" not in header
    assert "PROJECT" not in header
    for words in ("✓ finished", "✗ failed", "† killed", "1d ago", "0.2", "sgd"):
        assert words in out


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160])
def test_the_list_fits_the_terminal(root: Path, width: int) -> None:
    make_runs(root, 5, meta={"name": "a very long name that somebody has given to a run of theirs 💡"})
    assert max(map(len, call("ls", width=width).out.splitlines())) <= width


def test_without_a_terminal_nothing_is_cut(root: Path) -> None:
    name = "long-" * 7 + "name"
    make_run(root, 0, meta={"name": name})
    variables = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    command = [sys.executable, "-m", "epochal", "ls"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables)
    assert name in done.stdout
    assert "\x1b" not in done.stdout


def test_names_cannot_play_tricks_on_the_terminal(root: Path) -> None:
    make_run(
        root, 0, meta={"name": "[red]x[/red]\x1b[31m\n\u202e", "tags": ["[bold]\x07"]}, config={"\x1b[2J": "\x1b[31m"}
    )
    make_run(root, 1, meta={"name": "größe 漢字 💡"}, config={"\x1b[2J": "y"})
    out = call("ls").out
    assert "[red]x[/red]\\x1b[31m\\n\\u202e" in out
    assert "[bold]\\x07" in out
    assert "\x1b" not in out
    assert "größe 漢字 💡" in out
    assert len(out.splitlines()) == 3


def test_what_a_user_set_stands_before_what_an_adapter_wrote(root: Path) -> None:
    wrote = {
        "environment": {"torch": "2"},
        "model": {"bytes": 8, "parameters": 2, "summary": "Linear(\n)"},
        "optimizer": {"eps": 1e-8, "learning_rate": 0.1},
    }
    make_run(root, 0, config={**wrote, "my": {"depth": 3}})
    header = call("ls", width=200).out.splitlines()[0]
    shown = [word for word in header.split() if word in ("depth", "learning_rate", "parameters", "bytes", "summary")]
    assert shown[:3] == ["depth", "learning_rate", "parameters"]
    assert "summary" not in shown


def test_filter_sort_columns_and_limit(root: Path) -> None:
    for i in range(5):
        make_run(root, i, config={"lr": i, "a.b": {"c": i}}, project=f"p{i % 2}")
    out = call(
        "ls", "--where", "config.lr >= 1", "--sort", "-lr", "--columns", 'name,lr,a.b.c,config["lr"] * 2,val/acc'
    ).out
    lines = [line.split() for line in out.splitlines()]
    assert [line[0] for line in lines] == ["NAME", *(f"brave-otter-{i}" for i in (4, 3, 2, 1))]
    assert lines[1][1:4] == ["4", "4", "8"]
    assert 0 < float(lines[1][4]) < 1
    assert first_words(call("ls", "--project", "p1", "--sort", "name").out)[1:] == ["brave-otter-1", "brave-otter-3"]
    answer = call("ls", "-n", 2)
    assert len(answer.out.splitlines()) == 3
    assert "2 of 5 runs: --all shows all" in answer.err
    assert len(call("ls", "-n", 2, "--all").out.splitlines()) == 6


def test_more_than_thirty_lines_are_printed_only_when_asked_for(root: Path) -> None:
    make_runs(root, 32, companion=False, rows=1)
    assert len(call("ls").out.splitlines()) == 31
    assert len(call("ls", "-a").out.splitlines()) == 33
    assert len(call("ls", "--json").json) == 32
    assert len(call("ls", "--json", "-n", 3).json) == 3


def test_json_has_the_keys_that_the_reference_promises(root: Path) -> None:
    make_run(root, 0, config={"x": math.inf, "y": [math.nan, 2**70], "ü": "\x1b"}, meta={"notes": "n"})
    (run,) = call("ls", "--json").json
    assert list(run) == list(JSON_KEYS["ls"]) or set(run) == set(JSON_KEYS["ls"])
    assert run["config"] == {"x": "Infinity", "y": ["NaN", 2**70], "ü": "\x1b"}
    assert run["state"] == "finished"
    assert run["started"] == epochal.runs()[0].started
    assert float(run["config"]["y"][0]) != float(run["config"]["y"][0])
    (run,) = call("ls", "--json", "--columns", "x,state").json
    assert run == {"id": run["id"], "x": "Infinity", "state": "finished"}


def test_groups_are_counted_and_averaged(root: Path) -> None:
    for i in range(6):
        make_run(root, i, config={"lr": [1, 2][i % 2]}, finish="failed" if i == 5 else "finished")
    rows = call("ls", "--group", "lr", "--json").json
    assert [(row["lr"], row["count"]) for row in rows] == [(1, 3), (2, 3)]
    assert rows[1]["states"] == {"failed": 1, "finished": 2}
    best = [run.summary["best"] for run in epochal.runs(where="config.lr == 1")]
    assert rows[0]["mean"]["best"] == pytest.approx(sum(best) / 3)
    assert set(rows[0]) - {"lr"} == set(JSON_KEYS["ls --group"]) - {"…"}
    out = call("ls", "-g", "lr,state", width=100).out
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [
        ["1", "finished", "3"], ["2", "failed", "1"], ["2", "finished", "2"],
    ] or len(out.splitlines()) == 4  # fmt: skip


def test_groups_tell_spread_and_count_and_are_sorted_by_any_of_them(root: Path) -> None:
    for at, (model, acc) in enumerate([("a", 0.5), ("a", 0.7), ("b", 0.9), ("b", None), ("c", 0.6), ("c", math.nan)]):
        record(root, f"run{at}", config={"model": model}, summary={} if acc is None else {"acc": acc, "n": at})
    out = call("ls", "--group", "model").out
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["a", "2", "✓2", "0.6", "±", "0.14", "0.5", "±", "0.71"],
        ["b", "2", "✓2", "0.9", "(n", "1)", "2", "(n", "1)"],
        ["c", "2", "✓2", "0.6", "(n", "1)", "4.5", "±", "0.71"],
    ]
    rows = {row["model"]: row["stats"]["acc"] for row in call("ls", "--group", "model", "--json").json}
    assert rows["a"]["sem"] == pytest.approx(0.1)
    assert (rows["a"]["min"], rows["a"]["max"], rows["a"]["n"]) == (0.5, 0.7, 2)
    assert (rows["b"]["n"], rows["b"]["nan"], rows["b"]["missing"], rows["b"]["std"]) == (1, 0, 1, "NaN")
    assert (rows["c"]["n"], rows["c"]["nan"]) == (1, 1)

    def order(sort: str) -> list[str]:
        return [row["model"] for row in call("ls", "--group", "model", f"--sort={sort}", "--json").json]

    assert order("-acc") == ["b", "a", "c"] or order("-acc") == ["b", "c", "a"]
    assert order("acc:min") == ["a", "c", "b"]
    assert order("-acc:max,model") == ["b", "a", "c"]
    assert order("acc:std") == ["a", "b", "c"]  # those without a spread last
    assert order("-model") == ["c", "b", "a"]
    assert order("-count,-model") == ["c", "b", "a"]
    assert order("-config.model") == ["a", "b", "c"]  # no number: no mean


def test_the_statistics_of_groups_can_be_chosen(root: Path) -> None:
    for at in range(4):
        record(root, f"run{at}", config={"model": "a", "seed": at}, summary={"acc": at / 10})
    out = call("ls", "--group", "model", "--stats", "mean,sem,n", "--columns", "acc,config.seed * 2").out
    assert out.split()[3:] == [
        "mean", "acc", "sem", "acc", "n", "acc", "mean", "config.seed", "*", "2", "sem", "config.seed", "*", "2",
        "n", "config.seed", "*", "2", "a", "4", "✓4", "0.15", "0.06455", "4", "3", "1.291", "4",
    ]  # fmt: skip
    assert "'median' is none of mean, std" in call("ls", "--group", "model", "--stats", "median", code=2).err
    assert "give --group too" in call("ls", "--stats", "mean", code=2).err
    assert "there is no field nam" in call("ls", "--group", "model", "--sort", "nam", code=1).err
    assert (
        max(map(len, call("ls", "--group", "model", "--stats", "mean,std,sem,min,max,n", width=50).out.splitlines()))
        <= 50
    )


def test_an_empty_folder_says_where_was_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"No runs in {tmp_path / 'epochal-runs'}: `epochal demo` records some." in call("ls").err
    assert call("ls", "--json").json == []
    monkeypatch.delenv("EPOCHAL_DIR")
    monkeypatch.chdir(tmp_path)
    assert "and in epochal-runs of the folders above" in call("ls").err
    assert "is no folder: give the runs folder" in call("ls", "--dir", "typo", code=1).err


def test_a_list_that_a_filter_empties_says_why(root: Path) -> None:
    make_run(root, 0, config={"lr": 1}, project="digits")
    err = call("ls", "--where", "config.lrr > 1").err
    assert "None of 1 run in" in err
    assert "no run has lrr in its config: did you mean lr?" in err
    assert "Projects are digits" in call("ls", "--project", "digit").err


def test_a_wrong_filter_is_shown_with_its_place(root: Path) -> None:
    make_run(root, 0)
    err = call("ls", "--where", "config.lr = 1", code=1).err
    assert err.splitlines() == [
        "epochal: = is not used in filters: compare with ==",
        "  config.lr = 1",
        "            ^",
    ]
    assert "there is no field nam" in call("ls", "--sort", "nam", code=1).err


def test_running_runs_are_listed_with_what_they_have_so_far(root: Path) -> None:
    with epochal.init("digits", name="alive", dir=root) as run:
        run.log({"loss": 0.5})
        out = call("ls").out
        assert "● running" in out
        assert "0.5" in out


def test_damage_and_unreadable_runs_do_not_stop_the_list(root: Path) -> None:
    make_run(root, 0)
    (bad,) = (make_run(root, 1, companion=False) / "journal").iterdir()
    bad.write_bytes(b"\xff" * 1000)
    (root / "p" / "empty" / "journal").mkdir(parents=True)
    out = call("ls").out
    assert out.count("! unreadable") == 2
    assert "✓ finished" in out
    states = {run["state"] for run in call("ls", "--json").json}
    assert states == {"finished", "unreadable"}


def test_the_list_works_on_text_streams_that_are_no_utf8(root: Path) -> None:
    make_run(root, 0, meta={"name": "größe-漢"})
    variables = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    command = [sys.executable, "-m", "epochal", "ls"]
    done = subprocess.run(command, capture_output=True, check=True, env=variables)
    assert b"gr\\xf6\\xdfe-\\u6f22" in done.stdout
    done = subprocess.run([*command, "--json"], capture_output=True, check=True, env=variables)
    assert json.loads(done.stdout.replace(b"\\xf6", b"\\u00f6").replace(b"\\xdf", b"\\u00df"))[0]["name"] == "größe-漢"
