"""Runs with everything that a run can hold, and a client that asks for their details."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

import numpy as np
import pytest

import epochal
from tests.needs import need

need("starlette")

from starlette.applications import Starlette  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402

from epochal.media import Audio, Figure, Histogram, Html, Image, Mesh, Table, Text, Video  # noqa: E402
from epochal_server.api import State  # noqa: E402
from epochal_server.detail_routes import routes  # noqa: E402
from epochal_server.problems import HANDLERS, answer_problem  # noqa: E402
from epochal_server.roster import Roster  # noqa: E402
from epochal_server.security import Security  # noqa: E402

PIXELS = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


class Answer(NamedTuple):
    """What an application has answered."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Asks one application for details of the runs of one folder, as it is: no server tidies the addresses."""

    def __init__(self, root: Path) -> None:
        self.state = State(root, False, Roster(root))
        self._app = Starlette(
            routes=routes(self.state),
            middleware=[Middleware(Security, token=None)],
            exception_handlers={**HANDLERS, Exception: answer_problem},
        )

    def get(self, run: Any, path: str = "", *, headers: dict[str, str] | None = None, **query: Any) -> Answer:
        """Return the answer to a request for a part of a run, a recorded one or its key."""
        asked = urlencode({name.rstrip("_"): value for name, value in query.items()})
        return self.raw(url(run) + path + (f"?{asked}" if asked else ""), headers=headers)

    def json(self, run: Any, path: str = "", **query: Any) -> Any:
        """Return what an address answers, which is no problem."""
        answer = self.get(run, path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, address: str, body: Any) -> Answer:
        """Return the answer to a posted JSON value."""
        return self.raw(address, "POST", {"Content-Type": "application/json"}, json.dumps(body).encode())

    def problem(self, run: Any, path: str, **query: Any) -> tuple[int, str]:
        """Return status and detail of what is a problem."""
        return told(self.get(run, path, **query))

    def raw(
        self, address: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Return the answer to a request for any address."""
        path, _, query = address.partition("?")
        given = {"Host": "localhost", **(headers or {})}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
            "server": ("localhost", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        with ThreadPoolExecutor(1) as aside:  # where a browser is watched, this thread has a loop already
            return aside.submit(lambda: asyncio.run(self._ask(scope, body))).result()

    async def _ask(self, scope: dict[str, Any], body: bytes) -> Answer:
        asked = iter([{"type": "http.request", "body": body, "more_body": False}])
        sent: list[Any] = []

        async def receive() -> Any:
            for message in asked:
                return message
            return await asyncio.Event().wait()  # nothing more: the client waits for the answer

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        start, *rest = sent
        headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))


def told(answer: Any) -> tuple[int, str]:
    """Return status and detail of an answer that is a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, str(answer.json().get("detail"))


def key(run: Any) -> str:
    """Return the key of a run, recorded or open."""
    path = Path(getattr(run, "path", None) or run.folder)
    return f"{path.parent.name}/{path.name}"


def url(run: Any) -> str:
    """Return the address of a run."""
    text = run if isinstance(run, str) else key(run)
    return "/api/runs/" + "/".join(quote(part, safe="") for part in text.split("/"))


def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no companion with a run."""
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def figure() -> Figure:
    """Return a plot whose file is an SVG with a script, made by something that looks like matplotlib's figure."""

    class Drawn:
        canvas = None

        def savefig(self, to: Any, **_: Any) -> None:
            to.write(SVG)

    return Figure(Drawn(), format="svg")


def every_kind() -> dict[str, Any]:
    """Return media of each kind, by name."""
    need("matplotlib")
    box = epochal.media.Box(1, 1, 4, 3, label="<b>cat</b>", score=0.5)
    mask = epochal.media.Mask(np.zeros((5, 6), np.uint8), {0: "road"})
    return {
        "image": Image(PIXELS, caption="a <i>picture</i>", boxes=[box], masks={"truth": mask}),
        "audio": Audio(np.sin(np.arange(8000) / 20).astype(np.float32), rate=8000),
        "video": Video(np.zeros((3, 5, 6, 3), np.uint8), fps=2),
        "histogram": Histogram(np.arange(100.0)),
        "bins": Histogram(np.arange(1000.0), bins=600),
        "table": Table({"a": [3, 1, 2], "b": ["x", "<script>", None], "c": [0.5, float("nan"), float("inf")],
                        "d": [Image(PIXELS), None, Text("t" * 5000)]}, caption="t"),
        "text": Text("short"),
        "long": Text("long ü " * 1000, markdown=True),
        "html": Html("<script>parent.hacked = 1</script><h1>page</h1>"),
        "svg": figure(),
        "mesh": Mesh(np.zeros((5, 3), np.float32)),
    }  # fmt: skip


def everything(root: Path) -> Any:
    """Record one run that holds media of each kind and return it."""
    with epochal.init("media", dir=root, id="all") as run:
        run.log({"loss": 1.0, **every_kind()}, step=3)
    return epochal.get_run(run.folder)


def say(text: str, *, error: bool = False) -> None:
    """Print as a training does, so that the run keeps it."""
    print(text, file=sys.stderr if error else sys.stdout)
