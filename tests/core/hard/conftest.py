"""Tools that some of these tests need and not every machine has."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.needs import required


@pytest.fixture(scope="session")
def strace() -> str:
    """Return the path of strace, where it may be used; its absence is a failure only if EPOCHAL_REQUIRE names it."""
    path = shutil.which("strace")
    works = path and subprocess.run([path, "-qq", "-e", "trace=none", "true"], capture_output=True, check=False)
    if path and works and works.returncode == 0:
        return path
    assert "strace" not in required(), "EPOCHAL_REQUIRE names strace, and it cannot be used here"
    pytest.skip("strace is not installed, or may not trace here")


@pytest.fixture
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start no companion: what is tested does not depend on it, and it costs time."""
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")
