"""The page docs/integrations/torch.md and the example tell the truth: they run, and record what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import epochal
from epochal.testing.processes import environment
from tests.docs.page_blocks import ROOT, Block, blocks
from tests.needs import need

need("torch")

PAGE = "docs/integrations/torch.md"


@pytest.mark.parametrize("block", blocks(PAGE, "python"), ids=str)
def test_a_block_records_a_run(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    block.run({"__name__": "__main__"})
    (run,) = epochal.runs()
    assert run.history("loss").steps.tolist() == list(range(20))


def test_the_example_runs(tmp_path: Path) -> None:
    need("sklearn")
    example = ROOT / "examples" / "torch_digits.py"
    done = subprocess.run(
        [sys.executable, str(example)], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
