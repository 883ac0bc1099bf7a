"""How values look in the terminal."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.cli import text
from epochal.json_values import json_safe


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (123456789012, "123456789012"),
        (2**70, "1.180e21"),
        (-(10**30), "-1.000e30"),
        (True, "True"),
        (0.1, "0.1"),
        (0.123456, "0.1235"),
        (1234.5, "1234"),
        (123456.7, "123457"),
        (12345678.9, "1.235e7"),
        (1e-5, "1e-5"),
        (1.23456e-300, "1.235e-300"),
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (1.0, "1"),
    ],
)
def test_numbers_keep_about_four_digits(value: float, words: str) -> None:
    assert text.number(value) == words


@given(st.one_of(st.floats(), st.integers(), st.integers(-(10**5000), 10**5000)))
def test_every_number_has_a_short_text(value: float) -> None:
    assert len(text.number(value)) <= 40


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"), (math.nan, "–"), (0.04, "40ms"), (9.94, "9.9s"), (59.4, "59s"), (192, "3m12s"), (7500, "2h05m"),
        (100_000, "1d03h"), (-5, "-5.0s"), (0, "0ms"), (0.9996, "1.0s"), (59.9, "1m00s"),
    ],
)  # fmt: skip
def test_spans_are_short(seconds: float | None, words: str) -> None:
    assert text.span(seconds) == words


@pytest.mark.parametrize(
    ("passed", "words"), [(-100, "just now"), (3, "just now"), (50, "50s ago"), (720, "12m ago"), (3 * 86400, "3d ago")]
)
def test_moments_are_told_from_now(passed: float, words: str) -> None:
    assert text.since(1e9, now=1e9 + passed) == words
    assert text.since(1e9, now=2e9).startswith("2001-09-0")
    assert text.since(None) == "–"


def test_times_beyond_any_calendar_are_numbers() -> None:
    assert text.clock(1e300) == "1e300"
    assert text.clock(None) == "–"


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (999, "999 B"), (3400, "3.4 kB"), (2_500_000_000, "2.5 GB")])
def test_sizes_have_units(count: int, words: str) -> None:
    assert text.size(count) == words


@given(st.text())
def test_shown_text_is_one_printable_line(value: str) -> None:
    words = text.shown(value)
    assert "\n" not in words
    assert words.replace("\u200d", "").isprintable()
    assert len(text.shown(value, 10)) <= 10
    if value.isprintable():
        assert words == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        ({"a": [1, 2.5, "x\n"], "b": {}}, "{a: [1, 2.5, x\\n], b: {}}"),
        ("[red]", "[red]"),
        (b"\x00", "b'\\x00'"),
    ],
)
def test_any_value_fits_one_line(value: Any, words: str) -> None:
    assert text.value(value) == words


def test_json_holds_what_json_cannot() -> None:
    assert json_safe({"a": [math.nan, math.inf, -math.inf, 1.5], 3: b"\x01", "t": (1, True, None)}) == {
        "a": ["NaN", "Infinity", "-Infinity", 1.5],
        "3": "01",
        "t": [1, True, None],
    }
