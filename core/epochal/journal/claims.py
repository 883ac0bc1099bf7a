"""Ranges of a file, each handed out once, without a lock."""

from __future__ import annotations


class Claims:
    """Hands out adjoining ranges to threads, signal handlers and re-entrant calls alike.

    `dict.setdefault` is one step that nothing interrupts: of all who claim the same place one wins, the others see
    whose it is and go on behind it. No caller ever waits for another (docs/decisions/0001-claims-without-locks.md).
    """

    __slots__ = ("_taken", "end")

    def __init__(self, start: int) -> None:
        self._taken: dict[int, list[int]] = {}
        #: Where to try first; may lag behind, never runs ahead.
        self.end = start

    def take(self, size: int) -> int:
        """Return the start of a range of `size` that is the caller's alone."""
        at, mine = self.end, [size]
        while (owner := self._taken.setdefault(at, mine)) is not mine:
            at += owner[0]
        self.end = at + size
        return at
