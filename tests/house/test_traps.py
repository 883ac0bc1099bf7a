"""Every known trap of a framework has tests that prove that we are not in it: tests/integrations/traps.toml."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
TRAPS: list[dict[str, Any]] = tomllib.loads((ROOT / "tests/integrations/traps.toml").read_text(encoding="utf-8"))[
    "trap"
]
#: How many traps of each framework are known.
KNOWN = {"lightning": 9, "keras": 8, "transformers": 8}


def listed_in(path: Path) -> set[str]:
    """Return the tests of a file, those of classes as Class::test, without importing it."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found.update(f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef))
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


def exists(name: str) -> bool:
    """Return whether there is a test of that name, in whichever file of the folder that stands before it."""
    place, _, test = name.partition("::")
    folders = {"suite": "core/epochal/testing", "house": "tests/house"}
    paths = (ROOT / folders.get(place, f"tests/integrations/{place}")).glob("*.py")
    return any(test == found.rpartition("::")[2] for path in paths for found in listed_in(path))


def test_every_known_trap_stands_in_the_list_once() -> None:
    names = [trap["of"] for trap in TRAPS]
    assert len(set(names)) == len(names)
    numbered = {f"{framework} {number}" for framework, count in KNOWN.items() for number in range(1, count + 1)}
    assert numbered <= set(names)
    assert all(name in numbered or name.startswith("peers: ") for name in names)


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap["of"])
def test_a_trap_is_described_and_proven(trap: dict[str, Any]) -> None:
    assert trap["says"].endswith(".")
    assert trap["tests"], "no test proves that we are not in it"
    assert [name for name in trap["tests"] if not exists(name)] == []


def test_no_test_of_an_adapter_mocks_its_framework() -> None:
    mocking = re.compile(r"\b(unittest\.mock|MagicMock|mocker)\b")
    folders = (ROOT / "tests/integrations", ROOT / "core/epochal/testing")
    found = [
        path.name for folder in folders for path in folder.rglob("*.py") if mocking.search(path.read_text("utf-8"))
    ]
    assert found == []
