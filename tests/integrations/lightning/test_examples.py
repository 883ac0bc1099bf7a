"""The examples for Lightning run, and their own checks of what they recorded hold."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from epochal.testing.processes import environment
from tests.needs import need

need("lightning")
need("sklearn")

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*lightning*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs(example: Path, tmp_path: Path) -> None:
    if find_spec("lightning") is None:  # the same with the name of the older namespace
        text = example.read_text(encoding="utf-8").replace("lightning.pytorch", "pytorch_lightning")
        example = tmp_path / example.name
        example.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(example)], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout
