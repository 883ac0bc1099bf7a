"""`epochal show`, `history` and `verify`: one run on a page, its points as lines, and whether it is whole."""

from __future__ import annotations

import csv
import io
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import epochal
from epochal.cli.json_keys import JSON_KEYS
from epochal.journal.format import BLOCK_MAGIC
from tests.core.cli_call import call
from tests.core.make_runs import ENVIRONMENT, make_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def test_the_page_has_all_that_is_known(root: Path) -> None:
    given = {"name": "shown", "tags": ["t"], "notes": "note me", "group": "g", "job_type": "train"}
    run = epochal.init("digits", config={"lr": 0.1, "optimizer": {"name": "adam"}}, dir=root, **given)  # type: ignore[arg-type]
    run.use_dataset("train", np.arange(10))
    for step in range(20):
        run.log({"loss": 1 / (step + 1), "text": "hello"})
    run.summary["best"] = 3
    run.notice("odd", "something [red]odd[/red] happened")
    run.finish()
    out = call("show", "shown").out
    for words in (
        "shown   ✓ finished", run.id, "digits", "note me", "train", "lr", "0.1", "optimizer", "adam", "Metrics (2)",
        "loss", "0.05 @19", "1 @0", "hello", "best  3  (set by hand)", "sha256", "coverage full", "10 rows",
        "! something [red]odd[/red] happened", "epochal plot shown --metric loss", str(run.folder), "just now",
    ):  # fmt: skip
        assert words in out, words
    digest = run.config["datasets"]["train"]["sha256"]
    assert digest[:12] in out
    assert digest not in out


def test_the_page_of_a_failed_run_has_its_traceback(root: Path) -> None:
    with pytest.raises(ValueError, match="too big"), epochal.init("digits", name="bad", dir=root):
        raise ValueError("too big [bold]\x1b[31m")
    out = call("show", "bad").out
    assert "✗ failed" in out
    assert "why" in out
    assert "Traceback (most recent call last)" in out
    assert "ValueError: too big [bold]\\x1b[31m" in out
    assert "\x1b" not in out
    record = call("show", "bad", "--json").json
    assert record["error"]["type"] == "ValueError"
    assert record["state"] == "failed"
    assert record["reason"].startswith("ValueError: too big")


def test_json_has_the_keys_that_the_reference_promises(root: Path) -> None:
    folder = make_run(root, 1)
    record = call("show", folder.name, "--json").json
    assert set(record) == set(JSON_KEYS["show"])
    assert record["environment"] == ENVIRONMENT
    assert record["metrics"][0].keys() == {
        "name", "count", "last", "last_step", "min", "min_step", "max", "max_step",
    }  # fmt: skip
    loss = next(metric for metric in record["metrics"] if metric["name"] == "train/loss")
    history = epochal.get_run(folder).history("train/loss")
    assert (loss["count"], loss["last"], loss["min"]) == (20, history.values[-1], history.values.min())


def test_the_environment_is_told_in_words_and_whole_when_asked_for(root: Path) -> None:
    folder = make_run(root, 1)
    assert "0123456789ab on main" in call("show", folder).out
    assert "package59" not in call("show", folder).out
    assert "package59" in call("show", folder, "--all").out


def test_many_metrics_are_cut_unless_all_are_asked_for(root: Path) -> None:
    with epochal.init("digits", name="many", dir=root) as run:
        run.log({f"m{i}": i for i in range(100)})
    out = call("show", "many").out
    assert "Metrics (100)" in out
    assert "… 60 more: --all" in out
    assert "m99" in call("show", "many", "--all").out


def test_a_large_group_of_settings_is_cut_unless_all_are_asked_for(root: Path) -> None:
    settings = {f"setting{i}": i for i in range(120)}
    with epochal.init("digits", name="large", dir=root, config={"trainer": settings, "lr": 0.5}):
        pass
    out = call("show", "large").out
    assert "setting29" in out
    assert "… 90 more: --all" in out
    assert "setting119" not in out
    assert "setting119" in call("show", "large", "--all").out


def test_odd_metrics_have_their_statistics(root: Path) -> None:
    with epochal.init("digits", name="odd", dir=root) as run:
        for step in range(3):
            run.log(
                {
                    "nan": math.nan,
                    "inf": -math.inf,
                    "flag": step == 1,
                    "big": 2**62 + step,
                    "half": [1.5, math.nan, 2.5][step],
                }
            )
    metrics = {metric["name"]: metric for metric in call("show", "odd", "--json").json["metrics"]}
    assert (metrics["nan"]["last"], metrics["nan"]["min"]) == ("NaN", None)
    assert (metrics["inf"]["last"], metrics["inf"]["max"]) == ("-Infinity", "-Infinity")
    assert (metrics["flag"]["last"], metrics["flag"]["max"], metrics["flag"]["max_step"]) == (False, True, 1)
    assert metrics["big"]["last"] == 2**62 + 2
    assert (metrics["half"]["max"], metrics["half"]["count"]) == (2.5, 3)
    assert "nan" in call("show", "odd").out


def test_a_killed_run_says_so(root: Path) -> None:
    code = (
        "import epochal, os, signal; run = epochal.init('p', name='victim')\n"
        "run.log({'loss': 1.0}); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "EPOCHAL_DIR": str(root)})
    out = call("show", "victim").out
    assert "† killed" in out
    assert "why" in out


def test_a_run_that_is_not_found_is_one_line(root: Path) -> None:
    make_run(root, 1)
    err = call("show", "brave-oter", code=1).err
    assert err.count("\n") == 1
    assert err.startswith("epochal: no run 'brave-oter' among 1 run in")
    assert "did you mean brave-otter-1?" in err


def test_a_damaged_run_is_shown_as_far_as_it_goes(root: Path) -> None:
    folder = make_run(root, 1)
    (main,) = (folder / "journal").glob("main*")
    data = bytearray(main.read_bytes())
    data[len(data) // 2 :] = os.urandom(len(data) - len(data) // 2)
    main.write_bytes(data)
    out = call("show", folder).out
    assert "Notices" in out
    assert "brave-otter-1" in out
    empty = root / "p" / "empty"
    (empty / "journal").mkdir(parents=True)
    assert "lost" in call("show", empty).out


def test_history_prints_points_as_lines_csv_and_json(root: Path) -> None:
    with epochal.init("digits", name="h", dir=root) as run:
        for step in range(100):
            run.log({"loss": step / 4, **({"acc": step} if step % 10 == 0 else {})}, time=1000.0 + step)
    lines = call("history", "h", "loss").out.splitlines()
    assert lines[0].split() == ["step", "value", "time"]
    assert len(lines) == 42
    assert "… 60 points" in lines[21]
    rows = list(csv.reader(io.StringIO(call("history", "h", "loss", "--csv").out)))
    assert rows[0] == ["step", "value", "time"]
    assert len(rows) == 101
    assert rows[4] == ["3", "0.75", "1003.0"]
    record = call("history", "h", "acc", "--json", "--x", "relative").json
    assert set(record) == set(JSON_KEYS["history RUN METRIC"]) - {"rank", "abandoned"}
    assert record["value"] == list(range(0, 100, 10))
    assert len(record["x"]) == 10
    joined = call("history", "h", "acc", "loss", "--json").json
    assert joined.keys() == JSON_KEYS["history RUN METRIC METRIC"].keys()
    assert joined["columns"]["acc"][:2] == [0.0, "NaN"]
    rows = list(csv.reader(io.StringIO(call("history", "h", "loss", "acc", "--csv").out)))
    assert (rows[0], rows[11]) == (["step", "loss", "acc"], ["10", "2.5", "10.0"])
    assert len(call("history", "h", "loss", "--samples", 10, "--json").json["step"]) <= 10
    assert call("history", "h").out.splitlines() == ["acc", "loss"]
    assert set(call("history", "h", "--json").json) == set(JSON_KEYS["history RUN"])


def test_history_prints_texts_nan_and_abandoned_points(root: Path) -> None:
    with epochal.init("digits", name="h", dir=root) as run:
        for step in range(6):
            run.log({"loss": math.nan if step == 2 else step, "word": f"w{step}\x1b"})
        run.rewind(step=4)
        run.log({"loss": 9.0}, step=4)
    assert call("history", "h", "loss", "--json").json["value"] == [0.0, 1.0, "NaN", 3.0, 9.0]
    record = call("history", "h", "loss", "--json", "--abandoned").json
    assert record["abandoned"].count(True) == 2
    out = call("history", "h", "word").out
    assert "w3\\x1b" in out
    assert call("history", "h", "word", "--json").json["value"] == [f"w{step}\x1b" for step in range(4)]


def test_history_of_what_is_not_there_says_what_is(root: Path) -> None:
    with epochal.init("digits", name="h", dir=root) as run:
        run.log({"val/loss": 1})
    assert "val/loss" in call("history", "h", "loss", code=1).err
    call("history", "h", "a", "b", "--samples", 3, code=2)
    call("history", "h", "val/loss", "--csv", "--json", code=2)


def test_verify_says_what_is_sound_and_names_what_is_not(root: Path) -> None:
    for name in ("one", "two"):
        with epochal.init("digits", name=name, dir=root) as run:
            run.extend({"loss": np.arange(1000.0)}, steps=np.arange(1000))
    assert "✓ one" in call("verify", "one").out
    answer = call("verify")
    assert answer.out.count("✓") == 2
    assert "1,000 rows" in answer.out
    main = next((run.folder / "journal").glob("main*.epochal"))
    data = bytearray(main.read_bytes())
    at = data.index(BLOCK_MAGIC, data.index(BLOCK_MAGIC) + 1)
    data[at + 64 + 20] ^= 255
    main.write_bytes(data)
    answer = call("verify", code=1)
    assert "✗ two" in answer.out
    assert main.name in answer.out
    assert "1 of 2 runs damaged" in answer.err
    reports = call("verify", "--json", code=1).json
    assert sorted(report["sound"] for report in reports) == [False, True]
    assert set(reports[0]) == set(JSON_KEYS["verify"])
    assert "no runs to check" in call("verify", "--dir", root / "digits" / run.id).err
