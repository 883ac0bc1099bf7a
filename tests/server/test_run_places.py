"""Runs behind links: those that lie in the runs folder are shown, others are not, whenever the link came."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import epochal
from tests.needs import need

need("starlette")

from epochal_server.problems import Problem  # noqa: E402
from epochal_server.roster import Roster  # noqa: E402
from epochal_server.run_places import lies_within  # noqa: E402


def record(root: Path, id: str) -> Path:
    with epochal.init("p", id=id, dir=root) as run:
        run.log({"loss": 1.0})
    return Path(run.folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "runs"
    record(found, "own")
    return found


def shown(root: Path) -> Any:
    roster = Roster(root)
    try:
        return sorted(entry.id for entry in roster.entries())
    finally:
        roster.close()


def test_a_run_that_a_link_leads_out_to_is_none_of_the_folder(root: Path, tmp_path: Path) -> None:
    (root / "p" / "away").symlink_to(record(tmp_path / "elsewhere", "foreign"))
    (root / "q").symlink_to(tmp_path / "elsewhere" / "p")
    assert shown(root) == ["own"]


def test_a_link_within_the_folder_and_one_to_the_folder_are_followed(root: Path, tmp_path: Path) -> None:
    (root / "same").symlink_to("p")
    assert shown(root) == ["own", "own"]
    (tmp_path / "chosen").symlink_to(root)
    assert shown(tmp_path / "chosen") == ["own", "own"]
    assert lies_within(tmp_path / "chosen", "p/own")


def test_a_run_whose_folder_becomes_a_link_out_is_gone(root: Path, tmp_path: Path) -> None:
    other = record(tmp_path / "elsewhere", "foreign")
    roster = Roster(root)
    try:
        roster.refresh()
        assert roster.run("p/own").id == "own"
        shutil.rmtree(root / "p" / "own")
        (root / "p" / "own").symlink_to(other)
        roster.refresh()
        assert roster.keys() == []
        with pytest.raises(Problem):
            roster.run("p/own")
    finally:
        roster.close()
