"""What matters for a result is found, what does not is not, and little data is said to be little."""

from __future__ import annotations

import builtins
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.catalog_entry import Entry
from epochal.errors import BadValueError
from epochal_server.importance import category_correlation, importance, rank_correlation
from tests.needs import need


def entries_of(configs: Sequence[dict[str, Any]], results: Sequence[Any], metric: str = "val/acc") -> list[Entry]:
    return [
        Entry(
            "f", f"r{number}", "p", f"r{number}", "finished", _details={"config": config, "summary": {metric: result}}
        )
        for number, (config, result) in enumerate(zip(configs, results, strict=True))
    ]


def plain_ranks(values: Sequence[float]) -> list[float]:
    return [
        sum(other < value for other in values) + (sum(other == value for other in values) + 1) / 2 for value in values
    ]


@given(st.lists(st.tuples(st.integers(-5, 5), st.floats(-1e9, 1e9)), min_size=2, max_size=40))
def test_rank_correlation_is_pearsons_of_plain_ranks(pairs: list[tuple[int, float]]) -> None:
    one, other = (plain_ranks(column) for column in zip(*pairs, strict=True))
    found = rank_correlation(np.array([pair[0] for pair in pairs], float), np.array([pair[1] for pair in pairs]))
    if len(set(one)) < 2 or len(set(other)) < 2:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(one, other)[0, 1], abs=1e-12)


def test_rank_correlation_sees_any_monotonic_law() -> None:
    x = np.array([1e-5, 1e-4, 1e-3, 1e-2, np.inf])
    assert rank_correlation(x, np.exp(-np.arange(5.0))) == pytest.approx(-1.0)


def test_a_category_explains_what_differs_between_its_values() -> None:
    ranks = np.arange(1.0, 13.0)
    assert category_correlation(["a"] * 6 + ["b"] * 6, ranks) == pytest.approx(0.85, abs=0.05)
    assert category_correlation(["a", "b"] * 6, ranks) < 0.1
    assert category_correlation([f"run {number}" for number in range(12)], ranks) is None  # each has its own
    assert category_correlation(["a"] * 12, ranks) is None
    assert category_correlation(["a", "a", "b"], np.full(3, 2.0)) is None


def study(count: int = 80) -> list[Entry]:
    random = np.random.default_rng(1)
    configs, results = [], []
    for number in range(count):
        lr, name = 10 ** random.uniform(-5, -1), ["adam", "sgd", "lion"][number % 3]
        configs.append({
            "lr": lr, "optimizer": {"name": name}, "noise": random.random(), "seed": number, "same": 3,
            "amp": bool(random.integers(2)), "run_name": f"run {number}", "layers": [1, 2],
        })  # fmt: skip
        results.append(-((math.log10(lr) + 5) ** 2) + 3 * (name == "adam") + random.normal(0, 0.1))
    return entries_of(configs, results)


def test_what_matters_comes_first_with_a_forest() -> None:
    need("sklearn")
    answer = importance(study(), "val/acc")
    rows = {row["column"]: row for row in answer["rows"]}
    assert answer["rows"][0]["column"] == "config.lr"
    assert rows["config.lr"]["rank_correlation"] < -0.8
    assert rows["config.lr"]["kind"] == "number"
    assert rows["config.optimizer.name"]["kind"] == "category"
    assert (rows["config.optimizer.name"]["values"], rows["config.optimizer.name"]["n"]) == (3, 80)
    assert rows["config.run_name"]["rank_correlation"] is None
    assert abs(rows["config.noise"]["rank_correlation"]) < 0.3
    assert rows["config.lr"]["forest"] > 0.5 > rows["config.noise"]["forest"]
    assert sum(row["forest"] for row in answer["rows"]) == pytest.approx(1.0)
    assert answer["constant"] == ["config.layers", "config.same"]
    assert answer["forest"]["score"] > 0.5
    assert answer["note"] == "80 runs have val/acc."
    assert importance(study(), "val/acc") == answer  # the same each time


def test_without_scikit_learn_there_are_rank_correlations(monkeypatch: pytest.MonkeyPatch) -> None:
    plain_import = builtins.__import__

    def refusing(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("sklearn"):
            raise ImportError(name)
        return plain_import(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", refusing)
    answer = importance(study(), "val/acc")
    assert answer["rows"][0]["column"] == "config.lr"
    assert "forest" not in answer["rows"][0]
    assert answer["forest"] is None
    assert "scikit-learn is installed" in answer["note"]


def test_settings_that_mean_nothing_are_told_by_the_forest() -> None:
    need("sklearn")
    random = np.random.default_rng(2)
    configs = [{"a": random.random(), "b": random.random()} for _ in range(40)]
    answer = importance(entries_of(configs, random.random(40).tolist()), "val/acc")
    assert "do not trust" in answer["note"]
    assert all(abs(row["rank_correlation"]) < 2 * row["chance"] for row in answer["rows"])


def test_few_runs_are_explained() -> None:
    few = entries_of([{"lr": number} for number in range(3)], [1.0, 2.0, 3.0])
    assert importance(few, "val/acc")["rows"] == []
    assert "Only 3 of these runs have val/acc" in importance(few, "val/acc")["note"]
    assert "Only 0 of these runs" in importance([], "val/acc")["note"]
    some = entries_of([{"lr": number} for number in range(6)], [1.0, 2.0, 3.0, 5.0, 4.0, 6.0])
    answer = importance(some, "val/acc")
    assert answer["rows"][0]["rank_correlation"] > 0.9
    assert answer["forest"] is None
    assert "much of this is chance" in answer["note"]
    assert "needs 8 runs" in answer["note"]


def test_settings_and_results_that_do_not_differ_are_explained() -> None:
    same = entries_of([{"lr": 1}] * 6, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert "do not differ" in importance(same, "val/acc")["note"]
    assert importance(same, "val/acc")["constant"] == ["config.lr"]
    equal = entries_of([{"lr": number} for number in range(6)], [1.0] * 6)
    assert "the same val/acc" in importance(equal, "val/acc")["note"]


def test_values_of_every_kind_and_missing_ones() -> None:
    values = [1, 2.5, None, math.nan, math.inf, -math.inf, True, 10**400, 3, 4]
    configs = [
        {"a": value, "b": value if number % 2 else "word", "c": [number % 2]} for number, value in enumerate(values)
    ]
    del configs[2]["a"]
    results: list[Any] = [1.0, 2.0, 3.0, 4.0, math.inf, -math.inf, math.nan, 8.0, "text", 10]
    answer = importance(entries_of(configs, results), "val/acc")
    rows = {row["column"]: row for row in answer["rows"]}
    assert answer["runs"] == 8
    assert "2 without a number" in answer["note"]
    assert (rows["config.a"]["kind"], rows["config.a"]["n"]) == ("number", 6)
    assert rows["config.b"]["kind"] == rows["config.c"]["kind"] == "category"
    for row in answer["rows"]:
        assert row["rank_correlation"] is None or -1 <= row["rank_correlation"] <= 1


def test_chosen_columns_and_columns_that_are_none() -> None:
    answer = importance(study(), "val/acc", ["config.lr", "config.nothing", "project"])
    assert [row["column"] for row in answer["rows"]] == ["config.lr"]
    assert answer["constant"] == ["config.nothing", "project"]
    with pytest.raises(BadValueError, match="no column"):
        importance(study(), "val/acc", ["nothing"])
