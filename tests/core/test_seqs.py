"""A set of seqs is what a set is, whatever the order in which they come."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.sinks.seqs import Seqs

SEQS = st.lists(st.integers(1, 40))


@given(SEQS)
def test_it_holds_what_was_put_in_and_nothing_else(given: list[int]) -> None:
    seqs = Seqs()
    for seq in given:
        seqs.add(seq)
    assert [seq for seq in range(1, 50) if seq in seqs] == sorted(set(given))
    missing = [seq for first, last in seqs.gaps() for seq in range(first, last + 1)]
    assert missing == sorted(set(range(1, max(given, default=0))) - set(given))
    assert seqs.greatest == max(given, default=0)


@given(SEQS, st.integers(0, 45))
def test_it_survives_json_and_the_closing_of_gaps(given: list[int], until: int) -> None:
    seqs = Seqs()
    for seq in given:
        seqs.add(seq)
    again = Seqs.of(json.loads(json.dumps(seqs.plain())))
    assert again.plain() == seqs.plain()
    again.close_gaps(until)
    assert [seq for seq in range(1, 50) if seq in again] == sorted({*given, *range(1, until + 1)})


@pytest.mark.parametrize(
    "plain",
    [
        None,
        {},
        {"low": "x", "above": []},
        {"low": 3, "above": [[9, 8]]},
        {"low": 3, "above": [[1, 2]]},
        {"low": -1, "above": []},
    ],
)
def test_what_is_no_such_set_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match="no set of seqs"):
        Seqs.of(plain)
