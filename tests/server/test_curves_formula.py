"""Formulas are worked out as written, names with slashes are names, and errors point at the place."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochal_server.curves_formula import LONGEST, Formula, FormulaError, parse
from epochal_server.curves_lines import combine

from .curves_made import series

VALUES = {
    "a": np.array([1.0, 2.0, -3.0]), "b": np.array([4.0, 0.5, 2.0]), "train/loss": np.array([5.0, 6.0, 7.0]),
    "val/loss": np.array([1.0, 2.0, 4.0]), "val/loss-2": np.array([0.0, 0.0, 1.0]), "max": np.array([1.0, 1.0, 1.0]),
    "läuft 90%": np.array([3.0, 3.0, 3.0]), "loss": np.array([8.0, 8.0, 8.0]), "1st": np.array([2.0, 2.0, 2.0]),
}  # fmt: skip


def worked_out(text: str) -> list[float]:
    formula = parse(text, VALUES)
    found: list[float] = formula({name: VALUES[name] for name in formula.metrics}).tolist()
    return found


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("a", 1.0),
        ("train/loss - val/loss", 4.0),
        ("train/loss-val/loss", 4.0),
        ("train/loss / val/loss", 5.0),
        ("train/loss/val/loss", 5.0),
        ("train/loss/2", 2.5),
        ("val/loss-2", 0.0),  # the longest name
        ("val/loss -2", -1.0),
        ("1 + 2 * 3 - a", 6.0),
        ("(1 + 2) * 3 - a", 8.0),
        ("2 ** 3 ** 2 * a", 512.0),
        ("-b ** 2", -16.0),
        ("2 ** -a", 0.5),
        ("--a", 1.0),
        ("- - -b", -4.0),
        ("1e-3 * a + .5 + 2.", 2.501),
        ("abs(-b)", 4.0),
        ("log(exp(a))", 1.0),
        ("sqrt(b)", 2.0),
        ("min(a, b, 0)", 0.0),
        ("max(a,b)", 4.0),
        ("max + 1", 2.0),  # a metric of that name, where no parenthesis follows
        ("`läuft 90%` * 2", 6.0),
        ("läuft 90% * 2", 6.0),
        ("`1st` + 1st", 4.0),
        ("10 - 7 - a", 2.0),
        ("8 / 4 / 2 * a", 1.0),
    ],
)
def test_it_is_worked_out_as_written(text: str, first: float) -> None:
    assert worked_out(text)[0] == pytest.approx(first)


@pytest.mark.parametrize(
    ("text", "at", "length", "said"),
    [
        ("", 0, 1, "ends where"),
        ("a +", 3, 1, "ends where"),
        ("a + * b", 4, 1, "not understood"),
        ("a b", 2, 1, "an operator"),
        ("(a + b", 0, 1, "the \\) that belongs"),
        ("a)", 1, 1, "not understood"),
        ("a ^ 2", 2, 1, r"\*\* for powers"),
        ("train/los - a", 0, 9, "did you mean 'train/loss'"),
        ("a - vall/loss", 4, 9, "val/loss"),
        ("loss2", 0, 5, "no metric"),
        ("`nothing` + a", 0, 9, "no metric 'nothing'"),
        ("a + `b", 4, 2, "backtick"),
        ("1 + 2", 0, 5, "names no metric"),
        ("abs(a, b)", 0, 9, "abs takes one"),
        ("min(a)", 0, 6, "two or more"),
        ("abs()", 4, 1, "not understood"),
        ("sin(a)", 0, 3, "no metric 'sin'"),
        ("a.__class__", 0, 11, "no metric"),
        ("a[0]", 1, 1, "not understood"),
        ("a; b", 1, 1, "not understood"),
    ],
)
def test_errors_point_at_the_place(text: str, at: int, length: int, said: str) -> None:
    with pytest.raises(FormulaError, match=said) as caught:
        parse(text, VALUES)
    assert (caught.value.at, caught.value.length) == (at, length)


def test_too_long_and_too_deep_are_refused() -> None:
    with pytest.raises(FormulaError, match="characters"):
        parse("a" * (LONGEST + 1), VALUES)
    for deep in ("(" * 400 + "a", "abs(" * 400 + "a", "a" + "**a" * 400):
        with pytest.raises(FormulaError, match="deep"):
            parse(deep, VALUES)
    assert parse("-" * 1900 + "a", VALUES)({"a": VALUES["a"]})[0] == 1.0
    assert parse("+".join(["a"] * 900), VALUES)({"a": VALUES["a"]})[0] == 900.0


def test_what_is_no_number_is_nan_without_a_warning() -> None:
    assert math.isinf(worked_out("1 / (a - a)")[0])
    assert math.isnan(worked_out("log(0 - b)")[0])
    assert math.isnan(worked_out("sqrt(a)")[2])


expressions = st.recursive(
    st.sampled_from(["a", "b", "1.5", "2", "train/loss"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda part: f"-({part})"),
        inner.map(lambda part: f"abs({part})"),
        st.tuples(inner, inner).map(lambda parts: f"max({parts[0]}, {parts[1]})"),
        inner.map(lambda part: f"({part}) ** 2"),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(expressions)
def test_it_equals_python(text: str) -> None:
    names: dict[str, Any] = {
        "abs": np.abs, "max": np.maximum, "a": VALUES["a"], "b": VALUES["b"], "tl": VALUES["train/loss"],
    }  # fmt: skip
    # Python's own numbers would raise where NumPy's are NaN or infinite
    numbers = re.compile(r"1\.5|2")
    with np.errstate(all="ignore"):
        wanted = eval(numbers.sub(r"f(\g<0>)", text.replace("train/loss", "tl")), {"f": np.float64, **names})
    if not re.search(r"\b(a|b|train/loss)\b", text):
        with pytest.raises(FormulaError, match="names no metric"):
            worked_out(text)
        return
    found = worked_out(text)
    np.testing.assert_array_equal(found, np.broadcast_to(wanted, 3))


@settings(max_examples=300, deadline=None)
@given(st.text("ab/+-*()` 1.,^lossmaxin\n\té", max_size=30))
def test_whatever_is_typed_is_understood_or_refused_with_a_place(text: str) -> None:
    error = refused(text)
    if error is not None:
        assert 0 <= error.at <= len(text)
        assert error.length >= 1
        assert str(error)


def refused(text: str) -> FormulaError | None:
    try:
        parse(text, VALUES)
    except FormulaError as error:
        return error
    return None


def formula_of(text: str, *names: str) -> Formula:
    return parse(text, names)


def test_metrics_of_the_same_steps_are_taken_as_they_are() -> None:
    found = combine(formula_of("a-b", "a", "b"), {"a": series([5, 6]), "b": series([1, 2])}, "step")
    assert found.values.tolist() == [4.0, 4.0]
    assert found.joined is None
    assert found.x is found.steps


def test_metrics_meet_at_the_steps_that_all_of_them_have() -> None:
    train = series(np.arange(100.0).tolist())
    val = series([1.0, 2.0, 3.0], [10, 50, 200])
    found = combine(formula_of("train - val", "train", "val"), {"train": train, "val": val}, "step")
    assert found.steps.tolist() == [10, 50]
    assert found.values.tolist() == [9.0, 48.0]
    assert found.joined == "same steps"


def test_metrics_without_a_common_step_meet_at_the_latest_value_of_each() -> None:
    train = series([1.0, 2.0, 3.0, 4.0], [10, 20, 30, 40])
    val = series([0.1, 0.2, 0.3], [9, 29, 39])
    found = combine(formula_of("train - val", "train", "val"), {"train": train, "val": val}, "step")
    assert found.joined == "latest"
    assert found.steps.tolist() == [29, 39]  # before 10 there is no train
    assert found.values == pytest.approx([1.8, 2.7])


def test_a_metric_without_points_gives_a_formula_without_points() -> None:
    found = combine(formula_of("a - b", "a", "b"), {"a": series([]), "b": series([1.0])}, "step")
    assert len(found) == 0


def test_the_place_on_other_axes_is_that_of_the_later_one() -> None:
    one = series([1.0, 2.0], [1, 2], x=np.array([0.5, 1.5]))
    other = series([1.0, 2.0], [1, 2], x=np.array([0.7, 1.2]))
    found = combine(formula_of("a + b", "a", "b"), {"a": one, "b": other}, "relative")
    assert found.x.tolist() == [0.7, 1.5]
    assert combine(formula_of("a + b", "a", "b"), {"a": one, "b": other}, "metric:epoch").x.tolist() == [0.5, 1.5]
