"""Smoothing at some places is what TensorBoard's loop over the whole series gives there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal.smoothing import smooth
from epochal_server.curves_smoothing import Smoother

WEIGHTS = (0.0, 1e-9, 0.1, 0.6, 0.9, 0.99, 0.999)


def plain_loop(values: list[float], weight: float) -> list[float]:
    """TensorBoard's `classicSmoothing`, word by word."""
    if all(value == values[0] for value in values):
        return values
    last, count, found = 0.0, 0, []
    for value in values:
        if not math.isfinite(value):
            found.append(value)
            continue
        last = last * weight + (1 - weight) * value
        count += 1
        found.append(last / (1 - weight**count))
    return found


def smoother_of(values: np.ndarray, weight: float) -> Smoother:
    finite = np.isfinite(values)
    return Smoother(values, weight, None if finite.all() else finite)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 255, 256, 257, 1000, 4097])
def test_it_equals_the_plain_loop_at_every_place(count: int, weight: float) -> None:
    values = np.random.default_rng(count).normal(0, 1, count)
    found = smoother_of(values, weight).at(np.arange(count))
    np.testing.assert_allclose(found, plain_loop(values.tolist(), weight), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found, smooth(values, weight), rtol=1e-9, atol=1e-11)


numbers = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=120), st.floats(0, 0.999), st.randoms())
def test_it_equals_the_plain_loop_whatever_the_values(values: list[float], weight: float, chance: object) -> None:
    places = np.array([chance.randrange(len(values)) for _ in range(20)])  # type: ignore[attr-defined]
    found = smoother_of(np.array(values), weight).at(places)
    largest = max((abs(value) for value in values if math.isfinite(value)), default=1.0)
    np.testing.assert_allclose(found, np.array(plain_loop(values, weight))[places], rtol=1e-9, atol=largest * 1e-11)


def test_test_vectors_of_tensorboard() -> None:
    assert smoother_of(np.array([1, 0.5, 0]), 0.6).at(np.arange(3)) == pytest.approx([1, 0.6875, 0.3367346939])
    assert smoother_of(np.array([0, 0.5, 1]), 0.6).at(np.arange(3)) == pytest.approx([0, 0.3125, 0.6632653061])


def test_nan_and_infinities_stay_where_they_are_and_do_not_count() -> None:
    found = smoother_of(np.array([1.0, math.nan, 0.5, math.inf, 0.0]), 0.6).at(np.arange(5))
    assert found[[0, 2, 4]] == pytest.approx([1, 0.6875, 0.3367346939])
    assert math.isnan(found[1])
    assert found[3] == math.inf


def test_a_constant_series_comes_back_to_the_bit() -> None:
    assert smoother_of(np.full(1000, 0.1), 0.97).at(np.arange(1000)).tolist() == [0.1] * 1000


def test_no_points_and_nothing_but_nan() -> None:
    assert smoother_of(np.empty(0), 0.6).at(np.empty(0, np.int64)).tolist() == []
    assert np.isnan(smoother_of(np.full(40, math.nan), 0.6).at(np.arange(40))).all()


def test_a_large_value_fades_as_in_the_loop() -> None:
    values = np.concatenate([[1e300], np.ones(3000)])
    places = np.array([0, 1, 100, 3000])
    np.testing.assert_allclose(
        smoother_of(values, 0.6).at(places), np.array(plain_loop(values.tolist(), 0.6))[places], rtol=1e-9
    )
