"""A Chromium that tells when curves are drawn: from the pixels of the charts' canvases, or of pictures of the page."""

from __future__ import annotations

import io
import shutil
import time
from contextlib import contextmanager

import numpy as np

#: A pixel is coloured where its channels differ by so much; text, grids and grounds are grey or nearly so.
COLOURED = 24
#: What has not changed for so long has settled, in seconds.
QUIET_S = 0.5
#: So long after it was made, an empty page is at rest, in seconds.
STARTED_S = 1.5

#: Follows the canvases in charts frame by frame: coloured pixels, and when the picture changed last. Each is
#: looked at as 64 x 48 of its pixels, so that looking costs little.
PROBE = """
(() => {
  const long = (window.benchLong = []);
  new PerformanceObserver((list) => { for (const one of list.getEntries()) long.push([one.startTime, one.duration]); })
    .observe({type: "longtask", buffered: true});
  // layers of their own for curves: axes lie below them, the pointer's marks above
  const CURVES = '.plot-canvas canvas:not([data-zr-dom-id="zr_0"]):not([data-zr-dom-id="zr_4"])';
  const scratch = document.createElement("canvas");
  const pen = scratch.getContext("2d", {willReadFrequently: true});
  const frames = (window.benchFrames = []);
  window.benchSeen = {coloured: 0, hash: 0, at: 0, first: 0};
  window.benchText = {text: "", at: 0};
  const seen = window.benchSeen;
  function canvases() {
    let hash = 7, coloured = 0;
    // no more than is in view is looked at: the rest is not drawn
    const all = [...document.querySelectorAll(CURVES)].filter((one) => {
      const {top, bottom} = one.getBoundingClientRect();
      return bottom > 0 && top < innerHeight && one.width > 0;
    });
    if (!all.length) return;
    const width = 64, height = all.length * 48;
    if (scratch.height !== height) { scratch.width = width; scratch.height = height; }
    pen.imageSmoothingEnabled = false;
    pen.clearRect(0, 0, width, height);
    all.forEach((one, at) => pen.drawImage(one, 0, at * 48, 64, 48));
    const words = pen.getImageData(0, 0, width, height).data;
    for (let from = 0; from < words.length; from += 64 * 48 * 4) {
      let mine = 7, seen = 0;
      for (let i = from; i < from + 64 * 48 * 4; i += 4) {
        const r = words[i], g = words[i + 1], b = words[i + 2];
        if (words[i + 3] > 20) seen += 1; // one of the palette's colours is a slate
        mine = (Math.imul(mine, 31) + (r << 16) + (g << 8) + b + words[i + 3]) | 0;
      }
      coloured += seen;
      if (seen) hash = (Math.imul(hash, 31) + mine) | 0; // an empty layer that is kept ready is no picture
    }
    if (hash !== seen.hash) {
      const now = performance.timeOrigin + performance.now();
      if (coloured && !seen.coloured) seen.first = now;
      Object.assign(seen, {hash, coloured, at: now});
    }
  }
  function table() {
    const rows = [...document.querySelectorAll(".slick-row")];
    const text = rows.map((row) => row.style.transform + row.style.top + row.textContent).sort().join("|");
    if (text !== window.benchText.text) window.benchText = {text, at: performance.timeOrigin + performance.now()};
  }
  function frame(now) {
    frames.push(now);
    if (window.benchWatch === "table") table();
    else if (window.benchWatch !== "nothing") canvases();
    requestAnimationFrame(frame);
  }
  requestAnimationFrame(frame);
})();
"""


@contextmanager
def chromium():
    """Give a browser: Debian's Chromium, else Playwright's own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        found = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield found
        found.close()


@contextmanager
def blank(browser, width=1440, height=900):
    """Give an empty page with nothing remembered, which will tell of itself.

    A browser is open before somebody looks at runs: its process for the page has started, which takes half a second of
    a core, and is at rest.
    """
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(120_000)
    context.add_init_script(PROBE)
    page = context.new_page()
    page.goto("about:blank")
    page.wait_for_timeout(STARTED_S * 1e3)
    yield page
    context.close()


def seen(page):
    """Return what the page's canvases show: coloured, hash, at (ms since the epoch, of the last change), first."""
    try:
        return page.evaluate("window.benchSeen") or {"coloured": 0, "at": 0, "hash": 0, "first": 0}
    except Exception as error:  # between two pages there is nothing to ask
        if "context was destroyed" in str(error):
            return {"coloured": 0, "at": 0, "hash": 0, "first": 0}
        raise


def drawn(page, since, before=None, limit=60.0, quiet=QUIET_S):
    """Return milliseconds from `since` (seconds since the epoch) until coloured pixels have changed and settled.

    Raises:
        TimeoutError: nothing was drawn in `limit` seconds.
    """
    end = time.time() + limit
    while time.time() < end:
        page.wait_for_timeout(60)
        found = seen(page)
        if found["coloured"] > 20 and found["hash"] != before and time.time() * 1e3 - found["at"] > quiet * 1e3:
            return found["at"] - since * 1e3
    raise TimeoutError(f"no curves in {limit:.0f} s")


def rewritten(page, since, before, limit=30.0, quiet=0.4):
    """Return milliseconds from `since` until the table's cells were others and stayed.

    Raises:
        TimeoutError: they stayed as they were.
    """
    end = time.time() + limit
    while time.time() < end:
        page.wait_for_timeout(60)
        found = page.evaluate("window.benchText")
        if found["text"] != before and time.time() * 1e3 - found["at"] > quiet * 1e3:
            return found["at"] - since * 1e3
    raise TimeoutError(f"the table stayed as it was for {limit:.0f} s")


def coloured(page, clip):
    """Return the number of coloured pixels in a part of the page, and the part as an array."""
    from PIL import Image

    shot = page.screenshot(clip=clip, animations="allow", caret="initial")
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(np.int16)
    return int(np.count_nonzero(pixels.max(axis=2) - pixels.min(axis=2) > COLOURED)), pixels


def pictured(page, since, clip, before=0, least=300, limit=90.0, quiet=1.0):
    """Return milliseconds from `since` until pictures show `least` coloured pixels more than `before`, and settle.

    A picture takes some 50 to 100 ms, and longer where the page is busy: so coarse is this.

    Raises:
        TimeoutError: nothing was drawn in `limit` seconds.
    """
    changed, last, count = since, None, 0
    end = time.time() + limit
    while time.time() < end:
        at = time.time()
        count, pixels = coloured(page, clip)
        if last is None or np.count_nonzero(pixels != last) > 200:
            changed, last = at, pixels
        elif count >= before + least and at - changed > quiet:
            return (changed - since) * 1e3
    raise TimeoutError(f"no curves in {limit:.0f} s: {count} coloured pixels")


def longest(page):
    """Return the longest task that held the page up, and the sum of all above 50 ms, in milliseconds."""
    tasks = [duration for _, duration in page.evaluate("window.benchLong")]
    return max(tasks, default=0.0), sum(tasks)


def waited(page, condition, limit=180.0):
    """Wait until an expression holds; the pages' policy lets nothing be evaluated that waits in them.

    Raises:
        TimeoutError: it never held.
    """
    end = time.time() + limit
    while not page.evaluate(condition):
        if time.time() > end:
            raise TimeoutError(f"never so: {condition}")
        page.wait_for_timeout(50)
