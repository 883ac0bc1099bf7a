"""docs/hooks.md and docs/fingerprints.md say what the code does: headings are the specs, and every block runs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from epochal import hookspecs, plugins
from epochal.fingerprints.folders import METHOD
from epochal.plugin_checks import hook_names
from tests.docs.page_blocks import ROOT, Block, blocks

PAGES = ("docs/hooks.md", "docs/fingerprints.md")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    plugins.forget_manager()
    yield
    plugins.forget_manager()


def text_of(page: str) -> str:
    """Return a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def test_there_is_a_heading_for_every_hook_and_for_nothing_else() -> None:
    headings = re.findall(r"^### `(.*)`$", text_of("docs/hooks.md"), re.MULTILINE)
    expected = [f"{name}({', '.join(inspect.signature(getattr(hookspecs, name)).parameters)})" for name in hook_names()]
    assert headings == expected


def test_a_heading_has_the_arguments_that_plugins_are_called_with() -> None:
    relay = plugins.PluginManager()._pluggy.hook
    for name in hook_names():
        spec = getattr(relay, name).spec
        assert tuple(spec.argnames) == tuple(inspect.signature(getattr(hookspecs, name)).parameters)


def test_the_page_is_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "hooks_page.py"), "--check"],
        capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_hook_has_a_test_that_names_it() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "core").glob("test_*.py"))
    assert [name for name in hook_names() if f"test_the_example_of_{name}(" not in tests] == []


@pytest.mark.parametrize("block", [block for page in PAGES for block in blocks(page, "python")], ids=str)
def test_a_block_of_python_runs(block: Block) -> None:
    block.run({})


def test_the_entry_point_is_valid_toml_of_our_group() -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    (block,) = blocks("docs/hooks.md", "toml")
    assert tomllib.loads(block.code) == {"project": {"entry-points": {"epochal": {"mine": "my_package.plugin"}}}}


def test_the_line_of_shell_is_the_one_that_is_recorded() -> None:
    assert METHOD in text_of("docs/fingerprints.md")
