"""Line panels of runs that grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import epochal
from tests.needs import need

need("starlette")
need("playwright")

from .charts_page import Board, board, make_line_runs, panel, rest, wait_until  # noqa: E402

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    root = tmp_path_factory.mktemp("runs")
    make_line_runs(root)
    with board(root) as made:
        yield made


def test_only_panels_in_view_whose_runs_grew_ask_again(shown: Board, open_page: Opened) -> None:
    with (
        epochal.init("boards", dir=shown.root, name="grower") as run,
        epochal.init("boards", dir=shown.root, name="unseen") as other,
    ):
        run.log({"train/loss": 1.0}, step=0)
        other.log({"train/loss": 1.0}, step=0)
        shown.know_all()
        page = open_page(shown.url, height=420)
        panel(page, "epoch")
        before = hide(shown, page, "unseen")
        shown.asked.clear()
        run.log({"train/loss": 0.5}, step=1)
        wait_until(lambda: before <= {str(body["series"]) for body in shown.bodies("/api/curves")})
        quiet(shown, page)
        assert {str(body["series"]) for body in shown.bodies("/api/curves")} == before
        hide(shown, page, "grower")
        shown.asked.clear()
        other.log({"train/loss": 0.5}, step=1)
        key = page.evaluate("window.board.keyOf('unseen')")
        other.finish()
        told = "key => window.board.changed.value.changed.some((one) => one.key === key)"
        wait_until(lambda: page.evaluate(told, key))
        quiet(shown, page)
        assert shown.bodies("/api/curves") == []


def quiet(shown: Board, page: Any) -> None:
    """Wait until all that was asked for is answered and drawn, and nothing more was asked for that reason."""

    def still() -> bool:
        before = len(shown.asked)
        rest(page)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return shown.busy == 0 and len(shown.asked) == before

    wait_until(still)


def hide(shown: Board, page: Any, name: str) -> set[str]:
    """Hide a run, wait until each panel in view has asked for those that are left, and return what was asked for."""
    quiet(shown, page)
    runs = page.evaluate("window.board.shown.value.length")

    def asked(count: int) -> set[str]:
        return {str(body["series"]) for body in shown.bodies("/api/curves") if len(body["runs"]) == count}

    panels = asked(runs)
    assert panels
    page.evaluate("name => window.board.hide(name)", name)
    wait_until(lambda: panels <= asked(runs - 1))
    quiet(shown, page)
    return asked(runs - 1)


def test_a_growing_run_shows_its_new_points(shown: Board, open_page: Opened) -> None:
    with epochal.init("boards", dir=shown.root, name="alive") as run:
        for step in range(20):
            run.log({"live/loss": 1.0}, step=step)
        shown.know_all()
        page = open_page(shown.url + "?charts=(search:live)")
        found = panel(page, "live/loss")
        found.locator('.plot-canvas[aria-label*="steps 0 to 19"]').wait_for()
        for step in range(20, 35):
            run.log({"live/loss": 0.5}, step=step)
        found.locator('.plot-canvas[aria-label*="steps 0 to 34"]').wait_for()


def test_metrics_that_a_run_gets_later_get_panels(shown: Board, open_page: Opened) -> None:
    with epochal.init("boards", dir=shown.root, name="fresh") as run:
        shown.know_all()
        page = open_page(shown.url + "?charts=(search:fresh)")
        page.get_by_role("heading", name="No panel is called so").wait_for()
        page.evaluate("window.board.showOnly('fresh')")
        run.log({"fresh/one": 1.0}, step=0)
        panel(page, "fresh/one")
