"""The frame of every page: addresses, themes, keys, the way back, and what it says when something is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.needs import need
from tests.server.browser.pages import make_runs, module, serious
from tests.server.conftest import Served, serving

need("playwright")
from playwright.sync_api import expect  # noqa: E402

expect.set_options(timeout=60_000)
Opens = Callable[..., Any]


def table(page: Any) -> Any:
    return page.locator(".slick-row a").first


@pytest.mark.parametrize("dark", [False, True])
def test_the_theme_is_the_system_s_until_another_is_chosen_and_stays_chosen(
    eight: Served, open_page: Opens, dark: bool
) -> None:
    page = open_page(eight.link, dark=dark)
    shown, other = ("dark", "light") if dark else ("light", "dark")
    expect(page.locator("html")).to_have_attribute("data-theme", shown)
    page.get_by_role("button", name="Theme").click()
    if not dark:
        page.get_by_role("button", name="Theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", other)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", other)


def test_a_theme_that_was_chosen_is_set_before_anything_is_painted(eight: Served, open_page: Opens) -> None:
    page = open_page(eight.link, expected=("ERR_FAILED",))
    page.evaluate("localStorage.setItem('epochal.theme', 'dark')")
    page.route("**/pack/runs.js", lambda route: route.abort())
    page.goto(f"{eight.url}/")
    expect(page.locator("#app")).to_be_empty()
    expect(page.locator("body")).to_have_css("background-color", "rgb(14, 16, 20)")


@pytest.mark.parametrize(("width", "height", "dark"), [(1440, 900, False), (390, 844, True)])
def test_nothing_serious_bars_the_way_of_who_cannot_see(
    eight: Served, open_page: Opens, width: int, height: int, dark: bool
) -> None:
    need("axe_core_python")
    page = open_page(f"{eight.link}&view=table", width=width, height=height, dark=dark)
    expect(table(page)).to_be_visible()
    assert serious(page) == []


def test_a_phone_shows_the_page_without_moving_it_sideways(eight: Served, open_page: Opens) -> None:
    page = open_page(eight.link, width=390, height=844, has_touch=True)
    expect(table(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Columns").click()
    expect(page.get_by_label("Search columns")).to_be_in_viewport(ratio=1)


def test_the_keys_are_listed_by_a_question_mark(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&view=table")
    expect(table(page)).to_be_visible()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    expect(keys).to_contain_text("Search the runs")
    expect(keys).to_contain_text("Move to the trash")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_keys_lead_to_fields_and_are_letters_in_them(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&view=table")
    expect(table(page)).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_label("Search runs")).to_be_focused()
    page.keyboard.type("t?")  # neither another theme nor the list of keys
    expect(page.get_by_label("Search runs")).to_have_value("t?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


def test_an_address_that_is_none_says_so(eight: Served, open_page: Opens) -> None:
    page = open_page(eight.link)
    expect(page.locator(".bar")).to_be_visible()
    page.evaluate("history.pushState(null, '', '/nowhere'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.get_by_role("button", name="Show the runs").click()
    expect(page).to_have_url(f"{eight.url}/")


def test_what_a_view_shows_is_in_its_address_and_comes_back(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&view=table")
    page.get_by_label("Search runs").fill("fjord")
    expect(page).to_have_url(re.compile(r"[?&]q=fjord"))
    page.evaluate("history.pushState(null, '', '/nowhere'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Search runs")).to_have_value("fjord")
    page.reload()
    expect(page.locator(".tools-count")).to_have_text("1 of 8 runs")


def test_a_browser_that_has_lost_its_cookie_is_told_where_the_key_is(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&view=table", expected=("401",))
    expect(table(page)).to_be_visible()
    page.context.clear_cookies()
    page.get_by_label("Search runs").fill("fjord")
    expect(page.get_by_role("heading", name="This browser has no key to the server")).to_be_visible()


def test_an_empty_folder_says_what_to_do(tmp_path: Path, serve: Callable[..., Served], open_page: Opens) -> None:
    page = open_page(serve(tmp_path / "nothing-here").link)
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    expect(page.locator(".sample")).to_contain_text("epochal.init")


def test_a_server_that_went_is_told_and_its_return_noticed(tmp_path: Path, open_page: Opens) -> None:
    root = tmp_path / "runs"
    make_runs(root, ("amber",))
    with serving(root) as served:
        page = open_page(f"{served.link}&view=table", expected=("Failed to load", "ERR_CONNECTION", "net::"))
        expect(page.get_by_role("link", name="amber")).to_be_visible()
        expect(page.locator(".connection")).to_have_text("Live")
    expect(page.locator(".connection")).to_have_text("Not connected")
    make_runs(root, ("brook",))
    with serving(root, port=int(served.url.rpartition(":")[2])):
        expect(page.locator(".connection")).to_have_text("Live")
        expect(page.get_by_role("link", name="brook")).to_be_visible()


def test_numbers_and_times_read_as_people_write_them(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&view=table")
    name = module(page, "format.js")
    for call, text in {
        "number(0.123456)": "0.1235",
        "number(12350)": "12,350",
        "number(-1.5e-7)": "−1.5e−7",
        "number('NaN')": "NaN",
        "number(null)": "–",
        "duration(0.35)": "350\u202fms",
        "duration(7500)": "2\u202fh 05\u202fm",
        "ago(now.value - 7200)": "2 hours ago",
        "bytes(1400)": "1.4\u202fkB",
        "stepText(1500000)": "1.5M",
        "valueText([1, 'a', null, {b: 2}])": '1, a, –, {"b":2}',
    }.items():
        names = "{number, duration, ago, bytes, stepText, valueText, now}"
        assert page.evaluate(f"import({name!r}).then(({names}) => {call})") == text


def test_runs_that_are_shown_together_differ_in_their_look(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&view=table")
    name = module(page, "palette.js")
    looks = page.evaluate(
        f"""import({name!r}).then(({{tellApart, colourOf, dashOf}}) => {{
          const keys = Array.from({{length: 24}}, (_, i) => `p/run-${{i}}`);
          tellApart(keys);
          return keys.map((key) => colourOf(key) + dashOf(key));
        }})"""
    )
    assert len(set(looks)) == 24
    assert sum(look.endswith("solid") for look in looks) == 8
