"""The table of runs: found, sorted, filtered, grouped; its columns; and what is seen and chosen in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.needs import need
from tests.server.browser.pages import NAMES
from tests.server.conftest import Served

need("playwright")
from playwright.sync_api import expect  # noqa: E402

expect.set_options(timeout=60_000)
Opens = Callable[..., Any]
NEWEST_FIRST = list(reversed(NAMES))


@pytest.fixture
def page(eight: Served, open_page: Opens) -> Any:
    """Return the table of the eight runs."""
    found = open_page(f"{eight.link}&view=table")
    expect(links(found)).to_have_count(8)
    return found


def links(page: Any) -> Any:
    return page.locator(".slick-row .run-name")


def names(page: Any) -> list[str]:
    """Return the names in the order that is seen: rows stand in the page in the order that they were drawn."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".slick-pane-left .slick-row:has(.run-name)")]
          .sort((a, b) => a.dataset.row - b.dataset.row).map((row) => row.querySelector(".run-name").textContent)"""
    )
    return found


def expect_names(page: Any, wanted: list[str]) -> None:
    first = page.locator('.slick-pane-left .slick-row[data-row="0"] .run-name')
    expect(first).to_have_text(wanted[0])
    expect(links(page)).to_have_count(len(wanted))
    assert names(page) == wanted


def head_menu(page: Any, column: str) -> None:
    page.locator(f'.slick-header-column:has([data-head="{column}"])').hover()
    page.locator(f'.slick-header-column:has([data-head="{column}"]) .head-more').click()


def heads(page: Any) -> list[str]:
    found: list[str] = page.locator("[data-head]").evaluate_all("some => some.map(one => one.dataset.head)")
    return found


def cell(page: Any, row: int, column: str) -> Any:
    """Return a cell, found as a screen reader finds it: by the head that describes it."""
    head = page.locator(f'.slick-header-column:has([data-head="{column}"])').get_attribute("id")
    return page.locator(f'.slick-row[data-row="{row}"] [aria-describedby="{head}"]')


def test_runs_stand_newest_first_with_states_and_times_and_markup_is_text(page: Any) -> None:
    expect_names(page, NEWEST_FIRST)
    expect(page.locator(".tools-count")).to_have_text("8 runs")
    expect(cell(page, 0, "state")).to_have_text("finished")
    expect(cell(page, 0, "started")).to_have_text(re.compile("just now|min ago"))
    expect(page.get_by_label("Project")).to_contain_text("sheep <b>counting</b>")
    assert heads(page)[:4] == ["name", "state", "started", "duration"]
    assert {"summary.val/loss", "config.lr", "config.optimizer.name", "tags"} <= set(heads(page))
    assert "config.seed" not in heads(page)  # all alike


def test_a_click_sorts_and_with_shift_by_another_column_as_well(page: Any) -> None:
    page.locator('[data-head="config.optimizer.name"]').click()
    page.locator('[data-head="summary.val/loss"]').click(modifiers=["Shift"])
    expect(page).to_have_url(re.compile(r"sort=config\.optimizer\.name,-summary\.val/loss"))
    expect_names(page, ["grove", "ember", "crane", "amber", "heron", "fjord", "delta", "brook"])
    head = page.locator('.slick-header-column:has([data-head="config.optimizer.name"])')
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.reload()
    expect_names(page, ["grove", "ember", "crane", "amber", "heron", "fjord", "delta", "brook"])


def test_a_search_narrows_down_and_nothing_left_says_how_to_go_on(page: Any) -> None:
    page.get_by_label("Search runs").fill("first")  # it is in the notes
    expect_names(page, ["amber"])
    page.get_by_label("Search runs").fill("not to be found")
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()
    page.get_by_role("button", name="Show all runs").click()
    expect_names(page, NEWEST_FIRST)


def test_a_filter_expression_is_applied_as_it_is_typed(page: Any) -> None:
    bar = page.get_by_label("Filter expression")
    bar.fill('config.optimizer.name == "sgd" and summary["val/loss"] < 4')
    bar.press("Enter")
    expect_names(page, ["delta", "brook"])
    expect(page).to_have_url(re.compile("where="))
    page.get_by_label("Clear the filter").click()
    expect_names(page, NEWEST_FIRST)


def test_a_fault_in_an_expression_is_shown_at_its_place(page: Any) -> None:
    bar = page.get_by_label("Filter expression")
    bar.fill('name == "amber" and stat == "finished"')
    bar.press("Escape")
    expect(page.locator(".where-place")).to_have_text("stat")
    expect(page.locator(".where-fault")).to_contain_text("state")
    expect(bar).to_have_attribute("aria-invalid", "true")
    expect_names(page, NEWEST_FIRST)  # what was applied before stays


def test_a_link_with_a_filter_that_cannot_be_understood_says_so(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&view=table&where=lr+%3E", expected=("400 (Bad Request)",))
    expect(page.get_by_role("heading", name="The filter cannot be understood")).to_be_visible()
    page.get_by_role("button", name="Clear the filter").last.click()
    expect_names(page, NEWEST_FIRST)


def test_a_run_is_opened_by_its_name_and_by_a_key_and_the_way_back_leads_to_where_one_was(page: Any) -> None:
    page.get_by_label("Search runs").fill("adam")
    expect(page).to_have_url(re.compile("q=adam"))
    page.get_by_label("Search runs").fill("")
    page.locator('[data-head="summary.val/loss"]').click()
    expect(page).to_have_url(re.compile("sort=-summary"))
    expect_names(page, NEWEST_FIRST)
    page.get_by_role("link", name="grove").click()
    expect(page).to_have_url(re.compile(r"/run/digits/"))
    expect(page.get_by_role("heading", name="grove").first).to_be_visible()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Runs").click()
    expect(page).to_have_url(re.compile("sort=-summary"))
    cell(page, 2, "state").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="fjord").first).to_be_visible()


def test_an_expression_is_completed_from_the_keyboard(page: Any) -> None:
    bar = page.get_by_label("Filter expression")
    bar.click()
    page.keyboard.type("config.op")
    option = page.get_by_role("listbox", name="Completions").get_by_role("option").first
    expect(option).to_contain_text("optimizer")
    expect(page.locator(".tools-count")).to_have_text("8 runs")  # a word that is being completed is no filter yet
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(bar).to_have_value(re.compile(r"config\.optimizer"))
    expect(bar).to_be_focused()


def test_a_column_s_filter_fits_its_kind_and_is_taken_away_by_its_chip(page: Any) -> None:
    head_menu(page, "summary.val/loss")
    page.get_by_role("menuitem", name="Filter…").click()
    page.get_by_label("Value", exact=True).fill("a lot")
    page.get_by_role("button", name="Add filter").click()
    expect(page.get_by_role("alert")).to_contain_text("A number is missing")
    page.get_by_label("Value", exact=True).fill("5")
    page.get_by_role("button", name="Add filter").click()
    expect_names(page, ["heron", "grove", "fjord"])
    head_menu(page, "config.optimizer.name")
    page.get_by_role("menuitem", name="Filter…").click()
    page.get_by_label("How to compare").select_option("=")
    page.get_by_role("group", name="Values").get_by_role("button", name="adam").click()
    page.get_by_role("button", name="Add filter").click()
    expect_names(page, ["grove"])
    page.get_by_label("Remove the filter: optimizer.name is adam").click()
    expect_names(page, ["heron", "grove", "fjord"])


def test_a_right_click_on_a_head_opens_its_menu_too(page: Any) -> None:
    page.locator('[data-head="summary.val/loss"]').click(button="right")
    page.get_by_role("menu", name="Column val/loss").get_by_role("menuitemcheckbox", name="Sort ascending").click()
    expect(page).to_have_url(re.compile(r"sort=summary\.val/loss"))
    expect_names(page, ["amber", "brook", "crane", "delta", "ember", "fjord", "grove", "heron"])


def test_columns_are_chosen_moved_pinned_and_remembered(page: Any, eight: Served) -> None:
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Search columns").fill("seed")
    page.get_by_role("checkbox", name="seed").check()
    expect(page.locator('[data-head="config.seed"]')).to_have_count(1)
    page.keyboard.press("Escape")
    head_menu(page, "tags")
    page.get_by_role("menuitem", name="Hide").click()
    expect(page.locator('[data-head="tags"]')).to_have_count(0)
    head_menu(page, "started")
    page.get_by_role("menuitem", name="Move left").click()
    head_menu(page, "duration")
    page.get_by_role("menuitem", name="Pin to the left").click()
    expect(page.locator('.slick-pane-left [data-head="duration"]')).to_have_count(1)
    wanted = ["name", "duration", "started", "state"]
    assert heads(page)[:4] == wanted
    expect(page).to_have_url(re.compile("pins="))  # the address follows a moment later
    shared = page.url
    page.goto(f"{eight.url}/?view=table")  # a link that says nothing of columns
    expect(page.locator('.slick-pane-left [data-head="duration"]')).to_have_count(1)
    assert heads(page)[:4] == wanted
    assert "columns=" in shared
    assert "pins=" in shared


def test_a_column_is_resized_and_moved_by_dragging(page: Any) -> None:
    state = page.locator('.slick-header-column:has([data-head="state"])')
    before = state.bounding_box()["width"]
    grip = state.locator(".slick-resizable-handle").bounding_box()
    page.mouse.move(grip["x"] + 3, grip["y"] + 12)
    page.mouse.down()
    page.mouse.move(grip["x"] + 63, grip["y"] + 12, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile("widths="))
    assert state.bounding_box()["width"] == pytest.approx(before + 60, abs=4)
    page.locator('.slick-header-column:has([data-head="tags"])').drag_to(
        page.locator('.slick-header-column:has([data-head="started"])')
    )
    expect(page).to_have_url(re.compile(r"columns=name,state,(tags,started|started,tags)"))


def test_groups_have_counts_and_statistics_and_open(page: Any) -> None:
    page.get_by_role("button", name="Group").click()
    page.get_by_role("dialog").get_by_role("button", name="optimizer.name").click()
    page.keyboard.press("Escape")
    groups = page.locator(".slick-pane-left .is-group")
    expect(groups).to_have_count(2)
    expect(groups.first).to_contain_text("adam")
    expect(groups.first).to_contain_text("4 runs")
    expect(cell(page, 0, "state")).to_have_text("4 finished")
    # 0.2 + (0, 2, 4, 6): mean 3.2, deviation of samples 2.58
    expect(cell(page, 0, "summary.val/loss")).to_have_text("3.2 ± 2.60.2 … 6.2")
    groups.first.click()
    expect_names_after(page, ["grove", "ember", "crane", "amber"])
    expect(page).to_have_url(re.compile("open="))
    page.reload()
    expect_names_after(page, ["grove", "ember", "crane", "amber"])
    page.get_by_label("Close the group adam").click()
    expect(links(page)).to_have_count(0)


def test_the_largest_groups_come_first_where_that_is_asked_for(page: Any) -> None:
    page.get_by_role("button", name="Group").click()
    page.get_by_role("dialog").get_by_role("button", name="Project").click()
    page.get_by_role("dialog").get_by_label("The largest groups first").check()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("sort=-count"))
    groups = page.locator(".slick-pane-left .is-group")
    expect(groups).to_have_count(2)
    expect(groups.filter(has_text="7 runs")).to_have_attribute("data-row", "0")
    expect(groups.filter(has_text="1 run").last).to_have_attribute("data-row", "1")


def expect_names_after(page: Any, wanted: list[str]) -> None:
    expect(page.locator('.slick-pane-left .slick-row[data-row="1"] .run-name')).to_have_text(wanted[0])
    assert names(page) == wanted


def test_runs_are_selected_singly_in_a_range_and_all_at_once(page: Any) -> None:
    boxes = page.locator(".slick-row input[type=checkbox]")
    page.get_by_label("Select heron").click()
    page.get_by_label("Select fjord").click(modifiers=["Shift"])
    expect(page.locator(".tools-count")).to_have_text("3 runs selected")
    expect(page.locator(".slick-pane-left .is-picked")).to_have_count(3)
    page.get_by_label("Select all runs that match").click()
    expect(page.locator(".tools-count")).to_have_text("8 runs selected")
    assert boxes.evaluate_all("some => some.every(one => one.checked)")
    page.get_by_label("Select none").click()
    expect(page.locator(".tools-count")).to_have_text("8 runs")


def test_the_keyboard_goes_through_the_table_and_selects(page: Any) -> None:
    cell(page, 1, "state").click()
    page.keyboard.press("Space")
    expect(page.locator(".tools-count")).to_have_text("1 run selected")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".tools-count")).to_have_text("2 runs selected")
    page.keyboard.press("v")
    expect(page.get_by_label("Show fjord in charts")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.locator(".tools-count")).to_have_text("8 runs")
    page.keyboard.press("Shift+F10")
    expect(page.get_by_role("menu", name="Run fjord")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)


def test_the_heads_are_one_stop_of_the_tab_key_and_walked_with_the_arrows(page: Any) -> None:
    expect(page.locator('.head-name[tabindex="0"]')).to_have_count(1)
    page.locator('[data-head="name"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-head="started"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sort=started"))
    expect(page.locator('[data-head="started"]')).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.get_by_role("menuitemcheckbox", name="Sort descending").press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)


def test_a_dot_hides_a_run_in_the_charts_and_a_menu_shows_the_latest_again(page: Any) -> None:
    page.get_by_label("Show amber in charts").click()
    expect(page).to_have_url(re.compile(r"show=.*digits/"))
    expect(page.get_by_label("Show amber in charts")).to_have_attribute("aria-pressed", "false")
    page.get_by_label("Which runs the charts show").click()
    page.get_by_role("menuitemcheckbox", name="The latest ten").click()
    expect(page.get_by_label("Show amber in charts")).to_have_attribute("aria-pressed", "true")
    expect(page).not_to_have_url(re.compile("show="))


def test_a_run_gets_another_colour_and_keeps_it(page: Any) -> None:
    dot = page.get_by_label("Show amber in charts")
    before = dot.evaluate("one => one.style.getPropertyValue('--run')")
    page.get_by_role("link", name="amber").click(button="right")
    page.get_by_role("menuitem", name="Colour…").click()
    other = "green" if before == "#625de5" else "blue"
    page.get_by_label(other, exact=True).click()
    colour = {"green": "#01a084", "blue": "#625de5"}[other]
    expect(dot).to_have_attribute("style", re.compile(colour))
    page.reload()
    expect(dot).to_have_attribute("style", re.compile(colour))


def test_a_csv_holds_the_runs_that_match_and_the_columns_that_are_shown(page: Any) -> None:
    page.get_by_label("Search runs").fill("e")
    page.get_by_label("Search runs").fill("ember")
    expect_names(page, ["ember"])
    page.get_by_label("More", exact=True).click()
    with page.expect_download() as told:
        page.get_by_role("menuitem", name="Export to CSV").click()
    text = told.value.path().read_text("utf-8-sig")
    assert len(text.splitlines()) == 2
    assert "summary.val/loss" in text.splitlines()[0]
    assert "ember" in text.splitlines()[1]
