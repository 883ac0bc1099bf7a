"""What is changed from the table is changed on disk, what changes on disk is seen at once, and read-only is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.needs import need
from tests.server.browser.pages import make_runs
from tests.server.conftest import Served

need("playwright")
from playwright.sync_api import expect  # noqa: E402

expect.set_options(timeout=60_000)
Opens = Callable[..., Any]
THREE = ("amber", "brook", "crane")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder of three runs."""
    make_runs(tmp_path / "epochal-runs", THREE)
    return tmp_path / "epochal-runs"


@pytest.fixture
def page(root: Path, serve: Callable[..., Served], open_page: Opens) -> Any:
    """Return their table."""
    found = open_page(f"{serve(root).link}&view=table")
    expect(found.locator(".slick-row .run-name")).to_have_count(3)
    return found


def on_disk(root: Path, name: str) -> Any:
    return next(run for run in epochal.runs(dir=root) if run.name == name)


def menu(page: Any, run: str, item: str) -> None:
    page.get_by_role("link", name=run).click(button="right")
    page.get_by_role("menuitem", name=item).click()


def test_a_run_is_renamed_tagged_and_noted(page: Any, root: Path) -> None:
    menu(page, "amber", "Rename…")
    page.get_by_label("Name", exact=True).fill("amber <2>")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="amber <2>")).to_be_visible()
    menu(page, "amber <2>", "Tags…")
    page.get_by_label("base").uncheck()
    page.get_by_label("New tags, with commas between them").fill("good, better")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".slick-row .tag", has_text="better")).to_be_visible()
    menu(page, "amber <2>", "Notes…")
    page.get_by_label("Notes", exact=True).fill("two\nlines")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Notes saved")).to_be_visible()
    run = on_disk(root, "amber <2>")
    assert sorted(run.tags) == ["better", "good"]
    assert run.notes == "two\nlines"


def test_several_runs_are_tagged_at_once(page: Any, root: Path) -> None:
    page.get_by_label("Select all runs that match").click()
    page.get_by_role("region", name="Selected runs").get_by_role("button", name="Tags").click()
    # two of the three have it: neither on nor off
    assert page.get_by_label("base").evaluate("one => one.indeterminate")
    page.get_by_label("base").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".slick-row .tag", has_text="base")).to_have_count(3)
    assert [run.tags for run in epochal.runs(dir=root)] == [("base",)] * 3


def test_runs_are_moved_to_the_trash_when_asked_twice(page: Any, root: Path) -> None:
    page.get_by_label("Select amber").click()
    page.get_by_label("Select crane").click()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("amber")
    dialog.get_by_role("button", name="Move to the trash").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    assert len(epochal.runs(dir=root)) == 3  # once is not enough
    dialog.get_by_role("button", name="Yes, move 2 runs").click()
    expect(page.locator(".slick-row .run-name")).to_have_text(["brook"])
    expect(page.locator(".tools-count")).to_have_text("1 run")
    assert [run.name for run in epochal.runs(dir=root)] == ["brook"]
    assert len(list((root / ".trash").glob("*/*"))) == 2


def test_where_nothing_may_be_changed_what_would_is_greyed_out(
    root: Path, serve: Callable[..., Served], open_page: Opens
) -> None:
    page = open_page(f"{serve(root, read_only=True).link}&view=table")
    expect(page.get_by_text("Read-only", exact=True)).to_be_visible()
    page.get_by_role("link", name="amber").click(button="right")
    for item in ("Rename…", "Tags…", "Notes…", "Move to the trash…"):
        expect(page.get_by_role("menuitem", name=item)).to_be_disabled()
    page.keyboard.press("Escape")
    page.get_by_label("Select amber").click()
    expect(page.get_by_role("button", name="Delete")).to_be_disabled()
    page.locator(".slick-row .state").first.click()
    page.keyboard.press("F2")
    expect(page.get_by_text("open read-only")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_run_appears_grows_and_ends_without_a_reload(page: Any, root: Path) -> None:
    run = epochal.init("digits", dir=root, name="fresh")
    run.log({"val/loss": 8.0})
    row = page.locator(".slick-row", has=page.get_by_role("link", name="fresh"))
    expect(row).to_have_count(1)
    expect(page.locator(".slick-row .state.is-running")).to_have_count(1)
    expect(page.locator(".tools-count")).to_have_text("4 runs")
    run.log({"val/loss": 4.25})
    run.finish()
    expect(page.locator(".slick-row .state.is-running")).to_have_count(0)
    expect(page.locator(".slick-row .slick-cell", has_text=re.compile(r"^4\.25$"))).to_have_count(1)


def test_a_run_that_is_deleted_elsewhere_goes(page: Any, root: Path) -> None:
    page.get_by_label("Select brook").click()
    on_disk(root, "brook").delete()
    expect(page.get_by_role("link", name="brook")).to_have_count(0)
    expect(page.locator(".tools-count")).to_have_text("2 runs")
