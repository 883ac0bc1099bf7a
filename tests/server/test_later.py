"""Parts of the API come when they are wanted; pages are served before any of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.needs import need

httpx = need("httpx")
need("starlette")

from starlette.applications import Starlette  # noqa: E402
from starlette.responses import PlainTextResponse  # noqa: E402
from starlette.routing import Route  # noqa: E402

from epochal_server.later import Later  # noqa: E402
from tests.server.conftest import Served  # noqa: E402

#: Serves a folder, asks for addresses in turn, and prints which modules are there behind each answer.
_LOADED = """
import asyncio, sys
import httpx
from epochal_server.app import create_app
async def main():
    app = create_app(sys.argv[1], token=None)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    for method, path, body in (
        ("GET", "/", None), ("POST", "/api/runs/query", {"columns": [], "limit": 1}),
        ("POST", "/api/metrics", {"keys": []}), ("GET", "/api/openapi.json", None),
    ):
        answer = await client.request(method, path, json=body)
        names = ("numpy", "epochal_server.curves_routes", "epochal_server.detail_routes")
        print(answer.status_code, *[name in sys.modules for name in names])
asyncio.run(main())
"""


def answering(text: str) -> Starlette:
    return Starlette(routes=[Route("/{rest:path}", lambda request: PlainTextResponse(text))])


async def asked(app: Later) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get("/x")


def test_what_a_page_does_not_need_yet_is_not_loaded_for_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LOADED, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[0] for line in told] == ["200"] * 4
    assert told[0] == "200 False False False"
    assert told[1].startswith("200 True ")
    assert told[2] == "200 True True False"
    assert told[3] == "200 True True True"


def test_it_is_made_once_however_many_ask() -> None:
    made: list[int] = []

    def make() -> Starlette:
        made.append(1)
        return answering("here")

    async def ask() -> list[str]:
        later = Later(make)
        return [answer.text for answer in await asyncio.gather(*(asked(later) for _ in range(5)))]

    assert asyncio.run(ask()) == ["here"] * 5
    assert made == [1]


def test_what_is_wanted_next_is_begun_without_being_asked() -> None:
    async def ask() -> None:
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def make() -> Starlette:
            loop.call_soon_threadsafe(begun.set)
            return answering("next")

        first = answering("first")
        first.state.next = Later(make)
        await asked(Later(lambda: first))
        await asyncio.wait_for(begun.wait(), 20)

    asyncio.run(ask())


def test_a_request_that_is_broken_off_breaks_nothing_off_for_others() -> None:
    async def ask() -> str:
        later = Later(lambda: answering("here"))
        first = asyncio.ensure_future(asked(later))
        await asyncio.sleep(0)
        first.cancel()
        return str((await asked(later)).text)

    assert asyncio.run(ask()) == "here"


def test_each_request_is_told_why_it_could_not_be_made() -> None:
    def make() -> Starlette:
        raise ImportError("numpy is broken")

    async def ask() -> None:
        later = Later(make)
        for _ in range(2):
            with pytest.raises(ImportError, match="numpy is broken"):
                await asked(later)

    asyncio.run(ask())


def test_an_address_that_the_api_does_not_have_is_told_as_a_problem(serve: Callable[..., Served]) -> None:
    served = serve()
    for path in ("/api", "/api/", "/api/none", "/api/runs/none"):
        answer = httpx.get(served.url + path, headers=served.headers)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path


#: Starts as `epochal ui` does, with no collection of garbage, and prints when there is one and what it leaves out.
_COLLECTED = """
import asyncio, contextlib, gc, sys
from epochal.collection import no_collection
from epochal_server.app import create_app
starting = contextlib.ExitStack()
starting.enter_context(no_collection())
async def main():
    app = create_app(sys.argv[1], token=None, ahead=starting.close)
    async with app.router.lifespan_context(app):
        print(gc.isenabled())
        for _ in range(3000):
            if gc.isenabled():
                break
            await asyncio.sleep(0.01)
        print("epochal_server.curves_routes" in sys.modules, gc.isenabled(), gc.get_freeze_count() > 10_000)
asyncio.run(main())
"""


@pytest.mark.parametrize("exists", [True, False])
def test_garbage_is_collected_again_once_the_first_page_has_what_it_needs(tmp_path: Path, exists: bool) -> None:
    folder = tmp_path if exists else tmp_path / "not-yet"
    command = [sys.executable, "-c", _COLLECTED, str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["False", "True True True"]
    assert told.stderr == ""
