"""What changes in and about reports: strange grids that are edited, panels that are added, files that are renamed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.needs import need

need("starlette")
need("playwright")

import epochal  # noqa: E402
from tests.server.browser.pages import make_runs, module  # noqa: E402

GRID: dict[str, Any] = {
    "runs": {"project": "digits", "limit": 2, "tint": "warm"},
    "settings": {"smoothing": 0.5, "x": "moon phase", "glow": True},
    "panels": [
        {"id": "z", "kind": "hologram", "depth": 3},
        {"kind": "line", "series": [{"metric": "val/loss"}], "future": [1]},
        {"id": "b", "kind": "bars", "column": "config.lr"},
        {"id": "s", "kind": "scatter"},
        "no panel",
    ],
}
TEXT = f"# First\n\n```epochal\n{json.dumps(GRID)}\n```\n\nBetween.\n\n```epochal\n{json.dumps(GRID)}\n```\n"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three runs, recorded once: each test has a copy."""
    folder = tmp_path_factory.mktemp("recorded")
    make_runs(folder, ("amber", "brook", "crane"))
    return folder


@pytest.fixture
def report(recorded: Path, root: Path) -> Path:
    """Return the file of a report of two strange grids, beside three runs."""
    shutil.copytree(recorded, root, dirs_exist_ok=True)
    path = root / "reports" / "first.md"
    path.parent.mkdir()
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def at(serve: Callable[..., Any], root: Path, open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Return what opens a place of the dashboard over the test's folder."""

    def opened(where: str, **how: Any) -> Any:
        served = serve(root)
        page = open_page(served.link, **how)
        page.goto(served.url + where)
        return page

    return opened


def grids(path: Path) -> list[Any]:
    return [
        json.loads(part.partition("\n```")[0]) for part in path.read_text(encoding="utf-8").split("```epochal\n")[1:]
    ]


def test_what_this_version_does_not_know_is_told_and_stays_in_the_file(report: Path, at: Callable[..., Any]) -> None:
    page = at("/report/first?edit=blocks")
    first = page.locator(".report-grid").nth(0)
    first.locator(".panel").nth(1).wait_for()
    assert first.locator(".panel").count() == 2
    told = first.inner_text()
    assert [
        word
        for word in (
            "runs.tint",
            "settings.x ",
            "settings.glow",
            '"hologram"',
            "Panel 2: future",
            "across",
            "no object",
        )
        if word not in told
    ] == []
    assert (
        page.evaluate("""() => {
        const ids = [...document.querySelectorAll("[id]")].map(({id}) => id);
        return ids.filter((id, at) => ids.indexOf(id) !== at);
    }""")
        == []
    )
    first.get_by_role("button", name="More for lr").click()
    page.get_by_role("menuitem", name="Delete panel").click()
    first.get_by_label("Smoothing as a number").fill("0.25")
    first.get_by_label("Smoothing as a number").press("Enter")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Saved", exact=True).wait_for()
    changed, other = grids(report)
    assert changed["panels"] == [one for one in GRID["panels"] if one == "no panel" or one.get("id") != "b"]
    assert changed["settings"] == {**GRID["settings"], "smoothing": 0.25}
    assert changed["runs"] == GRID["runs"]
    assert other == GRID


def test_a_report_that_is_read_offers_nothing_that_would_be_lost(report: Path, at: Callable[..., Any]) -> None:
    page = at("/report/first")
    first = page.locator(".report-grid").nth(0)
    first.get_by_role("button", name="More for val/loss").click()
    page.get_by_role("menuitemcheckbox", name="Logarithmic y axis").wait_for()
    words = page.get_by_role("menu").inner_text()
    assert not [word for word in ("Edit", "Delete", "Move", "Wider", "Pin") if word in words]
    page.keyboard.press("Escape")
    assert first.get_by_role("button", name="Panel", exact=True).count() == 0
    first.get_by_label("Smoothing as a number").fill("0.9")
    assert page.locator(".panel-grip, .panel-size").count() == 0


def test_broken_json_is_found_in_a_long_grid(root: Path, at: Callable[..., Any]) -> None:
    page = at("/reports")
    text = "```epochal\n" + '{"panels": [\n' + '{"id": "a"},\n' * 2000 + "  }]}\n```\n"
    found = page.evaluate(
        "([at, text]) => import(at).then(({parse}) => parse(text))", [module(page, "report/blocks.js"), text]
    )
    assert (found[0]["error"]["line"], found[0]["error"]["column"]) == (2003, 3)


def test_blocks_move_by_keys_and_what_is_not_saved_waits_for_the_way_back(report: Path, at: Callable[..., Any]) -> None:
    page = at("/report/first?edit=blocks", expected=("404",))
    page.get_by_role("button", name="Move up text 3").focus()
    page.keyboard.press("Alt+Shift+ArrowUp")
    page.locator(".report-block").nth(1).get_by_text("Between.").wait_for()
    page.get_by_role("link", name="Runs", exact=True).click()
    page.get_by_text("Your changes of the report are not saved").wait_for()
    page.go_back()
    page.get_by_role("button", name="Done").click()
    page.get_by_text("You have changes that are not saved.").wait_for()
    assert report.read_text(encoding="utf-8") == TEXT
    report.unlink()
    page.reload()
    page.get_by_role("button", name="Save them as this report").click()
    page.get_by_role("heading", name="First").wait_for()
    assert report.read_text(encoding="utf-8").startswith("# First\n\n\nBetween.\n\n```epochal")
    assert grids(report) == [GRID, GRID]


def test_a_panel_of_the_charts_is_added_to_a_report(report: Path, at: Callable[..., Any]) -> None:
    page = at("/")
    page.get_by_role("button", name="More for val/loss").click()
    page.get_by_role("menuitem", name="Add to a report…").click()
    page.get_by_role("dialog").get_by_role("button", name="First", exact=True).click()
    page.get_by_role("button", name="Open", exact=True).click()
    page.locator(".report-grid").nth(2).locator(".panel").scroll_into_view_if_needed()
    page.locator(".report-grid").nth(2).locator(".panel canvas").first.wait_for()
    *before, added = grids(report)
    assert before == [GRID, GRID]
    assert added["panels"] == [{"id": "p1", "kind": "line", "title": "val/loss", "series": [{"metric": "val/loss"}]}]
    assert len(added["runs"]["keys"]) == 3


def test_reports_are_renamed_and_deleted_into_the_trash(report: Path, root: Path, at: Callable[..., Any]) -> None:
    page = at("/reports")
    page.get_by_role("button", name="More for First").click()
    page.get_by_role("menuitem", name="Rename…").click()
    page.get_by_label("Name of the file").fill("second")
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_text("second.md").wait_for()
    page.get_by_role("button", name="More for First").click()
    page.get_by_role("menuitem", name="Delete…").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    assert (root / "reports" / "second.md").read_text(encoding="utf-8") == TEXT
    page.get_by_role("button", name="Really delete").click()
    page.get_by_text("No reports yet").wait_for()
    assert (root / ".trash" / "reports" / "second.md").read_text(encoding="utf-8") == TEXT


def test_a_grid_follows_a_run_that_is_still_recorded(report: Path, root: Path, at: Callable[..., Any]) -> None:
    with epochal.init("digits", dir=root, name="living", config={"lr": 1.0}) as run:
        run.log({"val/loss": 1.0}, step=0)
        page = at("/report/first")
        first = page.locator(".report-grid").nth(0)
        first.locator(".report-legend li", has_text="living").wait_for()
        run.log({"val/loss": 0.5}, step=77)
        first.get_by_role("application", name="to 77").wait_for()
