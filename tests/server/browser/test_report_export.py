"""An exported report is one file: it opens without server or network, reads as the report does, and stays usable."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.core.make_runs import make_run
from tests.server.api_client import Api

from .pages import serious

GRID = {
    "runs": {"project": "digits", "limit": 5},
    "settings": {"smoothing": 0.5},
    "panels": [
        {"id": "a", "kind": "line", "series": [{"metric": "train/loss"}]},
        {"id": "b", "kind": "line", "series": [{"formula": "train/loss - val/loss"}], "title": "difference"},
        {"id": "c", "kind": "scatter", "across": "config.lr", "up": "summary.train/loss"},
        {"id": "d", "kind": "bars", "column": "summary.val/acc"},
        {"id": "e", "kind": "importance", "metric": "val/acc"},
        {"id": "f", "kind": "parallel", "columns": ["config.lr", "config.place", "summary.val/acc"]},
    ],
}
TEXT = (
    "# Rates & </script> <b>\n\nMathematics: $\\eta^2$.\n\n![a](figures/a.png)\n\n"
    f"```epochal\n{json.dumps(GRID)}\n```\n\nEnd.\n"
)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def runs(root: Path) -> list[Path]:
    """Return runs whose names are markup, and a report of them."""
    (root / "reports" / "figures").mkdir(parents=True)
    (root / "reports" / "rates.md").write_text(TEXT)
    (root / "reports" / "figures" / "a.png").write_bytes(PNG)
    return [
        make_run(
            root, number, config={"lr": 10.0**-number, "place": f"/scratch/zoe-q/data/{number}"},
            meta={"name": f"</script><i>zebra-{number}", "tags": ["quokka"], "notes": "wombat"},
        )
        for number in range(5)
    ]  # fmt: skip


@pytest.fixture
def saved(api: Api, runs: list[Path], tmp_path: Path) -> Callable[..., Path]:
    """Return what exports a report and gives the file."""

    def save(name: str = "rates", **query: str) -> Path:
        answer = api.client.get(f"/api/reports/{name}/export", params=query)
        assert answer.status_code == 200, answer.text
        file = tmp_path / "exported.html"
        file.write_bytes(answer.content)
        return file

    return save


def opened(open_page: Callable[..., Any], file: Path, **options: Any) -> Any:
    page = open_page(file.as_uri(), **options)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.locator(".report-body").wait_for()
    for panel in page.locator(".panel .plot").all():
        panel.scroll_into_view_if_needed()
        page.wait_for_function("element => element.dataset.state === 'drawn'", arg=panel.element_handle())
    outside = [url for url in asked if not url.startswith(("data:", "blob:")) and url != file.as_uri()]
    assert outside == []
    return page


def test_it_opens_from_a_file_and_asks_nobody(open_page: Callable[..., Any], saved: Callable[..., Path]) -> None:
    page = opened(open_page, saved())
    assert page.locator("h1").inner_text() == "Rates & </script> <b>"
    assert page.locator(".panel").count() == 6
    assert page.locator(".katex").count() == 1
    assert page.evaluate("document.querySelector('.report-body img').naturalWidth") == 1
    assert page.locator(".report-legend").inner_text().count("</script><i>zebra-") == 5
    assert serious(page) == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_every_screen_in_both_themes(
    open_page: Callable[..., Any], saved: Callable[..., Path], width: int, height: int, dark: bool
) -> None:
    page = opened(open_page, saved(), width=width, height=height, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if dark else "light")


def test_a_panel_is_hovered_and_saved(open_page: Callable[..., Any], saved: Callable[..., Path]) -> None:
    page = opened(open_page, saved())
    page.locator("[data-panel=a] .plot-canvas").scroll_into_view_if_needed()
    page.locator("[data-panel=a] .plot-canvas").hover()
    page.locator("[data-panel=a] .values").first.wait_for()
    page.get_by_role("button", name="More for train/loss", exact=True).click()
    offered = page.get_by_role("menu").inner_text()
    assert not [word for word in ("Edit", "Add to", "Delete", "Move", "Wider", "Pin") if word in offered]
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Save as CSV").click()
    rows = Path(download.value.path()).read_text().splitlines()
    assert len(rows) == 1 + 5 * 20
    assert page.get_by_role("toolbar").get_by_role("button").all_inner_texts() == ["View"]
    page.get_by_label("Smoothing as a number").fill("0")
    page.get_by_label("X axis").select_option("relative")
    page.get_by_role("button", name="View").click()
    page.get_by_label("Logarithmic y axis").check()
    page.keyboard.press("Escape")
    page.locator("[data-panel=a] .plot[data-state=drawn]").wait_for()


def test_it_is_printed_light_and_whole(open_page: Callable[..., Any], saved: Callable[..., Path]) -> None:
    page = open_page(saved().as_uri(), dark=True, height=300)
    page.locator(".panel .plot").nth(5).wait_for(state="attached")
    page.evaluate("""() => void (window.print = () => {
        const states = [...document.querySelectorAll(".panel .plot")].map((plot) => plot.dataset.state);
        document.body.dataset.printed = JSON.stringify({states, theme: document.documentElement.dataset.theme});
    })""")
    page.keyboard.press("Control+p")
    page.locator("body[data-printed]").wait_for()
    assert json.loads(page.locator("body").get_attribute("data-printed")) == {"states": ["drawn"] * 6, "theme": "light"}
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_blind_file_tells_nothing_of_anybody(
    open_page: Callable[..., Any], saved: Callable[..., Path], runs: list[Path], root: Path
) -> None:
    report = root / "reports" / "rates.md"
    report.write_text(TEXT + "\n<!-- aardvark -->\nSee </script><i>zebra-1 on box, digits.\n")
    file = saved(blind="1")
    text = file.read_text()
    numbers = re.search(r'id="numbers">([^<]*)<', text)
    assert numbers is not None
    held = json.loads(re.search(r'id="report">([^<]*)<', text)[1])  # type: ignore[index]
    everything = json.dumps(held, ensure_ascii=False) + text.partition('id="report"')[0].partition("</title>")[0]
    told = ["zebra", "quokka", "wombat", "aardvark", "zoe-q", str(root), "digits", *(run.name for run in runs)]
    assert [word for word in told if word in everything] == []
    assert not re.search(r"\bbox\b", everything)
    assert len(gzip.decompress(base64.b64decode(numbers[1]))) % 8 == 0
    page = opened(open_page, file)
    assert page.locator(".report-legend").inner_text().split("\n") == [f"Run {number}" for number in range(1, 6)]
    assert "See Run 2 on host, project." in page.locator(".report-body").inner_text()


def test_a_report_without_runs_is_exported(
    open_page: Callable[..., Any], saved: Callable[..., Path], root: Path
) -> None:
    (root / "reports" / "empty.md").write_text(
        '# Empty\n```epochal\n{"runs": {"project": "none"}, "panels": []}\n```\n'
    )
    page = opened(open_page, saved("empty"))
    assert page.get_by_text("No run is meant by this grid").count() == 1
