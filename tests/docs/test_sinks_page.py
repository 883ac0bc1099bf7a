"""docs/sinks.md and docs/alerts.md say what works: every block of Python runs, and every table of settings is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import epochal
from epochal import rules, sinks
from epochal.journals import Journals
from tests.docs.page_blocks import ROOT, Block, blocks

PAGES = ("docs/sinks.md", "docs/alerts.md")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")  # nothing is to be sent to the page's endpoint
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("block", [block for page in PAGES for block in blocks(page, "python")], ids=str)
def test_a_block_of_python_runs(block: Block) -> None:
    block.run({})


@pytest.mark.parametrize("block", [block for page in PAGES for block in blocks(page, "toml")], ids=str)
def test_settings_are_taken(block: Block) -> None:
    Path(".epochal.toml").write_text(block.code)
    with epochal.init("p") as run:
        found = [frame for journal in Journals(run.folder).ordered for frame in journal.frames]
    assert sum(frame.payload["k"] in ("sink", "rule") for frame in found) == block.code.count("[[") == 2


def test_a_message_is_json() -> None:
    (block,) = blocks("docs/sinks.md", "json")
    assert json.loads(block.code)["kind"] == "row"


def test_the_pages_name_every_class_and_setting() -> None:
    page, alerts = ((ROOT / name).read_text(encoding="utf-8") for name in PAGES)
    for kind in (sinks.JsonLines, sinks.Webhook):
        assert kind.__name__ in page
        assert [name for name in kind.__dataclass_fields__ if name not in page] == []
    for rule in (rules.NotFinite, rules.NoProgress, rules.WorseThan):
        assert [name for name in (rule.__name__, *rule.__dataclass_fields__) if name not in alerts] == []
