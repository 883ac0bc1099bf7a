"""Histories of several runs on one grid: where values stand, what lies between, and the statistics at each place."""

from __future__ import annotations

import math
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import epochal
from epochal.errors import BadValueError
from epochal.group_history import GroupHistory, at_places
from epochal.groups import Group
from tests.core.recorded_runs import record
from tests.needs import need

VALUES = st.floats(-1e6, 1e6) | st.just(math.nan)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def group(root: Path, *curves: tuple[list[int], list[float]], **more: Any) -> Group:
    for at, (steps, values) in enumerate(curves):
        record(root, f"run{at}", metrics={"loss": values}, steps=steps, **more)
    (found,) = epochal.runs(root, sort="id").group_by("project").values()
    return found


def test_where_steps_coincide_the_values_are_exact(root: Path) -> None:
    found = group(root, ([0, 1, 2], [1.0, 2.0, 4.0]), ([0, 1, 2], [3.0, 0.1, 8.0])).history("loss")
    assert found.steps.tolist() == [0, 1, 2]
    assert found.steps.dtype == np.int64
    assert found.values.tolist() == [[1.0, 2.0, 4.0], [3.0, 0.1, 8.0]]
    assert found.mean.tolist() == [2.0, 1.05, 6.0]
    assert found.std[0] == pytest.approx(math.sqrt(2))
    assert found.sem[0] == pytest.approx(1.0)
    assert (found.min.tolist(), found.max.tolist(), found.n.tolist()) == ([1.0, 0.1, 4.0], [3.0, 2.0, 8.0], [2, 2, 2])
    assert (found.runs, found.missing, len(found)) == (("run0", "run1"), (), 3)


def test_between_points_there_is_a_line_outside_nothing(root: Path) -> None:
    one = group(root, ([0, 10], [0.0, 1.0]), ([5, 20], [2.0, 5.0]))
    found = one.history("loss")
    assert found.steps.tolist() == [0, 5, 10, 20]
    np.testing.assert_array_equal(found.values, [[0.0, 0.5, 1.0, np.nan], [np.nan, 2.0, 3.0, 5.0]])
    assert found.n.tolist() == [1, 2, 2, 1]
    np.testing.assert_array_equal(found.mean, [0.0, 1.25, 2.0, 5.0])
    assert np.isnan(found.std[[0, 3]]).all()
    alone = one.history("loss", interpolate=False)
    np.testing.assert_array_equal(alone.values, [[0.0, np.nan, 1.0, np.nan], [np.nan, 2.0, np.nan, 5.0]])


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        (None, [0, 2, 4, 5, 8]),
        ("union", [0, 2, 4, 5, 8]),
        ("intersection", [0, 4]),
        (3, [0, 4, 8]),
        (1, [0]),
        ([8, 3, 3, -1], [-1, 3, 8]),
        (np.array([0.5, 2.5]), [0.5, 2.5]),
        ([], []),
    ],
)
def test_the_grid_can_be_chosen(root: Path, grid: Any, expected: list[float]) -> None:
    found = group(root, ([0, 2, 4], [0.0, 2.0, 4.0]), ([0, 4, 5, 8], [0.0, 4.0, 5.0, 8.0])).history("loss", grid=grid)
    assert found.x.tolist() == expected
    for values in found.values:  # both curves are y = x
        known = ~np.isnan(values)
        np.testing.assert_allclose(values[known], found.x[known], rtol=1e-15)


@pytest.mark.parametrize("grid", ["all", 0, -3, True, 2.5, [[1, 2]], ["a"], [math.nan], [math.inf], [1, [2]], object()])
def test_a_grid_that_cannot_be_used_is_refused(root: Path, grid: Any) -> None:
    with pytest.raises(BadValueError, match="grid"):
        group(root, ([0, 1], [0.0, 1.0])).history("loss", grid=grid)


def test_nan_is_no_value_and_no_line_leads_to_it(root: Path) -> None:
    found = group(root, ([0, 2, 4], [1.0, math.nan, 3.0]), ([0, 1, 2, 3, 4], [1.0, 1.0, 1.0, 1.0, 1.0])).history("loss")
    np.testing.assert_array_equal(found.values[0], [1.0, np.nan, np.nan, np.nan, 3.0])
    assert found.n.tolist() == [2, 1, 1, 1, 2]


def test_infinities_are_kept_and_warn_of_nothing(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = group(root, ([0, 2], [math.inf, 1.0]), ([0, 1, 2], [1.0, 2.0, math.nan])).history("loss")
        assert found.mean[0] == math.inf
        assert found.max[0] == math.inf
        assert math.isnan(found.std[0])
        assert found.mean[2] == 1.0


def test_runs_without_the_metric_are_named(root: Path) -> None:
    found = group(root, ([0], [1.0]), ([0], [2.0]))
    record(root, "other", metrics={"acc": [1.0]})
    (every,) = epochal.runs(root, sort="id").group_by("project").values()
    assert every.history("loss").missing == ("other",)
    with pytest.raises(BadValueError, match="there is no metric 'los': did you mean 'loss'"):
        every.history("los")
    with pytest.raises(BadValueError, match="epoch"):
        found.history("loss", x="epoch")
    shutil.rmtree(root / "digits" / "run1")
    assert every.history("loss").runs == ("run0",)


def test_of_points_that_share_a_place_the_latest_counts(root: Path) -> None:
    for name in ("a", "b"):
        with epochal.init("p", name=name, dir=root) as run:
            for step in range(6):
                run.log({"epoch": step // 2, "loss": float(step)}, step=step)
    (found,) = epochal.runs(root).group_by("project").values()
    history = found.history("loss", x="epoch")
    assert history.axis == "epoch"
    assert history.x.tolist() == [0, 1, 2]
    assert history.mean.tolist() == [1.0, 3.0, 5.0]


def test_the_statistics_are_those_of_numpy() -> None:
    chance = np.random.default_rng(1)
    values = chance.normal(size=(7, 50))
    values[chance.random(values.shape) < 0.3] = np.nan
    values[:, 0] = np.nan
    found = GroupHistory("loss", "step", np.arange(50), values, tuple("abcdefg"), ())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_allclose(found.mean, np.nanmean(values, axis=0), rtol=1e-13)
        expected = np.nanstd(values, axis=0, ddof=1)
        expected[found.n < 2] = np.nan
        np.testing.assert_allclose(found.std, expected, rtol=1e-13)
        np.testing.assert_array_equal(found.min, np.nanmin(values, axis=0))
        np.testing.assert_array_equal(found.max, np.nanmax(values, axis=0))
    np.testing.assert_allclose(found.sem, expected / np.sqrt(np.maximum(found.n, 1)), rtol=1e-13)
    assert found.n[0] == 0


@settings(deadline=None)
@given(
    xs=arrays.arrays(np.int64, st.integers(0, 20), elements=st.integers(-1000, 1000), unique=True),
    places=arrays.arrays(np.float64, 15, elements=st.floats(-1100, 1100)),
    data=st.data(),
)
def test_lines_are_those_of_numpy_within_and_nothing_outside(xs: Any, places: Any, data: st.DataObject) -> None:
    xs.sort()
    ys = np.array([data.draw(VALUES) for _ in xs], dtype=np.float64)
    found = at_places(xs, ys, places)
    for place, value in zip(places, found, strict=True):
        if not len(xs) or not xs[0] <= place <= xs[-1]:
            assert math.isnan(value)
        elif place in xs:
            np.testing.assert_equal(value, ys[list(xs).index(place)])
        else:
            high = int(np.searchsorted(xs, place))
            ends = ys[high - 1], ys[high]
            if np.isnan(ends).any():
                assert math.isnan(value)
            else:
                slack = 1e-9 * max(map(abs, ends))
                assert min(ends) - slack <= value <= max(ends) + slack
                assert value == pytest.approx(np.interp(place, xs[high - 1 : high + 1], ends), rel=1e-9, abs=1e-9)


def test_a_constant_stays_constant_and_large_numbers_do_not_overflow() -> None:
    xs, places = np.array([0, 3]), np.linspace(0, 3, 17)
    assert set(at_places(xs, np.array([0.1, 0.1]), places)) == {0.1}
    found = at_places(xs, np.array([-1.5e308, 1.5e308]), places)
    assert np.isfinite(found).all()
    edge = np.array([-(2**63), 2**63 - 1])
    assert at_places(edge, np.array([0.0, 1.0]), np.array([0])).tolist() == [0.5]


def test_a_union_that_memory_would_not_hold_is_refused_with_the_way_out(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("epochal.group_history.MOST_VALUES", 7)
    one = group(root, ([0, 2, 4], [0.0] * 3), ([1, 3, 5], [0.0] * 3))
    with pytest.raises(BadValueError, match="2 runs have values at 6 different places: give grid=1000"):
        one.history("loss")
    assert len(one.history("loss", grid=4)) == 4


def test_a_hundred_runs_of_ten_thousand_points(root: Path) -> None:
    steps = np.arange(10_000)
    chance = np.random.default_rng(0)
    curves = [(steps[at % 2 :: 2], chance.random(5000)) for at in range(100)]
    values = np.stack([at_places(xs, ys, steps) for xs, ys in curves])
    found = GroupHistory("loss", "step", steps, values, tuple(map(str, range(100))), ())
    assert found.n[5] == 100
    np.testing.assert_allclose(found.mean[5], np.mean([*values[:, 5]]))
    assert repr(found) == "<GroupHistory of 'loss': 100 runs at 10,000 places of 'step'>"


def test_it_becomes_a_data_frame(root: Path) -> None:
    need("pandas")
    frame = group(root, ([0, 1], [1.0, 2.0]), ([0, 1], [3.0, 4.0])).history("loss").to_pandas()
    assert list(frame.columns) == ["mean", "std", "sem", "min", "max", "n", "run0", "run1"]
    assert frame.index.name == "step"
    assert frame["mean"].tolist() == [2.0, 3.0]
