"""What a test needs to be installed: absent it skips, unless EPOCHAL_REQUIRE names it; then that is a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from importlib import import_module
from types import ModuleType

import pytest

#: The modules of which one must be there for a framework to count as installed.
MODULES = {"lightning": ("lightning", "pytorch_lightning")}


def required() -> set[str]:
    """Return the names that EPOCHAL_REQUIRE lists, separated by commas."""
    return {name.strip() for name in os.environ.get("EPOCHAL_REQUIRE", "").split(",") if name.strip()}


def need(name: str) -> ModuleType:
    """Return the module of a framework (`lightning`, `keras`, `transformers`, `torch`, …), imported.

    In an environment of ours that is made for a framework, one that cannot be imported is broken, not absent: a test
    that skips there would say nothing. So tox sets EPOCHAL_REQUIRE, and this raises instead of skipping. What a
    framework warns about while it is imported is its own affair.
    """
    error: ImportError | None = None
    for module in MODULES.get(name, (name,)):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return import_module(module)
        except ImportError as absent:
            error = absent
    if name.partition(".")[0] in required():
        raise RuntimeError(f"EPOCHAL_REQUIRE names {name}, and it cannot be imported here") from error
    pytest.skip(f"{name} is not installed", allow_module_level=True)


def need_strace() -> str:
    """Return the path of strace, where it may be used; its absence is a failure only if EPOCHAL_REQUIRE names it."""
    path = shutil.which("strace")
    works = path and subprocess.run([path, "-qq", "-e", "trace=none", "true"], capture_output=True, check=False)
    if path and works and works.returncode == 0:
        return path
    assert "strace" not in required(), "EPOCHAL_REQUIRE names strace, and it cannot be used here"
    pytest.skip("strace is not installed, or may not trace here")
