"""Runs in groups: which belong together, and the statistics of their numbers."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import epochal
from epochal.errors import BadValueError, MissingDependencyError, WhereError
from epochal.group_stats import stats
from tests.core.recorded_runs import record
from tests.needs import need

FLOATS = st.floats(-1e150, 1e150) | st.just(math.nan)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def many(root: Path, *configs: dict[str, Any], **summary: list[Any]) -> epochal.Runs:
    for at, config in enumerate(configs):
        values = {name: found[at] for name, found in summary.items() if found[at] is not ...}
        record(root, f"run{at}", config=config, summary=values)
    return epochal.runs(root, sort="id")


# ---- statistics


@settings(deadline=None)
@given(
    st.lists(st.one_of(FLOATS, st.integers(-(2**60), 2**60), st.booleans(), st.none(), st.just("text")), max_size=30)
)
def test_statistics_are_those_of_numpy(values: list[Any]) -> None:
    found = stats(values)
    numbers = [value for value in values if isinstance(value, (int, float))]
    known = np.array([float(value) for value in numbers if value == value], dtype=np.longdouble)
    assert (found.n, found.nan, found.missing) == (
        len(known), len(numbers) - len(known), len(values) - len(numbers),
    )  # fmt: skip
    if not len(known):
        assert all(math.isnan(value) for value in (found.mean, found.std, found.sem, found.min, found.max))
        return
    scale = float(np.abs(known).max()) or 1.0
    assert found.mean == pytest.approx(float(known.mean()), rel=1e-12, abs=1e-14 * scale)
    # integers beyond 2**53 are no float64: the smallest and greatest are told as they are
    assert (float(found.min), float(found.max)) == (float(known.min()), float(known.max()))
    if len(known) < 2:
        assert math.isnan(found.std)
        assert math.isnan(found.sem)
        return
    assert found.std == pytest.approx(float(known.std(ddof=1)), rel=1e-9, abs=1e-14 * scale)
    assert found.sem == pytest.approx(found.std / math.sqrt(len(known)), rel=1e-12)


@pytest.mark.parametrize("values", [[0.5, 0.25, 1.0], [1e-8, 1e8, -3.0, 2.5], [True, False, 3, math.nan], [7]])
def test_statistics_are_those_of_pandas(values: list[Any]) -> None:
    series = need("pandas").Series([float(value) for value in values])
    found = stats(values)
    expected = [getattr(series, name)() for name in ("mean", "std", "sem", "min", "max", "count")]
    np.testing.assert_allclose(found[:6], expected, rtol=1e-12)


def test_numbers_at_the_edge_of_floats_do_not_overflow_on_the_way() -> None:
    assert stats([1e308, 1e308]) == (1e308, 0.0, 0.0, 1e308, 1e308, 2, 0, 0)
    assert stats([5e-324, 5e-324]).mean == 5e-324
    assert stats([1e16, 1.0, -1e16]).mean == pytest.approx(1 / 3)
    assert stats([1.7e308, -1.7e308]).std == math.inf
    spread = stats([2**70, 10**400, 1])
    assert spread.max == 10**400
    assert spread.mean == math.inf
    assert math.isnan(spread.std)


def test_infinities_make_no_spread() -> None:
    found = stats([math.inf, 1.0])
    assert (found.mean, found.max, found.n) == (math.inf, math.inf, 2)
    assert math.isnan(found.std)
    assert math.isnan(stats([math.inf, -math.inf]).mean)


# ---- groups


def test_runs_with_the_same_value_are_a_group_and_those_without_one_too(root: Path) -> None:
    runs = many(
        root, {"model": "a"}, {"model": "b"}, {"model": "a"}, {}, {"model": None}, acc=[0.5, 0.7, 0.9, 1.0, ...]
    )
    groups = runs.group_by("config.model")
    assert {key: [run.id for run in group.runs] for key, group in groups.items()} == {
        "a": ["run0", "run2"],
        "b": ["run1"],
        None: ["run3", "run4"],
    }
    found = groups["a"].stats("acc")
    assert (found.mean, found.min, found.max, found.n) == (0.7, 0.5, 0.9, 2)
    assert found.std == pytest.approx(np.std([0.5, 0.9], ddof=1))
    assert groups[None].stats("acc")[5:] == (1, 0, 1)
    assert "c" not in groups
    with pytest.raises(KeyError):
        groups["c"]


def test_groups_stand_in_the_order_of_their_keys(root: Path) -> None:
    values = [10, "b", 0.5, None, [2], math.nan, "a", 3]
    runs = many(root, *({"x": value} for value in values))
    keys = list(runs.group_by("config.x"))
    assert keys[:6] == [0.5, 3, 10, "a", "b", (2,)]
    assert {str(key) for key in keys[6:]} == {"None", "nan"}


def test_numbers_of_equal_value_are_one_group_booleans_another_nan_one(root: Path) -> None:
    nan = float("nan")
    runs = many(root, *({"x": value} for value in (1, 1.0, True, nan, -nan, 2**70, "1")))
    groups = runs.group_by("config.x")
    assert [group.n for group in (groups[1], groups[True], groups[math.nan], groups[2**70], groups["1"])] == [
        2,
        1,
        2,
        1,
        1,
    ]
    assert len(groups) == 5


def test_lists_and_mappings_can_be_keys(root: Path) -> None:
    values = [[1, [2]], {"b": 1, "a": [2]}, [1, [2.0]], {"a": [2], "b": 1}, [], {}]
    runs = many(root, *({"x": value} for value in values))
    groups = runs.group_by("config.x")
    assert [groups[key].n for key in ([1, [2]], {"a": [2], "b": 1}, [], {})] == [2, 2, 1, 1]
    for key, group in groups.items():
        assert isinstance(hash(key), int)
        assert groups.get(key) is group
    assert groups[[]].fields == {"config.x": []}


def test_several_fields_and_expressions_make_tuples(root: Path) -> None:
    runs = many(root, {"lr": 0.1, "m": "a"}, {"lr": 0.2, "m": "a"}, {"lr": 0.3, "m": "b"})
    groups = runs.group_by("config.m", "config.lr > 0.15")
    assert list(groups) == [("a", False), ("a", True), ("b", True)]
    assert groups["a", True].fields == {"config.m": "a", "config.lr > 0.15": True}
    assert runs.group_by('config["m"], project').fields == ('config["m"]', "project")
    assert repr(groups).splitlines()[1] == "  <Group config.m='a', config.lr > 0.15=False: 1 run>"


def test_statistics_are_had_of_results_settings_and_expressions(root: Path) -> None:
    runs = many(root, {"lr": 0.1, "deep": {"n": 1}}, {"lr": 0.3, "deep": {"n": 3}}, acc=[1, math.nan], note=["x", "y"])
    (group,) = runs.group_by("project").values()
    assert group.config["deep.n"].mean == 2
    assert set(group.summary) == {"acc"}
    assert (group.summary["acc"].mean, group.summary["acc"].nan) == (1, 1)
    assert group.stats("config.lr").mean == pytest.approx(0.2)
    assert group.stats("config.lr * 10").max == pytest.approx(3)
    assert group.stats("note").missing == 2
    assert group.states == {"finished": 2}
    with pytest.raises(BadValueError, match=r"no run of the group has 'ac': did you mean 'acc'"):
        group.stats("ac")
    with pytest.raises(BadValueError, match="no run of the group has '=='"):
        group.stats("==")


def test_what_cannot_be_grouped_by_says_where(root: Path) -> None:
    runs = many(root, {"lr": 1})
    with pytest.raises(BadValueError, match="group_by needs one or more fields"):
        runs.group_by()
    with pytest.raises(WhereError, match="model"):
        runs.group_by("model")
    assert len(epochal.runs(root, where="config.lr == 2").group_by("config.lr")) == 0


def test_unreadable_runs_are_a_group_of_those_without_a_value(root: Path) -> None:
    many(root, {"lr": 1})
    (root / "digits" / "empty" / "journal").mkdir(parents=True)
    groups = epochal.runs(root).group_by("config.lr")
    assert {key: group.states for key, group in groups.items()} == {1: {"finished": 1}, None: {"unreadable": 1}}


def test_groups_become_a_data_frame(root: Path) -> None:
    need("pandas")
    runs = many(root, {"lr": 1}, {"lr": 1}, {"lr": 2}, acc=[1.0, 2.0, 4.0])
    frame = runs.group_by("config.lr").to_pandas()
    assert frame["config.lr"].tolist() == [1, 2]
    assert frame["runs"].tolist() == [2, 1]
    assert frame["acc.mean"].tolist() == [1.5, 4.0]
    assert list(frame.columns) == ["config.lr", "runs"] + [
        f"acc.{s}" for s in ("mean", "std", "sem", "min", "max", "n")
    ]
    assert list(epochal.runs(root, where="config.lr == 9").group_by("config.lr").to_pandas()) == ["config.lr", "runs"]


def test_without_pandas_the_error_says_how_to_get_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match="pip install"):
        many(root, {"lr": 1}).group_by("config.lr").to_pandas()
