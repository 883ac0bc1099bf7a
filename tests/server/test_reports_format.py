"""A report's text falls into markdown and grids as CommonMark has it, and comes together again byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from epochal_server.reports_format import Block, fenced, grid_text, parse, title_of, write

#: The browser's parser is held to the same examples (browser/test_report_blocks.py).
EXAMPLES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("report_examples.json").read_text("utf-8"))


def shown(block: Block) -> dict[str, Any]:
    if block.kind == "text":
        return {"kind": "text", "text": block.text}
    error = None if block.error is None else {"line": block.error.line}
    return {"kind": "grid", "source": block.text, "grid": block.grid, "error": error}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["case"])
def test_it_falls_into_these_blocks(example: dict[str, Any]) -> None:
    found = parse(example["text"])
    assert [shown(block) for block in found] == example["blocks"]
    assert title_of(example["text"]) == example["title"]
    assert write(found) == example["text"]


def test_a_fault_is_told_with_line_and_column_of_the_report() -> None:
    (_, block) = parse('# Title\n```epochal\n{\n  "runs": {},\n  "panels": [}\n}\n```\n')
    assert block.error is not None
    assert (block.error.line, block.error.column) == (5, 14)
    assert "no JSON" in block.error.message


def test_a_deeply_nested_grid_is_a_fault_and_no_crash() -> None:
    (block,) = parse("```epochal\n" + "[" * 200_000 + "\n```\n")
    assert block.grid is None
    assert block.error is not None


def test_a_grid_is_written_so_that_a_person_can_read_it() -> None:
    grid = {
        "runs": {"project": "digits", "where": "config.lr < 0.1", "sort": [["summary.loss", "asc"]], "limit": 10},
        "settings": {"smoothing": 0.6},
        "panels": [{"id": "p1", "kind": "line", "series": [{"metric": "loss"}]}, {"id": "p2", "kind": "bars"}],
        "later": ["ü" * 50, {"a": "b" * 60, "c": []}],
    }
    assert grid_text(grid) == (
        "{\n"
        '  "runs": {\n'
        '    "project": "digits",\n'
        '    "where": "config.lr < 0.1",\n'
        '    "sort": [["summary.loss", "asc"]],\n'
        '    "limit": 10\n'
        "  },\n"
        '  "settings": {"smoothing": 0.6},\n'
        '  "panels": [\n'
        '    {"id": "p1", "kind": "line", "series": [{"metric": "loss"}]},\n'
        '    {"id": "p2", "kind": "bars"}\n'
        "  ],\n"
        '  "later": [\n'
        f'    "{"ü" * 50}",\n'
        f'    {{"a": "{"b" * 60}", "c": []}}\n'
        "  ]\n"
        "}"
    )


def test_the_fence_of_a_written_grid_is_longer_than_what_is_in_it() -> None:
    grid = {"panels": [{"id": "p1", "title": "a ```` b"}]}
    (block,) = parse(fenced(grid))
    assert block.grid == grid
    assert fenced(grid).startswith("`````epochal\n")
