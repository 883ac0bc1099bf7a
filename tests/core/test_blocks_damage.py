"""Damaged, cut and crafted journals: what is sound is found, nothing is invented, nobody is held up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochal.journal import format as layout
from epochal.records import encode
from tests.core.journal_maker import Maker, loop
from tests.core.scans import close_all, close_descriptors, journal, kinds, scan

__all__ = ["close_descriptors"]


def test_what_stands_behind_a_damaged_header_is_found(tmp_path: Path) -> None:
    maker = journal()
    place = next(place for place in maker.headers if maker.data[place.offset + 4] == layout.ROWS)
    maker.write(place.offset + 16, b"\xff" * 8)
    found = scan(bytes(maker.data), tmp_path)
    assert [block.offset for block in found.blocks] == [p.offset for p in maker.headers if p != place]
    assert [damage.offset for damage in found.damages] == [place.offset]
    assert "header" in found.damages[0].what
    assert kinds(found)[-1] == "finish"


@pytest.mark.parametrize("which", [0, -2])
def test_every_single_flipped_bit_of_a_block_header_is_repaired(tmp_path: Path, which: int) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(4), loss=1.0)
    maker.record("notice", text="x" * 600)
    place = sorted(maker.headers)[which]
    for bit in range(0, 8 * place.length, 3):
        data = bytearray(maker.data)
        data[place.offset + bit // 8] ^= 1 << bit % 8
        found = scan(data, tmp_path)
        assert [block.offset for block in found.blocks] == [p.offset for p in maker.headers], bit
        assert [damage.what for damage in found.damages] == ["block header: one flipped bit, repaired"]
        close_all()


def test_every_single_flipped_bit_of_the_file_header_is_repaired(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    for bit in range(512):
        data = bytearray(maker.data)
        data[bit // 8] ^= 1 << bit % 8
        found = scan(data, tmp_path)
        assert found.header.writer == maker.writer, bit
        assert kinds(found) == ["open"]
        assert [damage.what for damage in found.damages] == ["file header: one flipped bit, repaired"]
        close_all()


def forged(maker: Maker, **changes: int | bytes) -> None:
    """Add a block header with a sound checksum that says what cannot be."""
    at = maker.claim(4096)
    fields = {"kind": layout.ROWS, "table": 1, "stride": 32, "capacity": 4096, "declaration": b""} | changes
    maker.write(at, layout.pack_block_header(maker.writer, at, **fields))  # type: ignore[arg-type]


TABLE = encode({"names": ["a"], "types": "d"})


@pytest.mark.parametrize(
    "changes",
    [
        {"declaration": TABLE, "capacity": 1 << 60},
        {"declaration": TABLE, "capacity": 100},
        {"declaration": TABLE, "capacity": 0},
        {"declaration": TABLE, "stride": 40},
        {"declaration": TABLE, "stride": 0},
        {"declaration": b"\x93no map"},
        {"declaration": encode({"names": ["a"], "types": "x"})},
        {"declaration": encode({"names": ["a", "a"], "types": "dd"}), "stride": 40},
        {"declaration": encode({"names": [1], "types": "d"})},
        {"kind": layout.RECORDS, "capacity": 1 << 62},
    ],
)
def test_a_header_that_says_what_cannot_be_is_damage_and_hides_nothing(
    tmp_path: Path, changes: dict[str, int | bytes]
) -> None:
    maker = Maker()
    maker.opening()
    forged(maker, **changes)
    maker.record("notice", text="x" * 1000)
    found = scan(bytes(maker.data), tmp_path)
    assert kinds(found) == ["open", "notice"]
    assert len(found.damages) == 1
    assert len(found.blocks) == 2


@pytest.mark.parametrize("payload", [b"\xc1", b"\x93\x01\x02\x03", encode({"no": "kind"}), encode({"k": 7}), b"\x81"])
def test_a_sound_frame_that_is_no_record_is_damage(tmp_path: Path, payload: bytes) -> None:
    maker = Maker()
    maker.opening()
    maker.frame(payload)
    maker.record("notice")
    found = scan(bytes(maker.data), tmp_path)
    assert kinds(found) == ["open", "notice"]
    assert len(found.damages) == 1


def test_a_journal_kept_inside_a_journal_is_never_taken_for_it(tmp_path: Path) -> None:
    inner = journal()
    maker = Maker(writer=inner.writer)
    maker.opening()
    maker.record("config", ops=[[["file"], bytes(inner.data)]])
    place = maker.frames[2]
    data = bytearray(maker.data)
    data[place.offset] ^= 1  # now its payload is searched for frames and blocks
    found = scan(data, tmp_path)
    assert kinds(found) == ["open"]
    assert len(found.blocks) == len(maker.headers)


def test_bytes_crafted_to_look_like_long_frames_do_not_hold_the_reader_up(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    size = 1 << 20
    body = maker.block(layout.RECORDS, size + 64)
    maker.write(body, layout.FRAME_HEADER.pack(size // 2, 1, 0) * (size // 16))
    maker._record_at = maker._record_end = 0
    maker.record("notice")
    assert kinds(scan(bytes(maker.data), tmp_path)) == ["open", "notice"]


def test_bytes_crafted_to_look_like_headers_do_not_hold_the_reader_up(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    at = maker.claim(1 << 20)
    for place in range(at, at + (1 << 20), 64):
        head = layout.BLOCK_HEADER.pack(
            layout.BLOCK_MAGIC, 1, 0, 0, 0, 32, place, 4096, 1 << 20, 64, maker.writer[:8], bytes(12), 0
        )
        maker.write(place, head)
    maker.record("notice")
    assert kinds(scan(bytes(maker.data), tmp_path)) == ["open", "notice"]


def test_a_record_of_many_megabytes_is_read_and_its_damage_found(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    maker.record("config", ops=[[["big"], "x" * (20 << 20)]])
    maker.record("notice")
    found = scan(bytes(maker.data), tmp_path)
    assert kinds(found) == ["open", "config", "notice"]
    maker.data[maker.frames[2].offset + (10 << 20)] ^= 4
    found = scan(bytes(maker.data), tmp_path)
    assert kinds(found) == ["open", "notice"]
    assert len(found.damages) == 1


def any_change(data: bytearray) -> st.SearchStrategy[Callable[[bytearray], None]]:
    def overwrite(at: int, what: bytes) -> Callable[[bytearray], None]:
        def change(data: bytearray) -> None:
            data[at : at + len(what)] = what[: max(0, len(data) - at)]

        return change

    def cut(at: int) -> Callable[[bytearray], None]:
        def change(data: bytearray) -> None:
            del data[at:]

        return change

    where = st.integers(64, len(data))
    return st.one_of(st.builds(overwrite, where, st.binary(min_size=1, max_size=200)), st.builds(cut, where))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_overwritten_or_cut_off_no_frame_is_invented(tmp_path: Path, data: st.DataObject) -> None:
    maker = journal()
    written = {frame.seq: frame.payload for frame in scan(bytes(maker.data), tmp_path).frames()}
    changed = bytearray(maker.data)
    for change in data.draw(st.lists(any_change(changed), min_size=1, max_size=4)):
        change(changed)
    found = scan(changed, tmp_path)
    assert all(written[frame.seq] == frame.payload for frame in found.frames())
    offsets = {place.offset for place in maker.headers}
    assert {block.offset for block in found.blocks} <= offsets
    close_all()
