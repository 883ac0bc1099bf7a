"""The page docs/write-an-adapter.md tells the truth: its adapter passes the suite, and its tables are complete."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

from epochal.adapter import AdapterRun
from epochal.testing import AdapterSuite
from epochal.testing.contract import AdapterContract
from epochal.testing.processes import environment
from tests.docs.page_blocks import ROOT, blocks

PAGE = "docs/write-an-adapter.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")


def rows(heading: str) -> set[str]:
    """Return what stands in backticks at the beginning of the rows below a heading."""
    section = re.split(r"\n#+ ", TEXT.partition(f"# {heading}\n")[2])[0]
    return set(re.findall(r"^\| `\.?(\w+)", section, re.MULTILINE))


def test_the_pages_adapter_passes_the_suite(tmp_path: Path) -> None:
    for block in blocks(PAGE, "python"):
        name = block.code.splitlines()[0].removeprefix("# ")
        (tmp_path / name).write_text(block.code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_adapter.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    count = len([name for name in dir(AdapterSuite) if name.startswith("test_")])
    assert f"{count} passed" in done.stdout
    assert f"brings {count} of them" in TEXT


def test_the_page_explains_each_check_of_the_suite() -> None:
    assert rows("The checks") == {name for name in dir(AdapterSuite) if name.startswith("test_")}


def test_the_page_explains_all_that_an_author_writes_and_says() -> None:
    said = {name for name in inspect.get_annotations(AdapterContract) if not name.startswith("_")}
    assert rows("What you say") == said
    assert rows("What you write") == {"make", "train", "emit", "numbers"}


def test_the_page_explains_each_verb_for_adapters() -> None:
    verbs = {name for name in dir(AdapterRun) if not name.startswith("_")}
    assert rows("`AdapterRun`") - {"AdapterRun"} == verbs - {"folder_of"}


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / "docs" / target).exists(), target
