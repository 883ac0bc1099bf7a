"""Outliers are left out as TensorBoard leaves them out."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from epochal_server.curves_clip import clip_of


@given(st.lists(st.floats(-1e9, 1e9), max_size=200))
def test_it_is_what_tensorboard_takes_of_sorted_values(values: list[float]) -> None:
    found = clip_of([np.array(values[::2]), np.array(values[1::2])])
    ordered = sorted(values)
    last = len(ordered) - 1
    wanted = (ordered[math.ceil(last * 0.05)], ordered[math.floor(last * 0.95)]) if len(values) > 2 else None
    assert found == wanted


def test_what_is_no_number_does_not_count() -> None:
    assert clip_of([np.array([1.0, math.nan, 2.0, math.inf, 3.0, -math.inf])]) == (2.0, 2.0)
    assert clip_of([np.array([math.nan] * 9)]) is None
    assert clip_of([]) is None
