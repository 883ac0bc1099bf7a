"""A drawing area of braille characters: two dots wide and four dots high in each place of the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_BLANK: Final = 0x2800
_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Canvas:
    """Dots with an owner for each character: who drew there last."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._dots = [[0] * columns for _ in range(rows)]
        self._owners: list[list[int | None]] = [[None] * columns for _ in range(rows)]

    @property
    def width(self) -> int:
        """Dots from left to right."""
        return 2 * self.columns

    @property
    def height(self) -> int:
        """Dots from the top down."""
        return 4 * self.rows

    def dot(self, x: int, y: int, owner: int) -> None:
        """Set a dot, (0, 0) at the lower left; outside nothing happens."""
        if 0 <= x < self.width and 0 <= y < self.height:
            row, line = divmod(self.height - 1 - y, 4)
            column, half = divmod(x, 2)
            self._dots[row][column] |= _DOTS[line][half]
            self._owners[row][column] = owner

    def line(self, start: tuple[int, int], end: tuple[int, int], owner: int, *, dotted: bool = False) -> None:
        """Draw a straight line, both ends included; every third dot if `dotted`."""
        (x, y), (x1, y1) = start, end
        dx, dy = abs(x1 - x), -abs(y1 - y)
        right, up = (1 if x < x1 else -1), (1 if y < y1 else -1)
        error = dx + dy
        while True:
            if not dotted or (x + y) % 3 == 0:
                self.dot(x, y, owner)
            if (x, y) == (x1, y1):
                return
            double = 2 * error
            if double >= dy:
                error += dy
                x += right
            if double <= dx:
                error += dx
                y += up

    def path(self, points: Iterable[tuple[int, int] | None], owner: int, *, dotted: bool = False) -> None:
        """Draw lines from point to point; None lifts the pen."""
        last: tuple[int, int] | None = None
        for point in points:
            if point is not None:
                self.line(last or point, point, owner, dotted=dotted)
            last = point

    def row(self, index: int) -> list[tuple[str, int | None]]:
        """Return (character, owner) of each place of a row, the topmost first."""
        return [
            (chr(_BLANK | dots) if dots else " ", owner)
            for dots, owner in zip(self._dots[index], self._owners[index], strict=True)
        ]
