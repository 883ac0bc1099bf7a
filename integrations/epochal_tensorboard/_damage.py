"""A stretch of an event file that cannot be understood, while the next sound record is looked for.

What counts as one: a length that fits its CRC and, once it is there as a whole, a payload that fits its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ._framing import AROUND, HEAD, candidates, length_at, payload_holds

if TYPE_CHECKING:
    from ._framing import Window

BAD_LENGTH: Final = "the CRC of a record's length does not hold"
BAD_CRC: Final = "the CRC of a record does not hold"
CUT_SHORT: Final = "a record is cut short, and others follow"
#: How far is looked at first, in bytes; then four times as far, and so on. Where every few bytes are damaged, not
#: much more is looked at than that.
STEP: Final = 1 << 12


@dataclass
class Lost:
    """A stretch that is not understood.

    Attributes:
        begin: where in the file it begins.
        what: in words: what does not fit there.
        tag: whose record it seems to be.
        unfinished: where in the file a record may begin that reaches beyond its end.
        zeros: whether there were only zeros so far.
    """

    begin: int
    what: str
    tag: str | None = None
    unfinished: int | None = None
    zeros: bool = True

    def search(self, window: Window, place: int, base: int, size: int) -> tuple[int, int] | None:
        """Look for a sound record in a window, from a place on.

        Args:
            window: a piece of the file.
            place: in the window.
            base: where in the file the window begins.
            size: of the file.

        Returns:
            where it begins in the window, and how many bytes it has. Whether it is sound is not known yet where these
            are more than the window holds. None where there is no such place.
        """
        place = max(place, self.begin + 1 - base)
        limit, step = len(window) - HEAD + 1, STEP
        while place < limit:
            behind = min(place + step, limit)
            for found in candidates(window, place, behind, size).tolist():
                length = AROUND + length_at(window.raw, found)[0]
                if found + length <= len(window):
                    if payload_holds(window, found):
                        return found, length
                elif base + found + length <= size:
                    return found, length
                elif self.unfinished is None:
                    self.unfinished = base + found
            place, step = behind, step * 4
        return None

    def leave(self, window: Window, base: int) -> None:
        """Note what a window held that has no sound record any more."""
        self.zeros = self.zeros and not window.bytes[max(self.begin - base, 0) :].any()

    def end(self, size: int) -> int:
        """Return where the stretch ends when the end of the file is reached.

        A record may still be written to its end. So may zeros: some file systems show
        room before what was written there.
        """
        if self.unfinished is not None:
            return self.unfinished
        return self.begin if self.zeros else size
