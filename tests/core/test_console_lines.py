"""What is printed becomes lines as a terminal would leave them; of a progress bar its last state."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.console.lines import LONGEST, Folding, Piece
from tests.needs import need


def folded(*texts: str) -> list[str]:
    """Return the lines of what was printed in these writes, those that have not ended too."""
    folding = Folding()
    done = [piece for text in texts for piece in folding.feed(text)]
    return [piece.text for piece in done] + folding.rows()


@pytest.mark.parametrize(
    ("printed", "lines"),
    [
        (["one\ntwo\n"], ["one", "two"]),
        (["o", "ne", "\n", "two"], ["one", "two"]),
        (["\n\n"], ["", ""]),
        (["windows\r\nlines\r\n"], ["windows", "lines"]),
        (["\r10%", "\r20%", "\r100%", "\n"], ["100%"]),
        (["10%\r20%\r", "30%\n"], ["30%"]),
        (["\r100%\r    \r", "next\n"], ["next"]),
        (["\x1b[31mred\x1b[0m\n"], ["\x1b[31mred\x1b[0m"]),
        (["\x1b[2K\r5%\x1b[K\r\x1b[K6%\n"], ["6%"]),
        (["spin |", "\b/", "\b-\n"], ["spin -"]),
        (["\b\b\b\r1/2", "\b\b\b\r2/2", "\n"], ["2/2"]),  # as Keras draws
        (["a\n\x1b[1", "A\rb\n", "c\n"], ["a", "b", "c"]),  # a sequence in two writes; line 1 was handed out before
        (["\x1b[?25lhidden cursor\x1b[?25h\n"], ["hidden cursor"]),
        (["\x1b[999999A\x1b[Z\x1b[3;9Hodd\n"], ["odd"]),
    ],
)
def test_lines_are_what_a_terminal_shows(printed: list[str], lines: list[str]) -> None:
    assert folded(*printed) == lines


def test_bars_that_are_drawn_above_one_another_leave_their_last_states() -> None:
    outer, down, up = "\router {}", "\n", "\x1b[A"
    printed = [outer.format(0)]
    for epoch in range(1, 4):
        for batch in range(5):
            printed += [down, f"\rinner {batch}", up]
        printed += [down, "\r          ", "\r", up, outer.format(epoch)]
    printed += ["\n", "done\n"]
    assert folded(*printed) == ["outer 0", "outer 3", "done"]


def test_blocks_that_are_drawn_again_leave_their_last_state() -> None:
    frames = ["first 1\nsecond 1\n"]
    frames += [f"\x1b[1A\x1b[2K\x1b[1A\x1b[2K\rfirst {n}\nsecond {n}\n" for n in range(2, 50)]
    # the first frame had ended before anybody could know that it will be drawn again
    assert folded(*frames, "after\n") == ["first 1", "second 1", "first 49", "second 49", "after"]


def test_a_long_line_comes_in_pieces_that_are_cut_between_words() -> None:
    text = "word " * LONGEST
    pieces = Folding().feed(text + "\n")
    assert "".join(piece.text for piece in pieces) == text
    assert all(len(piece.text) <= LONGEST for piece in pieces)
    assert [piece.whole for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert all(piece.text.endswith(" ") for piece in pieces[:-1])
    assert Folding().feed("x" * (2 * LONGEST + 1)) == [Piece("x" * LONGEST, whole=False)] * 2


@given(st.text(st.characters(exclude_characters="\r\b\x1b")), st.data())
def test_plain_text_is_kept_however_it_was_written(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    whole = folded(text)
    assert folded(text[:cut], text[cut:]) == whole
    assert whole[: text.count("\n")] == text.split("\n")[:-1]


@given(
    st.lists(
        st.sampled_from(["a", "b ", "\n", "\r", "\b", "\x1b", "[", "A", "2K", "3", "J", "B", "m", "E", "G", "\x1bM"])
    )
)
def test_anything_can_be_printed_and_little_is_held_back(printed: list[str]) -> None:
    folding = Folding()
    for text in printed:
        folding.feed(text)
        assert len(folding._rows) <= 200
    text = "".join(printed)
    assert folded(text) == folded(*printed)


def test_real_bars_of_tqdm_leave_few_lines() -> None:
    tqdm = need("tqdm").tqdm
    printed: list[str] = []

    class Writes(io.StringIO):
        def write(self, text: str) -> int:
            printed.append(text)
            return len(text)

    for epoch in tqdm(range(3), desc="outer", file=Writes(), mininterval=0):
        for _ in tqdm(range(100), desc="inner", leave=False, file=Writes(), mininterval=0):
            pass
        tqdm.write(f"epoch {epoch}", file=Writes())
    printed.append("done\n")
    lines = folded(*printed)
    assert [line for line in lines if "%" not in line] == ["epoch 0", "epoch 1", "epoch 2", "done"]
    assert "100%" in lines[-2]
    assert len(lines) < 12
    assert len(printed) > 300
