"""Line panels under the pointer and the keyboard: exact values, linked places, zooms that are refined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import epochal
from epochal.smoothing import smooth
from tests.needs import need

need("starlette")
need("playwright")

from .charts_page import Board, address, drag, panel, plot, point_at, sweep, wait_until  # noqa: E402

Opened = Callable[..., Any]


def test_the_values_at_the_pointer_are_exact(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss,smoothing:0.8)")
    found = panel(page, "train/loss")
    point_at(page, found, 0.4)
    rows = found.locator(".values tbody tr")
    rows.first.wait_for()
    recorded = {
        run.name: run.history("train/loss") for run in epochal.runs(dir=shown.root) if "train/loss" in run.metrics
    }
    assert rows.count() == len(recorded) == 4
    for row in rows.all():
        name = row.locator("th").inner_text()
        smoothed, value, step = (cell.replace("−", "-") for cell in row.locator("td").all_inner_texts())
        history = recorded[name]
        assert float(value) == pytest.approx(float(history.values[int(step)]), rel=1e-6)
        assert float(smoothed) == pytest.approx(float(smooth(history.values, 0.8)[int(step)]), rel=1e-6)


def test_the_pointer_is_linked_across_panels_and_a_click_holds_it(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:loss)")
    one, other = panel(page, "train/loss"), panel(page, "val/loss")
    point_at(page, one, 0.5)
    linked = other.locator(".linked-value")
    linked.wait_for()
    step = one.locator(".values .is-strongest td").last.inner_text()
    assert linked.inner_text().endswith(f"step {step}")
    at = plot(one)
    page.mouse.click((at["left"] + at["right"]) / 2, (at["top"] + at["bottom"]) / 2)
    for each in (one, other):
        each.locator(".values.is-below tbody tr").nth(3).wait_for()
    page.mouse.move(0, 0)
    assert one.locator(".values.is-below").is_visible()
    page.mouse.click((at["left"] + at["right"]) / 2, (at["top"] + at["bottom"]) / 2)
    one.locator(".values.is-below").wait_for(state="detached")


def test_the_pointer_finds_the_same_step_on_another_axis(shown: Board, open_page: Opened) -> None:
    page = open_page(
        shown.url + "?charts=(search:loss,panels:(val/loss:(x:metric:epoch)))".replace("metric:epoch", "'metric:epoch'")
    )
    one, other = panel(page, "train/loss"), panel(page, "val/loss")
    point_at(page, one, 0.5)
    other.locator(".linked-value").wait_for()
    step = one.locator(".values .is-strongest td").last.inner_text()
    assert other.locator(".linked-value").inner_text().endswith(f"step {step}")


def test_a_long_line_says_that_it_is_reduced_and_a_zoom_shows_every_point(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:walk)")
    found = panel(page, "walk")
    note = found.locator(".note.is-reduced")
    assert "of 50,000 points" in note.inner_text()
    shown.asked.clear()
    drag(page, found, 0.5, 0.6)
    found.locator(".note.is-zoomed").wait_for()
    drag(page, found, 0.5, 0.6)
    note.wait_for(state="detached")
    low, high = shown.bodies("/api/curves")[-1]["range"]
    assert 20_000 < low < high < 30_000
    assert high - low < 1024
    point_at(page, found, 0.5)
    found.locator(".values tbody tr").wait_for()
    cells = found.locator(".values tbody tr td").all_inner_texts()
    (run,) = [run for run in epochal.runs(dir=shown.root) if run.name == "long"]
    value, step = float(cells[0].replace("−", "-").replace(",", "")), int(cells[1].replace(",", ""))
    assert value == pytest.approx(float(run.history("walk").values[step]), rel=1e-6)
    wait_until(lambda: "range:!(" in address(page))
    page.mouse.dblclick(*[plot(found)["left"] + 40, plot(found)["top"] + 40])
    found.locator(".note.is-zoomed").wait_for(state="detached")
    note.wait_for()
    wait_until(lambda: "range" not in address(page))


def test_a_reduced_line_is_smoothed_over_its_full_history(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:walk)")
    found = panel(page, "walk")
    shown.asked.clear()
    page.get_by_role("slider", name="Smoothing").fill("0.99")
    wait_until(lambda: shown.bodies("/api/curves"))
    assert [body["smoothing"] for body in shown.bodies("/api/curves")] == [0.99]
    point_at(page, found, 0.6)
    found.locator(".values thead", has_text="Smoothed").wait_for()
    smoothed, value, step = (
        text.replace("−", "-").replace(",", "") for text in found.locator(".values tbody td").all_inner_texts()
    )
    (run,) = [run for run in epochal.runs(dir=shown.root) if run.name == "long"]
    values = run.history("walk").values
    assert float(value) == pytest.approx(float(values[int(step)]), rel=1e-6)
    # the smoothed line is known where its stretches end
    near = smooth(values, 0.99)[int(step) - 100 : int(step) + 100]
    assert min(abs(near - float(smoothed.removeprefix("≈ ")))) == pytest.approx(0, abs=1e-4)


def test_where_a_reduced_line_is_pointed_at_the_nearest_of_all_points_is_looked_up_once(
    shown: Board, open_page: Opened
) -> None:
    page = open_page(shown.url + "?charts=(search:walk,smoothing:0)")
    found = panel(page, "walk")
    shown.asked.clear()
    sweep(page, found, (0.2, 0.3, 0.4, 0.45, 0.5))
    found.locator("[data-exact=all]").wait_for()
    (asked,) = shown.bodies("/api/points")
    near = round(asked["around"])
    value, step = (
        text.replace("−", "-").replace(",", "") for text in found.locator(".values tbody td").all_inner_texts()
    )
    (run,) = [run for run in epochal.runs(dir=shown.root) if run.name == "long"]
    assert int(step) == near
    assert float(value) == pytest.approx(float(run.history("walk").values[near]), rel=1e-6)
    assert found.locator("caption").inner_text() == f"Nearest to step {near:,}"
    page.mouse.down()
    page.mouse.up()
    held = found.locator(".values.is-below")
    held.locator("[data-exact=all]").wait_for()
    assert held.locator("tbody td").last.inner_text() == f"{near:,}"
    assert len(shown.bodies("/api/points")) == 1


def test_lines_that_are_whole_ask_for_no_points(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss)")
    found = panel(page, "train/loss")
    shown.asked.clear()
    point_at(page, found, 0.5)
    found.locator(".values tbody tr").first.wait_for()
    point_at(page, found, 0.6)
    assert found.locator("[data-exact]").count() == 0
    assert shown.bodies("/api/points") == []


def test_the_keyboard_walks_along_lines_and_zooms(shown: Board, open_page: Opened) -> None:
    page = open_page(shown.url + "?charts=(search:train/loss)")
    found = panel(page, "train/loss")
    canvas = found.locator(".plot-canvas")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    said = page.locator(".charts > .unseen[role=status]")
    wait_until(lambda: " at step " in said.inner_text())
    first = said.inner_text()
    assert ": " in first
    page.keyboard.press("ArrowRight")
    step = int(first.rpartition(" ")[2])
    wait_until(lambda: said.inner_text().endswith(f"at step {step + 1}"))
    page.keyboard.press("ArrowDown")
    wait_until(lambda: said.inner_text().partition(":")[0] != first.partition(":")[0])
    page.keyboard.press("+")
    found.locator(".note.is-zoomed").wait_for()
    page.keyboard.press("0")
    found.locator(".note.is-zoomed").wait_for(state="detached")
