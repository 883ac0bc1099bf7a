"""The reference reader reads what the reader reads, with the standard library alone."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import epochal
from epochal.recorded import RecordedRun
from tests.core.golden.make_golden import FOLDER

SCRIPT = Path(__file__).parents[2] / "docs" / "reference_reader.py"


def printed(folder: Path, metric: str) -> list[str]:
    """Return the lines that the reference reader prints, run without any installed package."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(folder), metric], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def read(folder: Path, metric: str) -> list[str]:
    """Return the same lines by way of the reader, numbers sorted by step."""
    run = RecordedRun(folder)
    history = run.history(metric, duplicates=True, abandoned=True)
    texts = run.texts(metric, duplicates=True, abandoned=True)
    lines = [f"{step},{value!r}" for step, value in zip(history.steps.tolist(), history.values.tolist(), strict=True)]
    return lines + [f"{step},{text!r}" for step, text in zip(texts.steps, texts.values, strict=True)]


@pytest.mark.parametrize("metric", ["train/loss", "n", "ok", "val/acc", "epoch", "text", "odd", "imported"])
def test_it_reads_the_golden_files_as_the_reader_does(metric: str) -> None:
    folder = FOLDER / "digits" / "run1"
    assert Counter(printed(folder, metric)) == Counter(read(folder, metric))


def test_it_reads_a_real_run_as_the_reader_does() -> None:
    with epochal.init("reference", config={"a": 1}) as run:
        for step in range(300):
            run.log({"loss": 1 / (step + 1), "n": step, "ok": step % 3 == 0})
            if step % 50 == 0:
                run.log({"note": f"step {step}", "loss": float("nan")}, step=step)
        run.extend({"wide": [1.5, 2.5]}, steps=[7, 8])
        for step in range(20):
            run.log({f"only once {step}": step})
    for metric in ("loss", "n", "ok", "note", "wide", "only once 3"):
        lines = printed(run.folder, metric)
        assert Counter(lines) == Counter(read(run.folder, metric)), metric
        assert lines


def test_it_steps_over_damage_as_the_reader_does(tmp_path: Path) -> None:
    from tests.core.journal_maker import Maker, loop

    maker = Maker()
    maker.opening()
    loop(maker, range(30), x=1.0)
    maker.record("notice", text="damaged")
    maker.frame_row(99, {"x": 7.5})
    maker.data[maker.frames[32].offset + 17] ^= 8
    maker.data[maker.places[9].offset + 30] ^= 2
    header = maker.headers[2]
    maker.write(header.offset, bytes(20))
    maker.save(tmp_path)
    lines = printed(tmp_path, "x")
    assert Counter(lines) == Counter(read(tmp_path, "x"))
    assert lines[-1] == "99,7.5"
    assert len(lines) == 30 + 1 - 1 - 8


def test_it_refuses_what_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "x.epochal").write_bytes(b"nothing" * 20)
    with pytest.raises(subprocess.CalledProcessError):
        printed(tmp_path, "x")


def test_a_journal_that_has_just_been_made_does_not_hide_the_others(tmp_path: Path) -> None:
    with epochal.init("p") as run:
        for step in range(5):
            run.log({"loss": step / 2}, step=step)
    for size in (0, 8, 63):
        (run.folder / "journal" / f"main-0-{size + 5}-00000000.epochal").write_bytes(bytes(size))
    assert printed(run.folder, "loss") == [f"{step},{step / 2!r}" for step in range(5)]
