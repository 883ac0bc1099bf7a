"""`epochal plot`: curves in the terminal, their axes, and how several are told apart."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import epochal
from epochal.cli import ticks
from epochal.cli.canvas import Canvas
from epochal.cli.chart import Series, chart
from epochal.cli.json_keys import JSON_KEYS
from tests.core.cli_call import call
from tests.core.recorded_runs import record as make


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def record(root: Path, name: str, count: int = 50, **more: float) -> epochal.Run:
    with epochal.init("digits", name=name, dir=root) as run:
        for step in range(count):
            run.log({"loss": math.exp(-step / 10), "acc": 1 - math.exp(-step / 10), **more}, time=1e9 + step)
    return run


def drawn(*series: Series, width: int = 60, height: int = 12, **options: bool) -> list[str]:
    return [line.plain for line in chart(series, width=width, height=height, x_label="step", **options)]  # type: ignore[arg-type]


def test_a_plot_has_title_axes_and_legend(root: Path) -> None:
    record(root, "one")
    lines = call("plot", "one", "--metric", "loss", width=80).out.splitlines()
    assert lines[0] == "loss"
    assert any("┤" in line for line in lines)
    assert any("└" in line and "┬" in line for line in lines)
    assert lines[-2].rstrip().endswith("step")
    assert lines[-1].startswith("  ━━ one · loss   0.007447 at step 49")
    assert max(map(len, lines)) <= 80
    assert any(0x2800 < ord(char) < 0x2900 for line in lines for char in line)


def test_several_runs_stand_in_one_chart_and_several_metrics_in_charts_of_their_own(root: Path) -> None:
    for name in ("one", "two"):
        record(root, name)
    out = call("plot", "one", "two", "-m", "loss", "-m", "acc").out
    assert out.count("└") == 2
    assert "a one · loss" in out
    assert "b two · acc" in out
    together = call("plot", "one", "two", "-m", "loss", "-m", "acc", "--together").out
    assert together.count("└") == 1
    assert "d two · acc" in together or "d two" in together


def test_without_a_metric_the_telling_ones_are_drawn(root: Path) -> None:
    record(root, "one", epoch=3.0, other=1.0, third=2.0)
    out = call("plot", "one").out
    assert out.count("└") == 3
    assert "acc" in out.splitlines()[0]


def test_a_run_named_twice_is_drawn_once(root: Path) -> None:
    run = record(root, "one")
    assert call("plot", "one", run.id, "-m", "loss").out.count("━━") == 1


def test_smoothing_keeps_the_curve_behind(root: Path) -> None:
    record(root, "one")
    curves = call("plot", "one", "-m", "loss", "--smooth", "0.9", "--json").json
    assert [curve["abandoned"] for curve in curves] == [True, False]
    assert curves[1]["y"] == epochal.smooth(curves[0]["y"], 0.9).tolist()
    assert "━━ one · loss" in call("plot", "one", "-m", "loss", "--smooth", "0.9").out


def test_abandoned_points_are_drawn_when_asked_for(root: Path) -> None:
    with epochal.init("digits", name="back", dir=root) as run:
        for step in range(20):
            run.log({"loss": float(step)})
        run.rewind(step=10)
        run.log({"loss": 100.0}, step=10)
    (curve,) = call("plot", "back", "-m", "loss", "--json").json
    assert curve["y"] == [*map(float, range(10)), 100.0]
    ghost, curve = call("plot", "back", "-m", "loss", "--json", "--abandoned").json
    assert ghost["abandoned"] is True
    assert ghost["y"] == [float(step) for step in range(10, 20)]
    assert call("plot", "back", "-m", "loss", "--abandoned").out.count("━━") == 1


@pytest.mark.parametrize("axis", ["step", "time", "relative", "acc"])
def test_every_axis_can_be_drawn(root: Path, axis: str) -> None:
    record(root, "one")
    out = call("plot", "one", "-m", "loss", "--x", axis).out
    assert f"{axis}\n" in out
    (curve,) = call("plot", "one", "-m", "loss", "--x", axis, "--json").json
    assert set(curve) == set(JSON_KEYS["plot"])
    assert curve["axis"] == axis


def test_the_axis_that_a_metric_was_defined_with_is_taken(root: Path) -> None:
    with epochal.init("digits", name="one", dir=root) as run:
        run.define_metric("val/*", step="epoch")
        for epoch in range(5):
            run.log({"val/loss": 1.0 / (epoch + 1), "epoch": epoch}, step=epoch * 100)
    (curve,) = call("plot", "one", "-m", "val/loss", "--json").json
    assert (curve["axis"], curve["x"]) == ("epoch", [0.0, 1.0, 2.0, 3.0, 4.0])


def test_groups_are_drawn_as_means_within_bands(root: Path) -> None:
    for at in range(4):
        curve = [at + step / 10 for step in range(30)]
        make(root, f"run{at}", config={"model": "ab"[at % 2]}, metrics={"loss": curve, "acc": curve})
    out = call("plot", "--group", "model", "-m", "loss").out
    assert "a model a · loss   mean of 2 runs" in out
    assert "b model b · loss   mean of 2 runs" in out
    assert "." in out.replace("...", "")
    (first, second) = call("plot", "--group", "model", "-m", "loss", "--json").json
    assert set(first) == set(JSON_KEYS["plot --group"])
    assert (first["group"], second["group"]) == ({"model": "a"}, {"model": "b"})
    assert first["mean"] == pytest.approx([1 + step / 10 for step in range(30)])
    assert first["n"] == [2] * 30
    assert second["sem"] == pytest.approx([1.0] * 30)
    assert call("plot", "--group", "model").out.count("└") == 2
    assert call("plot", "run0", "run2", "--group", "model", "--json", "-m", "acc").json[0]["n"] == [2] * 30
    for band in ("std", "sem", "range", "none"):
        assert "mean of 2 runs" in call("plot", "--group", "model", "--band", band, "--smooth", "0.5").out


def test_a_filter_chooses_the_runs_to_draw(root: Path) -> None:
    for at in range(3):
        make(root, f"run{at}", config={"lr": at}, metrics={"loss": [1.0, 2.0]})
    out = call("plot", "--where", "config.lr > 0").out
    assert "run0" not in out
    assert "run1 · loss" in out
    assert "leave one of the two out" in call("plot", "run0", "--where", "config.lr > 0", code=2).err
    assert "no runs in" in call("plot", "--where", "config.lr > 9", code=2).err
    assert "give --where or --group" in call("plot", code=2).err
    assert "about single runs" in call("plot", "--group", "lr", "--abandoned", code=2).err
    assert "did you mean 'loss'" in call("plot", "--group", "lr", "-m", "los", code=1).err


def test_logarithmic_axes_leave_out_what_is_not_positive(root: Path) -> None:
    record(root, "one")
    out = call("plot", "one", "-m", "acc", "--logx", "--logy").out
    assert "1 points not drawn: NaN, inf or ≤ 0" in out


def test_what_cannot_be_drawn_says_so(root: Path) -> None:
    record(root, "one")
    assert "loss" in call("plot", "one", "-m", "los", code=1).err
    record(root, "two", other=1.0)
    answer = call("plot", "one", "two", "-m", "other")
    assert "epochal: one:" in answer.err
    assert "two · other" in answer.out
    call("plot", "one", "two", "-m", "nothing", code=2)
    with epochal.init("digits", name="empty", dir=root):
        pass
    assert "empty has no metrics yet" in call("plot", "empty", code=2).err
    call("plot", code=2)
    call("plot", "one", "--smooth", "7", code=2)


def test_without_colours_no_escape_is_printed_and_with_them_one_is(root: Path) -> None:
    for name in ("one", "two"):
        record(root, name)
    command = [sys.executable, "-m", "epochal", "plot", "one", "two", "-m", "loss"]
    plain = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "NO_COLOR": "1"})
    assert b"\x1b" not in plain.stdout
    script = f"import pty, sys; sys.exit(pty.spawn({command!r}) >> 8)"
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "30"}
    variables.pop("NO_COLOR", None)
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=variables)
    assert b"\x1b[38;5;" in shown.stdout


def test_a_million_points_are_drawn_as_all_of_them_would_be() -> None:
    steps = np.arange(1_000_000.0)
    values = np.sin(steps / 1e5)
    values[777_777] = 9.0
    lines = drawn(Series("s", steps, values))
    top = next(line for line in lines if "⠁" in line or "⡇" in line or "⢸" in line)
    assert lines.index(top) <= 1
    assert 35 < max(top.find(char) for char in "⡇⢸⠁⠈⢀⡀") < 60


@pytest.mark.parametrize(
    ("xs", "ys"),
    [
        ([], []),
        ([math.nan], [1.0]),
        ([1.0], [1.0]),
        ([1.0], [0.0]),
        ([0.0, 1.0], [5.0, 5.0]),
        ([0.0, 2.0**62], [-1.7e308, 1.7e308]),
        ([0.0, 1.0, 2.0], [5e-324, 1e-323, 0.0]),
        ([0.0, 1.0, 2.0, 3.0], [1.0, math.nan, math.inf, -math.inf]),
        ([3.0, 1.0, 2.0], [1.0, 2.0, 3.0]),
        ([-5.0, 5.0], [1e300, 1e-300]),
        ([1e15, 1e15 + 1], [1e15, 1e15 + 1]),
        (list(np.random.default_rng(0).normal(size=30_000)), list(np.random.default_rng(1).normal(size=30_000))),
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_any_numbers_can_be_drawn(xs: list[float], ys: list[float], log: bool) -> None:
    for axis in (ticks.linear, ticks.duration, ticks.moment):
        lines = chart(
            [Series("s", np.array(xs), np.array(ys))],
            width=60,
            height=12,
            x_label="x",
            x_ticks=axis,
            logx=log,
            logy=log,
        )
        assert max(len(line.plain) for line in lines) <= 80


def test_gaps_are_left_where_values_are_nan() -> None:
    ys = np.arange(100.0)
    ys[40:60] = math.nan
    lines = drawn(Series("s", np.arange(100.0), ys))
    assert "20 points not drawn: NaN or inf" in lines[-1]


def test_lines_reach_both_ends_and_stay_inside() -> None:
    canvas = Canvas(4, 2)
    canvas.line((0, 0), (7, 7), 0)
    assert canvas.row(0)[3][0] != " "
    assert canvas.row(1)[0][0] != " "
    canvas.line((-5, 3), (99, 3), 1)
    canvas.path([(0, 0), None, (7, 0)], 2)
    assert "".join(char for char, _ in canvas.row(1)).count(" ") == 0


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 100, ["0", "20", "40", "60", "80", "100"]),
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0, 50_000, ["0", "10k", "20k", "30k", "40k", "50k"]),
        (0, 2_500_000, ["0", "500k", "1000k", "1500k", "2000k", "2500k"]),
        (-1e-5, 1e-5, ["-1e-5", "-5e-6", "0", "5e-6", "1e-5"]),
    ],
)
def test_marks_stand_at_round_values(low: float, high: float, labels: list[str]) -> None:
    assert [tick.label for tick in ticks.linear(low, high, 5)] == labels


def test_marks_of_a_logarithmic_axis_are_powers_of_ten() -> None:
    assert [tick.label for tick in ticks.logarithmic(1e-6, 1e6, 4)] == ["1e-6", "0.001", "1", "1000", "1e6"]
    assert [tick.label for tick in ticks.logarithmic(0.5, 20, 4)] == ["1", "3", "10"]


def test_durations_and_moments_have_marks_of_their_own() -> None:
    assert [tick.label for tick in ticks.duration(0, 7200, 4)] == ["0", "30m", "1h", "1h30m", "2h"]
    assert [tick.label for tick in ticks.duration(0, 86400 * 3, 3)] == ["0", "1d", "2d", "3d"]
    labels = [tick.label for tick in ticks.moment(1e9, 1e9 + 3600, 4)]
    assert all(len(label) == 5 and label[2] == ":" for label in labels)
