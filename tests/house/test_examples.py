"""Each example stands in examples/README.md, says how to run it, and has a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py"))
FRAMEWORKS = {"lightning", "keras", "transformers", "torch"}


def test_the_list_of_examples_is_that_of_the_folder() -> None:
    text = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[([\w.]+)\]\(([\w.]+)\)", text, re.MULTILINE)
    assert [name for name, _ in listed] == [target for _, target in listed]
    assert sorted(name for name, _ in listed) == [path.name for path in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_has_a_test_that_names_it(example: Path) -> None:
    tests = (path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))
    assert [path.name for path in tests if f'"{example.name}"' in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_at_its_head_what_is_to_be_installed(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    head = text.split('"""')[1]
    assert re.search(r"^pip install .*epochal", head, re.MULTILINE)
    imported = set(re.findall(r"^(?:import|from) (\w+)", text, re.MULTILINE))
    for module in imported & {*FRAMEWORKS, "sklearn"}:
        brings = {"torch": r"\b(torch|lightning)\b", "sklearn": r"\bscikit-learn\b"}.get(module, rf"\b{module}\b")
        assert re.search(brings, head), f"{module} is not among what is to be installed"


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_each_framework_has_an_example(framework: str) -> None:
    assert [path for path in EXAMPLES if path.stem.startswith(f"{framework}_")]
