"""Verifying names what checksums cover and what is damaged, and says what nothing covers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochal
from epochal.errors import RunNotFoundError
from epochal.journal.verify import Report, verify
from tests.core.journal_maker import Maker, loop


def trained(rows: int = 20) -> Maker:
    maker = Maker()
    maker.opening()
    for step in range(rows):
        maker.row(step, {"loss": step / 3, "n": step})
    maker.record("finish", state="finished")
    return maker


def watcher(maker: Maker, *, sums: bool = True) -> Maker:
    """Return the journal of a companion that covered all that was there."""
    system = Maker("system", 0, 2)
    system.opening()
    if sums:
        for fields in maker.checksums():
            system.record("checksum", **fields)
    system.record("sync", writer=maker.hex, bytes=len(maker.data))
    return system


def verified(folder: Path, *makers: Maker) -> Report:
    for maker in makers:
        maker.save(folder)
    return verify(folder)


def test_a_sound_run_is_sound_and_all_of_it_covered(tmp_path: Path) -> None:
    maker = trained()
    report = verified(tmp_path, maker, watcher(maker))
    assert report.sound
    assert (report.rows, report.rows_uncovered, report.bytes_uncovered) == (20, 0, 0)
    assert [(one.role, one.rows, one.rows_covered, one.frames) for one in report.files] == [
        ("main", 20, 20, 2),
        ("system", 0, 0, len(watcher(maker).frames)),
    ]
    assert [one.seqs_absent for one in report.files] == [0, 0]
    json.dumps(report.to_dict())


def test_what_no_checksum_covers_is_counted(tmp_path: Path) -> None:
    maker = trained(5)
    system = watcher(maker)
    maker.row(5, {"loss": 1.0, "n": 2})
    loop(maker, range(4), other=1.0)
    report = verified(tmp_path, maker, system)
    assert report.sound
    assert (report.rows, report.rows_uncovered, report.bytes_uncovered) == (10, 5, 40 + 4 * 32)
    report = verified(tmp_path / "bare", trained())
    assert (report.sound, report.rows_uncovered) == (True, 20)


def test_a_changed_value_is_named_with_its_file_metrics_and_rows(tmp_path: Path) -> None:
    maker = trained()
    system = watcher(maker)
    place = maker.places[12]
    maker.data[place.offset + 9] ^= 1
    report = verified(tmp_path, maker, system)
    assert [(finding.what, finding.metrics) for finding in report.findings] == [
        ("the checksum does not hold", ("loss", "n"))
    ]
    finding = report.findings[0]
    assert finding.file.startswith("main-0-1-")
    assert finding.offset <= place.offset < finding.offset + finding.length
    assert finding.rows == (0, 7)
    assert "loss, n, rows 0 to 7" in str(finding)


def test_checksums_taken_one_after_the_other_narrow_the_damage_down(tmp_path: Path) -> None:
    maker, system = Maker(), Maker("system", 0, 2)
    maker.opening()
    system.opening()
    for step in range(12):
        maker.row(step, {"x": 1.0 + step}, slots=12)
        if step % 3 == 2:
            for fields in maker.checksums():
                system.record("checksum", **fields)
    damaged = maker.places[6]  # step 4: the second stretch
    maker.data[damaged.offset + 8] ^= 1
    report = verified(tmp_path, maker, system)
    assert [(finding.rows, finding.length) for finding in report.findings] == [((3, 5), 3 * 32)]
    maker.data[maker.places[13].offset + 8] ^= 1
    report = verified(tmp_path, maker, system)
    assert [finding.rows for finding in report.findings] == [(3, 5), (9, 11)]


def test_damaged_frames_headers_and_marks_are_named(tmp_path: Path) -> None:
    maker = trained()
    system = watcher(maker)
    maker.data[maker.frames[22].offset + 18] ^= 1
    maker.data[maker.places[5].offset + 38] ^= 1
    maker.data[maker.headers[2].offset + 30] ^= 1
    report = verified(tmp_path, maker, system)
    whats = {finding.what for finding in report.findings}
    assert {"not a sound frame", "a row whose commit mark is not the writer's", "the checksum does not hold"} <= whats
    assert "block header: one flipped bit, repaired" in whats


def test_a_changed_seq_shows_where_no_checksum_covers_it(tmp_path: Path) -> None:
    maker = trained()
    maker.data[maker.places[4].offset + 32] ^= 1
    report = verified(tmp_path, maker)
    assert [finding.what for finding in report.findings] == ["seq 5 is there more than once: a commit mark was changed"]
    assert report.files[0].seqs_absent == 1


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    maker = trained()
    system = watcher(maker)
    whole = bytes(maker.data)
    del maker.data[maker.headers[2].offset + 10 :]
    whats = [finding.what for finding in verified(tmp_path / "cut", maker, system).findings]
    assert "the end of the file is missing" in whats
    assert any(what.startswith("a block that checksums name is not there") for what in whats)
    assert [f.what for f in verified(tmp_path / "gone", system).findings] == [
        f"the journal of writer {maker.hex}, which checksums name, is not there"
    ]
    maker.data = bytearray(b"x" * len(whole))
    report = verified(tmp_path / "garbage", maker)
    assert [finding.what.split(":")[0] for finding in report.findings] == ["unreadable"]
    assert report.files[0].size == len(whole)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError):
        verify(tmp_path)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_flipped_bit_in_what_is_covered_goes_unnamed(tmp_path: Path, data: st.DataObject) -> None:
    maker = trained()
    system = watcher(maker)
    covered = [*maker.places.values(), *maker.frames.values(), *maker.headers]
    place = data.draw(st.sampled_from(covered))
    bit = data.draw(st.integers(0, 8 * place.length - 1))
    maker.data[place.offset + bit // 8] ^= 1 << bit % 8
    report = verified(tmp_path, maker, system)
    assert not report.sound
    assert any(one.offset <= place.offset + bit // 8 < one.offset + one.length for one in report.findings)


def test_a_real_run_is_covered_to_its_last_row_once_its_companion_has_ended() -> None:
    with epochal.init("digits") as run:
        for step in range(1000):
            run.log({"loss": step / 7, "acc": step}, step=step)
            if step % 100 == 0:
                run.log({"val": 1.0})
    give_up = time.monotonic() + 30
    while (report := verify(run.folder)).rows_uncovered and time.monotonic() < give_up:
        time.sleep(0.1)
    main = next(one for one in report.files if one.role == "main")
    assert report.sound
    assert (main.rows, main.rows_covered, main.seqs_absent) == (1000 - 2 + 10 - 2, 1000 - 2 + 10 - 2, 0)
