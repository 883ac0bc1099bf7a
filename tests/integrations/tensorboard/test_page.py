"""The page docs/integrations/tensorboard.md tells the truth: its Python runs, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import epochal
from tests.docs.page_blocks import ROOT, Block, blocks
from tests.needs import need

need("tensorboard")

PAGE = "docs/integrations/tensorboard.md"


@pytest.mark.parametrize("block", blocks(PAGE, "python"), ids=str)
def test_a_block_runs(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    block.run({"__name__": "__main__"})
    assert capsys.readouterr().out
    if "import_logdir" in block.code:
        (run,) = epochal.runs()
        assert run.name == "first"
        assert len(run.history("loss").steps) == 100


def test_its_links_lead_somewhere() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert ((ROOT / PAGE).parent / target).exists(), target


def test_other_pages_find_the_part_that_they_name() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    assert "\n## What is recorded\n" in text
