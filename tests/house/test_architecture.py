"""The map in docs/architecture.md is the house as it stands, and its arrows hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import need

ROOT = Path(__file__).parents[2]
MAP = [sys.executable, str(ROOT / "docs" / "architecture_map.py")]


def test_the_map_lists_every_module_with_its_own_first_line_and_no_other() -> None:
    done = subprocess.run([*MAP, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_arrows_between_the_rooms_hold() -> None:
    need("importlinter")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_longest_files_are_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """Length is no rule: a person looks at what outgrew 300 lines, and asks what second thing it does."""
    done = subprocess.run([*MAP, "--sizes"], capture_output=True, text=True, check=True)
    longest = [line for line in done.stdout.splitlines() if int(line.split()[0]) > 300]
    with capsys.disabled():
        print(f"\nmodules over 300 lines: {[line.strip() for line in longest] or 'none'}")
    assert done.stdout
