"""Fewer points that draw the same line."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.downsample import downsample
from epochal.errors import BadValueError

FLOATS = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=300)


@settings(deadline=None)
@given(FLOATS, st.integers(1, 100))
def test_never_more_points_than_asked_for_in_order_and_with_both_ends(values: list[float], samples: int) -> None:
    kept = downsample(np.array(values, np.float64), samples)
    assert len(kept) <= samples
    assert (np.diff(kept) > 0).all()
    if len(values) <= samples:
        assert len(kept) == len(values)
    elif samples >= 2:
        assert kept[0] == 0
        assert kept[-1] == len(values) - 1


@settings(deadline=None)
@given(FLOATS, st.integers(5, 100))
def test_the_lowest_and_the_highest_are_always_kept_and_a_gap_stays_a_gap(values: list[float], samples: int) -> None:
    array = np.array(values, np.float64)
    shown = array[downsample(array, samples)]
    if len(array) and not np.isnan(array).all():
        assert np.nanmin(shown) == np.nanmin(array)
        assert np.nanmax(shown) == np.nanmax(array)
    assert np.isnan(shown).any() == np.isnan(array).any()


def test_integers_are_compared_exactly_and_bools_are_taken() -> None:
    values = np.full(1000, 1 << 60, np.int64)
    values[400] += 1
    values[600] -= 1
    assert {400, 600} <= set(downsample(values, 20).tolist())
    bits = np.zeros(1000, np.bool_)
    bits[777] = True
    assert 777 in downsample(bits, 8)


def test_each_stretch_keeps_its_own_extremes() -> None:
    values = np.tile([0.0, 5.0, -5.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0], 10)
    kept = values[downsample(values, 40)]
    assert (kept == 5.0).sum() == 10
    assert (kept == -5.0).sum() == 10


@pytest.mark.parametrize("samples", [0, -1, 1.5, True, "10", math.nan])
def test_a_number_of_samples_that_cannot_be_is_refused(samples: object) -> None:
    with pytest.raises(BadValueError, match="samples"):
        downsample(np.arange(10), samples)
