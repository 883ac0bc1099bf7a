"""Tools that some of these tests need and not every machine has."""

from __future__ import annotations

import pytest

from tests.needs import need_strace


@pytest.fixture(scope="session")
def strace() -> str:
    """Return the path of strace, where it may be used."""
    return need_strace()


@pytest.fixture
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no companion: what is tested does not depend on it, and it costs time."""
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
