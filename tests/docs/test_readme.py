"""README and guides tell the truth: their Python runs; their commands, targets, extras and linked files exist."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.docs.page_blocks import ROOT, Block, blocks
from tests.docs.readme_models import NAMES
from tests.needs import need

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PAGES = [
    "README.md",
    "docs/getting-started.md",
    "docs/media.md",
    "CONTRIBUTING.md",
    "docs/guarantees.md",
    "docs/compare.md",
    "docs/console.md",
    "docs/notebooks.md",
    "SECURITY.md",
]
RUNNABLE = [block for page in PAGES for block in blocks(page, "python")]
COMMANDS = [(block, line) for page in PAGES for block in blocks(page, "console") for line in block.code.splitlines()]


def framework_of(block: Block) -> str | None:
    return next((name for name in NAMES if f"epochal_{name}" in block.code), None)


def run_in_order(block: Block, folder: Path) -> dict[str, Any]:
    """Run what stands before a block on its page, as a reader has, and then the block."""
    names: dict[str, Any] = {}
    for earlier in blocks(block.page, "python"):
        if earlier.line < block.line and framework_of(earlier) is None:
            earlier.run(names)
    framework = framework_of(block)
    if framework:
        need(framework)
        names.update(NAMES[framework](folder))
    block.run(names)
    return names


@pytest.mark.parametrize("block", [block for block in RUNNABLE if framework_of(block) is None], ids=str)
def test_a_block_of_plain_python_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_in_order(block, tmp_path)


@pytest.mark.filterwarnings("ignore")  # what a framework warns about is not ours
@pytest.mark.parametrize("block", [block for block in RUNNABLE if framework_of(block)], ids=framework_of)
def test_a_block_with_a_framework_records_a_finished_run(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_in_order(block, tmp_path)
    (recorded,) = (run for run in epochal.runs(project="digits") if "lr" not in run.config)
    assert recorded.state in ("running", "finished")
    assert len(recorded.history("loss").steps) > 0


@pytest.mark.parametrize(("block", "line"), COMMANDS, ids=[f"{block.page}: {line}" for block, line in COMMANDS])
def test_a_command_exists(block: Block, line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[:1] == ["epochal"]:
        from click.testing import CliRunner

        from epochal.cli.app import cli

        asked = CliRunner().invoke(cli, [words[1], "--help"])
        assert asked.exit_code == 0, asked.output
        for option in (word for word in words if word.startswith("--")):
            assert option in asked.output
    elif words[:1] == ["make"]:
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    elif words[:2] == ["pip", "install"]:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        for extra in re.findall(r"\[(.+?)\]", line):
            assert extra in project["project"]["optional-dependencies"]
    elif words[:1] == ["python"]:
        assert (ROOT / words[1]).is_file()
    else:
        assert words[0] in ("pytest", "ruff"), f"nobody checks {line!r}"


@pytest.mark.parametrize("page", [*PAGES, "CHANGELOG.md", "docs/architecture.md"])
def test_every_link_to_a_file_leads_to_one(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target]
    assert [target for target in targets if not ((ROOT / page).parent / target).exists()] == []
