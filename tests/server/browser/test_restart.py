"""A server that is started anew under an open page: the page finds it again, and shows what has come meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.needs import need

need("playwright")

from ..conftest import serving  # noqa: E402

#: What a browser says of requests to a server that is not there.
_AWAY = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE_CHUNKED_ENCODING")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def record(root: Path, name: str) -> None:
    with epochal.init("vision", name=name, dir=root, config={"lr": 0.1}) as run:
        for step in range(20):
            run.log({"loss": 1 / (step + 1)}, step=step)


def test_the_page_finds_the_server_again_and_shows_what_is_new(
    tmp_path: Path, open_page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
    root, port = tmp_path / "epochal-runs", free_port()
    record(root, "before")
    with serving(root, port=port) as served:
        page = open_page(served.link, expected=_AWAY)
        page.get_by_text("before", exact=True).first.wait_for()
        assert "token" not in page.url
        page.evaluate("window.stayed = true")
    record(root, "meanwhile")
    boots = []
    page.on("response", lambda answer: boots.append(answer.status) if "/api/events" in answer.url else None)
    with serving(root, port=port) as served:
        page.get_by_text("meanwhile", exact=True).first.wait_for(timeout=60_000)
        record(root, "afterwards")
        page.get_by_text("afterwards", exact=True).first.wait_for(timeout=60_000)
        assert page.evaluate("window.stayed"), "it was not loaded anew"
        assert boots[-1:] == [200], "and its cookie still lets it in"
        page.reload()
        page.get_by_text("afterwards", exact=True).first.wait_for()
        assert "token" not in page.url
