"""Cut and flipped journals: all rows that are sound are read, and none that was not written."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochal.journal.reader import Journal
from tests.core.journal_maker import Maker, loop
from tests.core.scans import points


def test_a_journal_cut_at_every_byte_of_its_last_block_gives_all_rows_before_the_cut(tmp_path: Path) -> None:
    maker = Maker()
    maker.opening()
    loop(maker, range(12), x=1.0)
    start = maker.headers[-1].offset
    path = tmp_path / "cut.epochal"
    for length in range(start, len(maker.data) + 1):
        path.write_bytes(maker.data[:length])
        header_whole = length >= maker.places[10].offset
        expected = [
            point
            for point in maker.points("x")
            if maker.places[point[0]].offset + 32 <= (length if header_whole else start)
        ]
        assert points(Journal(path, settled=True).columns("x")) == expected, length


def small() -> Maker:
    maker = Maker()
    maker.opening()
    maker.frame_row(0, {"x": 0.5, "n": 1})
    for step in range(1, 14):
        maker.row(step, {"x": step / 3, "n": step})
        if step % 4 == 0:
            maker.row(step, {"ok": True})
    maker.record("finish", state="finished")
    return maker


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bit=st.integers(0, 8 * len(small().data) - 1))
def test_a_flipped_bit_anywhere_changes_at_most_the_row_or_frame_that_holds_it(tmp_path: Path, bit: int) -> None:
    maker = small()
    maker.data[bit // 8] ^= 1 << bit % 8
    path = tmp_path / "flipped.epochal"
    path.write_bytes(maker.data)
    journal = Journal(path, settled=True)
    at = bit // 8
    hit = {
        seq for seq, place in (maker.places | maker.frames).items() if place.offset <= at < place.offset + place.length
    }
    for metric in ("x", "n", "ok"):
        read = points(journal.columns(metric))
        written = maker.points(metric)
        lost = [point for point in written if point not in read]
        odd = [point for point in read if point not in written]
        assert {point[0] for point in lost} <= hit
        if odd:  # the bit is in a cell, or in the seq, of a row: nothing but a checksum can tell
            place = next(maker.places[seq] for seq in hit)
            assert len(odd) == 1
            assert at < place.offset + place.length - 2
    if not hit.intersection(maker.places):
        assert all(
            points(journal.columns(metric)) == [p for p in maker.points(metric) if p[0] not in hit] for metric in "xn"
        )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    overwritten=st.lists(
        st.tuples(st.integers(64, len(small().data)), st.binary(min_size=1, max_size=100)), max_size=3
    ),
    length=st.integers(64, 2 * len(small().data)),
)
def test_rows_that_nothing_touched_are_read_whatever_else_happened(
    tmp_path: Path, overwritten: list[tuple[int, bytes]], length: int
) -> None:
    maker = small()
    data = bytearray(maker.data)
    touched: list[tuple[int, int]] = [(length, 1 << 40)]
    for at, what in overwritten:
        data[at : at + len(what)] = what[: max(0, len(data) - at)]
        touched.append((at, at + len(what)))
    path = tmp_path / "changed.epochal"
    path.write_bytes(data[:length])
    journal = Journal(path, settled=True)

    def whole(start: int, size: int) -> bool:
        return all(stop <= start or start + size <= begin for begin, stop in touched)

    headers = {place.offset: whole(*place) for place in maker.headers}
    for metric in ("x", "n", "ok"):
        read = points(journal.columns(metric))
        for point in maker.points(metric):
            place = maker.places.get(point[0]) or maker.frames[point[0]]
            header = max(offset for offset in headers if offset <= place.offset)
            if whole(*place) and headers[header]:
                assert point in read
        assert len(read) <= len(maker.points(metric))
