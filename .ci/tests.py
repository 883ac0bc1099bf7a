"""`make test`: make .venv-test with tox in it, and run every tox environment that fits this machine.

Says which environments it leaves out and why; with EPOCHAL_TEST_ALL=1 (as in .ci/run) leaving one out is a failure.
Arguments are names of tox environments to run instead of all. The last line sums up: `N passed, N failed`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from xml.etree import ElementTree

from machine import ROOT, TORCH, answer, cpu_torch_at_hand, interpreters, make_environment, run, say, supported_python

FOLDER = os.path.join(ROOT, ".venv-test")
RESULTS = os.path.join(ROOT, ".tox", "results")
# Environment, the Python that it needs, and whether it needs a CPU build of PyTorch.
ENVIRONMENTS = (
    ("lint", "3.11", False),
    ("py311-core", "3.11", False),
    ("py310-core", "3.10", False),
    ("py312-core", "3.12", False),
    ("py313-core", "3.13", False),
    ("py311-bare", "3.11", False),
    ("py311-l26", "3.11", True),
    ("py311-hf5", "3.11", True),
    ("py311-k3-torch", "3.11", True),
    ("py312-k3-jax", "3.12", False),
    ("py311-all", "3.11", True),
)


def choose(pythons: dict[str, str], torch: bool) -> tuple[list[str], list[str]]:
    """Return the environments to run, and a line for each that is left out."""
    chosen, left_out = [], []
    for name, version, needs_torch in ENVIRONMENTS:
        if version not in pythons:
            left_out.append("%s: no Python %s was found, neither on PATH nor in pyenv" % (name, version))
        elif needs_torch and not torch:
            left_out.append(
                "%s: pip finds no %s for Python %s, and a CUDA build is not wanted" % (name, TORCH, version)
            )
        else:
            chosen.append(name)
    return chosen, left_out


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


def main() -> int:
    """Run the environments one after the other and return the exit code."""
    python = make_environment(FOLDER, supported_python())
    run(
        [
            python,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "-qq",
            "pip>=23.1",
            "tox>=4.20",
            "tox-uv>=1.20",
        ]
    )
    pythons = interpreters()
    for version, path in pythons.items():
        say("Python %s: %s" % (version, path))
    chosen, left_out = choose(pythons, cpu_torch_at_hand(python, "3.11"))
    chosen = sys.argv[1:] or chosen
    for line in left_out:
        say("LEFT OUT " + line)
    shutil.rmtree(RESULTS, ignore_errors=True)
    failures = []
    for name in chosen:
        started = time.time()
        say("\n===== %s =====" % name)
        code = subprocess.call(
            [python, "-m", "tox", "run", "-q", "-e", name],
            cwd=ROOT,
            env=variables(python, pythons),
            stdin=subprocess.DEVNULL,
        )
        say("===== %s: %s in %.0f s =====" % (name, "failed" if code else "ok", time.time() - started))
        if code:
            failures.append(name)
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
