"""`make test` runs environments beside one another: no output is lost, failures count, Ctrl-C ends all."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.needs import need

CI = Path(__file__).parents[2] / ".ci"
RUN = (
    "import sys, streams; streams.GRACE, streams.LIMIT = 0.2, float(sys.argv[3]); "
    "print('failed:', streams.run_beside(eval(sys.argv[1]), sys.argv[2]), flush=True)"
)
SAYS = "import sys; print('here is', sys.argv[1]); sys.exit(int(sys.argv[2]))"
# Leaves a process behind that would outlive it, and ignores what asks it to end.
STUBBORN = (
    "import os, signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); pid = os.fork(); "
    "print('pid', os.getpid(), flush=True); time.sleep(600)"
)


def python(code: str, *words: str) -> list[str]:
    return [sys.executable, "-c", code, *words]


def start(commands: dict[str, list[str]], logs: Path, jobs: int, limit: float = 600) -> subprocess.Popen[str]:
    variables = {**os.environ, "PYTHONPATH": str(CI), "EPOCHAL_TEST_JOBS": str(jobs)}
    command = python(RUN, repr(commands), str(logs), str(limit))
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)


def test_each_output_is_kept_and_printed_whole_and_a_failure_is_named(tmp_path: Path) -> None:
    codes = {"a": "0", "b": "1", "c": "0"}
    out, _ = start({name: python(SAYS, name, code) for name, code in codes.items()}, tmp_path, 2).communicate()
    assert out.endswith("failed: ['b']\n")
    for name in codes:
        assert (tmp_path / f"{name}.log").read_text() == f"here is {name}\n"
        assert f"===== {name} =====\nhere is {name}\n===== {name}: {'failed' if name == 'b' else 'ok'} in " in out


def test_no_more_run_at_once_than_are_asked_for(tmp_path: Path) -> None:
    out, _ = start({name: python(SAYS, name, "0") for name in "abc"}, tmp_path, 1).communicate()
    said = [line.split()[:2] for line in out.splitlines() if line.startswith(("start ", "here is"))]
    assert said == [word for name in "abc" for word in (["start", name], ["here", "is"])]


def test_one_that_never_ends_is_ended_and_has_failed(tmp_path: Path) -> None:
    commands = {"a": python("import time; time.sleep(600)"), "b": python(SAYS, "b", "0")}
    out, _ = start(commands, tmp_path, jobs=1, limit=1).communicate()
    assert "a has taken more than 1 s" in out
    assert "here is b" in out
    assert out.endswith("failed: ['a']\n")


def test_ctrl_c_ends_what_runs_and_all_that_it_started(tmp_path: Path) -> None:
    psutil = need("psutil")
    process = start({name: python(STUBBORN) for name in "ab"}, tmp_path, 2)
    logs = [tmp_path / "a.log", tmp_path / "b.log"]
    while not all(log.exists() and log.read_text().count("pid") == 2 for log in logs):
        assert process.poll() is None
        time.sleep(0.02)
    pids = [int(line.split()[1]) for log in logs for line in log.read_text().splitlines()]
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    assert process.returncode != 0
    assert "ending a" in out
    assert "ending b" in out
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            while psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)


def test_what_is_left_out_is_said_with_its_reason() -> None:
    code = "import environments; print(environments.choose({'3.12': 'python3.12', '3.11': 'x'}, False, False))"
    done = subprocess.run(
        python(code), env={**os.environ, "PYTHONPATH": str(CI)}, capture_output=True, text=True, check=True
    )
    chosen, left_out = eval(done.stdout)
    assert {"lint", "py311-core", "py312-core", "py312-k3-jax", "py312-k3-tf"} <= set(chosen)
    reasons = dict(line.split(": ", 1) for line in left_out)
    assert "no Python 3.13 was found" in reasons["py313-core"]
    assert "torch==2.13.0" in reasons["py311-hf5"]
    assert "no Chromium was found" in reasons["py311-browser"]
    assert "playwright install chromium" in reasons["py311-browser"]
    assert not set(chosen) & set(reasons)


def test_a_browser_is_found_on_path_and_where_playwright_keeps_its_own(tmp_path: Path) -> None:
    def found(**variables: str) -> str:
        code = "import machine; print(machine.browser_at_hand())"
        clean = {"PATH": str(tmp_path / "nothing"), "HOME": str(tmp_path), "PYTHONPATH": str(CI)}
        return subprocess.check_output(python(code), env={**clean, **variables}, text=True).strip()

    assert found() == "False"
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "chromium").write_text("#!/bin/sh\n")
    (tmp_path / "bin" / "chromium").chmod(0o755)
    assert found(PATH=str(tmp_path / "bin")) == "True"
    (tmp_path / "kept" / "chromium-1208").mkdir(parents=True)
    assert found(PLAYWRIGHT_BROWSERS_PATH=str(tmp_path / "kept")) == "True"


def test_make_test_looks_for_the_browsers_that_the_tests_take() -> None:
    named = re.compile(r"^BROWSERS = (\(.*\))$", re.MULTILINE)
    files = (CI / "machine.py", CI.parent / "tests" / "server" / "browser" / "conftest.py")
    first, second = (named.search(file.read_text("utf-8")) for file in files)
    assert first is not None
    assert second is not None
    assert first[1] == second[1]
