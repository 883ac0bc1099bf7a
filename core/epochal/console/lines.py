"""Folds what is printed into lines as a terminal would leave them: of a progress bar only its last state."""

from __future__ import annotations

import re
from collections import deque
from typing import Final, NamedTuple

#: Longer lines are written in pieces of so many characters.
LONGEST: Final = 16384
#: So many rows can be drawn again by moving the cursor up.
_ROWS: Final = 64

#: What moves the cursor or erases; colours (`m`) are text.
_CONTROL: Final = re.compile(r"[\n\r\x08]|\x1b\[([0-9;?]*)([A-Za-ln-z])|\x1bM")
_UNFINISHED: Final = re.compile(r"\x1b(?:\[[0-9;?]{0,16})?\Z")
_COLOURS: Final = re.compile(r"\x1b\[[0-9;:]*m")


class Piece(NamedTuple):
    """A line, or a piece of one.

    Attributes:
        text: without its end.
        whole: False where the line goes on in the next piece.
    """

    text: str
    whole: bool = True


class _Row:
    """A row that may still change."""

    __slots__ = ("kept", "redrawn", "returned", "text")

    def __init__(self, text: str = "", *, kept: str | None = None) -> None:
        self.text = text
        #: What of it was handed out already.
        self.kept = kept
        #: It was drawn over, as progress bars are.
        self.redrawn = kept is not None
        #: The cursor stands at its beginning: what comes now takes the place of what is there.
        self.returned = kept is not None

    @property
    def wanted(self) -> bool:
        """Whether it says something that was not handed out yet."""
        return self.text != self.kept and bool(_COLOURS.sub("", self.text).strip())


class Folding:
    """The end of what one stream has printed: rows that may still change.

    A line that ends is handed out at once. A row that is drawn again (carriage return, erasing) is handed out when it
    ends. Where the cursor has been moved up, so many rows are held back as it went up, until a plain line follows.
    """

    def __init__(self) -> None:
        self._rows = [_Row()]
        self._at = 0
        self._reach = 0
        self._past: deque[str] = deque(maxlen=_ROWS)
        self._carry = ""

    @property
    def pending(self) -> bool:
        """Whether something is held back."""
        return len(self._rows) > 1 or bool(self._rows[0].text)

    def rows(self) -> list[str]:
        """Return the rows that are held back, as they stand now."""
        return [row.text for row in self._rows if row.wanted]

    def feed(self, text: str) -> list[Piece]:
        """Take what was printed and return the lines that ended with it."""
        done: list[Piece] = []
        plain = "\x1b" not in text and "\r" not in text and "\b" not in text
        if plain and not (self._carry or self._reach or self._at or self._rows[0].returned):
            first, *others = text.split("\n")
            self._put(first, done)
            for line in others:
                self._end_line(done)
                if line:
                    self._put(line, done)
            return done
        text = self._carry + text
        unfinished = _UNFINISHED.search(text)
        self._carry = unfinished[0] if unfinished else ""
        text = text[: len(text) - len(self._carry)]
        at = 0
        for control in _CONTROL.finditer(text):
            if control.start() > at:
                self._put(text[at : control.start()], done)
            at = control.end()
            self._obey(control, done)
        if at < len(text):
            self._put(text[at:], done)
        return done

    def _put(self, text: str, done: list[Piece]) -> None:
        row = self._rows[self._at]
        if row.returned:
            row.text, row.returned, row.redrawn = text, False, True
        else:
            row.text += text
        while len(row.text) > LONGEST:
            # at a space, where there is one, so that no secret is cut in two
            cut = row.text.rfind(" ", LONGEST - 1024, LONGEST) + 1 or LONGEST
            done.append(Piece(row.text[:cut], whole=False))
            row.text = row.text[cut:]

    def _obey(self, control: re.Match[str], done: list[Piece]) -> None:
        code, row = control[0], self._rows[self._at]
        if code == "\n":
            self._end_line(done)
        elif code == "\r":
            self._return()
        elif code == "\b":
            if not row.returned:
                row.text, row.redrawn = row.text[:-1], True
        elif code == "\x1bM":
            self._up(1)
        else:
            number, letter = control[1], control[2]
            count = min(int(number), _ROWS) if number.isdigit() else 1
            if letter in "AF":
                self._up(count or 1)
            elif letter in "BE":
                self._down(count or 1)
            elif letter == "G" and number in ("", "1"):
                self._return()
            elif letter in "JK":
                self._erase(letter, number)

    def _return(self) -> None:
        row = self._rows[self._at]
        if row.kept is None and row.text.isspace():  # a bar that was cleared
            self._rows[self._at] = _Row()
        elif row.text:
            row.returned = True

    def _erase(self, letter: str, number: str) -> None:
        row = self._rows[self._at]
        everything = number in ("2", "3")
        if everything or (number in ("", "0") and row.returned):
            row.text, row.redrawn, row.returned = "", True, False
        if letter == "J" and number != "1":
            for other in self._rows if everything else self._rows[self._at + 1 :]:
                other.text = ""

    def _end_line(self, done: list[Piece]) -> None:
        row = self._rows[self._at]
        row.returned = False
        last = self._at == len(self._rows) - 1
        if last and not row.redrawn:  # a plain line: what stands above it is not drawn again
            self._release(len(self._rows), done)
            self._rows, self._at, self._reach = [_Row()], 0, 0
            return
        self._down(1)
        if self._at > self._reach:
            self._release(self._at - self._reach, done)

    def _release(self, count: int, done: list[Piece]) -> None:
        for row in self._rows[:count]:
            if row.wanted or not row.redrawn:
                done.append(Piece(row.text))
            self._past.append(row.text)
        del self._rows[:count]
        self._at -= count

    def _up(self, count: int) -> None:
        above = count - self._at
        for _ in range(max(above, 0)):
            text = self._past.pop() if self._past else ""
            self._rows.insert(0, _Row(text, kept=text))
        self._at = max(-above, 0)
        self._reach = min(max(self._reach, len(self._rows) - 1 - self._at), _ROWS)
        self._return()

    def _down(self, count: int) -> None:
        self._at += count
        while len(self._rows) <= self._at:
            self._rows.append(_Row())
        self._return()
