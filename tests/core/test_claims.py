"""Ranges handed out without a lock."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from epochal.journal.claims import Claims


@given(st.lists(st.integers(1, 1 << 20), max_size=50))
def test_ranges_adjoin_in_the_order_of_the_claims(sizes: list[int]) -> None:
    claims = Claims(64)

    starts = [claims.take(size) for size in sizes]

    assert starts == [64 + sum(sizes[:n]) for n in range(len(sizes))]


def test_ranges_of_threads_never_overlap_and_leave_nothing_between() -> None:
    claims, found = Claims(0), []

    def work(size: int) -> None:
        found.extend((claims.take(size), size) for _ in range(5_000))

    threads = [threading.Thread(target=work, args=(size,)) for size in (1, 7, 64, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    at = 0
    for start, size in sorted(found):
        assert start == at
        at += size


def test_a_hint_that_lags_behind_costs_only_a_walk() -> None:
    claims = Claims(0)
    for _ in range(10):
        claims.take(8)
    claims.end = 0  # what a thread that was interrupted between claim and hint leaves behind

    assert claims.take(8) == 80
