"""Runs show themselves in notebooks: complete, escaped, small, and without anything from outside."""

from __future__ import annotations

import math
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import epochal
from epochal.catalog_entry import Entry
from epochal.notebook.runs_page import runs_html
from epochal.notebook.sparkline import HEIGHT, WIDTH, sparkline
from epochal.run_list import Runs
from tests.needs import need

VOID = {"br", "img", "hr", "meta", "link", "input"}
HOSTILE = '<script>alert("x")</script>&\x1b[31m\u202e"\' onload=1'


class Page(HTMLParser):
    """HTML that was parsed: its elements, their attributes, its text; it must be well nested."""

    def __init__(self, html: str | None) -> None:
        super().__init__()
        assert html is not None
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def trained(**settings: object) -> epochal.Run:
    run = epochal.init("digits", config=settings, name=f"n {HOSTILE}")
    for step in range(50):
        run.log({"train/loss": 1 / (step + 1), "val/acc": step / 50, "text": "hello"})
    run.summary["best"] = 0.5
    run.alert("loss <b>rises</b>", level="warning")
    return run


def check(page: Page) -> None:
    """Nothing runs, nothing is fetched."""
    allowed = {"div", "b", "span", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "svg", "polyline"}
    assert set(page.tags) <= allowed
    assert not [name for name in page.names if name.startswith("on") or name in ("href", "src")]
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text


def test_a_run_shows_itself_while_it_is_open_and_afterwards() -> None:
    run = trained(lr=0.1, nested={"depth": 3, HOSTILE: HOSTILE})
    open_page = Page(run._repr_html_())
    run.finish()
    page = Page(epochal.get_run(run.folder)._repr_html_())
    for each, state in ((open_page, "running"), (page, "finished")):
        check(each)
        for words in ("alert(", state, "digits", "train/loss", "0.02", "val/acc", "hello", "best", "set by hand", "lr",
                      "nested.depth", "loss <b>rises</b>", run.id):  # fmt: skip
            assert words in each.text, words
        assert each.tags.count("svg") == 2


def test_runs_show_a_table_with_what_differs() -> None:
    for lr in (0.1, 0.2):
        trained(lr=lr, same=1, nested={"depth": 3}).finish()
    page = Page(epochal.runs()._repr_html_())
    check(page)
    for words in ("2 runs", "lr", "0.1", "0.2", "train/loss", "best"):
        assert words in page.text
    assert "same" not in page.text
    assert "depth" not in page.text
    nothing = Runs(Path("/nowhere"), [])
    assert "0 runs" in Page(nothing._repr_html_()).text


def test_many_runs_and_huge_configs_stay_small() -> None:
    class Counted(Entry):
        looked = 0

        @property
        def config(self) -> dict[str, object]:  # type: ignore[override]
            Counted.looked += 1
            return {f"key {n}": {"deep": self.id} for n in range(500)}

    entries = [Counted(f"/runs/p/{n}", str(n), "p", f"name {n}", "finished") for n in range(10_000)]
    page = Page(runs_html(entries, "/runs"))
    assert "10,000 runs" in page.text
    assert "and 9,980 more" in page.text
    assert Counted.looked == 20
    assert len(runs_html(entries, "/runs")) < 60_000


def test_a_run_of_a_thousand_metrics_and_a_huge_config_stays_small() -> None:
    huge = {f"k{n}": "v" * 1000 for n in range(3000)} | {"list": list(range(100_000)), "big": 10**5000}
    with epochal.init("digits", config=huge) as run:
        for step in range(3):
            run.log({f"metric {n}": step * n for n in range(1000)})
    html = epochal.get_run(run.folder)._repr_html_()
    page = Page(html)
    check(page)
    assert html is not None
    assert len(html) < 60_000
    assert page.tags.count("svg") == 12
    assert "988 more" in page.text


def test_of_a_very_large_run_no_point_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained()
    run.finish()
    monkeypatch.setattr("epochal.notebook.run_page._READ_BYTES", 10)
    monkeypatch.setattr("epochal.recorded.RecordedRun.history", None)
    page = Page(epochal.get_run(run.folder)._repr_html_())
    assert "3 metrics" in page.text
    assert "0.5" in page.text
    assert "svg" not in page.tags


def test_what_cannot_be_shown_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    run = trained()
    run.finish()
    recorded = epochal.get_run(run.folder)
    shutil.rmtree(run.folder)
    assert recorded._repr_html_() is None
    assert run._repr_html_() is None
    assert "nothing is recorded" in Page(epochal.init("x", mode="disabled")._repr_html_()).text


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], 0),
        ([1.0], 0),
        ([math.nan] * 3, 0),
        ([1.0, math.nan, math.inf, 2.0], 2),
        ([5.0] * 4, 4),
        ([-1.7e308, 1.7e308], 2),
        ([5e-324, 0.0], 2),
        ([True, False, True], 3),
        ([2**62, -(2**62)], 2),
    ],
)
def test_curves_stay_within_their_frame(values: list[float], drawn: int) -> None:
    with np.errstate(all="raise"):
        svg = sparkline(np.arange(len(values)), np.array(values))
    if not drawn:
        assert svg == ""
        return
    points = [tuple(map(float, point.split(","))) for point in svg.split('points="')[1].split('"')[0].split()]
    assert len(points) == drawn
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)


def test_ipython_shows_the_html_and_falls_back_to_text() -> None:
    need("IPython")
    from IPython.core.formatters import DisplayFormatter

    run = trained()
    run.finish()
    formatter = DisplayFormatter()
    for thing in (run, epochal.get_run(run.folder), epochal.runs()):
        shown, _ = formatter.format(thing)
        assert "<div" in shown["text/html"]
        assert "text/plain" in shown


def test_nothing_of_it_is_loaded_before_it_is_asked_for(tmp_path: Path) -> None:
    code = "import epochal, sys; epochal.init('x').finish(); epochal.runs(); "
    code += "assert not [m for m in sys.modules if m.startswith('epochal.notebook')]; "
    code += "assert epochal.runs()._repr_html_(); assert 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
