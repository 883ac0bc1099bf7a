"""Reports in the browser: read, made, edited in place and as text, kept, and never lost to another editor."""

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
need("axe_core_python")

from tests.server.browser.pages import make_runs, module, serious  # noqa: E402

EXAMPLES = json.loads((Path(__file__).parents[1] / "report_examples.json").read_text(encoding="utf-8"))
TEXT = """# Sheep and $\\\\eta^2$

A price of $5 and $6, and $x_i$ in a [link](https://example.org).

$$ \\\\sum_i x_i $$

| a | b |
| --- | ---: |
| $y$ | 2 |

```epochal
{"runs": {"project": "digits", "limit": 3}, "later": 1,
 "panels": [{"id": "p1", "kind": "line", "series": [{"metric": "val/loss"}]}]}
```

```epochal
{"runs": }
```

$\\\\wrong{$
""".replace("\\\\", "\\")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of eight runs, recorded once: each test has a copy."""
    folder = tmp_path_factory.mktemp("recorded")
    make_runs(folder)
    return folder


@pytest.fixture
def report(recorded: Path, root: Path) -> Path:
    """Return the file of a report beside eight runs."""
    shutil.copytree(recorded, root, dirs_exist_ok=True)
    path = root / "reports" / "sheep.md"
    path.parent.mkdir()
    path.write_text(TEXT, encoding="utf-8")
    return path


def opened(open_page: Callable[..., Any], served: Any, where: str, **how: Any) -> Any:
    page = open_page(served.link, **how)
    page.goto(served.url + where)
    return page


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (1440, True), (390, False), (390, True)])
def test_a_report_reads_with_its_mathematics_and_panels(
    report: Path, serve: Callable[..., Any], root: Path, open_page: Callable[..., Any], width: int, dark: bool
) -> None:
    """Formulas in text, tables and titles; panels of the grid's runs; what is broken is said at its place."""
    page = opened(open_page, serve(root), "/report/sheep", width=width, dark=dark)
    page.locator(".panel canvas").first.wait_for()
    page.locator("h1 .katex").wait_for()
    page.locator("td .katex").wait_for()
    assert page.locator(".math.is-display .katex").count() == 1
    assert "A price of $5 and $6" in page.locator("p", has_text="A price").inner_text()
    assert page.locator(".report-legend li").count() == 4
    assert "of 7 runs" in page.locator(".report-legend").inner_text()
    assert "Line 17, column 10" in page.locator(".report-broken").inner_text()
    assert "later is not known" in page.locator(".report-grid").inner_text()
    assert page.locator(".math-fault").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []


def test_the_browser_splits_reports_as_the_server_does(
    serve: Callable[..., Any], root: Path, open_page: Callable[..., Any]
) -> None:
    page = open_page(serve(root).link)
    found = page.evaluate(
        """async ([address, examples]) => {
            const {parse, write, titleOf} = await import(address);
            return examples.map(({text}) => ({blocks: parse(text), whole: write(parse(text)), title: titleOf(text)}));
        }""",
        [module(page, "report/blocks.js"), EXAMPLES],
    )
    for example, read in zip(EXAMPLES, found, strict=True):
        told = [
            {**block, "error": {"line": block["error"]["line"]}} if block.get("error") else block
            for block in read["blocks"]
        ]
        assert read["whole"] == example["text"], example["case"]
        assert read["title"] == example["title"], example["case"]
        assert told == example["blocks"], example["case"]


def test_the_first_report_is_made_from_the_empty_page(
    serve: Callable[..., Any], root: Path, open_page: Callable[..., Any]
) -> None:
    make_runs(root, ("amber",))
    page = opened(open_page, serve(root), "/reports")
    page.get_by_role("button", name="Write the first report").click()
    page.get_by_label("Title").fill("Über Sheep & co")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/report/uber-sheep-co?edit=blocks")
    page.locator(".panel canvas").first.wait_for()
    text = (root / "reports" / "uber-sheep-co.md").read_text(encoding="utf-8")
    assert text.startswith("# Über Sheep & co\n")
    assert [name in text for name in ("train/loss", "val/loss")] == [True, True]
    assert page.locator(".panel").count() == 2
    assert serious(page) == []


def test_text_is_edited_in_place_saved_by_the_keyboard_and_else_byte_for_byte_the_same(
    report: Path, serve: Callable[..., Any], root: Path, open_page: Callable[..., Any]
) -> None:
    page = opened(open_page, serve(root), "/report/sheep?edit=blocks")
    page.get_by_role("button", name="Edit text 1").press("Enter")
    field = page.get_by_label("Text in markdown")
    field.fill(field.input_value().replace("A price", "The price"))
    page.locator(".report-preview", has_text="The price").wait_for()
    assert serious(page) == []
    field.press("Control+s")
    page.get_by_role("button", name="Saved", exact=True).wait_for()
    assert report.read_text(encoding="utf-8") == TEXT.replace("A price", "The price")


def test_runs_of_a_grid_are_filtered_and_what_is_not_known_stays(
    report: Path, serve: Callable[..., Any], root: Path, open_page: Callable[..., Any]
) -> None:
    page = opened(open_page, serve(root), "/report/sheep?edit=blocks")
    page.get_by_role("button", name="Choose the runs of grid 2").click()
    page.get_by_label("At most").fill("2")
    page.get_by_label("At most").press("Tab")
    page.locator(".report-legend li").nth(2).wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Saved", exact=True).wait_for()
    text = report.read_text(encoding="utf-8")
    assert '"runs": {"project": "digits", "limit": 2}' in text
    assert '"later": 1' in text
    assert text.endswith("$\\wrong{$\n")


def test_a_draft_survives_a_reload_and_a_change_by_somebody_else_loses_nothing(
    report: Path, serve: Callable[..., Any], root: Path, open_page: Callable[..., Any]
) -> None:
    page = opened(open_page, serve(root), "/report/sheep?edit=source", expected=("409",))
    page.get_by_label("Source of the report").fill("# Mine\n")
    page.get_by_role("button", name="Done").click()
    page.reload()
    report.write_text("# Theirs\n", encoding="utf-8")
    page.get_by_role("heading", name="Theirs").wait_for()
    page.get_by_role("button", name="Go on with them").click()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Save yours as another report").click()
    page.wait_for_url("**/report/sheep-mine*")
    page.get_by_role("heading", name="Mine").wait_for()
    assert report.read_text(encoding="utf-8") == "# Theirs\n"
    assert (root / "reports" / "sheep-mine.md").read_text(encoding="utf-8") == "# Mine\n"


def test_a_folder_that_is_read_only_says_so_and_offers_no_editing(
    report: Path, serve: Callable[..., Any], root: Path, open_page: Callable[..., Any]
) -> None:
    page = opened(open_page, serve(root, read_only=True), "/report/sheep")
    page.get_by_text("Read-only: it cannot be edited here.").wait_for()
    assert page.get_by_role("button", name="Edit", exact=True).is_disabled()
