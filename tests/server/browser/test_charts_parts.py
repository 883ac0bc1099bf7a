"""The parts of the charts that draw nothing, run where they run: in a browser."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from epochal.smoothing import smooth
from tests.needs import need

need("starlette")
need("playwright")

from .charts_page import Board  # noqa: E402


@pytest.fixture(scope="module")
def call(shown: Board, browser: Any) -> Iterator[Callable[..., Any]]:
    """Give what calls a function of a module of the charts: `call("compact.js", "pack", value)`."""
    page = browser.new_page()
    page.goto(shown.url)
    page.locator(".panel").first.wait_for()
    script = """async ([module, name, given]) => {
      const base = document.querySelector('link[href*="/css/charts.css"]').href.replace('css/charts.css', 'js/charts/');
      const found = (await import(base + module))[name];
      const answer = typeof found === 'function' ? found(...given) : found;
      return answer instanceof Float64Array || answer instanceof Float32Array ? [...answer] : answer;
    }"""
    yield lambda module, name, *given: page.evaluate(script, [module, name, list(given)])
    page.close()


def test_values_are_smoothed_as_the_python_api_does_it(call: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    for weight in (0.0, 0.3, 0.9, 0.999):
        for values in (rng.normal(size=200).cumsum(), np.full(20, 3.25), np.array([]), np.array([5.0])):
            found = call("smoothing.js", "smooth", values.tolist(), weight)
            np.testing.assert_allclose(found, smooth(values, weight), rtol=1e-12)


def test_values_that_are_no_number_stay_where_they_are(call: Callable[..., Any]) -> None:
    values = [1.0, float("nan"), 2.0, float("inf"), 0.5]
    found = call("smoothing.js", "smooth", values, 0.7)
    np.testing.assert_allclose(found, smooth(values, 0.7), rtol=1e-12)


def test_whatever_is_packed_into_an_address_comes_out_again(call: Callable[..., Any]) -> None:
    rng = random.Random(1)
    texts = ["train/loss", "", "it's", "a!b", "(x,y):z", "5", "-1e3", "true", "!t", "ünï 🙂", "config.a-b", "  "]

    def made(depth: int) -> Any:
        kind = rng.randrange(6 if depth else 4)
        if kind == 0:
            return rng.choice([None, True, False])
        if kind == 1:
            return rng.choice([0, -3, 0.001, 1e21, 12.5, -1e-9])
        if kind in (2, 3):
            return rng.choice(texts)
        if kind == 4:
            return [made(depth - 1) for _ in range(rng.randrange(4))]
        return {rng.choice(texts): made(depth - 1) for _ in range(rng.randrange(4))}

    for _ in range(60):
        value = made(3)
        assert call("compact.js", "unpack", call("compact.js", "pack", value)) == value


def test_an_address_of_a_usual_workspace_is_short_and_can_be_read(call: Callable[..., Any]) -> None:
    standard = call("state.js", "DEFAULTS")
    state = {**standard, "smoothing": 0.6, "folded": ["system"], "panels": {"train/loss": {"logy": True}, "b": {}}}
    packed = call("compact.js", "pack", call("state.js", "differences", state))
    assert packed == "(smoothing:0.6,folded:!(system),panels:(train/loss:(logy:!t)))"
    assert call("state.js", "differences", standard) is None


@pytest.mark.parametrize("text", ["", "(", "(a", "(a:", "!(a,", "'", "!x", "(a:1)b", "1..2", "(" * 4000, "(1:2)"])
def test_an_address_that_was_cut_off_is_an_error_and_no_guess(call: Callable[..., Any], text: str) -> None:
    with pytest.raises(Exception, match="cannot read the address"):
        call("compact.js", "unpack", text)


def test_a_state_takes_only_what_can_be_one(call: Callable[..., Any]) -> None:
    standard = call("state.js", "DEFAULTS")
    wrong = {
        "smoothing": 1.5, "x": "steps", "logx": 1, "columns": -1, "search": ["a"], "folded": "system",
        "group": {"by": [], "band": "std"}, "panels": {"a": {"range": [2, 1]}}, "added": [{"id": "a", "kind": "pie"}],
        "moves": [["a"]], "unheard": True,
    }  # fmt: skip
    assert call("state.js", "whole", wrong) == standard
    assert call("state.js", "whole", ["list"]) == standard
    right = {"x": "metric:epoch", "group": {"by": ["config.lr"], "band": "sem"}, "panels": {"a": {"range": [1, 2]}}}
    assert call("state.js", "whole", right) == {**standard, **right}


def test_panels_stand_in_sections_of_their_prefix_and_where_they_were_moved(call: Callable[..., Any]) -> None:
    standard = call("state.js", "DEFAULTS")
    metrics = ["epoch", "train/acc", "train/loss", "train/lr", "val/loss", "system/gpu/0/power", "system/cpu"]
    moves = [["train/lr", "train/acc"], ["train/acc", ""], ["val/loss", "train/loss"]]
    state = {**standard, "moves": moves, "pinned": ["epoch"], "hidden": ["system/cpu"]}
    found = call("sections.js", "layOut", metrics, state)
    laid = {section["name"]: [panel["id"] for panel in section["panels"]] for section in found["sections"]}
    assert laid == {
        "Pinned": ["epoch"],
        "train": ["train/lr", "train/loss", "train/acc"],
        "val": ["val/loss"],
        "system/gpu": ["system/gpu/0/power"],
    }


def test_panels_are_found_by_words_and_by_expressions(call: Callable[..., Any]) -> None:
    standard = call("state.js", "DEFAULTS")
    metrics = ["train/loss", "train/Loss_aux", "val/loss", "lr"]

    def found(search: str, *, regex: bool = False) -> list[str]:
        laid = call("sections.js", "layOut", metrics, {**standard, "search": search, "regex": regex})
        return sorted(panel["id"] for section in laid["sections"] for panel in section["panels"])

    assert found("LOSS train") == ["train/Loss_aux", "train/loss"]
    assert found("loss$", regex=True) == ["train/loss", "val/loss"]
    assert found("lo(", regex=True) == []
    assert (
        "Unterminated group"
        in call("sections.js", "layOut", metrics, {**standard, "search": "(", "regex": True})["error"]
    )
    assert found("(") == []


@pytest.mark.parametrize(
    ("low", "high", "how", "labels"),
    [
        (0, 1000, {}, ["0", "200", "400", "600", "800", "1000"]),
        (0, 1e6, {}, ["0", "200k", "400k", "600k", "800k", "1M"]),
        (-0.2, 0.3, {}, ["−0.2", "−0.1", "0", "0.1", "0.2", "0.3"]),
        (1e-4, 10, {"log": True}, ["0.0001", "0.001", "0.01", "0.1", "1", "10"]),
        (100, 130, {"log": True}, ["100", "110", "120", "130"]),
        (0, 7200, {"kind": "relative"}, ["0", "30 min", "1 h", "1 h 30 min", "2 h"]),
        (5, 5, {}, ["4.8", "4.9", "5.0", "5.1", "5.2"]),
    ],
)
def test_axes_have_round_ticks(call: Callable[..., Any], low: float, high: float, how: Any, labels: list[str]) -> None:
    made = call("axes.js", "makeAxis", low, high, {**how, "pixels": 400, "across": True})
    assert [tick["label"] for tick in made["ticks"]] == labels


def test_a_table_becomes_csv_that_no_spreadsheet_takes_for_formulas(call: Callable[..., Any]) -> None:
    rows = [["=cmd()", 1.5], ['a "b", c', None], ["line\nbreak", -2]]
    text = call("exporting.js", "csv", {"head": ["name", "value"], "rows": rows})
    assert text == 'name,value\r\n\'=cmd(),1.5\r\n"a ""b"", c",\r\n"line\nbreak",-2\r\n'


def test_a_line_of_many_points_keeps_the_extremes_of_each_pixel(call: Callable[..., Any]) -> None:
    rng = np.random.default_rng(3)
    xs, ys = np.linspace(0, 99.9, 5000), rng.normal(size=5000)
    ys[2500], ys[100] = 40.0, float("nan")
    plain = {"per": 1, "base": 0, "log": False}
    points = np.array(call("geometry.js", "linePoints", xs.tolist(), ys.tolist(), plain, plain, 100)).reshape(-1, 2)
    assert len(points) <= 2 * 100 + 4
    for column in range(100):
        there = ys[np.floor(xs) == column]
        drawn = points[np.floor(points[:, 0]) == column, 1]
        assert drawn.min() == pytest.approx(np.nanmin(there), rel=1e-6)
        assert drawn.max() == pytest.approx(np.nanmax(there), rel=1e-6)
    assert np.isnan(points).any()


def test_the_nearest_point_is_found(call: Callable[..., Any]) -> None:
    xs = [0, 1, 5, 9]
    assert [call("geometry.js", "nearest", xs, at) for at in (-3, 0.4, 0.6, 3, 3.1, 8, 100)] == [0, 0, 1, 1, 2, 3, 3]
    assert call("geometry.js", "nearest", [], 1) == -1
    assert call("geometry.js", "nearest", [5, 1, 9], 8, False) == 2


def test_the_state_of_a_workspace_is_json(call: Callable[..., Any]) -> None:
    standard = call("state.js", "DEFAULTS")
    assert call("state.js", "whole", json.loads(json.dumps(standard))) == standard


def test_a_slider_makes_points_of_the_smoothed_line_alone(shown: Board, open_page: Callable[..., Any]) -> None:
    """What was recorded turns faint and is not made again; of what is drawn anew, only what is another array."""
    page = open_page(shown.url)
    page.locator(".panel").first.wait_for()
    made = page.evaluate(
        """async () => {
          const sheet = document.querySelector('link[href*="/css/charts.css"]').href;
          const base = sheet.replace('css/charts.css', 'js/charts/');
          const [{Plot}, {loadZRender}] = await Promise.all([import(base + "plot.js"), import(base + "zrender.js")]);
          const plot = new Plot(await loadZRender(), null, {renderer: "svg", width: 300, height: 200});
          const axis = {min: 0, max: 3, ticks: [{at: 1, label: "1"}]};
          plot.setAxes(axis, axis, {text: "#000", line: "#ccc", muted: "#888", font: "sans-serif"});
          let asked = [];
          const pointsOf = plot.pointsOf.bind(plot);
          plot.pointsOf = (part, ...rest) => (asked.push(part), pointsOf(part, ...rest));
          const x = Float64Array.of(0, 1, 2), y = Float64Array.of(3, 1, 2);
          const told = [];
          const draw = (line, moved) => {
            asked = [];
            plot.setLines([{key: "a", x, colour: "#000", ...line}], moved);
            const {recorded, smoothed} = plot.lines.get("a").points;
            told.push([asked, [...recorded], smoothed ? [...smoothed] : null]);
          };
          draw({y}, true);
          draw({y: Float64Array.of(3, 2, 2), raw: y}, false);
          draw({y: Float64Array.of(3, 2.5, 2), raw: y}, false);
          draw({y}, false);
          draw({y}, true);
          plot.dispose();
          return told;
        }"""
    )
    assert [asked for asked, *_ in made] == [["recorded"], ["smoothed"], ["smoothed"], [], ["recorded"]]
    recorded = {str(each[1]) for each in made}
    assert len(recorded) == 1
    assert made[0][2] is made[3][2] is made[4][2] is None
    assert made[1][2] not in (made[0][1], made[2][2])
