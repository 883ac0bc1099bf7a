"""What the page of runs asks first: at once, each thing a single time, and before what takes long to draw."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.needs import need
from tests.server.browser.charts_page import wait_until
from tests.server.browser.pages import make_runs, module
from tests.server.conftest import Served, serving

need("playwright")
from playwright.sync_api import expect  # noqa: E402

expect.set_options(timeout=60_000)
Opens = Callable[..., Any]
#: Of the panels, those near the screen ask for curves.
DRAWN = ".plot[data-state=drawn]"


def asked(page: Any, address: str) -> list[str]:
    """Open an address and return what its page asked of the API until it showed the answers, in order."""
    found: list[str] = []
    page.on("request", lambda request: found.append(f"{_path(request)} {request.post_data or ''}".strip()))
    page.route("**/api/events*", lambda route: None)  # what happens is asked for again, however slow a machine is
    page.goto(address)
    if "view=table" not in address:
        expect(page.locator(DRAWN).first).to_be_visible()
    if "view=charts" not in address:
        expect(page.locator(".slick-row a").first).to_be_visible()
    return [each for each in found if each.startswith("/api/") and not each.startswith("/api/events")]


def _path(request: Any) -> str:
    return "/" + request.url.split("/", 3)[3]


def _keys(question: str) -> Any:
    return json.loads(question.split(" ", 1)[1])


@pytest.mark.parametrize("address", ["", "&show=all", "&view=charts", "&project=digits&q=a"])
def test_the_newest_runs_are_asked_for_first_then_their_metrics_and_nothing_twice(
    eight: Served, open_page: Opens, address: str
) -> None:
    page = open_page("about:blank")
    found = asked(page, eight.link + address)
    assert [each for each, times in Counter(found).items() if times > 1] == []
    assert found[0].startswith("/api/runs/query {")
    assert _keys(found[0])["sort"] == [["started", "desc"]]
    assert found[1].startswith("/api/columns")
    metrics = [each for each in found if each.startswith("/api/metrics")]
    curves = [at for at, each in enumerate(found) if each.startswith("/api/curves")]
    assert len(metrics) == 1
    assert found.index(metrics[0]) < curves[0]
    assert _keys(found[curves[0]])["runs"] == _keys(metrics[0])["keys"]


def test_metrics_of_chosen_runs_wait_for_no_answer(eight: Served, open_page: Opens) -> None:
    page = open_page("about:blank")
    page.route("**/api/runs/query", lambda route: None)  # never answered
    with page.expect_request("**/api/metrics") as request:
        page.goto(f"{eight.link}&show=digits/none")
    assert json.loads(request.value.post_data) == {"keys": ["digits/none"]}


def test_a_page_without_charts_asks_for_no_metrics(eight: Served, open_page: Opens) -> None:
    found = asked(open_page("about:blank"), f"{eight.link}&view=table")
    assert not [each for each in found if each.startswith(("/api/metrics", "/api/curves"))]


def test_the_page_does_not_say_that_nothing_is_shown_before_it_knows(eight: Served, open_page: Opens) -> None:
    page = open_page("about:blank")
    held: list[Any] = []
    page.route("**/api/runs/query", lambda route: held.append(route))
    page.goto(eight.link)
    expect(page.get_by_text("Loading the charts")).to_be_visible()
    assert page.get_by_text("No run is shown").count() == 0
    page.route("**/api/runs/query", lambda route: route.continue_())  # from now on
    for route in held:
        route.continue_()
    expect(page.locator(DRAWN).first).to_be_visible()


def test_a_first_question_that_fails_is_told_and_asked_again(eight: Served, open_page: Opens) -> None:
    page = open_page("about:blank", expected=("500",))
    page.route("**/api/metrics", lambda route: route.fulfill(status=500, json={"title": "broken"}), times=1)
    page.goto(eight.link)
    charts = page.get_by_role("region", name="Charts").first
    expect(charts.get_by_text("broken")).to_be_visible()
    charts.get_by_role("button", name="Try again").click()
    expect(page.locator(DRAWN).first).to_be_visible()


def test_an_early_answer_is_given_once_and_not_when_it_is_old(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&view=table")
    expect(page.locator(".slick-row a").first).to_be_visible()
    page.clock.install()
    found: list[str] = []
    page.on("request", lambda request: found.append(_path(request)))
    page.evaluate(
        """async (address) => {
          const {askEarly, get} = await import(address);
          void askEarly("/api/server?first");
          await get("/api/server?first").catch(() => {});
          await get("/api/server?first").catch(() => {});
          await askEarly("/api/server?second").catch(() => {});
        }""",
        module(page, "api.js"),
    )
    page.clock.run_for(3100)
    page.evaluate(
        'async (address) => (await import(address)).get("/api/server?second").catch(() => {})', module(page, "api.js")
    )
    counted = Counter(each for each in found if each.startswith("/api/server"))
    assert counted == {"/api/server?first": 2, "/api/server?second": 2}


def test_charts_of_a_filter_that_cannot_be_understood_wait_for_nothing(eight: Served, open_page: Opens) -> None:
    page = open_page(f"{eight.link}&where=summary.loss%20%3E", expected=("400",))
    expect(page.get_by_text("The filter cannot be understood")).to_be_visible()
    expect(page.get_by_text("No run is shown")).to_be_visible()
    expect(page.get_by_text("Loading the charts")).to_have_count(0)


def test_the_table_waits_for_charts_no_longer_than_they_are_worth(eight: Served, open_page: Opens) -> None:
    page = open_page("about:blank")
    page.route("**/api/metrics", lambda route: None)  # never answered
    page.goto(eight.link)
    expect(page.locator(".slick-row a").first).to_be_visible()
    expect(page.get_by_text("Looking for metrics")).to_be_visible()


def test_a_table_whose_library_does_not_come_says_so_and_is_tried_again(eight: Served, open_page: Opens) -> None:
    page = open_page("about:blank", expected=("ERR_FAILED", "slickgrid.js"))
    page.route("**/slickgrid.js", lambda route: route.abort())
    page.goto(eight.link)
    expect(page.get_by_text("The table could not be loaded")).to_be_visible()
    expect(page.locator(DRAWN).first).to_be_visible()
    page.unroute("**/slickgrid.js")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".slick-row a").first).to_be_visible()


def test_a_question_that_is_called_off_is_called_off_though_it_was_asked_early(eight: Served, open_page: Opens) -> None:
    page = open_page("about:blank")
    page.route("**/api/metrics", lambda route: None)
    gone: list[str] = []
    page.on("requestfailed", lambda request: gone.append(_path(request)))
    page.goto(eight.link)
    expect(page.locator(".slick-row a").first).to_be_visible()
    page.get_by_role("searchbox", name="Search runs").fill("amber")
    wait_until(lambda: page.evaluate("1") and "/api/metrics" in gone)  # events come while something is asked


def test_columns_of_a_project_that_was_left_do_not_come_over_those_of_the_one_that_is_shown(
    eight: Served, open_page: Opens
) -> None:
    page = open_page(eight.link)
    expect(page.locator(".slick-row a").first).to_be_visible()
    held: list[Any] = []
    page.route("**/api/columns?project=digits", lambda route: held.append(route))
    chooser = page.get_by_role("combobox", name="Project")
    chooser.select_option("digits")
    wait_until(lambda: page.evaluate("1") and held)
    with page.expect_response("**/api/columns"):
        chooser.select_option("")
    found = held[0].fetch().json()
    found["columns"] = [each for each in found["columns"] if each["source"] == "field"]
    with page.expect_response("**/api/columns?project=digits"):
        held[0].fulfill(json=found)
    page.wait_for_timeout(300)  # so that what came last could take the others' place
    assert page.locator(".slick-header-column", has_text="val/loss").count() == 1


def test_columns_are_asked_for_again_when_a_run_has_come_and_not_before(tmp_path: Path, open_page: Opens) -> None:
    make_runs(tmp_path, ("amber",))
    with serving(tmp_path) as served:
        page = open_page("about:blank")
        found: list[str] = []
        page.on("request", lambda request: found.append(_path(request)))
        page.goto(served.link)
        expect(page.locator(".slick-row a").first).to_be_visible()
        page.wait_for_timeout(6_000)  # the pause between two questions for columns is 5 s
        expect(page.get_by_text("Live", exact=True)).to_be_visible()  # what happens is heard
        assert found.count("/api/columns") == 1
        with (
            page.expect_response("**/api/columns"),
            epochal.init("digits", dir=tmp_path, config={"seen": "late"}) as run,
        ):
            run.log({"val/loss": 1.0})
        page.get_by_role("button", name="Columns").click()
        page.get_by_label("Search columns").fill("seen")
        expect(page.get_by_role("checkbox", name="seen")).to_be_visible()
