"""The page docs/integrations/transformers.md tells the truth: its Python runs, and its table names what is recorded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import epochal
from tests.docs.page_blocks import ROOT, Block, blocks
from tests.needs import need

need("transformers")

PAGE = "docs/integrations/transformers.md"


@pytest.mark.parametrize("block", blocks(PAGE, "python"), ids=str)
def test_a_block_records_a_run(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    block.run({"__name__": "__main__"})
    (run,) = epochal.runs()
    assert len(run.history("loss").steps) > 0
    table = (ROOT / PAGE).read_text(encoding="utf-8").partition("## What is recorded")[2].partition("## The run")[0]
    groups = set(re.findall(r"`config\.(\w+)", table))
    assert {"model", "optimizer", "trainer", "environment", "datasets"} <= groups
    assert groups - {"tokenizer"} <= set(run.config)


def test_its_links_lead_somewhere() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert ((ROOT / PAGE).parent / target).exists(), target
