"""A server on loopback over a folder of runs."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.needs import need

need("starlette")

from epochal_server.app import create_app  # noqa: E402
from epochal_server.serving import Server  # noqa: E402
from epochal_server.tokens import Token  # noqa: E402

TOKEN = Token("a-token-of-the-tests-and-nobody-else")


class Served(NamedTuple):
    """A server that runs in this process.

    Attributes:
        url: where it is, without a slash at the end.
        link: what a person would open.
        root: the runs folder.
    """

    url: str
    link: str
    root: Path

    @property
    def headers(self) -> dict[str, str]:
        """What lets a program in."""
        return {"Authorization": f"Bearer {TOKEN.text}"}


@contextlib.contextmanager
def serving(root: Path, *, port: int = 0, **options: Any) -> Iterator[Served]:
    """Serve a folder on a free port of loopback until the block ends."""
    listener = socket.create_server(("127.0.0.1", port))
    app = create_app(root, token=TOKEN, **options)
    server = Server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield Served(url, f"{url}/?token={TOKEN.text}", root)
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
        assert not thread.is_alive()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Return what serves a folder until the test ends: `serve()` takes the test's own runs folder."""
    with contextlib.ExitStack() as stack:
        yield lambda root=tmp_path / "epochal-runs", **options: stack.enter_context(serving(root, **options))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the test's own runs folder."""
    folder = tmp_path / "epochal-runs"
    folder.mkdir()
    return folder


@pytest.fixture
def api(serve: Callable[..., Served], root: Path) -> Iterator[Any]:
    """Return what asks a server over the test's own runs folder."""
    from tests.server.api_client import Api

    found = Api(serve(root))
    yield found
    found.close()
