"""The sampled digest: first, last and evenly spaced chunks of a long sequence of bytes, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final

from .budget import Budget

CHUNK: Final = 256 * 2**10


def sampled_digest(
    size: int, read: Callable[[int, int], bytes], budget: Budget, head: bytes = b"", *, chunk: int = CHUNK
) -> tuple[str, str]:
    """Return digest and method of a sample.

    Args:
        size: how many bytes there are, at least 1.
        read: returns the bytes from an offset on, so many of them.
        budget: bounds the number of chunks.
        head: what is hashed before the sample.
        chunk: bytes that are read together.
    """
    chunk = min(chunk, size)
    count = budget.sample(chunk)
    digest = hashlib.sha256(head + b"%d\n" % size)
    for number in range(count):
        budget.look_at_clock()
        digest.update(read(number * (size - chunk) // (count - 1), chunk))
    method = (
        f"the size of the data ({size}) as decimal text, a newline, and {count} chunks of {chunk} bytes at the offsets "
        f"i*{size - chunk}//{count - 1} for i = 0 to {count - 1}"
    )
    return digest.hexdigest(), method


def sampled_spans(rows: int, row_bytes: int, budget: Budget) -> list[tuple[int, int]]:
    """Return begin and end of the row ranges of a sample of a table that has rows of about so many bytes."""
    # A power of two, so that a few bytes more or less in the estimate make no difference.
    length = min(rows, 1 << max(0, (CHUNK // max(1, row_bytes)).bit_length() - 1))
    count = budget.sample(CHUNK)
    starts = [number * (rows - length) // (count - 1) for number in range(count)]
    return [(start, start + length) for start in starts]
