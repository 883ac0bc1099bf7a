"""What a person logs becomes plain numbers and text."""

from __future__ import annotations

import decimal
import enum
import fractions
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.values import Converters, Unusable, plain_metrics, plain_step


class Colour(enum.IntEnum):
    """An integer with a name."""

    RED = 3


class Celsius:
    """Something that knows its number."""

    def __init__(self, degrees: float) -> None:
        self.degrees = degrees

    def __float__(self) -> float:
        return self.degrees


class Broken:
    """Something whose number fails."""

    def __float__(self) -> float:
        raise ZeroDivisionError("no number today")


KEPT: list[tuple[Any, Any]] = [
    (1.5, 1.5),
    (7, 7),
    (True, True),
    ("text", "text"),
    (2**60 + 1, 2**60 + 1),
    (-(2**63), -(2**63)),
    (Colour.RED, 3),
    (decimal.Decimal("1.25"), 1.25),
    (fractions.Fraction(1, 4), 0.25),
    (Celsius(21.0), 21.0),
    (np.float16(0.5), 0.5),
    (np.float32(0.25), 0.25),
    (np.float64(0.1), 0.1),
    (np.longdouble(1.5), 1.5),
    (np.bool_(True), True),
    (np.str_("text"), "text"),
    (np.array(3), 3),
    (np.array([3.5]), 3.5),
    (np.array([[True]]), True),
    (np.array(2**62 + 1), 2**62 + 1),
    *((kind(3), 3) for kind in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)),
]


@pytest.mark.parametrize(("value", "expected"), KEPT, ids=lambda value: f"{type(value).__name__}")
def test_a_value_keeps_its_number_and_its_kind(value: Any, expected: Any) -> None:
    values, _, problems = plain_metrics({"x": value}, Converters())

    assert values == {"x": expected}
    assert type(values["x"]) is type(expected)
    assert problems == []


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_float_is_kept_as_it_is(value: float) -> None:
    values, _, problems = plain_metrics({"x": value}, Converters())

    assert values["x"] == value or (math.isnan(value) and math.isnan(values["x"]))  # type: ignore[arg-type]
    assert problems == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros((3, 4)), ["12 values", "(3, 4)", "Histogram"]),
        (np.zeros(0), ["0 values"]),
        ([1, 2], ["list", "Histogram"]),
        (b"bytes", ["bytes"]),
        (1j, ["complex"]),
        (np.complex64(1), ["complex64"]),
        (np.datetime64("2020"), ["datetime64"]),
        (object(), ["object"]),
        (Broken(), ["Broken", "no number today"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_bad_value_costs_its_own_name_and_says_why(value: Any, words: list[str]) -> None:
    values, _, problems = plain_metrics({"bad": value, "good": 1.0}, Converters())

    assert values == {"good": 1.0}
    assert [problem.name for problem in problems] == ["bad"]
    for word in ["'bad'", *words]:
        assert word in problems[0].text


@pytest.mark.parametrize(
    "value", [2**63, -(2**63) - 1, 2**2000, np.uint64(2**64 - 1)], ids=["above", "below", "huge", "uint64"]
)
def test_an_int_beyond_64_bits_becomes_a_float_with_a_warning(value: Any) -> None:
    values, _, problems = plain_metrics({"x": value}, Converters())

    assert values["x"] == (math.inf if value == 2**2000 else float(value))
    assert "does not fit 64 bits" in problems[0].text


def test_a_name_that_comes_twice_by_nesting_keeps_the_last_value_and_says_so() -> None:
    found = plain_metrics({"a/b": 1.0, "a": {"b": 2.0}}, Converters())
    assert found.values == {"a/b": 2.0}
    assert [problem.text for problem in found.problems] == [
        "metric 'a/b' is given twice in one call; the last one was kept"
    ]


def test_nested_mappings_are_joined_and_none_is_skipped() -> None:
    values, _, problems = plain_metrics({"a": {"b": {"c": 1}, 2: 3.0}, "d": None, 5: 6}, Converters())

    assert values == {"a/b/c": 1, "a/2": 3.0, "5": 6}
    assert problems == []


def test_a_mapping_that_holds_itself_is_left_out() -> None:
    endless: dict[str, Any] = {"x": 1.0}
    endless["again"] = endless

    values, _, problems = plain_metrics({"good": 2.0, "endless": endless}, Converters())

    assert values["good"] == 2.0
    assert len(problems) == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_program_passes_through(stop: type[BaseException]) -> None:
    class Stops:
        def __float__(self) -> float:
            raise stop

    with pytest.raises(stop):
        plain_metrics({"x": Stops()}, Converters())


def test_a_registered_converter_is_found_along_the_bases_of_a_type() -> None:
    class Special(Broken):
        pass

    def convert(value: Any) -> Any:
        return np.float32(4.0)

    converters = Converters({f"{Broken.__module__}.{Broken.__qualname__}": convert})

    assert plain_metrics({"x": Special()}, converters)[0] == {"x": 4.0}


@pytest.mark.parametrize("step", [3, 3.0, np.int32(3), np.uint8(3), np.array(3), np.array([3.0]), Colour.RED])
def test_integral_steps_are_taken(step: Any) -> None:
    assert plain_step(step, Converters()) == 3


@pytest.mark.parametrize("step", [3.5, math.nan, math.inf, "3", None, 2**63, [3], np.zeros(2), object()], ids=repr)
def test_other_steps_are_refused_with_a_reason(step: Any) -> None:
    with pytest.raises(Unusable):
        plain_step(step, Converters())
