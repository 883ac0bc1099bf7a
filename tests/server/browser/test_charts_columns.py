"""Panels over config and summary: points, lines and bars of runs, and brushes that filter the table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.needs import need

need("starlette")
need("playwright")

from .charts_page import Board, board, make_runs, rest, wait_until  # noqa: E402

Opened = Callable[..., Any]
SCATTER = "(id:own1,kind:scatter,across:config.width,up:'summary.train/loss')"
PARALLEL = "(id:own2,kind:parallel,columns:!(config.width,config.optimizer.name,'summary.train/loss'))"
BARS = "(id:own3,kind:bars,column:'summary.val/loss')"
IMPORTANCE = "(id:own4,kind:importance,metric:'val/loss')"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    root = tmp_path_factory.mktemp("runs")
    make_runs(root, 12, 40)
    with board(root) as made:
        yield made


def opened(shown: Board, open_page: Opened, panels: str, **more: Any) -> Any:
    page = open_page(shown.url + f"?charts=(columns:2,height:320,added:!({panels}))", **more)
    # the first random forest on a busy machine loads its library for long
    page.locator('[data-panel^="own"] .plot[data-state=drawn]').first.wait_for(timeout=90_000)
    rest(page)
    return page


def brushed(page: Any) -> list[str]:
    """Return the names of the runs that are brushed."""
    script = """() => {
      const nameOf = (key) => window.board.known.find((run) => run.key === key).name;
      return window.board.brushed.value && [...window.board.brushed.value].map(nameOf);
    }"""
    found: list[str] | None = page.evaluate(script)
    return sorted(found or [])


def test_a_rectangle_in_a_scatter_plot_brushes_its_runs(shown: Board, open_page: Opened) -> None:
    page = opened(shown, open_page, SCATTER)
    found = page.locator('[data-panel="own1"]')
    assert found.locator(".plot-canvas").get_attribute("aria-label").endswith(": 12 runs")
    box = found.locator(".plot-canvas").bounding_box()
    # widths are 8, 16, 32 and 64: the right half of the axis holds those of 64
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] - 50, steps=3)
    found.locator(".brush-box").wait_for()
    page.mouse.up()
    wait_until(lambda: brushed(page) == ["run-11", "run-3", "run-7"])
    clear = found.get_by_role("button", name="3 brushed: show all")
    clear.click()
    wait_until(lambda: brushed(page) == [])
    clear.wait_for(state="detached")


def test_a_scatter_plot_coloured_by_words_names_them_also_in_its_picture(shown: Board, open_page: Opened) -> None:
    page = opened(shown, open_page, SCATTER.replace(")", ",colour:config.optimizer.name)"))
    found = page.locator('[data-panel="own1"]')
    legend = found.get_by_role("list", name="Legend").get_by_role("listitem")
    words = legend.all_inner_texts()
    assert words == ["adam", "adamw", "sgd"]
    colours = [item.locator("circle").get_attribute("fill") for item in legend.all()]
    assert len(set(colours)) == 3
    found.get_by_role("button", name="More for").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Save as SVG").click()
    picture = download.value.path().read_text(encoding="utf-8")
    for word, colour in zip(words, colours, strict=True):
        assert f">{word}</text>" in picture
        assert picture.count(f'fill="{colour}"') > 1  # its points, and its mark in the legend
    plain = opened(shown, open_page, SCATTER)
    assert plain.locator('[data-panel="own1"]').get_by_role("list", name="Legend").count() == 0


def test_an_axis_of_a_scatter_plot_is_made_logarithmic_and_linear_again(shown: Board, open_page: Opened) -> None:
    page = opened(shown, open_page, SCATTER)
    found = page.locator('[data-panel="own1"]')

    def words_of_the_picture() -> list[str]:
        found.hover()
        found.get_by_role("button", name="More for").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name="Save as SVG").click()
        return re.findall(r">([^<>]+)</text>", download.value.path().read_text(encoding="utf-8"))

    def flip(item: str) -> None:
        found.hover()
        found.get_by_role("button", name="More for").click()
        page.get_by_role("menuitemcheckbox", name=item).click()
        rest(page)

    assert "60" in words_of_the_picture()
    flip("Logarithmic x axis")
    wait_until(lambda: "logx:!t" in page.url)
    across = words_of_the_picture()
    assert "60" not in across
    assert {"10", "100"} <= set(across)
    assert found.locator(".plot-canvas").get_attribute("aria-label").endswith(": 12 runs")
    flip("Logarithmic x axis")
    wait_until(lambda: "logx" not in page.url)
    words = opened(shown, open_page, SCATTER.replace("config.width", "config.optimizer.name"))
    words.locator('[data-panel="own1"]').hover()
    words.locator('[data-panel="own1"]').get_by_role("button", name="More for").click()
    assert words.get_by_role("menuitemcheckbox", name="Logarithmic y axis").count() == 1
    assert words.get_by_role("menuitemcheckbox", name="Logarithmic x axis").count() == 0


def test_a_stretch_of_a_parallel_axis_brushes_its_runs(shown: Board, open_page: Opened) -> None:
    page = opened(shown, open_page, PARALLEL)
    found = page.locator('[data-panel="own2"]')
    box = found.locator(".plot-canvas").bounding_box()
    x, top, bottom = box["x"] + 50, box["y"] + 36, box["y"] + box["height"] - 18
    page.mouse.move(x, top + 2)
    page.mouse.down()
    page.mouse.move(x, top + 20)
    page.mouse.move(x, (top + bottom) / 2, steps=3)
    page.mouse.up()
    wait_until(lambda: brushed(page) == ["run-11", "run-3", "run-7"])
    # the click that ends a drag comes after it, and takes nothing back
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert brushed(page) == ["run-11", "run-3", "run-7"]
    found.get_by_role("button", name="3 brushed: show all").click()
    wait_until(lambda: brushed(page) == [])


@pytest.mark.parametrize(("panel", "across"), [(SCATTER, 1), (PARALLEL, 3)])
def test_the_keyboard_moves_the_ends_of_a_range(shown: Board, open_page: Opened, panel: str, across: int) -> None:
    page = opened(shown, open_page, panel)
    found = page.locator('[data-panel^="own"]')
    canvas, said = found.locator(".plot-canvas"), found.locator(".brush-said")
    assert canvas.get_attribute("role") == "application"
    canvas.focus()
    # widths are 8, 16, 32 and 64
    wait_until(lambda: said.inner_text().startswith("width: all, 8 to 64. Up and down"))
    for key in ("Shift+ArrowUp", "Shift+ArrowUp", "Shift+ArrowUp"):
        page.keyboard.press(key)
    wait_until(lambda: brushed(page) == ["run-11", "run-3", "run-7"])
    wait_until(lambda: said.inner_text() == "width: from 64 to 64, 3 of 12 runs.")
    page.keyboard.press("Shift+PageDown")
    page.keyboard.press("ArrowDown")
    wait_until(lambda: len(brushed(page)) == 3)
    wait_until(lambda: said.inner_text() == "width: from 32 to 32, 3 of 12 runs.")
    for _ in range(across):
        page.keyboard.press("ArrowRight")
    if across == 3:  # past the last axis it goes on with the first
        wait_until(lambda: said.inner_text().startswith("width: from 32"))
        page.keyboard.press("ArrowLeft")
    wait_until(lambda: said.inner_text().startswith("train/loss: all, "))
    page.keyboard.press("PageDown")
    wait_until(lambda: re.search(", [23] of 12 runs", said.inner_text()))
    page.keyboard.press("Escape")
    wait_until(lambda: brushed(page) == [])
    wait_until(lambda: said.inner_text().startswith("train/loss: all, "))
    page.keyboard.press("ArrowDown")
    wait_until(lambda: len(brushed(page)) == 11)
    found.get_by_role("button", name="11 brushed: show all").click()
    canvas.focus()
    wait_until(lambda: said.inner_text().startswith("train/loss: all, "))


def test_bars_show_the_runs_that_are_shown(shown: Board, open_page: Opened) -> None:
    page = opened(shown, open_page, BARS)
    canvas = page.locator('[data-panel="own3"] .plot-canvas')
    assert canvas.get_attribute("aria-label") == "Bars of val/loss: 12 runs"
    page.evaluate("window.board.hide('run-3')")
    page.locator('.plot-canvas[aria-label="Bars of val/loss: 11 runs"]').wait_for()


def test_the_importance_of_settings_is_a_table(shown: Board, open_page: Opened) -> None:
    page = opened(shown, open_page, IMPORTANCE)
    found = page.locator('[data-panel="own4"]')
    rows = found.locator("tbody tr")
    rows.first.wait_for()
    assert sorted(rows.locator("th").all_inner_texts()) == ["lr", "optimizer.name", "width"]
    (body,) = shown.bodies("/api/importance")[-1:]
    assert len(body["keys"]) == 12
    assert body["metric"] == "val/loss"
    assert "12 runs" in found.inner_text()


@pytest.mark.parametrize("panel", [SCATTER, PARALLEL, BARS])
def test_they_are_saved_as_pictures_and_tables(shown: Board, open_page: Opened, panel: str) -> None:
    page = opened(shown, open_page, panel)
    found = page.locator('[data-panel^="own"]')

    def saved(item: str) -> str:
        found.hover()
        found.get_by_role("button", name="More for").click()
        with page.expect_download() as download:
            page.get_by_role("menuitem", name=item).click()
        return str(download.value.path().read_text())

    assert saved("Save as SVG").startswith("<svg")
    lines = saved("Save as CSV").splitlines()
    assert lines[0].startswith("run,name,")
    assert len(lines) == 13


@pytest.mark.parametrize(
    ("kind", "fill"),
    [
        ("Scatter", {"Across": "config.lr", "Up": "summary.val/loss", "Colour": "config.optimizer.name"}),
        ("Bars", {"Column": "summary.val/loss"}),
        ("Importance", {"Metric of the summary": "val/loss"}),
    ],
)
def test_they_are_made_in_a_dialog(shown: Board, open_page: Opened, kind: str, fill: dict[str, str]) -> None:
    page = open_page(shown.url)
    page.locator(".plot[data-state=drawn]").first.wait_for()
    page.get_by_role("button", name="Panel", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=kind).click()
    dialog.get_by_role("button", name="Add panel").click()
    dialog.get_by_role("alert").wait_for()
    for label, value in fill.items():
        dialog.get_by_label(label).select_option(value)
    dialog.get_by_label("Title").fill("Mine")
    dialog.get_by_role("button", name="Add panel").click()
    page.locator('[data-panel="own1"] .plot[data-state=drawn]').wait_for(timeout=90_000)
    assert page.locator('[data-panel="own1"] h3').inner_text() == "Mine"
    page.get_by_role("button", name="More for Mine").click()
    page.get_by_role("menuitem", name="Delete panel").click()
    page.locator('[data-panel="own1"]').wait_for(state="detached")
    page.get_by_role("button", name="Undo").click()
    page.locator('[data-panel="own1"]').wait_for()
