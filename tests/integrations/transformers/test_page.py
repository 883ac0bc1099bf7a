"""The pages on transformers and accelerate tell the truth: their Python runs and records what their tables name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import epochal
from tests.docs.page_blocks import ROOT, Block, blocks
from tests.needs import need

need("transformers")

PAGE = "docs/integrations/transformers.md"
LOOPS = "docs/integrations/accelerate.md"


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


@pytest.mark.parametrize("page", [PAGE, LOOPS])
def test_its_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_loops_of_accelerate_record_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    first, second = blocks(LOOPS, "python")
    first.run(names)
    run = epochal.get_run("line")
    assert run.history("loss").steps.tolist() == list(range(12))
    assert {"model", "optimizer", "trainer", "environment", "datasets"} <= set(run.config)
    second.run(names)
    (other,) = (each for each in epochal.runs() if each.name != "line")
    assert other.history("loss").values.tolist() == [1.0, 0.6]
