"""docs/vocabulary.md says what each adapter's common words are; no framework is needed to look."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from tests.docs.page_blocks import ROOT

PAGE = (ROOT / "docs" / "vocabulary.md").read_text(encoding="utf-8")
ADAPTERS = ("lightning", "keras", "transformers")


def table() -> list[tuple[str, str, str]]:
    """Return (adapter, its framework's name, common word) for each name of the page, `<metric>` filled in."""
    rows = PAGE.partition("## Metrics")[2].partition("## Settings")[0]
    found = []
    for line in re.findall(r"^\| `.*\|$", rows, re.MULTILINE):
        word, _, *cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line[1:-1])]
        for adapter, cell in zip(ADAPTERS, cells, strict=True):
            for name in re.findall(r"`([^`]+)`", cell):
                fill = [text.replace("<metric>", "accuracy").replace("<group>", "decay") for text in (name, word)]
                found.append((adapter, fill[0], fill[1].strip("`")))
    return found


@pytest.mark.parametrize(("adapter", "name", "word"), table())
def test_a_name_becomes_the_word_that_the_page_says(adapter: str, name: str, word: str) -> None:
    assert import_module(f"epochal_{adapter}._vocabulary").common_name(name) == word


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_common_word_stays_as_it_is(adapter: str) -> None:
    common_name = import_module(f"epochal_{adapter}._vocabulary").common_name
    words = {word for _, _, word in table()}
    assert {word: common_name(word) for word in words} == {word: word for word in words}


def test_the_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists()
