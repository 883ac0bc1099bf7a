"""What the server costs while nothing happens, as the kernel sees it: no file is read, and few are looked at."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import epochal
from tests.core.make_runs import make_runs
from tests.needs import need, need_strace

httpx = need("httpx")

from .api_client import until  # noqa: E402

_STATS = "stat,lstat,newfstatat,statx,access,faccessat,faccessat2,readlink,readlinkat"
_READS = "open,openat,read,pread64,readv,preadv,getdents,getdents64"
_RUNS = 30
#: How long nothing happens, in seconds, and how long it is waited until nothing does.
_WINDOW_S = 5.0
_PATIENCE_S = 60


@pytest.fixture(scope="module")
def strace() -> str:
    """Return the path of strace, where it may be used."""
    return need_strace()


class Traced:
    """A server in a process of its own, and what it asks the kernel of the runs folder and of the catalog."""

    def __init__(self, strace: str, folder: Path) -> None:
        self._log, self._folder = folder / "calls", folder
        calls = ["-f", "-qq", "-y", "-s", "0", "-e", f"trace={_STATS},{_READS}", "-o", str(self._log)]
        self.process = subprocess.Popen(
            [strace, *calls, sys.executable, "-m", "epochal", "ui", "--no-open", "--port", "0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True, cwd=folder,
        )  # fmt: skip
        assert self.process.stderr is not None
        self.client = httpx.Client(follow_redirects=True, timeout=60)
        self.page = self.client.get(self.process.stderr.readline().split()[-1]).url

    def end(self) -> None:
        self.client.close()
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    def calls(self) -> tuple[Counter[str], float]:
        """Return how often which call was made for which of our files while nothing happened, and for how long."""
        before, began = self._log.stat().st_size, time.monotonic()
        time.sleep(_WINDOW_S)
        took = time.monotonic() - began
        with open(self._log, "rb") as file:
            file.seek(before)
            lines = file.read().decode("utf-8", "replace").splitlines()
        found: Counter[str] = Counter()
        for line in lines:
            call = re.match(r"\d+ +(\w+)\(", line)
            if call and os.fspath(self._folder) in line and str(self._log) not in line:
                kind = "list" if "O_DIRECTORY" in line or call[1].startswith("getdents") else call[1]
                place = "cache" if str(self._folder / "cache") in line else "runs"
                found["stat" if call[1] in _STATS.split(",") else f"{kind} {place}"] += 1
        return found, took


@pytest.fixture
def traced(strace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traced]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    make_runs(tmp_path / "epochal-runs", _RUNS)
    found = Traced(strace, tmp_path)
    yield found
    found.end()


def test_while_a_page_listens_and_nothing_happens_no_file_is_read(traced: Traced) -> None:
    with traced.client.stream("GET", traced.page.join("/api/events")) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: hello"
        calls, took = until(traced.calls, lambda found: set(found[0]) == {"stat"}, _PATIENCE_S)
        # a look each second: at the folders of all runs by their projects' time stamps, and at some runs in turn
        assert 0 < calls["stat"] <= (took + 2) * (_RUNS + 10)


def test_without_a_page_nothing_is_done_at_all(traced: Traced) -> None:
    def asked() -> dict[str, int]:
        found: dict[str, int] = traced.client.post(
            traced.page.join("/api/runs/query"), json={"columns": ["name"]}
        ).json()
        return found

    assert until(asked, lambda found: not found["left"], _PATIENCE_S)["total"] == _RUNS
    with traced.client.stream("GET", traced.page.join("/api/events")) as answer:
        assert next(answer.iter_lines()) == "event: hello"
    calls, _ = until(traced.calls, lambda found: not found[0], _PATIENCE_S)
    assert calls == {}


def test_a_training_that_is_silent_costs_a_glance_at_its_journal(traced: Traced) -> None:
    with epochal.init("silent") as run, traced.client.stream("GET", traced.page.join("/api/events")) as answer:
        run.log({"loss": 1.0})
        lines = answer.iter_lines()
        assert next(lines) == "event: hello"
        seen = {"stat", "list runs", "openat runs"}  # opened, to see by its lock whether its process lives, not read
        calls, took = until(traced.calls, lambda found: {"stat"} <= set(found[0]) <= seen, _PATIENCE_S)
        assert 0 < calls["stat"] <= (took + 2) * (_RUNS + 20)
        assert calls["list runs"] + calls["openat runs"] <= (took + 2) * 4
