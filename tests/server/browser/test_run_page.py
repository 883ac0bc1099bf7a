"""The page of one run in a browser: all but its media; desktop and phone, both themes, nothing amiss for axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import epochal
from tests.needs import need

need("axe_core_python")

from ..conftest import Served  # noqa: E402
from .run_folder import MARKUP, address, card, sound, until  # noqa: E402

Serve = Callable[..., Served]
Open = Callable[..., Any]
#: What the browser says of a page that runs no scripts, when that page has some.
BLOCKED = ("Blocked script execution", "Content Security Policy")
VIEWS = pytest.mark.parametrize(("width", "height", "dark"), [(1440, 900, False), (390, 844, True)])


# ---- overview


@VIEWS
def test_the_overview_tells_all_that_was_recorded(visit: Any, width: int, height: int, dark: bool) -> None:
    page = visit(view={"width": width, "height": height, "dark": dark})
    assert page.locator("h1").inner_text().startswith("quiet-otter")
    assert page.title() == "quiet-otter · vision · Epochal"
    assert page.locator(".run-head .state").inner_text() == "finished"
    assert page.locator(".run-head .chip").inner_text() == "baseline"
    assert (
        "Loss is high" in card(page, "Alerts").inner_text() and "It is above one." in card(page, "Alerts").inner_text()
    )
    assert "Something odd happened." in card(page, "Notices").inner_text()
    assert "Two\nlines." in card(page, "About").inner_text()
    assert "0.9" in card(page, "Summary").get_by_role("row").filter(has_text="val/acc").inner_text()
    dataset = card(page, "Datasets").inner_text()
    assert re.search(r"\b[0-9a-f]{64}\b", dataset) and "numpy.ndarray" in dataset and "100" in dataset
    checkpoint = card(page, "Checkpoints").inner_text()
    assert "present" in checkpoint and "best" in checkpoint and "quiet-otter.pt" in checkpoint
    git = card(page, "Git")
    assert re.search(r"\b[0-9a-f]{40}\b", git.inner_text()) and "uncommitted changes" in git.inner_text()
    git.locator(".run-diff-lines tr.is-added").first.wait_for()
    assert "# quiet-otter" in " ".join(git.locator("tr.is-added .run-diff-text").all_inner_texts())
    environment = card(page, "Environment")
    environment.get_by_text(re.compile(r"\d+ packages")).click()
    environment.get_by_label("Search packages").fill("numpy")
    until(lambda: re.search(r"numpy==[\d.]+", environment.locator(".run-packages").inner_text()))
    sound(page)


def test_the_config_is_a_tree_for_the_keyboard(visit: Any) -> None:
    page = visit()
    tree = card(page, "Config").get_by_role("tree")
    rows = tree.get_by_role("treeitem")
    assert tree.get_by_role("treeitem", name="width: 64").is_visible()
    model = tree.get_by_role("treeitem", name=re.compile("^model"))
    model.focus()
    page.keyboard.press("ArrowLeft")
    until(lambda: model.get_attribute("aria-expanded") == "false")
    assert tree.get_by_role("treeitem", name="width: 64").count() == 0
    page.keyboard.press("ArrowRight")
    until(lambda: model.get_attribute("aria-expanded") == "true")

    def focused() -> str:
        return str(page.evaluate("document.activeElement.getAttribute('aria-label')"))

    page.keyboard.press("ArrowRight")
    until(lambda: focused() == "name: resnet")
    page.keyboard.press("ArrowLeft")
    until(lambda: focused().startswith("model"))
    page.keyboard.press("End")
    until(lambda: focused() == rows.last.get_attribute("aria-label"))


def test_a_search_in_the_config_shows_what_it_finds_and_is_in_the_address(visit: Any) -> None:
    page = visit()
    config = card(page, "Config")

    def found() -> list[str]:
        names = config.get_by_role("treeitem").evaluate_all("rows => rows.map(row => row.getAttribute('aria-label'))")
        return [name.split(",")[0] for name in names]

    config.get_by_label("Search config").fill("head")
    until(lambda: page.evaluate("location.search.includes('config=head')"))
    for _ in range(2):
        until(lambda: found() == ["model", "head", "width: 64", "bias: true"])
        assert config.locator("mark").inner_text() == "head"
        page.reload()
        config.get_by_role("tree").wait_for()
    config.get_by_label("Search config").fill("nothing like it")
    config.get_by_text("Nothing here has “nothing like it”").wait_for()


def test_tabs_are_links_with_keys_and_the_way_back(visit: Any) -> None:
    page = visit()
    page.get_by_role("link", name="Media").click()
    page.wait_for_selector(".run-media")
    assert page.url.endswith("/media")
    page.keyboard.press("6")
    page.wait_for_selector("text=code/train.py")
    page.go_back()
    page.wait_for_selector(".run-media")
    until(lambda: page.get_by_role("link", name="Media").get_attribute("aria-current") == "page")


# ---- charts


@pytest.mark.parametrize(("part", "first"), [("charts", "train/loss"), ("system", "system/memory")])
def test_charts_show_the_metrics_of_the_run_alone(visit: Any, part: str, first: str) -> None:
    page = visit(part)
    page.get_by_role("heading", name=first).first.wait_for()
    page.locator(".charts canvas").first.wait_for()
    other = "system/" if part == "charts" else "train/"
    assert not [name for name in page.get_by_role("heading").all_inner_texts() if name.startswith(other)]


# ---- console and files


def test_the_console_is_searched_and_scrolled(visit: Any) -> None:
    page = visit("console")
    page.wait_for_selector("text=to stderr")  # the end comes first
    assert page.locator(".ansi-green").inner_text() == "green"
    assert page.locator(".run-line").count() < 200
    lines = page.locator(".run-lines")
    lines.evaluate("element => element.scrollTop = 0")
    page.wait_for_selector("text=line 0 of quiet-otter")
    page.get_by_label("Search console").fill("LINE 77")
    until(lambda: page.evaluate("document.querySelectorAll('.run-line').length === 11"))
    assert page.locator(".run-line mark").first.inner_text() == "line 77"
    until(lambda: re.search(r"11 of [\d,]+ lines", page.locator(".run-console .run-bar").inner_text()))
    page.get_by_role("button", name=re.compile("^Line ")).nth(5).click()  # line 774, among its neighbours
    page.wait_for_selector("text=line 780 of quiet-otter")
    until(lambda: page.locator(".run-line.is-marked").inner_text().endswith("line 774 of quiet-otter"))
    until(lambda: page.evaluate("/line=\\d+/.test(location.search) && !location.search.includes('search=')"))
    page.reload()
    page.wait_for_selector(".run-line.is-marked >> text=line 774 of")
    page.get_by_label("Go to line").fill("101")
    page.get_by_label("Go to line").press("Enter")
    until(lambda: page.locator(".is-marked .run-line-number").inner_text() == "101")


def test_streams_and_wrapping(visit: Any) -> None:
    page = visit("console")
    page.get_by_role("button", name="stderr").click()
    until(lambda: "line 1199" not in page.locator(".run-lines").inner_text())
    assert "to stderr" in page.locator(".run-lines").inner_text()
    page.get_by_role("button", name="Both").click()
    page.get_by_label("Wrap").check()
    page.wait_for_selector("text=line 1199 of quiet-otter")
    page.get_by_role("button", name="First lines").click()
    page.wait_for_selector("text=line 0 of quiet-otter")
    page.get_by_label("Search console").fill("no such text")
    page.wait_for_selector("text=No line matches")
    page.get_by_role("button", name="Show all lines").click()
    page.wait_for_selector("text=line 1199 of quiet-otter")


def test_files_are_found_and_saved(visit: Any) -> None:
    page = visit("files")
    page.wait_for_selector("text=code/train.py")
    assert "present" in page.locator(".run-card").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="code/train.py").click()
    assert download.value.suggested_filename == "train.py"
    assert "# quiet-otter" in Path(download.value.path()).read_text()


@VIEWS
@pytest.mark.parametrize(
    ("part", "query", "seen"),
    [
        ("media", {"media": "samples"}, ".run-picture img"),
        ("media", {"media": "weights"}, ".run-heat canvas"),
        ("media", {"media": "rows"}, ".run-exhibit tbody tr"),
        ("media", {"media": "words"}, ".markdown"),
        ("console", {}, ".run-line-text"),
        ("files", {}, ".run-table"),
    ],
)
def test_parts_are_accessible(
    visit: Any, part: str, query: dict[str, str], seen: str, width: int, height: int, dark: bool
) -> None:
    page = visit(part, view={"width": width, "height": height, "dark": dark}, **query)
    page.locator(seen).first.wait_for()
    sound(page)


# ---- a run that goes on


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_running_run_is_followed(tmp_path: Path, serve: Serve, open_page: Open, motion: str) -> None:
    run = epochal.init("live", name="going-on", dir=tmp_path)
    run.log({"loss": 4.0}, step=0)
    print("first line")
    served = serve(tmp_path)
    key = f"live/{run.folder.name}"
    page = open_page(address(served, f"/run/{key}"), reduced_motion=motion)
    row = card(page, "Summary").get_by_role("row").filter(has_text="loss")
    until(lambda: row.count() and "4" in row.inner_text())
    assert page.locator(".run-head .state").inner_text() == "running"
    run.log({"loss": 2.5}, step=1)
    until(lambda: "2.5" in row.inner_text())
    page.get_by_role("link", name="Console").click()
    page.wait_for_selector("text=first line")
    assert page.get_by_label("Follow").is_checked()
    for number in range(200):
        print(f"later line {number}")
    until(lambda: "later line 199" in page.locator(".run-lines").inner_text())
    run.finish()
    until(lambda: page.locator(".run-head .state").inner_text() == "finished")


@pytest.mark.parametrize("read_only", [False, True])
def test_notes_are_edited_where_the_folder_may_be_changed(
    tmp_path: Path, serve: Serve, open_page: Open, read_only: bool
) -> None:
    with epochal.init("notes", name="noted", dir=tmp_path, notes="before") as run:
        run.log({"loss": 4.0}, step=0)
    page = open_page(address(serve(tmp_path, read_only=read_only), f"/run/notes/{run.folder.name}"))
    page.get_by_role("button", name="Change noted").click()
    entry = page.get_by_role("menuitem", name="Notes…")
    if read_only:
        assert entry.is_disabled() or entry.get_attribute("aria-disabled") == "true"
        return
    entry.click()
    page.get_by_role("textbox", name="Notes").fill("after\nthat")
    page.get_by_role("button", name="Save").click()
    until(lambda: "after\nthat" in card(page, "About").inner_text())
    assert epochal.get_run(run.folder).notes == "after\nthat"


# ---- what is not there, and what must not work


def test_a_page_of_a_training_is_shown_and_can_do_nothing(visit: Any) -> None:
    page = visit("media", media="page", view={"expected": BLOCKED})
    frame = page.locator("iframe")
    frame.wait_for()
    assert frame.get_attribute("sandbox") == ""
    assert page.frame_locator("iframe").get_by_role("heading").inner_text() == "A page"
    assert page.evaluate("window.hacked") is None
    # nor can it where it is opened by itself
    page.goto(page.url.split("/run/")[0] + frame.get_attribute("src"))
    assert page.locator("h1").inner_text() == "A page"
    assert page.evaluate("window.origin") == "null"


@pytest.mark.parametrize("width", [1440, 390])
def test_markup_in_names_and_texts_stays_text(visit: Any, width: int) -> None:
    page = visit(run="hostile", view={"width": width, "expected": BLOCKED})
    assert MARKUP in page.locator("h1").inner_text()
    for part in ("Config", "Summary", "Alerts", "Notices", "About"):
        assert MARKUP in card(page, part).inner_text(), part
    sound(page)
    for name in ("words", "rows", "page", f"media {MARKUP}"):
        page.goto(re.sub(r"(/run/[^/]+/[^/?]+).*", rf"\1/media?media={quote(name)}", page.url))
        page.wait_for_selector(".run-exhibit")
        assert page.locator(".run-exhibit a[href^='javascript:'], .run-exhibit img").count() == 0
        assert page.evaluate("window.hacked") is None
    for tab, seen in (("Console", ".run-line-text"), ("Files", ".run-table"), ("Charts", ".charts canvas")):
        page.get_by_role("link", name=tab).click()
        page.locator(seen).first.wait_for()
        assert page.evaluate("window.hacked") is None


def test_a_run_that_is_not_there_says_what_to_do(trainings: Served, open_page: Open) -> None:
    page = open_page(address(trainings, "/run/vision/gone"), expected=("404",))
    page.wait_for_selector("text=There is no such run")
    page.get_by_role("button", name="Show all runs").click()
    until(lambda: page.evaluate("location.pathname === '/'"))


def test_a_run_that_is_deleted_meanwhile_says_so(tmp_path: Path, serve: Serve, open_page: Open) -> None:
    with epochal.init("gone", name="short-lived", dir=tmp_path) as run:
        run.log({"loss": 4.0}, step=0)
    page = open_page(address(serve(tmp_path), f"/run/gone/{run.folder.name}"), expected=("404",))
    page.wait_for_selector(".run-overview")
    epochal.get_run(run.folder).delete()
    page.wait_for_selector("text=This run is not there any more")
    assert "short-lived" in page.locator("h1").inner_text()


def test_a_part_that_is_not_there_leads_to_the_overview(visit: Any) -> None:
    page = visit("nonsense")
    page.get_by_role("button", name="Show its overview").click()
    page.wait_for_selector(".run-overview")
