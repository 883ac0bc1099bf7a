"""Which settings matter for a result: rank correlation of each, and a small random forest over all of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from epochal.catalog_entry import Entry, flat
from epochal.journal.points import Floats

from .curves_groups import plain, value_of

#: With fewer runs nothing can be said, with fewer than these little.
LEAST_RUNS: Final = 4
FEW_RUNS: Final = 20
#: What a forest is grown from, at most: runs beyond are left out by lot, columns by their rank correlation.
_FOREST_RUNS: Final = 2000
_FOREST_COLUMNS: Final = 100
_TREES: Final = 100
#: Values of a setting that a forest tells apart, the most frequent first.
_CATEGORIES: Final = 20


class Setting(NamedTuple):
    """One column over runs.

    Attributes:
        column: its name.
        numbers: a float for each run, NaN where it has none; None where the setting is no number.
        words: a text for each run, None where it has none.
    """

    column: str
    numbers: Floats | None
    words: list[str | None]


def importance(entries: Sequence[Entry], metric: str, columns: Sequence[str] | None = None) -> dict[str, Any]:
    """Return how much each setting has to do with a result.

    Args:
        entries: the runs.
        metric: a name of the summary.
        columns: which columns to look at; by default every setting of the configs.

    Returns:
        `rows` (column, kind, values, n, rank_correlation, chance and, where a forest could be grown, forest), the
        strongest first; `constant` columns, in which the runs do not differ; `runs` that were used; `forest` with its
        score; a `note` in words.

    Raises:
        BadValueError: there is no such column.
    """
    results = np.array([_number(entry.summary.get(metric)) for entry in entries], np.float64)
    known = ~np.isnan(results)
    used = [entry for entry, there in zip(entries, known, strict=True) if there]
    ranks = _ranks(results[known])
    settings = [setting_of(used, column) for column in (_columns(used) if columns is None else columns)]
    constant = [setting.column for setting in settings if len(set(setting.words)) < 2]
    settings = [setting for setting in settings if len(set(setting.words)) >= 2]
    answer: dict[str, Any] = {"rows": [], "constant": constant, "runs": len(used), "forest": None}
    lost = len(entries) - len(used)
    if len(used) < LEAST_RUNS or not settings or len(set(ranks.tolist())) < 2:
        return {**answer, "note": _why_nothing(metric, len(used), lost, bool(settings))}
    rows = [_row(setting, ranks) for setting in settings]
    shares, score, why = _forest(settings, rows, ranks)
    for row in rows:
        if row["column"] in shares:
            row["forest"] = shares[row["column"]]
    rows.sort(key=lambda row: (-row.get("forest", 0.0), -abs(row["rank_correlation"] or 0.0), row["column"]))
    if score is not None:
        answer["forest"] = {"score": score, "runs": min(len(used), _FOREST_RUNS), "trees": _TREES}
    return {**answer, "rows": rows, "note": _note(metric, len(used), lost, score, why)}


def setting_of(entries: Sequence[Entry], column: str) -> Setting:
    """Return one column of runs: numbers and truth values as numbers, everything else as words."""
    values = [value_of(entry, column) for entry in entries]
    words = [None if value is None else f"{plain(value)}" for value in values]
    numeric = all(value is None or isinstance(value, (bool, int, float)) for value in values)
    numbers = np.array([math.nan if value is None else _number(value) for value in values]) if numeric else None
    return Setting(column, numbers, words)


def rank_correlation(numbers: Floats, ranks: Floats) -> float | None:
    """Return Spearman's correlation, equal values having equal ranks; None where one of both is constant."""
    return _correlation(_ranks(numbers), _ranks(ranks))


def category_correlation(words: Sequence[str], ranks: Floats) -> float | None:
    """Return how far the ranks of a result follow a setting that is no number: 0 not at all, 1 wholly.

    It is the root of the share of the ranks' variance that lies between the setting's values, less what as many values
    would explain by chance. None where every run has a value of its own: that explains nothing.
    """
    count, values = len(words), list(dict.fromkeys(words))
    if not 2 <= len(values) < count:
        return None
    number = {word: at for at, word in enumerate(values)}
    group = np.array([number[word] for word in words])
    sizes = np.bincount(group)
    means = np.bincount(group, ranks) / sizes
    whole = float(((ranks - ranks.mean()) ** 2).sum())
    if whole == 0.0:
        return None
    within = float(((ranks - means[group]) ** 2).sum())
    return math.sqrt(max(0.0, 1.0 - within / whole * (count - 1) / (count - len(values))))


def _number(value: Any) -> float:
    if isinstance(value, (bool, int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return math.nan


def _columns(entries: Sequence[Entry]) -> list[str]:
    names: dict[str, None] = {}
    for entry in entries:
        names.update(dict.fromkeys(f"config.{name}" for name in flat(entry.config)))
    return sorted(names)


def _ranks(values: Floats) -> Floats:
    """Return the rank of each value from 1 on; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = ((last - counts + 1 + last) / 2.0)[place.reshape(-1)]
    return ranks


def _correlation(one: Floats, other: Floats) -> float | None:
    one, other = one - one.mean(), other - other.mean()
    size = math.sqrt(float((one**2).sum()) * float((other**2).sum()))
    return None if size == 0.0 else max(-1.0, min(1.0, float((one * other).sum()) / size))


def _row(setting: Setting, ranks: Floats) -> dict[str, Any]:
    there = np.array([word is not None for word in setting.words])
    if setting.numbers is not None:
        there &= ~np.isnan(setting.numbers)
        found = rank_correlation(setting.numbers[there], ranks[there]) if there.sum() > 2 else None
    else:
        words = [word for word in setting.words if word is not None]
        found = category_correlation(words, _ranks(ranks[there])) if len(words) > 2 else None
    count = int(there.sum())
    return {
        "column": setting.column,
        "kind": "category" if setting.numbers is None else "number",
        "values": len(set(setting.words) - {None}),
        "n": count,
        "rank_correlation": found,
        # of so many runs, one setting of twenty that means nothing shows a correlation of more than this
        "chance": min(1.0, 1.96 / math.sqrt(count - 1)) if count > 2 else 1.0,
    }


def _forest(
    settings: Sequence[Setting], rows: Sequence[Mapping[str, Any]], ranks: Floats
) -> tuple[dict[str, float], float | None, str]:
    """Return each column's share of what a forest explains, how well it does for runs it has not seen, and why not."""
    if len(ranks) < 2 * LEAST_RUNS:
        return {}, None, f"a random forest needs {2 * LEAST_RUNS} runs or more"
    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError:
        return {}, None, "a random forest is grown where scikit-learn is installed"
    strength = {row["column"]: abs(row["rank_correlation"] or 0.0) for row in rows}
    chosen = sorted(settings, key=lambda setting: -strength[setting.column])[:_FOREST_COLUMNS]
    lot = np.random.default_rng(0).permutation(len(ranks))[:_FOREST_RUNS]
    names: list[str] = []
    features: list[Floats] = []
    for setting in chosen:
        for feature in _features(setting):
            names.append(setting.column)
            features.append(feature[lot])
    grown = RandomForestRegressor(
        n_estimators=_TREES, max_features=max(1, len(features) // 3), min_samples_leaf=2,
        bootstrap=True, oob_score=True, random_state=0, n_jobs=1,
    )  # fmt: skip
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that some runs are in every tree, where there are few
        grown.fit(np.stack(features, axis=1), ranks[lot])
    shares: dict[str, float] = {}
    for name, share in zip(names, grown.feature_importances_.tolist(), strict=True):
        shares[name] = shares.get(name, 0.0) + share
    return shares, float(grown.oob_score_), ""


def _features(setting: Setting) -> list[Floats]:
    """Return a setting as numbers that trees can split: a missing number lies below all others, words are flags."""
    if setting.numbers is not None:
        ranks = _ranks(setting.numbers)  # trees see the order alone, and no infinity; NaN would be last
        return [np.where(np.isnan(setting.numbers), 0.0, ranks)]
    counts: dict[str | None, int] = {}
    for word in setting.words:
        counts[word] = counts.get(word, 0) + 1
    frequent = sorted(counts, key=lambda word: -counts[word])[:_CATEGORIES]
    return [np.array([float(word == each) for word in setting.words]) for each in frequent]


def _why_nothing(metric: str, used: int, lost: int, differ: bool) -> str:
    without = f" {lost} more have no number there." if lost else ""
    if used < LEAST_RUNS:
        return f"Only {used} of these runs have {metric} in their summary: {LEAST_RUNS} are the least.{without}"
    if not differ:
        return f"The {used} runs with {metric} do not differ in their settings.{without}"
    return f"All {used} runs have the same {metric}.{without}"


def _note(metric: str, used: int, lost: int, score: float | None, why: str) -> str:
    parts = [f"{used} runs have {metric}." + (f" {lost} without a number there are left out." if lost else "")]
    if used < FEW_RUNS:
        parts.append(f"With fewer than {FEW_RUNS} runs much of this is chance.")
    if why:
        parts.append(f"{why[0].upper()}{why[1:]}.")
    elif score is not None and score <= 0.0:
        parts.append(
            "The forest predicts runs that it has not seen no better than their mean: do not trust its shares."
        )
    return " ".join(parts)
