"""What is done in Epochal's dashboard while it is measured; parts yield (what, milliseconds, target, remark)."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import quote

from dashboard_browser import blank, drawn, longest, rewritten, seen, waited

PINNED = ",".join(f"m{at}/loss" for at in range(12))
TWELVE = f"&view=charts&charts=(pinned:!({PINNED}),columns:4,height:150)"
TWENTY = "&show=all" + TWELVE


@contextmanager
def served(folder, name, cold=False):
    """Give (link, when it was started) of `epochal ui` over a set; `cold`: it knows nothing of the runs."""
    cache = folder / f"cache-{name}"
    if cold:
        shutil.rmtree(cache, ignore_errors=True)
    environment = {**os.environ, "EPOCHAL_CACHE_DIR": str(cache), "XDG_STATE_HOME": str(folder / "state")}
    command = [sys.executable, "-m", "epochal", "ui", "--no-open", "--port", "0", "--dir", str(folder / name)]
    since = time.time()
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True)
    try:
        told = process.stderr.readline()
        if "http" not in told:
            raise RuntimeError(f"epochal ui did not start: {told}{process.stderr.read()}")
        yield told.split()[-1], since
    finally:
        process.terminate()
        process.wait(30)


def opening(browser, folder):
    """Start to first charts of set A; then the large run's panels, and all runs'."""
    for what, cold, target in (("cold", True, 1500), ("warm", False, 700)):
        times = []
        for _ in range(3):
            with blank(browser) as page, served(folder, "a", cold=cold) as (link, since):
                page.goto(link, wait_until="commit")
                times.append(drawn(page, since))
        yield ((f"`epochal ui` to the first charts, {what} catalog", statistics.median(times), target, spread(times)))
    with served(folder, "a") as (link, _):
        big = api(browser, link, "/api/runs/query", {"columns": [], "search": "big-0", "limit": 5})["keys"][0]
        for name, show, target in (
            ("the run of 100,000 steps x 5", big, None),
            ("all 1,001 runs (the latest 1,000)", "all", None),
        ):
            with blank(browser) as page:
                since = time.time()
                page.goto(f"{link}&view=charts&show={show}", wait_until="commit")
                yield ((f"open {name}", drawn(page, since), target, ""))
                if show == "all":
                    page.wait_for_timeout(1500)
                    most, sum_ = longest(page)
                    yield (("  its longest task", most, 200, f"all long tasks {sum_:.0f} ms"))


def spread(times):
    return " / ".join(f"{each:.0f}" for each in times)


def api(browser, link, path, body):
    """Ask the server as a page does."""
    with blank(browser) as page:
        base, token = link.split("/?token=")
        headers = {"Authorization": f"Bearer {token}"}
        answer = page.request.post(
            base + path, data=json.dumps(body), headers={**headers, "Content-Type": "application/json"}
        )
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.text()}")
        return answer.json()


SLIDE = """(value) => {
  const slider = document.querySelector(".charts-smoothing input[type=range]");
  const at = performance.timeOrigin + performance.now();
  slider.value = String(value);
  slider.dispatchEvent(new Event("input", {bubbles: true}));
  return at / 1000;
}"""


def slider(browser, folder):
    """12 panels of 20 lines: the first move of the smoothing slider and four more."""
    for name, points, target in (("panels", "1,000", 120), ("long", "100,000", 600)):
        with served(folder, name) as (link, _), blank(browser) as page:
            since = time.time()
            page.goto(link + TWENTY, wait_until="commit")
            first = drawn(page, since, quiet=2.0)
            waited(page, "document.querySelectorAll('.plot[data-state=drawn]').length >= 12")
            page.wait_for_timeout(1500)
            times = []
            for value in (0.5, 0.7, 0.8, 0.9, 0.95):
                before = seen(page)["hash"]
                times.append(drawn(page, page.evaluate(SLIDE, value), before, quiet=0.8))
            yield ((f"12 panels x 20 lines x {points}: open, server warm", first, None, ""))
            yield (("  the slider's first move", times[0], target, ""))
            yield (("  the next four, median", statistics.median(times[1:]), target, spread(times[1:])))


def points(browser, folder):
    """The line of 10,000,000 points: its very first read, opened again, zoomed."""
    with served(folder, "points") as (link, _), blank(browser) as page:  # the catalog knows it after this
        page.goto(f"{link}&view=table")
        page.wait_for_selector(".slick-row .run-name")
    with served(folder, "points") as (link, _):
        api(browser, link, "/api/runs/query", {"columns": [], "limit": 5})  # it has started
        for what, target in (("first read by this server", 1000), ("opened again", 1000)):
            with blank(browser) as page:
                since = time.time()
                page.goto(f"{link}&view=charts", wait_until="commit")
                yield ((f"10,000,000 points: {what}", drawn(page, since), target, ""))
                if what != "opened again":
                    continue
                times = []
                for _ in range(4):
                    box = page.locator(".plot-canvas").first.bounding_box()
                    middle = box["y"] + box["height"] / 2
                    page.mouse.move(box["x"] + box["width"] * 0.35, middle)
                    page.mouse.down()
                    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=3)
                    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=3)
                    page.wait_for_timeout(200)
                    before, since = seen(page)["hash"], time.time()
                    page.mouse.up()
                    times.append(drawn(page, since, before))
                yield (("  zoom by dragging, median of four", statistics.median(times), 200, spread(times)))


GO = """(query) => {
  const at = performance.timeOrigin + performance.now();
  history.pushState(null, "", "/?" + query);
  dispatchEvent(new PopStateEvent("popstate"));
  return at / 1000;
}"""

SCROLL = """() => new Promise((done) => {
  const all = [...document.querySelectorAll(".slick-viewport")];
  const views = all.filter((one) => one.scrollHeight > one.clientHeight + 100);
  views.sort((a, b) => b.clientWidth - a.clientWidth);
  const view = views.find((one) => getComputedStyle(one).overflowY !== "hidden") ?? views[0];
  const frames = [];
  function step(now) {
    frames.push(now);
    if (now - frames[0] > 3000) {
      const gaps = frames.slice(1).map((at, i) => at - frames[i]).sort((a, b) => a - b);
      const rate = (frames.length - 1) / (now - frames[0]) * 1000;
      return done({rate, slow: gaps[Math.floor(gaps.length * 0.95)], to: view.scrollTop});
    }
    view.scrollTop += 90;
    requestAnimationFrame(step);
  }
  requestAnimationFrame(step);
})"""


def table(browser, folder):
    """10,000 runs by 60 columns: opening, sort, filter, group, scrolling."""
    for cold in (True, False):
        with blank(browser) as page, served(folder, "wide", cold=cold) as (link, started):
            page.goto(f"{link}&view=table", wait_until="commit")
            page.wait_for_selector(".slick-row .run-name")
            yield (
                (
                    f"10,000 runs: `epochal ui` to the table's first rows, {'cold' if cold else 'warm'} catalog",
                    (time.time() - started) * 1e3,
                    None,
                    "",
                )
            )
            if cold:
                waited(page, "document.querySelector('.tools-count')?.textContent.startsWith('10,000')")
                page.wait_for_timeout(3000)  # what it has read is written down
                yield (("  all of them", (time.time() - started) * 1e3, None, ""))
    with served(folder, "wide") as (link, _):
        base, token = link.split("/?token=")
        with blank(browser) as page:
            since = time.time()
            answer = page.request.get(f"{base}/api/columns", headers={"Authorization": f"Bearer {token}"})
            yield (("10,000 runs: the first /api/columns", (time.time() - since) * 1e3, None, ""))
            keys = [each["key"] for each in answer.json()["columns"]][:60]
            page.goto(f"{link}&view=table&columns={quote(','.join(keys))}")
            page.wait_for_selector(".slick-row .run-name")
            page.evaluate("window.benchWatch = 'table'")
            page.wait_for_timeout(2500)
            base_query = f"view=table&columns={quote(','.join(keys))}"
            for what, queries in {
                "sort": ["sort=-summary.val/acc", "sort=config.lr", "sort=config.model.name", "sort=-config.seed"],
                "filter": [f"where={quote(f'config.lr > {x}')}" for x in (0.001, 0.01, 0.02, 0.05)],
                "group": ["group=config.model.name", "group=config.optimizer.name", "group=config.data.name"],
            }.items():  # fmt: skip
                times = []
                for query in queries:
                    page.wait_for_timeout(300)
                    before = page.evaluate("window.benchText")["text"]
                    times.append(rewritten(page, page.evaluate(GO, f"{base_query}&{query}"), before))
                yield ((f"table 10,000 x 60: {what}", statistics.median(times), 100, spread(times)))
            page.evaluate(GO, base_query)
            page.wait_for_timeout(1500)
            page.evaluate("window.benchWatch = 'nothing'")
            found = page.evaluate(SCROLL)
            yield (
                (
                    "table 10,000 x 60: scrolling, ms a frame",
                    1000 / found["rate"],
                    1000 / 30,
                    f"{found['rate']:.0f} frames a second, 95th of 100: {found['slow']:.0f} ms",
                )
            )


PARTS = {"opening": opening, "slider": slider, "points": points, "table": table}
SETS = {"opening": ("a",), "slider": ("panels",), "points": ("points",), "table": ("wide",)}
