"""Line panels: what they ask for, what they draw, and what they say of it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.smoothing import smooth
from tests.needs import need

need("starlette")
need("playwright")

from .charts_page import (  # noqa: E402
    Board,
    address,
    menu,
    painted,
    panel,
    point_at,
    rest,
    wait_until,
)

Opened = Callable[..., Any]


def saved(page: Any, found: Any, item: str) -> Any:
    found.hover()
    found.get_by_role("button", name="More for").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=item).click()
    return download.value


def test_each_panel_asks_once_for_all_its_runs_and_only_when_it_is_in_view(shown: Board, open_page: Opened) -> None:
    shown.asked.clear()
    page = open_page(shown.url, height=500)
    assert painted(panel(page, "lr")) > 100
    rest(page)
    first = shown.bodies("/api/curves")
    named = [body["series"][0]["metric"] for body in first]
    assert len(named) == len(set(named)) < 8
    assert all(len(body["runs"]) == 6 for body in first)
    pixels = page.locator(".plot-canvas").first.bounding_box()["width"]
    assert all(body["width"] <= 2 * pixels + 128 for body in first)
    assert "walk" not in named or "val/loss" not in named
    panel(page, "val/loss")
    assert "val/loss" in [body["series"][0]["metric"] for body in shown.bodies("/api/curves")]


def test_a_slider_smooths_whole_lines_without_a_request_and_leaves_the_original_faint(
    shown: Board, open_page: Opened
) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss)")
    found = panel(page, "train/loss")
    rest(page)
    shown.asked.clear()
    before = painted(found)
    original = found.locator("canvas[style*=opacity]")
    assert original.evaluate("(canvas) => canvas.style.opacity") == "1"
    page.get_by_role("slider", name="Smoothing").fill("0.9")
    wait_until(lambda: original.evaluate("(canvas) => canvas.style.opacity") == "0.28")
    wait_until(lambda: painted(found) != before)
    wait_until(lambda: "smoothing:0.9" in address(page))
    point_at(page, found, 0.5)
    header = found.locator(".values thead").inner_text().lower()
    assert "smoothed" in header and "value" in header
    rest(page)
    assert shown.bodies("/api/curves") == []


def test_what_a_line_does_not_show_is_said(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:odd)")
    found = panel(page, "odd/holes")
    assert found.locator(".note.is-missing").inner_text() == "4 NaN or ∞"
    menu(page, found, "Logarithmic y axis")
    found.locator(".note.is-impossible").wait_for()
    assert found.locator(".note.is-impossible").inner_text() == "5 ≤ 0"
    wait_until(lambda: "panels:(odd/holes:(logy:!t))" in address(page))


def test_outliers_are_clipped_when_asked_and_counted(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:walk)")
    found = panel(page, "walk")
    assert found.locator(".note.is-clipped").count() == 0
    menu(page, found, "Clip outliers")
    found.locator(".note.is-clipped").wait_for()
    assert found.locator(".note.is-clipped").inner_text().endswith("outside")


def test_abandoned_segments_are_ghost_lines_that_can_be_left_out(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:odd/back)")
    found = panel(page, "odd/back")
    canvas = found.locator(".plot-canvas")
    assert "2 lines" in canvas.get_attribute("aria-label")
    page.get_by_role("button", name="View").click()
    page.get_by_role("checkbox", name="Abandoned segments").uncheck()
    found.locator('.plot-canvas[aria-label*="one line"]').wait_for()
    assert shown.bodies("/api/curves")[-1]["abandoned"] is False
    wait_until(lambda: "ghosts:!f" in address(page))


@pytest.mark.parametrize("axis", ["Relative time", "Wall time", "epoch"])
def test_lines_stand_over_any_axis(shown: Board, open_page: Opened, axis: str) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss)")
    found = panel(page, "train/loss")
    page.get_by_role("combobox", name="X axis").select_option(label=axis)
    wanted = {"Relative time": "relative", "Wall time": "time", "epoch": "metric:epoch"}[axis]
    wait_until(lambda: shown.bodies("/api/curves")[-1]["x"] == wanted)
    found.locator(f'.plot-canvas[aria-label*="{wanted.removeprefix("metric:")}"]').wait_for()
    assert painted(found) > 100


def test_several_metrics_and_formulas_share_a_panel(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url)
    panel(page, "epoch")
    page.get_by_role("button", name="Panel", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("train/loss")
    dialog.get_by_role("searchbox").press("Enter")
    dialog.get_by_label("Formulas").fill("train/loss - val/loss")
    dialog.get_by_role("button", name="Add panel").click()
    found = panel(page, "own1")
    assert found.get_by_role("heading").inner_text() == "train/loss, train/loss - val/loss"
    assert found.locator(".legend li").all_inner_texts() == ["train/loss", "train/loss - val/loss"]
    wait_until(lambda: "added:!((id:own1,kind:line," in address(page))
    page.reload()
    again = panel(page, "own1")
    point_at(page, again, 0.5)
    wait_until(lambda: again.locator(".values tbody tr").count() == 8)


def test_a_formula_that_cannot_be_read_says_so_in_its_panel(shown: Board, open_page: Opened) -> None:
    page = open_page(
        shown.url + "?charts=(added:!((id:own1,kind:line,series:!((formula:'train/loss -')))))", expected=("400",)
    )
    alert = page.locator('[data-panel="own1"] [role=alert]')
    alert.wait_for()
    assert alert.get_by_role("button", name="Try again").is_visible()
    assert len(alert.inner_text()) > 20


def test_runs_are_joined_to_groups_with_a_band(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss)")
    found = panel(page, "train/loss")
    page.get_by_role("button", name="Group", exact=True).click()
    popover = page.get_by_role("dialog", name="Group runs")
    popover.get_by_role("searchbox").fill("optimizer")
    popover.get_by_role("button", name="config.optimizer.name").click()
    found.locator(".legend li").nth(2).wait_for()
    assert sorted(found.locator(".legend li").all_inner_texts()) == ["adam", "adamw", "sgd"]
    popover.get_by_label("Band around the mean").select_option("minmax")
    wait_until(
        lambda: shown.bodies("/api/curves")[-1].get("group") == {"by": ["config.optimizer.name"], "band": "minmax"}
    )
    wait_until(lambda: "group:(by:!(config.optimizer.name),band:minmax)" in address(page))


def test_a_panel_is_saved_as_png_svg_and_csv(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss,smoothing:0.5)")
    found = panel(page, "train/loss")
    png = saved(page, found, "Save as PNG")
    data = png.path().read_bytes()
    assert png.suggested_filename == "train-loss.png"
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") >= 1280
    assert len(data) > 10_000
    svg = saved(page, found, "Save as SVG").path().read_text()
    assert svg.startswith("<svg")
    assert ">train/loss<" in svg
    assert svg.count("<path") > 8
    # the picture with its legend, in twice its size and not drawn out
    drawn = [int(data[at : at + 4].hex(), 16) for at in (16, 20)]
    assert drawn == [2 * int(re.search(rf'{name}="(\d+)"', svg)[1]) for name in ("width", "height")]  # type: ignore[index]
    assert all(f">run-{at}<" in svg for at in range(4))
    table = list(csv.DictReader(io.StringIO(saved(page, found, "Save as CSV").path().read_text())))
    assert len(table) == 4 * 300
    history = next(run for run in epochal.runs(dir=shown.root) if run.name == "run-2").history("train/loss")
    ours = [row for row in table if row["run"] == "run-2"]
    assert [float(row["value"]) for row in ours] == history.values.tolist()
    assert [int(row["step"]) for row in ours] == history.steps.tolist()
    np.testing.assert_allclose([float(row["smoothed"]) for row in ours], smooth(history.values, 0.5))
