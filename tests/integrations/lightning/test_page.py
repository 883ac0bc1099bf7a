"""The page docs/integrations/lightning.md tells the truth: its Python runs, and its table names what is recorded."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import epochal
from tests.docs.page_blocks import ROOT, Block, blocks
from tests.needs import need

need("lightning")
need("sklearn")

PAGE = "docs/integrations/lightning.md"


@pytest.mark.parametrize("block", blocks(PAGE, "python"), ids=str)
def test_a_block_records_a_run(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if find_spec("lightning") is None:  # the same with the name of the older namespace
        block = block._replace(code=block.code.replace("lightning.pytorch", "pytorch_lightning"))
    block.run({"__name__": "__main__"})
    (run,) = epochal.runs()
    assert len(run.history("loss").steps) > 0
    table = (ROOT / PAGE).read_text(encoding="utf-8").partition("## What is recorded")[2].partition("## The run")[0]
    groups = set(re.findall(r"`config\.(\w+)", table))
    assert {"model", "optimizer", "trainer", "environment", "datasets"} <= groups
    assert groups - {"cli"} <= set(run.config)


def test_its_links_lead_somewhere() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert ((ROOT / PAGE).parent / target).exists(), target
