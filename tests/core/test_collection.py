"""The collector of garbage is kept still by several threads, and put back as it was."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from epochal.collection import no_collection


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_is_still_until_the_last_one_has_ended() -> None:
    first, second = no_collection(), no_collection()
    first.__enter__()
    second.__enter__()
    assert not gc.isenabled()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_who_had_turned_it_off_finds_it_off() -> None:
    gc.disable()
    with no_collection():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_an_error_ends_it() -> None:
    with pytest.raises(ValueError, match="x"), no_collection():
        raise ValueError("x")
    assert gc.isenabled()


def test_threads_that_come_and_go_leave_it_on() -> None:
    def come_and_go() -> None:
        for _ in range(2000):
            with no_collection():
                assert not gc.isenabled()

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gc.isenabled()
