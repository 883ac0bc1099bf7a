"""Figures of Plotly in a browser: common traces are drawn, what is not is named, and nothing is believed of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.media import Figure
from tests.needs import need

need("starlette")
need("playwright")
need("plotly")

import plotly.graph_objects as go  # noqa: E402

from ..conftest import Served, serving  # noqa: E402
from .pages import module  # noqa: E402
from .run_folder import address, key_of, sound  # noqa: E402

LOOK = {"name": "light", "text": "#111", "muted": "#555", "line": "#ddd", "raised": "#fff", "font": "sans-serif"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("runs") / "epochal-runs"
    run = epochal.init("figures", dir=root, name="figures")
    lines = go.Figure([go.Scatter(x=np.linspace(0, 6, 60), y=np.linspace(0, 1, 60), name="rising")])
    lines.add_trace(go.Surface(z=np.eye(3)))
    run.log({"lines": Figure(lines), "surface": Figure(go.Figure(go.Surface(z=np.eye(3))))}, step=0)
    run.finish()
    with serving(root) as found:
        yield found


@pytest.fixture
def visit(served: Served, open_page: Callable[..., Any]) -> Callable[..., Any]:
    def opened(media: str, **view: Any) -> Any:
        return open_page(address(served, f"/run/{key_of(served.root, 'figures')}/media", media=media), **view)

    return opened


@pytest.mark.parametrize(("width", "height", "dark"), [(1440, 900, False), (390, 844, True)])
def test_lines_are_drawn_and_what_is_left_out_is_said(
    visit: Callable[..., Any], width: int, height: int, dark: bool
) -> None:
    page = visit("lines", width=width, height=height, dark=dark)
    page.locator(".run-plotly[data-state=drawn] canvas").wait_for()
    assert page.locator(".run-exhibit").inner_text().count("Left out here: traces of type surface.") == 1
    page.get_by_text("Its traces and layout").click()
    page.get_by_role("treeitem").first.wait_for()
    sound(page)


def test_a_figure_of_which_nothing_can_be_drawn_says_how_to_see_it(visit: Callable[..., Any]) -> None:
    page = visit("surface")
    page.get_by_text("Nothing of this figure can be drawn here (traces of type surface)").wait_for()
    assert page.locator(".run-plotly").count() == 0


@pytest.fixture
def read(visit: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return what reads a figure as the page does: its series and axes, and what is left out."""
    page = visit("surface")
    page.locator(".run-exhibit").wait_for()
    name = module(page, "run/plotly.js")

    def found(figure: Any) -> Any:
        return page.evaluate(
            f"""([figure, look]) => import({name!r}).then(({{readFigure}}) => {{
              const {{option, left}} = readFigure(figure, {{...look, palette: (at) => `#00000${{at}}`}});
              return {{left, option: option && JSON.parse(JSON.stringify(option))}};
            }})""",
            [figure, LOOK],
        )

    return found


def test_packed_numbers_are_those_that_were_given(read: Callable[[Any], Any]) -> None:
    values = np.array([[0.25, -1.5], [3.0, 1e300]])
    figure = json.loads(go.Figure(go.Heatmap(z=values)).to_json())
    assert "bdata" in figure["data"][0]["z"]
    (series,) = read(figure)["option"]["series"]
    assert [cell[2] for cell in series["data"]] == values.ravel().tolist()


def test_bars_stand_on_zero_and_lines_need_not(read: Callable[[Any], Any]) -> None:
    bars = read({"data": [{"type": "bar", "x": ["cat", "dog"], "y": [3, 1]}]})["option"]
    assert bars["yAxis"]["scale"] is False
    assert bars["series"][0]["data"] == [["cat", 3], ["dog", 1]]
    assert read({"data": [{"y": [3, 1]}]})["option"]["yAxis"]["scale"] is True


def test_histograms_count_every_value_once(read: Callable[[Any], Any]) -> None:
    values = np.random.default_rng(0).normal(size=500).tolist()
    option = read({"data": [{"type": "histogram", "x": values}, {"type": "histogram", "x": [0.5, 0.5]}]})["option"]
    assert [sum(series["data"]) for series in option["series"]] == [500, 2]
    assert option["yAxis"]["scale"] is False


def test_figures_that_are_none_are_drawn_as_nothing(read: Callable[[Any], Any]) -> None:
    heat = {"type": "heatmap", "z": {"dtype": "f8", "bdata": "AAAAAAAAAAA=", "shape": "2, 9"}}
    wrong: list[Any] = [
        None,
        [],
        {"data": "no list"},
        {"data": [None, 3, {"type": 7}], "layout": []},
        {"data": [{"y": {"dtype": "f8", "bdata": "%%%"}}]},
        {"data": [{"y": {"dtype": "f8", "bdata": "AAAA"}}]},
        {"data": [heat]},
        {"data": [{"type": "histogram", "x": []}]},
    ]
    assert [read(figure)["option"] for figure in wrong] == [None] * len(wrong)


def test_of_hidden_traces_subplots_and_shapes_it_is_said_that_they_are_left_out(read: Callable[[Any], Any]) -> None:
    traces = [{"y": [1, 2]}, {"y": [1], "visible": False}, {"y": [2], "yaxis": "y2"}]
    found = read({"data": traces, "layout": {"shapes": [{}], "title": {"text": "<b>A</b> title"}}})
    assert found["left"] == ["shapes", "hidden traces", "subplots and second axes"]
    assert len(found["option"]["series"]) == 1
    assert found["option"]["title"]["text"] == "A title"
