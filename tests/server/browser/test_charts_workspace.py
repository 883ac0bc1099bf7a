"""The workspace: sections, search, and panels that are pinned, moved, resized, hidden, or fill the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.needs import need

need("starlette")
need("playwright")
need("axe_core_python")

from .charts_page import Board, address, board, make_runs, wait_until  # noqa: E402
from .pages import violations  # noqa: E402

Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    root = tmp_path_factory.mktemp("runs")
    make_runs(root, 4, 120, metrics=34)
    with board(root) as made:
        yield made


def order(page: Any, section: str) -> list[str]:
    """Return the panels of a section, as they stand."""
    grid = page.get_by_role("group", name=section, exact=True)
    return [str(each.get_attribute("data-panel")) for each in grid.locator(".panel").all()]


def ready(page: Any) -> None:
    page.locator(".plot[data-state=drawn]").first.wait_for()


def test_panels_stand_in_sections_that_fold(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url)
    ready(page)
    heads = page.locator(".section-head > button")
    assert [" ".join(text.split()) for text in heads.all_inner_texts()] == ["Metrics 2", "extra 30", "train 2", "val 1"]
    head = heads.nth(0)
    assert head.get_attribute("aria-expanded") == "true"
    head.click()
    page.locator('[data-panel="lr"]').wait_for(state="detached")
    assert head.get_attribute("aria-expanded") == "false"
    wait_until(lambda: "folded:!(Metrics)" in address(page))
    page.reload()
    ready(page)
    assert page.locator('[data-panel="lr"]').count() == 0


def test_a_long_section_shows_its_panels_in_parts(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:extra)")
    ready(page)
    assert len(order(page, "extra")) == 24
    page.get_by_role("button", name="Show 6 more of 6").click()
    page.locator('[data-panel="extra/m29"]').wait_for()
    assert len(order(page, "extra")) == 30


def test_panels_are_searched_by_words_and_by_expressions(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url)
    ready(page)
    search = page.get_by_role("searchbox", name="Search panels")
    search.fill("loss")
    page.locator('[data-panel="lr"]').wait_for(state="detached")
    assert order(page, "train") + order(page, "val") == ["train/loss", "val/loss"]
    page.get_by_role("button", name="Regular expression").click()
    search.fill("m0[1-3]$")
    page.locator('[data-panel="extra/m01"]').wait_for()
    assert order(page, "extra") == ["extra/m01", "extra/m02", "extra/m03"]
    search.fill("m0[1")
    page.get_by_role("alert").wait_for()
    assert "Unterminated" in page.get_by_role("alert").inner_text()
    search.fill("nothing is called so")
    page.get_by_role("heading", name="No panel is called so").wait_for()
    page.get_by_role("button", name="Clear the search").click()
    page.locator('[data-panel="lr"]').wait_for()


def test_panels_are_pinned_and_the_link_shows_the_same(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url)
    ready(page)
    page.locator('[data-panel="val/loss"]').scroll_into_view_if_needed()
    page.get_by_role("button", name="Pin val/loss").click()
    wait_until(lambda: order(page, "Pinned") == ["val/loss"])
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("button", name="Pin lr").click()
    wait_until(lambda: order(page, "Pinned") == ["val/loss", "lr"])
    wait_until(lambda: "pinned:!(val/loss,lr)" in address(page))
    other = open_page(address(page))
    ready(other)
    assert order(other, "Pinned") == ["val/loss", "lr"]
    other.get_by_role("button", name="Pin lr").click()
    wait_until(lambda: order(other, "Pinned") == ["val/loss"])


def test_panels_are_moved_by_arrow_keys(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url)
    ready(page)
    assert order(page, "extra")[:3] == ["extra/m00", "extra/m01", "extra/m02"]
    page.get_by_role("button", name="Move extra/m02").focus()
    page.keyboard.press("ArrowLeft")
    wait_until(lambda: order(page, "extra")[:3] == ["extra/m00", "extra/m02", "extra/m01"])
    wait_until(lambda: page.locator(".charts > .unseen[role=status]").inner_text() == "extra/m02 is now 2 of 30")
    page.keyboard.press("ArrowLeft")
    wait_until(lambda: order(page, "extra")[:3] == ["extra/m02", "extra/m00", "extra/m01"])
    wait_until(lambda: "moves:!(!(extra/m02,extra/m00))" in address(page))
    wait_until(lambda: page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move extra/m02")


def test_panels_are_moved_by_dragging(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:extra)")
    ready(page)
    grip = page.get_by_role("button", name="Move extra/m02").bounding_box()
    target = page.locator('[data-panel="extra/m00"]').bounding_box()
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(target["x"] + 100, target["y"] + 60, steps=4)
    page.mouse.move(target["x"] + 20, target["y"] + 60)
    page.locator(".panel-drop").wait_for()
    page.mouse.up()
    wait_until(lambda: order(page, "extra")[:3] == ["extra/m02", "extra/m00", "extra/m01"])
    page.locator(".panel-drop").wait_for(state="detached")


def test_panels_are_resized_by_dragging_and_by_arrow_keys(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss,columns:3)")
    ready(page)
    found = page.locator('[data-panel="train/loss"]')
    before = found.bounding_box()
    page.get_by_role("button", name="Resize train/loss").focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: found.bounding_box()["width"] > 1.9 * before["width"])
    page.keyboard.press("ArrowDown")
    wait_until(lambda: found.bounding_box()["height"] == before["height"] + 40)
    corner = page.get_by_role("button", name="Resize train/loss").bounding_box()
    page.mouse.move(corner["x"] + 8, corner["y"] + 8)
    page.mouse.down()
    page.mouse.move(corner["x"] + 8 - before["width"], corner["y"] + 68, steps=4)
    page.mouse.up()
    wait_until(lambda: found.bounding_box()["width"] == before["width"])
    assert found.bounding_box()["height"] == pytest.approx(before["height"] + 100, abs=6)
    wait_until(lambda: "panels:(train/loss:(h:" in address(page))
    canvas = found.locator("canvas").first
    wait_until(lambda: abs(canvas.bounding_box()["height"] - found.locator(".plot").bounding_box()["height"]) < 2)


def test_a_panel_fills_the_page_and_escape_leaves_it(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss)")
    ready(page)
    page.get_by_role("button", name="Show train/loss full screen").click()
    found = page.locator('[data-panel="train/loss"]')
    wait_until(lambda: found.bounding_box()["width"] == 1440 and found.bounding_box()["height"] == 900)
    wait_until(lambda: found.locator("canvas").first.bounding_box()["width"] > 1300)
    wait_until(lambda: "full:train/loss" in address(page))
    page.keyboard.press("Escape")
    wait_until(lambda: found.bounding_box()["width"] < 1000)
    wait_until(lambda: "full" not in address(page).partition("?")[2])


def test_a_panel_is_hidden_and_comes_back(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:loss)")
    ready(page)
    page.locator('[data-panel="train/loss"]').hover()
    page.get_by_role("button", name="More for train/loss").click()
    page.get_by_role("menuitem", name="Hide panel").click()
    page.locator('[data-panel="train/loss"]').wait_for(state="detached")
    page.get_by_role("button", name="View").click()
    page.get_by_role("button", name="Show 1 hidden").click()
    page.locator('[data-panel="train/loss"]').wait_for()
    page.get_by_role("button", name="Reset the workspace").click()
    wait_until(lambda: "charts" not in address(page).partition("?")[2])


def test_an_address_that_was_cut_off_shows_the_usual_workspace(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:'los")
    ready(page)
    assert page.get_by_role("searchbox", name="Search panels").input_value() == ""


def test_no_run_shown_says_what_to_do(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url)
    ready(page)
    page.evaluate("window.board.shown.value = []")
    page.get_by_role("heading", name="No run is shown").wait_for()


def test_a_hidden_run_is_gone_from_all_panels_at_once(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss)")
    ready(page)
    canvas = page.locator('[data-panel="train/loss"] .plot-canvas')
    assert "4 lines" in canvas.get_attribute("aria-label")
    page.evaluate("window.board.hide('run-1')")
    page.locator('.plot-canvas[aria-label*="3 lines"]').wait_for()


@pytest.mark.parametrize(
    ("width", "height", "dark"), [(1440, 900, False), (1440, 900, True), (390, 844, False), (390, 844, True)]
)
def test_nothing_is_amiss_for_a_screen_reader_or_a_phone(
    shown: Board, open_page: Opened, width: int, height: int, dark: bool
) -> None:
    parts = (
        "(id:own1,kind:scatter,across:config.lr,up:'summary.train/loss',colour:config.width),"
        "(id:own2,kind:parallel,columns:!(config.lr,config.width,'summary.train/loss')),"
        "(id:own3,kind:bars,column:'summary.val/loss'),(id:own4,kind:importance,metric:'val/loss'),"
        "(id:own5,kind:line,series:!((metric:train/loss),(metric:val/loss)))"
    )
    # thirty more panels of the same kind would be looked at for nothing
    state = f"(smoothing:0.5,folded:!(extra),added:!({parts}))"
    page = open_page(shown.url + f"?charts={state}", width=width, height=height, dark=dark)
    page.locator('[data-panel="own5"]').scroll_into_view_if_needed()
    page.locator('[data-panel="own5"] .plot[data-state=drawn]').wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    page.get_by_role("button", name="Panel", exact=True).click()
    page.get_by_role("dialog").get_by_role("searchbox").wait_for()
    assert violations(page, "dialog, [role=dialog]") == []
    page.keyboard.press("Escape")
    for name in ("View", "Group"):
        page.get_by_role("button", name=name, exact=True).click()
        page.get_by_role("dialog").wait_for()
        assert violations(page, "dialog, [role=dialog]") == []
        page.keyboard.press("Escape")
    found = page.locator('[data-panel="own5"] .plot-canvas')
    found.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator('[data-panel="own5"] .values.is-below').wait_for()
    assert violations(page, "[data-panel=own5]") == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_grid_stands_alone_for_reports_and_tells_its_changes(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:nothing)")
    page.get_by_role("heading", name="No panel is called so").wait_for()
    page.evaluate(
        """async () => {
          const base = document.querySelector('link[href*="/css/charts.css"]').href.replace('css/charts.css', 'js/');
          const {html, render, signal} = await import(base + 'html.js');
          const {PanelGrid} = await import(base + 'charts/grid.js');
          const place = document.createElement('div');
          document.getElementById('app').append(place);
          const runs = signal(window.board.known.slice(0, 2).map((run) => ({...run, colour: '#0067b8'})));
          const line = {id: 'a', kind: 'line', series: [{metric: 'train/loss'}]};
          const panels = [line, {id: 'b', kind: 'bars', column: 'summary.lr'}];
          const told = (now) => (window.told = now);
          const settings = {smoothing: 0.5};
          window.told = null;
          render(html`<${PanelGrid} ...${{runs, panels, settings, onChange: told}} />`, place);
        }"""
    )
    page.locator('[data-panel="a"] .plot-canvas[aria-label*="2 lines"]').wait_for()
    page.locator('[data-panel="b"] .plot-canvas[aria-label="Bars of lr: 2 runs"]').wait_for()
    page.get_by_role("button", name="Move lr").focus()
    page.keyboard.press("ArrowLeft")
    wait_until(lambda: page.evaluate("window.told?.panels.map(({id}) => id)") == ["b", "a"])
    page.get_by_role("button", name="More for train/loss").click()
    page.get_by_role("menuitem", name="Wider").click()
    wait_until(lambda: page.evaluate("window.told.panels[1].w") == 2)
    assert page.evaluate("window.told.settings.smoothing") == 0.5
