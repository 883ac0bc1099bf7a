"""docs/cli.md is what the commands say of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from epochal.cli.reference import reference
from epochal.where import parse

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_reference_of_the_command_line_is_up_to_date() -> None:
    assert reference() == PAGE.read_text(encoding="utf-8"), "python -m epochal.cli.reference docs/cli.md"


def test_the_reference_can_be_checked_and_written_from_the_command_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "epochal.cli.reference"]
    subprocess.run([*command, "--check", str(PAGE)], check=True)
    page = tmp_path / "cli.md"
    page.write_text("old", encoding="utf-8")
    done = subprocess.run([*command, "--check", str(page)], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "is not what the commands say" in done.stdout
    subprocess.run([*command, str(page)], check=True)
    assert page.read_text(encoding="utf-8") == reference()


def test_the_filters_of_the_reference_can_be_read() -> None:
    block = PAGE.read_text(encoding="utf-8").split("## Filters")[1].split("```text\n")[1].split("```")[0]
    for line in block.splitlines():
        parse(line)
