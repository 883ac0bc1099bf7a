"""Smoothing is TensorBoard's, to the last bit that a float keeps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.errors import BadValueError
from epochal.smoothing import smooth


def plain(values: Sequence[float], weight: float) -> list[float]:
    """Return what features.md section 1.3 says, word by word."""
    weight = min(max(weight, 0.0), 1.0) if math.isfinite(weight) else 0.0
    last, n, smoothed = 0.0, 0, []
    if all(value == values[0] for value in values):
        return list(values)
    for value in values:
        if not math.isfinite(value):
            smoothed.append(value)
            continue
        last = last * weight + (1 - weight) * value
        n += 1
        smoothed.append(last / (1 if weight == 1 else 1 - weight**n))
    return smoothed


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 0.5, 0], [1, 0.6875, 0.3367346939]),
        ([0, 0.5, 1], [0, 0.3125, 0.6632653061]),
        ([], []),
        ([3, 3, 3], [3, 3, 3]),
        ([math.inf, math.inf], [math.inf, math.inf]),
    ],
)
def test_tensorboards_own_vectors_hold(values: list[float], expected: list[float]) -> None:
    assert smooth(values, 0.6).tolist() == pytest.approx(expected, abs=1e-9)


def test_weight_0_changes_nothing_and_weight_1_gives_zeros() -> None:
    assert smooth([3, 1, 2], 0).tolist() == [3, 1, 2]
    assert smooth([3, 1, 2], 1).tolist() == [0, 0, 0]
    assert smooth([3, 1, 2], math.nan).tolist() == [3, 1, 2]
    assert smooth([3, 1, 2], -5).tolist() == [3, 1, 2]
    assert smooth([3, 1, 2], 7).tolist() == [0, 0, 0]


def test_nan_and_infinity_stay_and_are_not_counted() -> None:
    smoothed = smooth([math.nan, 1, math.nan, 0.5, math.inf, 0], 0.6)
    assert smoothed[[1, 3, 5]].tolist() == pytest.approx([1, 0.6875, 0.3367346939], abs=1e-9)
    assert np.isnan(smoothed[[0, 2]]).all()
    assert smoothed[4] == math.inf


def test_a_series_that_begins_with_nan_is_not_constant() -> None:
    assert smooth([math.nan, 2, 4], 0.5).tolist()[1:] == pytest.approx([2, 10 / 3])


@settings(deadline=None)
@given(st.lists(st.floats(width=32), max_size=60), st.floats(-1, 2))
def test_it_equals_the_formula_for_any_series_and_weight(values: list[float], weight: float) -> None:
    expected = plain(values, weight)
    np.testing.assert_allclose(smooth(values, weight), expected, rtol=1e-12, atol=0)


def test_a_long_series_equals_the_formula() -> None:
    values = np.random.default_rng(0).normal(size=20_000)
    np.testing.assert_allclose(smooth(values, 0.999), plain(values.tolist(), 0.999), rtol=1e-12)


def test_integers_and_bools_are_numbers_and_the_argument_is_not_changed() -> None:
    values = np.array([1, 2, 3])
    assert smooth(values, 0.5).dtype == np.float64
    assert values.tolist() == [1, 2, 3]
    given = np.array([1.0, 2.0])
    smooth(given, 0.5)
    assert given.tolist() == [1.0, 2.0]
    assert smooth([True, False], 0).tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("values", "weight"), [([[1, 2], [3, 4]], 0.5), (["a"], 0.5), ([1, 2], "x"), (3.0, 0.5)])
def test_what_cannot_be_smoothed_is_refused(values: object, weight: object) -> None:
    with pytest.raises(BadValueError, match="smooth takes"):
        smooth(values, weight)  # type: ignore[arg-type]
