"""Line panels of little: single points show, and formulas of metrics that share no step say how they are joined."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import epochal
from tests.needs import need

need("starlette")
need("playwright")

from .charts_page import Board, board, painted, panel  # noqa: E402

Opened = Callable[..., Any]
#: What a dot of four pixels across covers at least, in pixels.
DOT = 9


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    root = tmp_path_factory.mktemp("runs")
    # A run's id gives it its colour: this one's is amber, which `painted` counts; it could not count a grey one's dots.
    with epochal.init("boards", dir=root, name="sparse", id="dots") as run:
        run.log({"once": 3.0}, step=4)
        for step in range(9):
            run.log({"islands": math.nan if step % 2 else float(step)}, step=step)
        for step in range(10, 30):
            run.log({"even" if step % 2 == 0 else "odd": float(step)}, step=step)
            run.log({"also": 1.0}, step=step)
    with board(root) as made:
        yield made


def test_a_line_of_one_point_is_a_dot(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:once)")
    assert painted(panel(page, "once")) >= DOT


def test_points_between_gaps_are_dots(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:islands,smoothing:0)")
    assert painted(panel(page, "islands")) >= 5 * DOT


@pytest.mark.parametrize(("formula", "notes"), [("even - odd", ["latest values joined"]), ("even - also", [])])
def test_a_formula_says_when_its_metrics_share_no_step(
    shown: Board, open_page: Opened, formula: str, notes: list[str]
) -> None:
    page = open_page(shown.url + f"?charts=(added:!((id:own1,kind:line,series:!((formula:'{formula}')))))")
    found = panel(page, "own1")
    assert found.locator(".note.is-joined").all_inner_texts() == notes
    for note in found.locator(".note.is-joined").all():
        assert "takes the latest value" in str(note.get_attribute("title"))
