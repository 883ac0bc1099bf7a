"""A journal that is looked at while its writer has only just made it: no damage, unless it stays so."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from epochal.journal.reader import YOUNG_S, Journal
from epochal.journal.verify import verify
from epochal.journals import Journals
from tests.core.journal_maker import Maker, loop


def begun(stage: str) -> tuple[Maker, bytes]:
    """Return a whole journal, and what there is of it before its first record."""
    maker = Maker("system", 3, 7)
    header = bytes(maker.data)
    maker.opening()
    before = {"header": header, "block": bytes(maker.data[: maker.frames[1].offset])}
    return maker, before[stage]


STAGES = pytest.mark.parametrize("stage", ["header", "block"])


@STAGES
def test_a_journal_that_was_just_made_is_not_damaged(tmp_path: Path, stage: str) -> None:
    maker, before = begun(stage)
    path = maker.save(tmp_path)
    path.write_bytes(before)
    journals = Journals(tmp_path)
    assert journals.notices() == []
    assert verify(tmp_path).findings == []
    old = time.time() - 2 * YOUNG_S
    os.utime(path, (old, old))
    assert [(notice.code, "no sound first record" in notice.text) for notice in Journals(tmp_path).notices()] == [
        ("damage", True)
    ]
    assert ["no first record" in finding.what for finding in verify(tmp_path).findings] == [True]


@STAGES
def test_its_first_record_counts_once_it_is_there(tmp_path: Path, stage: str) -> None:
    maker, before = begun(stage)
    path = maker.save(tmp_path)
    # what its name says is not what it will say itself
    path = path.rename(path.with_name("main-0-1-abc.epochal"))
    path.write_bytes(before)
    journal, journals = Journal(path), Journals(tmp_path)
    assert (journal.role, journal.rank, journal.ordinal) == ("main", 0, 1)
    assert [each.role for each in journals.ordered] == ["main"]
    path.write_bytes(maker.data)
    assert journal.refresh()
    assert (journal.role, journal.rank, journal.ordinal) == ("system", 3, 7)
    assert journals.refresh()
    assert [each.role for each in journals.ordered] == ["system"]
    assert not journal.lacks_opening


def test_records_or_rows_without_a_first_record_are_damage_at_once(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(3), loss=1.0)
    place = maker.frames[1]
    maker.data[place.offset : place.offset + place.length] = bytes(place.length)
    maker.save(tmp_path / "rows")
    assert [notice.code for notice in Journals(tmp_path / "rows").notices()] == ["damage"]
    maker = Maker()
    maker.opening()
    maker.record("config", values={})
    place = maker.frames[1]
    maker.data[place.offset : place.offset + place.length] = bytes(place.length)
    maker.save(tmp_path / "records")
    assert [notice.code for notice in Journals(tmp_path / "records").notices()] == ["damage"]
