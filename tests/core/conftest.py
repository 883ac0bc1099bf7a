"""Marks the tests of the core that go the same way whatever else is installed: `-m "not plain"` leaves them out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

#: These look at what is installed, at plugins or at foreign values, without asking for a package by name.
LOOK_AROUND = {
    "test_adapter",
    "test_builtin_plugins",
    "test_environment",
    "test_fingerprinting",
    "test_no_sockets",
    "test_nothing_raises",
    "test_plugins",
    "test_run_config",
    "test_values",
}
#: In every environment with tests: what is asked for by `need` beyond these is optional.
EVERYWHERE = {"pandas", "jsonschema"}


@cache
def is_plain(path: Path) -> bool:
    """Return whether no test of a file needs an optional package, or may pass without it and fail with it."""
    needed = re.findall(r'\bneed\("(\w+)', path.read_text("utf-8"))
    return path.stem not in LOOK_AROUND and set(needed) <= EVERYWHERE


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whole files: what stands beside such a test is about the same thing."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and is_plain(item.path):
            item.add_marker(pytest.mark.plain)
