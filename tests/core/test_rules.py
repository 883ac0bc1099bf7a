"""Rules look at every row, fire once until the metric has recovered, and find the same after a restart."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.rules import NoProgress, NotFinite, Rule, WorseThan, rule_of
from epochal.rules.judge import Finding, Judge
from epochal.rules.states import MOST_ALERTS, State

pytestmark = pytest.mark.usefixtures("no_companion")


@pytest.fixture
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


NAN, INF = math.nan, math.inf


def fired(rule: Rule, values: list[float], **options: Any) -> list[int]:
    """Return at which steps a rule fires."""
    state = State(rule, rule.metric, **options)
    return [step for step, value in enumerate(values) if state.fires(step, value)]


@pytest.mark.parametrize(
    ("rule", "values", "steps"),
    [
        (NotFinite("a"), [1, 2, 3], []),
        (NotFinite("a"), [1, NAN, NAN, INF, 1, -INF, NAN], [1, 5]),
        (NoProgress("a", steps=3), [5, 4, 4, 4, 4, 4, 3, 3, 3, 3], [4, 9]),
        (NoProgress("a", steps=2, goal="max"), [1, 2, 1, 1, 3, 3, 3], [3, 6]),
        (NoProgress("a", steps=2, min_delta=0.5), [5, 4.8, 4.6, 4.4, 4.2], [2]),
        (NoProgress("a", steps=2), [NAN, NAN, NAN, 1, NAN, NAN], [5]),
        (NoProgress("a", steps=2), [NAN] * 5, []),
    ],
)
def test_when_a_rule_fires(rule: Rule, values: list[float], steps: list[int]) -> None:
    assert fired(rule, values) == steps


def test_worse_than_another_run_at_the_same_step() -> None:
    baseline = lambda metric, step: {1: 1.0, 2: 1.0, 3: 0.5, 4: NAN}.get(step)
    values = [9.0, 1.1, 1.0, 0.7, 9.0, 9.0]
    assert fired(WorseThan("a", run="b"), values, baseline=baseline) == [1, 3]
    assert fired(WorseThan("a", run="b", tolerance=0.15), values, baseline=baseline) == [3]
    assert fired(WorseThan("a", run="b", after=2), values, baseline=baseline) == [3]
    assert fired(WorseThan("a", run="b", goal="max"), values, baseline=baseline) == []
    assert fired(WorseThan("a", run="b"), [0, NAN], baseline=baseline) == [1]


def test_a_metric_that_flaps_is_told_of_so_often_and_no_more() -> None:
    steps = fired(NotFinite("a"), [NAN if n % 2 else 0.0 for n in range(1000)])
    assert len(steps) == MOST_ALERTS


@pytest.mark.parametrize("rule", [NotFinite("a"), NoProgress("b*", steps=3), WorseThan("c", run="x", other_metric="d")])
def test_a_rule_survives_its_record(rule: Rule) -> None:
    assert rule_of(rule.settings()) == rule
    assert rule_of(rule) is rule


def judged(run: epochal.Run, known: list[Finding] | None = None) -> tuple[list[Finding], list[str]]:
    """Return what a fresh judge finds in a run, and what it reports."""
    found: list[Finding] = []
    reports: list[str] = []
    judge = Judge(str(run.folder), str(run.folder.parent.parent), 0, tell=found.append, report=reports.append)
    judge._known |= {finding.id for finding in known or ()}
    while judge.look(deep=True):
        pass
    judge.look(deep=True)
    return found, reports


def test_every_row_is_looked_at_whatever_holds_it() -> None:
    with epochal.init("p") as run:
        run.alert_on(NotFinite("loss/*"), NoProgress("acc", steps=100, goal="max"))
        for n in range(1000):
            run.log({"loss/a": NAN if n == 500 else 1.0, "acc": min(n, 700), "i": n}, step=n)
        run.log({"loss/b": INF, "text": "x"}, step=2000)
        run.extend({"loss/c": [0.0, NAN, NAN]}, steps=[1, 2, 3])
    found, reports = judged(run)
    assert [(finding.metric, finding.step) for finding in found] == [
        ("loss/a", 500), ("acc", 800), ("loss/b", 2000), ("loss/c", 2),
    ]  # fmt: skip
    assert reports == []
    assert found[0].fields()["title"] == "loss/a is not finite"
    assert found[1].text == "acc has not been better than 700 for 100 steps, at step 800"


def test_a_rule_that_comes_late_is_put_to_all_rows() -> None:
    with epochal.init("p") as run:
        run.log({"a": NAN}, step=1)
        run.alert_on(NotFinite("a"))
        run.alert_on(NotFinite("a"))
    found, _ = judged(run)
    assert [(finding.metric, finding.step) for finding in found] == [("a", 1)]


def test_a_restart_finds_the_same_and_tells_nothing_twice() -> None:
    with epochal.init("p") as run:
        run.alert_on(NotFinite("a"))
        for n in range(300):
            run.log({"a": NAN if n % 100 == 50 else 0.0}, step=n)
    first, _ = judged(run)
    second, _ = judged(run)
    assert [finding.id for finding in first] == [finding.id for finding in second]
    assert len(first) == 3
    assert judged(run, first) == ([], [])


def test_after_a_rewind_progress_is_measured_anew() -> None:
    with epochal.init("p") as run:
        run.alert_on(NoProgress("a", steps=10))
        for n in range(9):
            run.log({"a": float(n == 0) and -1.0}, step=n)
        run.rewind(5)
        for n in range(5, 14):
            run.log({"a": 5.0}, step=n)
        found, _ = judged(run)
        assert found == []
        run.log({"a": 5.0}, step=15)
        found, _ = judged(run)
    assert [finding.step for finding in found] == [15]


def test_another_run_is_read_from_the_runs_folder_and_one_that_is_not_there_is_told_once() -> None:
    with epochal.init("p", id="baseline") as other:
        for n in range(100):
            other.log({"loss": 1.0 - n / 100}, step=n)
    with epochal.init("p") as run:
        run.alert_on(WorseThan("loss", run="baseline", tolerance=0.1, after=10), WorseThan("loss", run="nobody"))
        for n in range(100):
            run.log({"loss": 1.0 if n < 60 else 0.0}, step=n)
    found, reports = judged(run)
    assert [(finding.metric, finding.step) for finding in found] == [("loss", 11)]
    assert found[0].text == "loss is 1 at step 11, where run baseline had 0.89"
    assert len(reports) == 1
    assert "nobody" in reports[0]


def test_a_rule_in_the_record_that_is_not_understood_is_told_and_stops_nothing(tmp_path: Path) -> None:
    with epochal.init("p") as run:
        run._record("rule", {"kind": "of_the_future", "metric": "a"})
        run.alert_on(NotFinite("a"))
        run.log({"a": NAN}, step=0)
    found, reports = judged(run)
    assert len(found) == 1
    assert "of_the_future" in reports[0]
