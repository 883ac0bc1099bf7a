"""Integers at equal distances are read like the array that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.journal.arithmetic import Arithmetic, arithmetic, goes_on

sequences = st.tuples(st.integers(-(2**62), 2**61), st.integers(1, 10**6), st.integers(2, 50))


def array_of(sequence: tuple[int, int, int]) -> np.ndarray:
    start, stride, count = sequence
    return np.array([start + stride * at for at in range(count)], np.int64)


@given(sequences, st.lists(st.integers(-60, 60), max_size=9), st.data())
def test_it_reads_like_the_array(sequence: tuple[int, int, int], offsets: list[int], data: st.DataObject) -> None:
    array = array_of(sequence)
    found = arithmetic(array)
    assert found == Arithmetic(*sequence)
    assert len(found) == len(array)
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(np.asarray(found), array)
    at = np.array(data.draw(st.lists(st.integers(0, len(array) - 1))), np.int64)
    np.testing.assert_array_equal(found[at], array[at])
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(array), max_size=len(array))))
    np.testing.assert_array_equal(found[mask], array[mask])
    part = data.draw(st.slices(len(array)))
    np.testing.assert_array_equal(found[part], array[part])
    assert (found[0], found[-1]) == (array[0], array[-1])
    values = np.array([sequence[0] + sequence[1] * offset + offset % 3 - 1 for offset in offsets], np.int64)
    for side in ("left", "right"):
        np.testing.assert_array_equal(found.searchsorted(values, side), array.searchsorted(values, side))
    for end in (-(2**63), 2**63 - 1):
        assert found.searchsorted(end) == array.searchsorted(end)


@pytest.mark.parametrize(
    "values", [[], [5], [5, 5], [5, 4], [1, 2, 4], [1, 2, 2, 4], [-(2**63), 2**63 - 1], [1, 3, 4, 7]]
)
def test_what_is_none_stays_an_array(values: list[int]) -> None:
    assert arithmetic(np.array(values, np.int64)) is None


def test_what_goes_on() -> None:
    sequence = Arithmetic(10, 5, 3)
    for values in ([25], [25, 30], []):
        assert goes_on(sequence, np.array(values, np.int64))
    for values in ([20], [25, 31], [30, 35], [25, 35, 30, 40]):
        assert not goes_on(sequence, np.array(values, np.int64))


def test_an_index_beyond_it_is_an_error() -> None:
    with pytest.raises(IndexError):
        _ = Arithmetic(0, 1, 3)[3]
