"""Run ids and run names, both drawn from the operating system's random source, so that no seed changes them."""

from __future__ import annotations

import os
import time
from typing import Final

from .words import ADJECTIVES, NOUNS

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_run_id() -> str:
    """Return a new id such as `20261122t034159287-k7f3q2x9`: UTC to the millisecond, then 41 random bits.

    Ids sort by the time at which they were made.
    """
    seconds, rest = divmod(time.time_ns(), 10**9)
    stamp = time.strftime("%Y%m%dt%H%M%S", time.gmtime(seconds))
    return f"{stamp}{rest // 10**6:03d}-{_base36(_below(36**8), 8)}"


def new_run_name() -> str:
    """Return a name of the form adjective-noun-number, such as `brave-otter-17`; the number is 1 to 99."""
    return f"{_pick(ADJECTIVES)}-{_pick(NOUNS)}-{1 + _below(99)}"


def _pick(words: tuple[str, ...]) -> str:
    return words[_below(len(words))]


def _below(limit: int) -> int:
    return int.from_bytes(os.urandom(8), "big") % limit


def _base36(number: int, length: int) -> str:
    text = ""
    for _ in range(length):
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text
