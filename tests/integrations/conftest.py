"""Frameworks warn about their own affairs, which are not for our tests to fail by."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from pathlib import Path

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let warnings pass while the tests of this folder are imported, and with them the frameworks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let warnings of frameworks pass in the tests of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("default"))
