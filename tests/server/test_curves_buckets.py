"""A reduced line has of each stretch the last point, the lowest and the highest value; a zoom ends at raw points."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal_server.curves_buckets import Reduced, Window, extent, reduce
from epochal_server.curves_series import Series

from .curves_made import series


def plain_loop(line: Series, window: Window) -> list[tuple[int, float, float]]:
    """Return (index of the last point, lowest, highest) of each stretch, in the plainest way."""
    found: dict[int, list[int]] = {}
    for index, place in enumerate(line.places.tolist()):
        if not window.low <= place <= window.high:
            continue
        low, high = Fraction(window.low), Fraction(window.high)
        share = (Fraction(place) - low) / (high - low) if high > low else 0
        found.setdefault(min(int(share * window.width), window.width - 1), []).append(index)
    stretches = []
    for indices in found.values():
        values = [line.drawn[index] for index in indices if math.isfinite(line.drawn[index])]
        stretches.append((indices[-1], min(values, default=math.nan), max(values, default=math.nan)))
    return stretches


def whole(line: Series, width: int, *, log: bool = False) -> Window:
    return Window(*(extent([line], log=log) or (0.0, 1.0)), width, log, zoomed=False)


def rows(found: Reduced) -> list[tuple[Any, ...]]:
    assert found.low is not None
    assert found.high is not None
    return list(zip(found.kept.tolist(), found.low.tolist(), found.high.tolist(), strict=True))


def test_every_point_is_there_where_there_are_pixels_for_all() -> None:
    line = series([3, 1, 2])
    found = reduce(line, whole(line, 50))
    assert not found.reduced
    assert found.kept.tolist() == [0, 1, 2]
    assert found.points == 3


@settings(max_examples=100, deadline=None)
@given(st.integers(50, 400), st.integers(401, 3000), st.integers(0, 9), st.booleans())
def test_it_equals_the_plain_loop(width: int, count: int, seed: int, damaged: bool) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 1, count)
    if damaged:
        values[random.integers(0, count, count // 3)] = math.nan
        values[random.integers(0, count, 5)] = math.inf
    steps = np.cumsum(random.integers(1, 9, count))
    line = series(values.tolist(), steps.tolist())
    # stretches of whole steps, so that no edge depends on how a product is rounded
    stretch = math.ceil((steps[-1] - steps[0]) / width)
    window = Window(float(steps[0]), float(steps[0] + width * stretch), width, False, False)
    np.testing.assert_equal(rows(reduce(line, window)), plain_loop(line, window))


def test_there_are_no_more_points_than_pixels_and_no_empty_stretch() -> None:
    steps = [*range(500), *range(10**6, 10**6 + 500)]
    line = series([1.0] * 1000, steps)
    found = reduce(line, whole(line, 100))
    assert found.reduced
    assert len(found.kept) == 2
    assert found.kept.tolist() == [499, 999]


def test_the_last_point_is_always_drawn() -> None:
    for count in (1001, 12345, 99_999):
        line = series(np.arange(count).tolist())
        assert reduce(line, whole(line, 1000)).kept[-1] == count - 1


def test_a_zoom_has_the_points_within_and_one_beyond_each_side() -> None:
    line = series(np.arange(100_000).tolist())
    found = reduce(line, Window(500.5, 520.5, 100, False, zoomed=True))
    assert not found.reduced
    assert found.points == 20
    assert found.kept.tolist() == list(range(500, 522))


def test_a_zoom_that_is_reduced_has_the_points_beyond_as_points_of_their_own() -> None:
    line = series(np.arange(100_000).tolist())
    found = reduce(line, Window(1000, 50_999, 100, False, zoomed=True))
    assert found.points == 50_000
    first, *_, last = rows(found)
    assert first == (999, 999.0, 999.0)
    assert last == (51_000, 51_000.0, 51_000.0)
    assert len(found.kept) == 102


def test_a_zoom_to_where_no_point_is_has_those_beside_it() -> None:
    line = series([1.0, 2.0], [0, 1000])
    found = reduce(line, Window(400, 600, 100, False, zoomed=True))
    assert found.points == 0
    assert found.kept.tolist() == [0, 1]
    beyond = reduce(line, Window(2000, 3000, 100, False, zoomed=True))
    assert beyond.kept.tolist() == [1]


def test_a_logarithmic_axis_has_what_is_positive_in_stretches_of_equal_ratios() -> None:
    line = series([9.0, *np.arange(1, 100_001)], [0, *range(1, 100_001)])
    window = whole(line, 50, log=True)
    assert (window.low, window.high) == (1.0, 100_000.0)
    found = reduce(line, window)
    assert found.points == 100_000
    assert found.kept[0] == 1  # what is not positive has no place
    ratios = np.diff(np.log(line.places[found.kept][10:]))
    assert ratios.max() / ratios.min() < 1.2
    assert found.kept[-1] == 100_000


def test_integers_beyond_float64_keep_their_order() -> None:
    steps = [2**62 + number for number in range(1000)]
    line = series(np.arange(1000).tolist(), steps)
    found = reduce(line, whole(line, 100))
    assert found.points == 1000
    assert found.kept[-1] == 999
    assert line.steps[found.kept[-1]] == 2**62 + 999


@pytest.mark.parametrize("steps", [[-(2**63), 2**63 - 1], [2**63 - 1], [-(2**63)]])
def test_the_ends_of_int64_can_be_drawn(steps: list[int]) -> None:
    line = series([1.0] * len(steps), steps)
    found = reduce(line, whole(line, 50))
    assert found.points == len(steps)
    assert reduce(line, whole(line, 50)._replace(zoomed=True)).points == len(steps)


def test_one_point_and_no_point() -> None:
    assert reduce(series([5.0]), whole(series([5.0]), 50)).kept.tolist() == [0]
    nothing = series([])
    assert extent([nothing], log=False) is None
    assert reduce(nothing, whole(nothing, 50)).kept.tolist() == []


def test_many_points_at_one_place_are_one_stretch() -> None:
    line = series(np.arange(500).tolist(), x=np.zeros(500))
    assert rows(reduce(line, whole(line, 50))) == [(499, 0.0, 499.0)]


def test_what_was_reduced_is_kept_for_the_next_time() -> None:
    line = series(np.arange(5000).tolist())
    window = whole(line, 100)
    assert reduce(line, window) is reduce(line, window)
    assert line.nbytes > 5000 * 8


def test_a_line_that_is_short_enough_comes_whole_whatever_the_pixels() -> None:
    line = series(range(900))
    assert reduce(line, whole(line, 300)).reduced
    assert not reduce(line, whole(line, 300)._replace(whole=900)).reduced
    assert reduce(line, whole(line, 300)._replace(whole=899)).reduced
