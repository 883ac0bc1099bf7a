"""`epochal compare`: what it prints, how it fits, and what its JSON holds."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.cli.json_keys import JSON_KEYS
from epochal.cli.side_by_side import cells, letter
from epochal.differences.rows import MISSING, row
from tests.core.cli_call import call
from tests.core.recorded_runs import patched, record
from tests.needs import need

FACTS = {"sha256": "a" * 64, "kind": "file", "rows": 5, "bytes": 10, "method": "sha256sum", "coverage": "full"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def pair(root: Path) -> None:
    for name, lr, scale in (("one", 0.1, 1.0), ("two", 0.2, 0.5)):
        losses = [scale / (step + 1) for step in range(20)]
        metrics = {"val/loss": losses, "val/acc": [1 - loss for loss in losses]}
        config = {"lr": lr, "same": 1, "datasets": {"train": FACTS}}
        record(root, name, config=config, packages=f"numpy=={scale}\nb==1\n", metrics=metrics)


def line(out: str, start: str) -> list[str]:
    above = out.partition("Curves")[0]
    (found,) = [line for line in above.splitlines() if line.strip().startswith(start)]
    return found.split()


def test_what_differs_stands_first_and_the_best_is_marked_without_colour(root: Path) -> None:
    pair(root)
    out = call("compare", "one", "two").out
    assert out.splitlines()[1].startswith("A  one")
    assert out.splitlines()[2].startswith("B  two")
    assert "Config  1 differ, 1 the same" in out
    assert line(out, "lr") == ["lr", "0.1", "0.2"]
    assert "  same " not in out
    assert line(out, "val/loss") == ["val/loss", "0.05", "★", "0.025", "-0.025", "(-50.0", "%)"]
    assert line(out, "val/acc")[1:4] == ["0.95", "★", "0.975"]
    assert line(out, "= train") == "= train same: the same SHA-256 of all of it".split()
    assert line(out, "numpy") == ["numpy", "1.0", "0.5"]
    assert "Packages  1 differ, 1 the same" in out


def test_all_shows_what_is_the_same_too(root: Path) -> None:
    pair(root)
    assert line(call("compare", "one", "two", "--all").out, "same") == ["same", "1", "1"]


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("count", [2, 7, 40])
def test_any_number_of_runs_fits_any_terminal(width: int, count: int, root: Path) -> None:
    for at in range(count):
        name = f"a long name of a run 💡 {at}"
        record(root, f"run{at:02}", name=name, config={"lr": at, "a.very/long": {"name" * 20: "text" * at}},
               summary={"loss": float(at)}, packages=f"numpy=={at}\n")  # fmt: skip
    out = call("compare", *(f"run{at:02}" for at in range(count)), width=width).out
    assert max(map(len, out.splitlines())) <= width
    assert out.count("★ 0") == 1
    config = out.partition("Config")[2].partition("Summary")[0]
    values = [word for found in config.splitlines() if found.split()[:1] == ["lr"] for word in found.split()[1:]]
    assert values == [str(at) for at in range(count)]  # in blocks, none left out


def test_names_and_values_cannot_play_tricks_on_the_terminal(root: Path) -> None:
    for at in range(2):
        record(root, f"r{at}", name="\x1b[31mred\x07", config={"\x1b[2J": f"\x1b]0;{at}\x07"}, summary={"\x9b": 1})
    patch = b"diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+\x1b[31m\xff\n"
    for name, text in (("c0", b""), ("c1", patch)):
        run = record(root, name)
        git = patched(run, text, commit="a" * 40) if text else {"commit": "a" * 40}
        record(root, name, environment={"git": git, "host": "\x1b[1m"})
    out = call("compare", "r0", "r1", "c0", "c1").out
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\x9b" not in out
    assert "+\\x1b[31m\\xff" in out.replace("\\\\", "\\")


def test_a_long_diff_is_cut_and_says_how_to_see_all_of_it(root: Path) -> None:
    text = "".join(f"+line {n}\n" for n in range(100))
    patch = f"diff --git a/x b/x\nnew file mode 100644\n--- /dev/null\n+++ b/x\n@@ -0,0 +1,100 @@\n{text}".encode()
    record(root, "one", environment={"git": {"commit": "a" * 40}})
    git = patched(record(root, "two"), patch, commit="a" * 40)
    record(root, "two", environment={"git": git})
    out = call("compare", "one", "two").out
    assert "line 20" in out
    assert "line 99" not in out
    assert "more lines: --all shows them, --json has them" in out
    assert "line 99" in call("compare", "one", "two", "--all").out
    assert "line 99" in call("compare", "one", "two", "--json").json["code"]["diffs"][1]["text"]


@pytest.mark.parametrize(
    ("values", "looks"),
    [
        ((1, 1.0, "1"), ["1 (int)", "1 (float)", "1 (text)"]),
        ((True, 1), ["True (bool)", "1 (int)"]),
        ((None, MISSING), ["None", "–"]),
        ((0.1, 0.1 + 1e-9), ["0.1", "0.100000001"]),
        ((1, 1), ["1", "1"]),
        (("x" * 300 + "a", "x" * 300 + "b"), ["…xxxxxxxa'", "…xxxxxxxb'"]),
        (("a\tb", "a b"), ["a\\tb", "a b"]),
        (([1, 2], [1, 2.0]), ["[1, 2]", "[1, 2.0]"]),
        ((math.nan, 1.0), ["nan", "1"]),
        ((2**80, 2**80 + 1), [str(2**80), str(2**80 + 1)]),
    ],
)  # fmt: skip
def test_what_differs_looks_different(values: tuple[Any, ...], looks: list[str]) -> None:
    found = cells(row("x", values))
    assert len(found[0]) < 40
    if len(str(values[0])) < 20:
        assert found == looks
    else:
        assert found[0] != found[1]


def test_runs_have_letters() -> None:
    assert [letter(at) for at in (0, 25, 26, 51, 52)] == ["A", "Z", "A1", "Z1", "A2"]


def test_curves_stand_side_by_side_where_there_is_room(root: Path) -> None:
    pair(root)
    wide, narrow = (call("compare", "one", "two", width=width).out.partition("Curves")[2] for width in (140, 80))
    assert any("val/acc" in line and "val/loss" in line for line in wide.splitlines())
    assert not any("val/acc" in line and "val/loss" in line for line in narrow.splitlines())
    assert wide.rstrip().endswith("a A one  b B two")
    asked = call("compare", "one", "two", "-m", "val/acc").out
    assert asked.count("└") == 1
    assert "val/loss" not in asked


def schema() -> Any:
    return json.loads((files("epochal.cli") / "schemas" / "compare.json").read_text(encoding="utf-8"))


def test_json_holds_all_of_it(root: Path) -> None:
    pair(root)
    record(root, "three", config={"lr": None, "x": math.inf}, summary={"val/loss": math.nan})
    found = call("compare", "one", "two", "three", "-m", "val/loss", "--json").json
    assert set(found) == set(JSON_KEYS["compare"])
    assert [run["name"] for run in found["runs"]] == ["one", "two", "three"]
    assert found["config"][0] == {"key": "lr", "same": False, "values": [0.1, 0.2, None], "present": [True] * 3}
    assert found["summary"][0]["best"] == [1]
    (history,) = found["histories"]
    assert history["x"] == list(range(20))
    assert history["values"][0][1] == 0.5
    assert history["values"][2] is None
    assert set(schema()["properties"]) == set(found)


def test_json_fits_its_schema(root: Path) -> None:
    jsonschema = need("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())
    pair(root)
    record(root, "three", config={"lr": None, "x": math.inf}, summary={"val/loss": math.nan})
    for words in (["-m", "val/loss"], []):
        jsonschema.validate(call("compare", "one", "two", "three", *words, "--json").json, schema())


def test_what_cannot_be_compared_says_so(root: Path) -> None:
    pair(root)
    assert "run 'one' alone cannot be compared" in call("compare", "one", "one", code=1).err
    assert "did you mean" in call("compare", "one", "onee", code=1).err
    assert "did you mean 'val/loss'" in call("compare", "one", "two", "-m", "val/los", code=1).err
    call("compare", code=2)


def test_damage_is_told_on_stderr_and_the_rest_is_compared(root: Path) -> None:
    pair(root)
    broken = epochal.get_run("two").path
    (journal,) = (broken / "journal").glob("main-*")
    journal.write_bytes(b"\xff" * 500)
    answer = call("compare", "one", str(broken))
    assert "epochal: two: main-" in answer.err
    assert line(answer.out, "lr")[:2] == ["lr", "0.1"]


def test_in_a_pipe_it_is_whole_and_without_colours(root: Path) -> None:
    record(root, "one", config={"text": "long " * 30 + "a"})
    record(root, "two", config={"text": "long " * 30 + "b"})
    variables = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    command = [sys.executable, "-m", "epochal", "compare", "one", "two"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables)
    assert "\x1b" not in done.stdout
    assert "Config  1 differ, 0 the same" in done.stdout
