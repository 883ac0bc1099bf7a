"""The media of a run in a browser: every kind of them, and what a page that somebody has logged cannot do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.needs import need

need("axe_core_python")

from .run_folder import until  # noqa: E402


def test_images_have_a_step_slider_layers_and_a_large_view(visit: Any) -> None:
    page = visit("media", media="samples")
    picture = page.locator(".run-picture img").first
    picture.wait_for()
    before = picture.get_attribute("src")
    assert "sample of step 40" in page.locator(".run-shown").inner_text()
    slider = page.get_by_label("Step of samples")
    slider.press("ArrowLeft")
    until(lambda: picture.get_attribute("src") != before)
    until(lambda: page.evaluate("location.search.includes('step=30')"))
    assert "sample of step 30" in page.locator(".run-shown").inner_text()
    assert slider.get_attribute("aria-valuetext") == "step 30"
    assert page.locator(".run-box-label").inner_text() == "cat 0.5"
    until(lambda: page.evaluate("document.querySelector('.run-mask').width === 60"))
    # the diagonal is a class of the mask, what is beside it is ground
    colours = "c => [[5, 5], [5, 9]].map(([x, y]) => c.getContext('2d').getImageData(x, y, 1, 1).data[3])"
    assert page.locator(".run-mask").evaluate(colours) == [130, 0]
    assert page.locator(".run-legend").inner_text() == "road"
    page.get_by_label("Boxes").uncheck()
    page.get_by_label("Mask “truth”").uncheck()
    until(lambda: page.locator(".run-box, .run-mask").count() == 0)
    page.get_by_role("button", name="Enlarge sample of step 30").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("sample of step 30").wait_for()
    page.keyboard.press("ArrowRight")
    dialog.get_by_text("negative").wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_the_newest_step_is_shown_until_another_is_chosen(visit: Any) -> None:
    page = visit("media", media="samples", step=20)
    page.wait_for_selector("text=sample of step 20")
    page.get_by_role("button", name="Play").click()
    page.wait_for_selector("text=sample of step 40")
    until(lambda: page.evaluate("!location.search.includes('step=')"))


def test_sound_film_text_shape_and_rows(visit: Any) -> None:
    page = visit("media", media="sound", view={"expected": ("willReadFrequently",)})  # that is this test reading
    until(lambda: page.evaluate("document.querySelector('audio')?.duration > 0.09"))
    names = page.get_by_role("navigation", name="Media")
    names.get_by_role("button", name="film").click()
    until(lambda: page.evaluate("document.querySelector('.run-film')?.naturalWidth === 8"))
    names.get_by_role("button", name="words").click()
    shown = page.locator(".markdown")
    assert shown.locator("h3").inner_text() == "Title" and shown.locator("strong").inner_text() == "is"
    assert shown.locator("li").all_inner_texts() == ["one", "two"]
    page.get_by_role("button", name="Source").click()
    assert page.locator(".run-text").inner_text().startswith("# Title")
    names.get_by_role("button", name="cloud").click()
    shape = page.locator(".run-shape canvas")
    shape.wait_for()
    drawn = (
        "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size > 1"
    )
    until(lambda: shape.evaluate(drawn))
    picture = shape.evaluate("canvas => canvas.toDataURL()")
    shape.press("ArrowRight")
    until(lambda: shape.evaluate("canvas => canvas.toDataURL()") != picture)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save").click()
    assert Path(download.value.path()).read_bytes().startswith(b"ply\n")


def test_tables_have_pages_and_an_order(visit: Any) -> None:
    page = visit("media", media="rows")
    cells = page.locator(".run-exhibit tbody tr")
    cells.first.wait_for()
    assert "rows 0 to 49 of 120" in page.locator(".run-exhibit").inner_text()
    page.get_by_role("button", name="Last").click()
    page.wait_for_selector("text=row 119")
    page.get_by_role("button", name="id", exact=True).click()
    page.get_by_role("button", name=re.compile("^id")).click()
    until(lambda: page.evaluate("document.querySelector('.run-exhibit tbody tr').innerText.includes('row 119')"))
    head = page.get_by_role("columnheader", name=re.compile("^id"))
    until(lambda: head.get_attribute("aria-sort") == "descending")


def test_histograms_are_a_heat_map_over_steps(visit: Any) -> None:
    page = visit("media", media="weights", view={"expected": ("willReadFrequently",)})  # that is this test reading
    map = page.get_by_role("img", name=re.compile("^Heat map of weights: 5 steps"))
    map.wait_for()
    # the values rise with the steps: so does the brightest place
    brightest = """canvas => {
      const context = canvas.getContext("2d");
      const ground = [...context.getImageData(0, 0, 1, 1).data];
      return Array.from({length: canvas.width}, (_, x) => {
        const column = context.getImageData(x, 0, 1, canvas.height).data;
        const far = (y) => [0, 1, 2].reduce((sum, part) => sum + Math.abs(column[y * 4 + part] - ground[part]), 0);
        return Array.from({length: canvas.height}, (_, y) => y).reduce((best, y) => (far(y) > far(best) ? y : best), 0);
      });
    }"""
    places = map.evaluate(brightest)
    assert len(places) == 5 and places[0] > places[2] > places[4]
    box = map.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    until(lambda: re.match(r"step 20: [\d.]+ values from", page.locator(".run-heat-told").inner_text()))
    page.mouse.click(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.5)
    page.get_by_role("img", name=re.compile("^Histogram of step 0")).wait_for()
    assert page.get_by_label("Step of weights").get_attribute("aria-valuetext") == "step 0"
