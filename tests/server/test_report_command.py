"""`epochal report` lists, begins and exports reports without a server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import epochal
from epochal.cli.app import cli
from tests.core.make_runs import make_run


def call(root: Path, *words: str, code: int = 0) -> Any:
    found = CliRunner().invoke(cli, ["report", *words, "--dir", str(root)])
    assert found.exit_code == code, found.output
    return found


def test_a_report_is_begun_listed_and_exported(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_run(root, 0, meta={"name": "zebra"})
    assert call(root, "new", "lr", "--title", "Rates").stdout.strip() == str(root / "reports" / "lr.md")
    assert (root / "reports" / "lr.md").read_text().startswith("# Rates\n\n```epochal\n{\n")
    assert "Rates" in call(root, "ls").stdout
    (told,) = json.loads(call(root, "ls", "--json").stdout)
    assert (told["name"], told["title"], told["grids"]) == ("lr", "Rates", 1)
    call(root, "export", "lr")
    assert "zebra" in (tmp_path / "lr.html").read_text()
    assert "exists" in call(root, "export", "lr", code=1).output
    call(root, "export", "lr", "--force", "--blind", "-o", "b.html")
    assert "zebra" not in (tmp_path / "b.html").read_text()


def test_a_report_begins_with_what_the_latest_runs_have(root: Path) -> None:
    make_run(root, 0, rows=2)
    call(root, "new", "a")
    grid = json.loads((root / "reports" / "a.md").read_text().split("```epochal\n")[1].split("```")[0])
    shown = [panel["series"][0]["metric"] for panel in grid["panels"]]
    (run,) = epochal.runs(root)
    assert set(shown) <= set(run.metrics)
    assert "loss" in shown[0]
    assert 1 < len(shown) == len(set(shown)) <= 4
    assert [panel["id"] for panel in grid["panels"]] == [f"p{at + 1}" for at in range(len(shown))]


def test_a_report_of_an_empty_folder_begins_with_a_loss(root: Path) -> None:
    call(root, "new", "a")
    assert '"metric": "loss"' in (root / "reports" / "a.md").read_text()


def test_what_cannot_be_done_is_told(root: Path, tmp_path: Path) -> None:
    assert "no report none" in call(root, "export", "none", code=1).output
    assert "take 1 to 100" in call(root, "new", "../x", code=1).output
    call(root, "new", "a")
    assert "already" in call(root, "new", "a", code=1).output
    assert "no folder" in call(root, "export", "a", "-o", str(tmp_path / "none" / "a.html"), code=1).output
    assert not (root.parent / "x.md").exists()


@pytest.mark.parametrize("words", [["ls"], ["new", "a"], ["export", "a"]])
def test_without_the_extra_one_line_says_what_to_install(words: list[str], root: Path) -> None:
    code = "import sys; sys.modules['starlette'] = None\nfrom epochal.cli.app import main\nmain()"
    command = [sys.executable, "-c", code, "report", *words, "--dir", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["epochal: starlette is not installed — pip install 'epochal[ui]'"]
