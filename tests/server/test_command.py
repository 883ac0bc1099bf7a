"""`epochal ui`: what it prints, where it listens, which token it takes, and how it ends."""

from __future__ import annotations

import contextlib
import gc
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

import epochal
from epochal.cli.app import cli
from tests.needs import need

httpx = need("httpx")

from .api_client import until  # noqa: E402


class Started(NamedTuple):
    """A server in a process of its own: the process, the link it printed, and what it said before."""

    process: subprocess.Popen[str]
    link: str
    said: str


@contextlib.contextmanager
def started(*words: str) -> Iterator[Started]:
    process = subprocess.Popen(
        [sys.executable, "-m", "epochal", "ui", "--no-open", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        yield Started(process, said.split()[-1], said)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    # what a companion adds at last would be an event of its own
    with pytest.MonkeyPatch.context() as alone:
        alone.setenv("EPOCHAL_COMPANION", "off")
        with epochal.init("p", name="first"):
            pass


def test_it_prints_a_link_that_opens_the_page_and_ends_on_ctrl_c() -> None:
    with started("--port", "0") as server:
        assert server.link.startswith("http://127.0.0.1:")
        with httpx.Client(follow_redirects=True) as client:
            page = client.get(server.link)
            assert page.status_code == 200
            assert "token" not in str(page.url)
            assert client.get(page.url.join("/api/server")).json()["projects"] == ["p"]
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) in (0, 130, -signal.SIGINT)


def test_ctrl_c_ends_it_though_a_page_listens() -> None:
    with started("--port", "0") as server:
        address = re.match(r"http://([^/]+)/", server.link)
        assert address is not None
        host, _, port = address[1].partition(":")
        with socket.create_connection((host, int(port))):
            server.process.send_signal(signal.SIGINT)
            server.process.wait(10)


def test_ctrl_c_ends_the_stream_of_events_without_a_word() -> None:
    with (
        started("--port", "0") as server,
        httpx.Client(follow_redirects=True, timeout=30) as client,
    ):
        page = client.get(server.link)
        with client.stream("GET", page.url.join("/api/events")) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: hello"
            server.process.send_signal(signal.SIGINT)
            assert not [line for line in lines if line.startswith("event")]  # it ends as an answer should
        server.process.wait(20)
        assert server.process.stderr is not None
        assert "Traceback" not in server.process.stderr.read()


def test_it_listens_on_loopback_alone() -> None:
    with started("--port", "0") as server:
        (port,) = re.findall(r":(\d+)/", server.link)
        states = (
            Path("/proc/net/tcp").read_text().splitlines()[1:] + Path("/proc/net/tcp6").read_text().splitlines()[1:]
        )
        local = [line.split()[1] for line in states if line.split()[3] == "0A"]
        assert [each for each in local if each.endswith(f":{int(port):04X}")] == [f"0100007F:{int(port):04X}"]


def test_the_token_is_the_users_own_and_outlives_the_server(tmp_path: Path) -> None:
    with started("--port", "0") as first:
        pass
    with started("--port", "0") as second:
        pass
    with started("--port", "0", "--new-token") as third:
        pass
    tokens = [each.link.partition("token=")[2] for each in (first, second, third)]
    assert tokens[0] == tokens[1] != tokens[2]
    assert len(tokens[0]) >= 32
    kept = tmp_path / "state" / "epochal" / "ui-token"
    assert kept.read_text().strip() == tokens[2]
    assert kept.stat().st_mode & 0o077 == 0
    kept.chmod(0o644)  # others could have read it
    with started("--port", "0") as fourth:
        assert fourth.link.partition("token=")[2] != tokens[2]


def test_a_port_that_is_taken_is_passed_over_unless_it_was_asked_for() -> None:
    with started("--port", "0") as first:
        (port,) = re.findall(r":(\d+)/", first.link)
        done = subprocess.run(
            [sys.executable, "-m", "epochal", "ui", "--no-open", "--port", port],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0
        assert f"port {port} cannot be listened on" in done.stderr
        assert "--port" in done.stderr
        assert "Traceback" not in done.stderr
    with started() as one, started() as other:
        ports = [re.findall(r":(\d+)/", each.link)[0] for each in (one, other)]
        assert ports[0] != ports[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--dir", "nowhere"], "nowhere is no folder"),
        (["--host", "no such host!"], "no such host! is no address"),
        (["--port", "70000"], "70000"),
    ],
)
def test_what_cannot_be_is_one_line(words: list[str], told: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "epochal", "ui", "--no-open", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_runs_is_served_and_what_comes_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "later"
    monkeypatch.setenv("EPOCHAL_DIR", str(root))
    with started("--port", "0") as server:
        assert server.process.stderr is not None
        assert "no runs" in server.process.stderr.readline()
        with httpx.Client(follow_redirects=True) as client:
            page = client.get(server.link)
            assert client.get(page.url.join("/api/server")).json()["projects"] == []
            with epochal.init("q"):
                pass
            until(lambda: client.get(page.url.join("/api/server")).json()["projects"], lambda found: found == ["q"])


def test_other_addresses_are_served_when_asked_for_with_a_word_of_warning() -> None:
    with started("--port", "0", "--host", "0.0.0.0") as server:
        assert server.process.stderr is not None
        assert "not encrypted" in server.process.stderr.readline()
        assert socket.gethostname() in server.link
        local = server.link.replace(socket.gethostname(), "127.0.0.1")
        assert httpx.get(local).status_code == 303


def run_in_python(*lines: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a Python that was told something before."""
    return subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)


def test_without_the_libraries_it_says_what_to_install() -> None:
    done = run_in_python(
        "import sys",
        "sys.modules['uvicorn'] = None",
        "sys.argv = ['epochal', 'ui']",
        "from epochal.cli.app import main",
        "main()",
    )
    assert done.returncode != 0
    assert "pip install 'epochal[ui]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_other_commands_load_none_of_its_libraries() -> None:
    done = run_in_python(
        "import atexit, sys",
        "atexit.register(lambda: print(sorted(set(sys.modules) & {'starlette', 'uvicorn', 'numpy'})))",
        "sys.argv = ['epochal', '--help']",
        "from epochal.cli.app import main",
        "main()",
    )
    assert done.returncode == 0
    assert "  ui " in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_start_that_fails_leaves_the_collection_of_garbage_as_it_was(tmp_path: Path) -> None:
    found = CliRunner().invoke(cli, ["ui", "--dir", str(tmp_path / "none")])
    assert found.exit_code != 0
    assert "is no folder" in found.output
    assert gc.isenabled()
