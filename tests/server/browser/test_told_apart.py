"""Small things that let a page be read: keys, colours side by side, which panel comes first, what is missing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.needs import need

need("starlette")
need("playwright")

from ..conftest import Served  # noqa: E402
from .run_folder import address, key_of  # noqa: E402

NAMES = tuple(f"run-{at}" for at in range(8))


@pytest.fixture
def served(root: Path, serve: Callable[..., Served]) -> Served:
    for at, name in enumerate(NAMES):
        with epochal.init("sweep", dir=root, name=name, config={"lr": 0.1 * (at + 1), "width": at % 3}) as run:
            for step in range(4):
                run.log({"epoch": step, "loss/val": at / (step + 1), "acc/val": step / 4}, step=step)
    return serve(root)


def test_the_sheet_tells_keys_that_follow_one_another_from_keys_that_do_alike(
    served: Served, open_page: Callable[..., Any]
) -> None:
    page = open_page(served.link)
    page.locator(".slick-row").first.wait_for()
    page.keyboard.press("?")
    said = page.locator(".key-groups dl > div").evaluate_all(
        "rows => Object.fromEntries(rows.map(({children: [what, keys]}) => [what.innerText, keys.innerText]))"
    )
    assert said["Go to the runs"].split() == ["g", "then", "r"]
    assert said["Go through the cells"].split() == ["↑", "or", "↓"]


def test_compared_runs_have_colours_of_their_own(served: Served, open_page: Callable[..., Any]) -> None:
    runs = ",".join(key_of(served.root, name) for name in NAMES)
    page = open_page(address(served, "/compare", runs=runs))
    dots = page.locator("thead .compare-run > :first-child")
    dots.nth(7).wait_for()
    colours = dots.evaluate_all("dots => dots.map(dot => getComputedStyle(dot).backgroundColor)")
    assert len(set(colours)) == 8


def test_a_mere_count_of_epochs_is_not_the_first_panel(served: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(served.link)
    page.locator(".section-head").nth(2).wait_for()
    heads = [head.split()[0] for head in page.locator(".section-head").all_inner_texts()]
    assert heads == ["acc", "loss", "Metrics"]


@pytest.mark.parametrize("there", [True, False])
def test_importance_says_what_is_missing_and_how_to_get_it(
    served: Served,
    open_page: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    there: bool,
) -> None:
    monkeypatch.setattr("epochal_server.api.has_forest", lambda: there)
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)  # no forest is waited for
    panel = "(added:!((id:own1,kind:importance,metric:'loss/val')))"
    page = open_page(address(served, "/", charts=panel))
    found = page.locator('[data-panel="own1"]')
    found.locator("tbody tr").first.wait_for()
    assert ("pip install scikit-learn" in found.inner_text()) is not there
