"""`make test`: make .venv-test with tox in it, and run every tox environment that fits this machine.

Says which environments it leaves out and why; with EPOCHAL_TEST_ALL=1 (as in .ci/run) leaving one out is a failure.
One more than there are cores run at once, at most five, or EPOCHAL_TEST_JOBS. Arguments are names of tox environments
to run instead of all. The last line sums up: `N passed, N failed, N skipped`.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from xml.etree import ElementTree

from environments import choose
from machine import (
    ROOT,
    answer,
    browser_at_hand,
    cpu_torch_at_hand,
    interpreters,
    make_environment,
    run,
    say,
    supported_python,
)
from streams import run_beside

FOLDER = os.path.join(ROOT, ".venv-test")
RESULTS = os.path.join(ROOT, ".tox", "results")
DIST = os.path.join(ROOT, ".tox", "dist")


def variables(python: str, pythons: dict[str, str]) -> dict[str, str]:
    """Return the environment variables to run tox with."""
    changed = dict(os.environ)
    # In front of PATH, where pyenv's shims answer for versions that they do not run.
    folders = [os.path.dirname(path) for path in pythons.values()]
    changed["PATH"] = os.pathsep.join([*folders, changed.get("PATH", "")])
    changed["UV_PYTHON_DOWNLOADS"] = "never"
    links = answer([python, "-m", "pip", "config", "get", "global.find-links"])
    if links:
        changed.setdefault("UV_FIND_LINKS", ",".join(links.split()))  # uv does not read pip's settings
    return changed


def count(names: list[str]) -> tuple[int, int, int]:
    """Return how many tests passed, failed and were skipped, as the environments' result files say."""
    passed = failed = skipped = 0
    for name in names:
        path = os.path.join(RESULTS, name + ".xml")
        for suite in ElementTree.parse(path).iter("testsuite") if os.path.exists(path) else ():
            bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skips = int(suite.get("skipped", 0))
            passed += int(suite.get("tests", 0)) - bad - skips
            failed += bad
            skipped += skips
    return passed, failed, skipped


def built(python: str) -> str:
    """Return the wheel of this tree, which is built once: every environment tests the same."""
    shutil.rmtree(DIST, ignore_errors=True)
    run([python, "-m", "pip", "--disable-pip-version-check", "wheel", "-q", "--no-deps", "-w", DIST, ROOT])
    (wheel,) = os.listdir(DIST)
    return os.path.join(DIST, wheel)


def main() -> int:
    """Run the environments, several at once, and return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended here as well
    started = time.time()
    python = make_environment(FOLDER, supported_python())
    tools = ["pip>=23.1", "tox>=4.20", "tox-uv>=1.20"]
    run([python, "-m", "pip", "--disable-pip-version-check", "install", "-qq", *tools])
    pythons = interpreters()
    for version, path in pythons.items():
        say("Python %s: %s" % (version, path))
    chosen, left_out = choose(pythons, cpu_torch_at_hand(python, "3.11"), browser_at_hand())
    if sys.argv[1:]:
        chosen, left_out = sys.argv[1:], []  # what is asked for by name is run, and fails where it cannot be
    for line in left_out:
        say("LEFT OUT " + line)
    shutil.rmtree(RESULTS, ignore_errors=True)
    tox = [python, "-m", "tox", "run", "-q", "--installpkg", built(python), "-e"]
    commands = {name: [*tox, name] for name in chosen}
    try:
        failures = run_beside(commands, RESULTS, cwd=ROOT, env=variables(python, pythons))
    except KeyboardInterrupt:
        say("\ninterrupted")
        return 130
    say("\nall of it took %.0f s" % (time.time() - started))
    return report(chosen, failures, left_out)


def report(chosen: list[str], failures: list[str], left_out: list[str]) -> int:
    """Print what was run, what failed and what was left out; return the exit code."""
    passed, failed, skipped = count(chosen)
    say("\nenvironments: " + ", ".join(name + (" FAILED" if name in failures else "") for name in chosen))
    for line in left_out:
        say("LEFT OUT " + line)
    strict = bool(os.environ.get("EPOCHAL_TEST_ALL"))
    if left_out and strict:
        say("EPOCHAL_TEST_ALL asks for every environment, so what was left out counts as failed.")
    # An environment may fail without a failed test: linting, types, an install. It counts as one.
    failed = max(failed, len(failures)) + (len(left_out) if strict else 0)
    say("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
