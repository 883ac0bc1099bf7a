"""Asks a server as a program does, and says what it answered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.needs import need
from tests.server.conftest import Served

httpx = need("httpx")
T = TypeVar("T")


class Api:
    """The API of a server that runs in this process."""

    def __init__(self, served: Served) -> None:
        self.client = httpx.Client(base_url=served.url, headers=served.headers, timeout=60)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def post(self, path: str, body: Any, status: int = 200) -> Any:
        """Send JSON and return that of the answer."""
        return self._checked(self.client.post(path, json=body), status)

    def get(self, path: str, status: int = 200, **query: str) -> Any:
        """Return the JSON at an address."""
        return self._checked(self.client.get(path, params=query), status)

    def text(self, path: str, **query: str) -> str:
        """Return the text at an address."""
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def query(self, **body: Any) -> Any:
        """Return what the runs table answers."""
        return self.post("/api/runs/query", body)

    def names(self, **body: Any) -> list[str]:
        """Return the names of the runs that a query means, in its order."""
        found: list[str] = self.query(columns=["name"], limit=1000, **body)["columns"]["name"]
        return found

    def column(self, name: str, **body: Any) -> list[Any]:
        """Return the values of one column."""
        found: list[Any] = self.query(columns=[name], limit=1000, **body)["columns"][name]
        return found

    def refused(self, path: str, body: Any, status: int = 400) -> dict[str, Any]:
        """Return the problem that a body is answered with."""
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        found: dict[str, Any] = answer.json()
        assert found["status"] == status
        return found

    @contextmanager
    def events(self, **query: str) -> Iterator[Iterator[tuple[str, Any]]]:
        """Give the events of the stream, as (name, data)."""
        with self.client.stream("GET", "/api/events", params=query, timeout=60) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _events(answer.iter_lines())

    def _checked(self, answer: Any, status: int) -> Any:
        assert answer.status_code == status, answer.text
        return json.loads(answer.content)


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name, give_up = "", time.monotonic() + 60
    for line in lines:
        assert time.monotonic() < give_up, "nothing was told for a minute"
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def until(ask: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 60) -> T:
    """Ask again and again until the answer is as wanted."""
    give_up = time.monotonic() + seconds
    while True:
        found = ask()
        if wanted(found):
            return found
        assert time.monotonic() < give_up, found
        time.sleep(0.1)


def key(folder: Path) -> str:
    """Return the key of the run in a folder."""
    return f"{folder.parent.name}/{folder.name}"
