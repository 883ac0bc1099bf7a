"""Files are cut out of messages and put back: the message is the same to the byte, whatever stands in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.errors import BadValueError
from epochal_tensorboard._skeleton import cut, whole

#: Few letters, so that files are found in messages, overlap, and are the beginnings of one another.
few = st.binary(max_size=40).map(lambda data: bytes(byte % 2 for byte in data))
pieces = st.lists(few, max_size=6)


@given(message=few, files=pieces)
def test_what_was_cut_is_put_back(message: bytes, files: list[bytes]) -> None:
    rest, cuts = cut(message, files)
    assert whole(rest, cuts, files.__getitem__) == message
    assert len(rest) == len(message) - sum(len(files[which]) for _, which in cuts)
    assert [at for at, _ in cuts] == sorted(at for at, _ in cuts)


@given(files=pieces, order=st.lists(st.integers(0, 5), max_size=8), between=st.lists(st.just(b"\xff"), max_size=8))
def test_what_stands_alone_is_cut_wherever_it_stands(
    files: list[bytes], order: list[int], between: list[bytes]
) -> None:
    found = [files[at] for at in order if at < len(files) and files[at]]
    message = b"\xff".join([*between, *found])
    rest, _ = cut(message, files)
    assert set(rest) <= {0xFF}


def test_of_two_files_that_begin_alike_the_longer_is_cut() -> None:
    rest, cuts = cut(b"<abcabc>abc", [b"abc", b"abcabc", b""])
    assert (rest, cuts) == (b"<>", [(1, 1), (8, 0)])


def test_files_longer_than_the_search_for_their_beginning_are_told_apart() -> None:
    head = bytes(range(64))
    files = [head + b"first" * 9, head + b"second" * 9]
    rest, cuts = cut(b"(" + files[1] + files[0] + head + b")", files)
    assert rest == b"(" + head + b")"
    assert [which for _, which in cuts] == [1, 0]


def test_a_message_without_files_is_given_back_itself() -> None:
    message = b"message"
    assert cut(message, [b"no", b""]) == (message, [])
    assert whole(message, [], lambda _: b"") == message


@given(rest=few, cuts=st.lists(st.tuples(st.integers(-5, 60), few), max_size=4))
def test_places_of_a_damaged_record_are_told_from_sound_ones(rest: bytes, cuts: list[tuple[int, bytes]]) -> None:
    try:
        message = whole(rest, cuts, lambda file: file)
    except BadValueError:
        return
    assert len(message) == len(rest) + sum(len(file) for _, file in cuts)
    assert all(message.startswith(file, at) for at, file in cuts)


def test_a_place_behind_the_end_is_refused() -> None:
    with pytest.raises(BadValueError, match="cannot stand at 9"):
        whole(b"rest", [(9, b"file")], lambda file: file)
