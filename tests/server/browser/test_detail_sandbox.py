"""User HTML and SVG in a real browser: shown, and unable to do anything to whoever looks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.media import Audio, Html, Image
from tests.needs import need

need("starlette")

import uvicorn  # noqa: E402
from starlette.responses import HTMLResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

from ..detail_runs import PIXELS, Client, calm, figure  # noqa: E402

HOSTILE = """<style>h1 { color: rgb(1, 2, 3) }</style><h1 onclick="top.name = 'x'">page</h1>
<script>top.document.title = 'changed'; document.title = 'ran'</script>
<img src="https://example.org/x.png" onerror="top.document.title = 'changed'">
<iframe src="/api/server"></iframe><form action="/api/runs/edit" method="post"><button>go</button></form>
<meta http-equiv="refresh" content="0;url=https://example.org/">"""
#: What the browser says of a page's attempts, which is as it should be.
REFUSALS = (
    "Blocked script execution",
    "violates the following Content Security Policy",
    "Refused to execute the redirect",
)


@contextmanager
def page_with(client: Client, markup: str) -> Iterator[str]:
    """Serve a page of ours with some markup in it, and yield its address."""

    async def home(_: Any) -> HTMLResponse:
        return HTMLResponse(f"<!doctype html><title>ours</title><link rel=icon href=data:,>{markup}")

    client._app.router.routes.append(Route("/", home))
    server = uvicorn.Server(uvicorn.Config(client._app, port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    calm(monkeypatch)
    root = tmp_path / "epochal-runs"
    with epochal.init("p", id="run", dir=root) as run:
        run.log({"page": Html(HOSTILE), "drawn": figure(), "image": Image(PIXELS)})
        run.log({"tone": Audio(np.sin(np.arange(80_000) / 20).astype(np.float32), rate=16_000)})
    return Client(root)


def address(client: Client, key: str) -> str:
    return str(client.json("p/run", "/media", key=key)["items"][0]["url"])


def test_a_page_and_a_drawing_are_shown_and_do_nothing(client: Client, open_page: Callable[..., Any]) -> None:
    markup = "".join(f'<iframe src="{address(client, key)}"></iframe>' for key in ("page", "drawn"))
    markup += "".join(f'<img src="{address(client, key)}">' for key in ("image", "drawn"))
    with page_with(client, markup) as link:
        page = open_page(link, expected=REFUSALS)
        page.wait_for_load_state("networkidle")
        assert page.title() == "ours"
        shown = next(frame for frame in page.frames if "kind=html" in frame.url)
        assert shown.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
        assert shown.title() == ""
        assert shown.evaluate("self.origin") == "null"
        assert page.evaluate("[...document.images].map((image) => image.naturalWidth > 0)") == [True, True]
        assert not any("example.org" in frame.url for frame in page.frames)


def test_a_page_that_is_opened_by_itself_does_nothing_either(client: Client, open_page: Callable[..., Any]) -> None:
    with page_with(client, "") as link:
        page = open_page(link.rstrip("/") + address(client, "page"), expected=REFUSALS)
        page.wait_for_load_state("networkidle")
        assert (page.title(), page.evaluate("self.origin")) == ("", "null")
        assert page.url.startswith(link)


def test_a_sound_can_be_wound(client: Client, open_page: Callable[..., Any]) -> None:
    with page_with(client, f'<audio src="{address(client, "tone")}" preload="metadata"></audio>') as link:
        page = open_page(link)
        at = page.evaluate("""async () => {
            const audio = document.querySelector("audio");
            if (audio.readyState < 1) await new Promise((resolve) => audio.addEventListener("loadedmetadata", resolve));
            const wound = new Promise((resolve) => audio.addEventListener("seeked", resolve));
            audio.currentTime = 4;
            await wound;
            return [audio.duration, audio.currentTime];
        }""")
        assert at == [5, 4]
