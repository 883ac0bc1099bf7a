"""Runs side by side in a browser: what differs, what is best, their code and curves; desktop and phone, both themes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.needs import need

need("axe_core_python")

from ..conftest import Served  # noqa: E402
from .pages import violations  # noqa: E402
from .run_folder import MARKUP, address, key_of, until  # noqa: E402

BOTH = ("quiet-otter", "brave-lynx")


@pytest.fixture
def compare(trainings: Served, open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Return what opens a comparison of runs by their names: `compare("quiet-otter", "brave-lynx", part="code")`."""

    def opened(*names: str, view: dict[str, Any] | None = None, **query: Any) -> Any:
        runs = ",".join(key_of(trainings.root, name) for name in names)
        return open_page(address(trainings, "/compare", runs=runs, **query), **(view or {}))

    return opened


def rows(page: Any, section: str) -> dict[str, list[str]]:
    """Return name to cells of the rows that a section shows."""
    body = page.locator("tbody.compare-section", has=page.get_by_role("button", name=re.compile(f"^{section}")))
    body.wait_for()
    cells = body.locator("tr:has(> th.compare-name)").evaluate_all(
        "rows => rows.map(row => [...row.children].map(cell => cell.innerText.trim()))"
    )
    return {name.split("\n")[0]: rest for name, *rest in cells}


@pytest.mark.parametrize(("width", "height", "dark"), [(1440, 900, False), (390, 844, True)])
def test_what_differs_and_what_is_best(compare: Any, width: int, height: int, dark: bool) -> None:
    page = compare(*BOTH, view={"width": width, "height": height, "dark": dark})
    config = rows(page, "Config")
    assert list(config) == ["lr", "seed"]  # and nothing that is the same
    assert [cell.split()[0] for cell in config["lr"]] == ["0.1", "0.2"] and "differs" in config["lr"][1]
    summary = rows(page, "Summary")
    assert ["best" in cell for cell in summary["val/acc ↑"]] == [False, True]
    assert ["best" in cell for cell in summary["train/loss ↓"]] == [True, False]
    assert page.locator("td.is-best").count() >= 2 and page.locator("td.is-other").count() >= 3
    assert rows(page, "Datasets") == {} and rows(page, "Packages") == {}
    assert any("train.py" in cell for cells in rows(page, "Environment").values() for cell in cells)
    assert list(rows(page, "Code")) == ["uncommitted changes"]
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_all_values_and_a_search(compare: Any) -> None:
    page = compare(*BOTH)
    rows(page, "Config")
    page.get_by_label("Only differences").uncheck()
    config = rows(page, "Config")
    assert config["model.head.width"] == ["64", "64"] and config["model.layers"] == ["[2, 2, 2]", "[2, 2, 2]"]
    [dataset] = rows(page, "Datasets").values()
    assert dataset[0] == dataset[1] and "100 rows" in dataset[0]
    page.get_by_label("Search comparison").fill("head")
    until(lambda: list(rows(page, "Config")) == ["model.head.width", "model.head.bias"])
    until(lambda: "differing=0" in page.evaluate("location.search") and "find=head" in page.evaluate("location.search"))
    page.reload()
    assert list(rows(page, "Config")) == ["model.head.width", "model.head.bias"]


def test_code_is_a_diff_from_the_first(compare: Any) -> None:
    page = compare(*BOTH, part="code")
    page.locator(".run-diff-lines").wait_for()
    removed, added = (page.locator(f"tr.is-{side} .run-diff-text").all_inner_texts() for side in ("removed", "added"))
    assert any("# quiet-otter" in line for line in removed) and any("# brave-lynx" in line for line in added)
    assert page.locator("tr.is-added b").first.inner_text() == "2"  # the seed: what differs within the line
    assert violations(page) == []


def test_curves_lie_over_one_another(compare: Any) -> None:
    page = compare(*BOTH, part="curves")
    page.wait_for_selector(".charts canvas")


def test_runs_are_left_out_added_and_made_the_base(compare: Any, trainings: Served) -> None:
    page = compare(*BOTH, "hostile")
    heads = page.locator("thead .compare-run")
    heads.nth(2).wait_for()
    page.get_by_role("button", name=re.compile("^Leave hostile")).click()
    until(lambda: heads.all_inner_texts() == list(BOTH))
    page.get_by_role("button", name="Make base").click()
    until(lambda: heads.all_inner_texts() == ["brave-lynx", "quiet-otter"])
    base = key_of(trainings.root, "brave-lynx")
    until(lambda: base in page.evaluate("decodeURIComponent(location.search)").split(",")[0])
    page.get_by_role("button", name="Add a run").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Search runs").fill("hostile")
    dialog.get_by_role("button", name=re.compile("^hostile")).click()
    until(lambda: heads.count() == 3)


@pytest.mark.parametrize("width", [1440, 390])
def test_markup_in_names_stays_text(compare: Any, width: int) -> None:
    page = compare("hostile", "quiet-otter", view={"width": width})
    config = rows(page, "Config")
    assert any("</script>" in name and MARKUP in cells[0] for name, cells in config.items())
    assert MARKUP in page.locator("thead").inner_text()
    for part in ("Code", "Curves", "Values"):
        page.get_by_role("button", name=part, exact=True).click()
    assert page.evaluate("window.hacked") is None
    assert violations(page) == []


def test_one_run_alone_says_what_to_do(compare: Any) -> None:
    page = compare("quiet-otter")
    page.wait_for_selector("text=One run alone")
    page.get_by_role("button", name="Choose runs").wait_for()


def test_a_run_that_is_gone_can_be_left_out(trainings: Served, open_page: Callable[..., Any]) -> None:
    runs = ",".join([*(key_of(trainings.root, name) for name in BOTH), "vision/gone"])
    page = open_page(address(trainings, "/compare", runs=runs), expected=("404",))
    page.wait_for_selector("text=The comparison could not be loaded")
    page.locator("li", has_text="vision/gone").get_by_role("button", name="Leave out").click()
    assert list(rows(page, "Config")) == ["lr", "seed"]
