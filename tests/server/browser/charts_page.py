"""A page with nothing but charts on it, over real runs: what the tests of the charts open."""

from __future__ import annotations

import contextlib
import json
import math
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

import epochal
from epochal_server import static
from epochal_server.app import create_app

HERE = Path(__file__).parent
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Charts</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="style-nonce" content="{nonce}">
<link rel="icon" href="{static}/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{static}/css/theme.css"><link rel="stylesheet" href="{static}/css/controls.css">
<link rel="stylesheet" href="{static}/css/shell.css"><link rel="stylesheet" href="{static}/css/layers.css">
<link rel="stylesheet" href="{static}/css/charts.css">
<script type="module" src="/charts-page.js"></script></head>
<body><main id="app"><h1 class="unseen">Charts</h1></main></body></html>"""


class Board:
    """What the page shows, and what it asked for.

    Attributes:
        url: the page.
        root: the runs folder.
        asked: of each request to the API its path and body, in order.
        busy: how many of them wait for their answers.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.url = root, ""
        self.asked: list[tuple[str, Any]] = []
        self.busy = 0

    def bodies(self, path: str) -> list[Any]:
        """Return the bodies of all requests to a path."""
        return [body for asked, body in self.asked if asked == path]

    def know_all(self) -> None:
        """Wait until the server knows all runs: its first answers may know a part, and the page's list is made once."""
        wait_until(lambda: _known(self) == sum(1 for _ in self.root.glob("*/*/journal")), 60)


@contextlib.contextmanager
def board(root: Path) -> Iterator[Board]:
    """Serve the page over a folder of runs until the block ends."""
    shown = Board(root)
    app = create_app(root, token=None)
    build = static._build()

    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE.replace("{static}", f"/static/{build}").replace("{nonce}", request.state.nonce))

    async def script(_: Request) -> Response:
        text = (HERE / "charts_page.js").read_text(encoding="utf-8").replace("@static", f"/static/{build}")
        return Response(text, media_type="text/javascript")

    app.router.routes[:0] = [Route("/charts-page", page), Route("/charts-page.js", script)]
    listener = socket.create_server(("127.0.0.1", 0))
    listening = _Listening(app, shown)
    config = uvicorn.Config(listening, log_level="warning", access_log=False, timeout_graceful_shutdown=1, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    shown.url = f"http://127.0.0.1:{listener.getsockname()[1]}/charts-page"
    try:
        shown.know_all()
        yield shown
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive()


def _known(shown: Board) -> int:
    request = urllib.request.Request(
        shown.url.replace("/charts-page", "/api/runs/query"),
        data=b'{"columns": [], "limit": 1}',
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        found: int = json.load(answer)["total"]
    return found


class _Listening:
    """Keeps what the page asks for."""

    def __init__(self, app: Any, shown: Board) -> None:
        self._app, self._shown = app, shown

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self._shown.asked.append((scope["path"], json.loads(body)))

        async def again() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        self._shown.busy += 1
        try:
            await self._app(scope, again, send)
        finally:
            self._shown.busy -= 1


def make_runs(root: Path, count: int = 6, points: int = 300, *, metrics: int = 4, seed: int = 0) -> None:
    """Record trainings that look like trainings."""
    rng = np.random.default_rng(seed)
    steps = np.arange(points)
    for at in range(count):
        name = ["sgd", "adam", "adamw"][at % 3]
        lr = float(10 ** -rng.uniform(1, 4))
        with epochal.init(
            "boards",
            dir=root,
            name=f"run-{at}",
            config={"optimizer": {"name": name}, "lr": lr, "width": 2 ** (at % 4 + 3)},
        ) as run:
            loss = 2 * np.exp(-steps / points * (3 + at % 4)) + 0.1 + rng.normal(0, 0.05, points)
            series = {
                "train/loss": loss,
                "train/acc": 1 - loss / 3,
                "val/loss": loss * 1.1 + 0.05,
                "lr": lr * (1 + np.cos(steps / points * math.pi)),
                "epoch": steps / 50,
            }
            for extra in range(metrics - 4):
                series[f"extra/m{extra:02}"] = rng.normal(0, 0.1, points).cumsum()
            run.extend(series, steps=steps)


def make_line_runs(root: Path) -> None:
    """Record four trainings, and two odd runs."""
    make_runs(root, 4, 300)
    make_odd_runs(root)


def make_odd_runs(root: Path) -> None:
    """Record a line of 50,000 points, one with holes, and one that was rewound."""
    long = np.random.default_rng(1).normal(0, 1, 50_000).cumsum()
    with epochal.init("boards", dir=root, name="long") as run:
        run.extend({"walk": long}, steps=np.arange(50_000))
    with epochal.init("boards", dir=root, name="odd") as run:
        for step in range(40):
            run.log({"odd/holes": math.nan if step % 10 == 5 else step - 5.0, "odd/back": float(step)}, step=step)
        run.rewind(step=20)
        for step in range(20, 30):
            run.log({"odd/back": -float(step)}, step=step)


def wait_until(true: Any, seconds: float = 60) -> None:
    """Wait for something that another thread does.

    Raises:
        AssertionError: it did not come.
    """
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def panel(page: Any, name: str) -> Any:
    """Return a panel that is drawn."""
    found = page.locator(f'[data-panel="{name}"]')
    found.scroll_into_view_if_needed()
    found.locator(".plot[data-state=drawn]").wait_for()
    return found


def rest(page: Any) -> None:
    """Wait until no panel waits for an answer or for its turn to be drawn."""
    # asked from here: what Playwright waits for within the page is evaluated there, which the page's policy forbids
    wait_until(lambda: page.evaluate("window.board.settled() && !document.querySelector('.plot[data-state=loading]')"))


def plot(found: Any) -> dict[str, float]:
    """Return where the inner plot of a panel stands on the page, about."""
    box = found.locator(".plot-canvas").bounding_box()
    return {
        "left": box["x"] + 50,
        "right": box["x"] + box["width"] - 20,
        "top": box["y"] + 10,
        "bottom": box["y"] + box["height"] - 30,
    }


def point_at(page: Any, found: Any, share: float, height: float = 0.5) -> None:
    """Move the pointer into a plot, to a share of its width and height."""
    at = plot(found)
    page.mouse.move(
        at["left"] + (at["right"] - at["left"]) * share - 1, at["top"] + (at["bottom"] - at["top"]) * height
    )
    page.mouse.move(at["left"] + (at["right"] - at["left"]) * share, at["top"] + (at["bottom"] - at["top"]) * height)


def sweep(page: Any, found: Any, shares: tuple[float, ...]) -> None:
    """Move the pointer over a plot without a rest between, however slow the machine is; it stays at the last place."""
    at = plot(found)
    places = [round(at["left"] + (at["right"] - at["left"]) * share) for share in shares]
    height = round((at["top"] + at["bottom"]) / 2)
    found.locator(".plot-canvas").evaluate(
        """(canvas, [places, clientY]) => {
          const told = {clientY, bubbles: true, pointerType: "mouse", isPrimary: true};
          for (const clientX of places) canvas.dispatchEvent(new PointerEvent("pointermove", {...told, clientX}));
        }""",
        [places, height],
    )
    page.mouse.move(places[-1], height)


def drag(page: Any, found: Any, start: float, end: float) -> None:
    """Draw a stretch in a plot, between shares of its width."""
    at = plot(found)
    width, middle = at["right"] - at["left"], (at["top"] + at["bottom"]) / 2
    page.mouse.move(at["left"] + width * start, middle)
    page.mouse.down()
    page.mouse.move(at["left"] + width * (start + end) / 2, middle)
    page.mouse.move(at["left"] + width * end, middle)
    page.mouse.up()


def painted(found: Any) -> int:
    """Return how many pixels of a panel are coloured."""
    return int(
        found.evaluate(
            """(panel) => [...panel.querySelectorAll('canvas')].reduce((sum, canvas) => {
              const copy = document.createElement('canvas');
              [copy.width, copy.height] = [canvas.width, canvas.height];
              const context = copy.getContext('2d', {willReadFrequently: true});
              context.drawImage(canvas, 0, 0);
              const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
              for (let i = 0; i < data.length; i += 4) {
                const [red, green, blue, there] = data.subarray(i, i + 4);
                if (there > 60 && Math.max(red, green, blue) - Math.min(red, green, blue) > 40) sum += 1;
              }
              return sum;
            }, 0)"""
        )
    )


def address(page: Any) -> str:
    """Return the page's address, readable."""
    return unquote(str(page.evaluate("location.href")))


def menu(page: Any, found: Any, item: str) -> None:
    """Choose something in a panel's menu."""
    found.hover()
    found.get_by_role("button", name="More for").click()
    page.get_by_role("menuitem", name=item).or_(page.get_by_role("menuitemcheckbox", name=item)).click()
