"""The webhook against a server on this machine: what is sent, what an answer means, and that no secret is shown."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from epochal.hookspecs import RunInfo
from epochal.sinks import LaterError, RefusedError, TooLargeError, Webhook
from epochal.sinks.webhook import WebhookSink

TOKEN = "s3cret-token-of-the-hook"


class Endpoint(ThreadingHTTPServer):
    """Answers as it is told, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/secret-path"


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.requests.append((self.path, dict(self.headers), json.loads(body)))
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        self.send_response(status)
        for name, value in {"Content-Length": "2", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing."""


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def sink(**settings: Any) -> WebhookSink:
    return WebhookSink(Webhook(**settings), RunInfo("an-id", "p", "n", Path("/nowhere"), Path("/")))


MESSAGE = {"key": "w:1", "kind": "row", "values": {"loss": "NaN", "ü": 1}}


def test_a_batch_is_one_post_of_a_json_array(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", f"{TOKEN}\n")
    sink(url=endpoint.url, token_env="HOOK_TOKEN").write([MESSAGE, {"key": "w:2"}])
    ((path, headers, body),) = endpoint.requests
    assert path == "/hook/secret-path"
    assert body == [MESSAGE, {"key": "w:2"}]
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Epochal-Run"] == "an-id"


def test_a_token_is_read_from_a_file_each_time(endpoint: Endpoint, tmp_path: Path) -> None:
    hook = sink(url=endpoint.url, token_file=str(tmp_path / "token"))
    with pytest.raises(RefusedError, match="token"):
        hook.write([MESSAGE])
    (tmp_path / "token").write_text("first\n")
    hook.write([MESSAGE])
    (tmp_path / "token").write_text("second")
    hook.write([MESSAGE])
    assert [headers["Authorization"] for _, headers, _ in endpoint.requests] == ["Bearer first", "Bearer second"]


def test_an_address_that_is_a_secret_stands_in_a_variable(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = sink(url_env="HOOK_URL")
    with pytest.raises(RefusedError, match="HOOK_URL"):
        hook.write([MESSAGE])
    monkeypatch.setenv("HOOK_URL", endpoint.url)
    hook.write([MESSAGE])
    assert len(endpoint.requests) == 1


def test_a_large_batch_is_compressed_unless_that_is_not_wanted(endpoint: Endpoint) -> None:
    large = [{"key": f"w:{n}", "text": "x" * 100} for n in range(2000)]
    for wanted in (True, False):
        sink(url=endpoint.url, gzip=wanted).write(large)
    assert [headers.get("Content-Encoding") for _, headers, _ in endpoint.requests] == ["gzip", None]
    assert all(body == large for *_, body in endpoint.requests)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (201, None), (204, None), (301, RefusedError), (400, RefusedError), (401, RefusedError), (404, RefusedError),
        (408, OSError), (413, TooLargeError), (429, OSError), (500, OSError), (502, OSError), (503, OSError),
    ],
)  # fmt: skip
def test_what_an_answer_means(endpoint: Endpoint, status: int, error: type[Exception] | None) -> None:
    endpoint.answers = [(status, {})]
    if error is None:
        sink(url=endpoint.url).write([MESSAGE])
        return
    with pytest.raises(error, match=f"127.0.0.1 answered {status}") as raised:
        sink(url=endpoint.url).write([MESSAGE])
    assert "secret-path" not in repr(raised.value) + repr(raised.value.__context__)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("1e9", 3600),
        ("-5", 0),
        ("Tue, 01 Jan 2126 00:00:00 GMT", 3600),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(endpoint: Endpoint, status: int, value: str, seconds: float) -> None:
    endpoint.answers = [(status, {"Retry-After": value})]
    with pytest.raises(LaterError) as raised:
        sink(url=endpoint.url).write([MESSAGE])
    assert raised.value.after_s == seconds


@pytest.mark.parametrize("value", ["soon", "nan", "Wed, 99 Nov 2026"])
def test_a_retry_after_that_says_nothing_is_a_failure_that_may_pass(endpoint: Endpoint, value: str) -> None:
    endpoint.answers = [(503, {"Retry-After": value})]
    with pytest.raises(OSError):
        sink(url=endpoint.url).write([MESSAGE])


def test_a_redirect_is_followed_on_the_same_host_alone(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", TOKEN)
    hook = sink(url=endpoint.url, token_env="HOOK_TOKEN")
    endpoint.answers = [(308, {"Location": "/elsewhere"})]
    hook.write([MESSAGE])
    assert [(path, body) for path, _, body in endpoint.requests] == [
        ("/hook/secret-path", [MESSAGE]),
        ("/elsewhere", [MESSAGE]),
    ]
    assert endpoint.requests[-1][1]["Authorization"] == f"Bearer {TOKEN}"
    for place in ("http://localhost:1/", "https://127.0.0.1/", "file:///etc/passwd"):
        endpoint.answers = [(307, {"Location": place})]
        with pytest.raises(RefusedError, match="307"):
            hook.write([MESSAGE])


def test_an_endpoint_that_is_not_there_is_a_failure_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/secret-path"
        with pytest.raises(OSError, match=r"127\.0\.0\.1 cannot be reached") as raised:
            sink(url=url).write([MESSAGE])
    assert "secret-path" not in repr(raised.value) + repr(raised.value.__context__)


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 "])
def test_an_endpoint_that_speaks_something_else_is_a_failure_that_may_pass(said: bytes, monkeypatch: Any) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(OSError):
            sink(url=f"http://127.0.0.1:{server.getsockname()[1]}/").write([MESSAGE])
        thread.join()


def test_an_endpoint_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError):
        sink(url=f"http://127.0.0.1:{server.getsockname()[1]}/", timeout_s=0.1).write([MESSAGE])


@pytest.mark.parametrize("token", ["", "  \n", "line\nbreak: x", "ümlaut"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", token)
    with pytest.raises(RefusedError, match="the variable HOOK_TOKEN holds no token") as raised:
        sink(url=endpoint.url, token_env="HOOK_TOKEN").write([MESSAGE])
    assert not token.strip() or token not in str(raised.value)
    assert endpoint.requests == []


def test_a_proxy_that_the_environment_names_is_used(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", endpoint.url.removesuffix("/hook/secret-path"))
    monkeypatch.delenv("no_proxy", raising=False)
    sink(url="http://hooks.example.org/there").write([MESSAGE])
    assert endpoint.requests[0][0] == "http://hooks.example.org/there"
