"""How curves travel: a header of JSON, and behind it all numbers as float64, so that a browser takes them as they are.

    bytes 0 to 3    "EPC1"
    bytes 4 to 7    n, the length of the header in bytes, little-endian
    bytes 8 …       the header, JSON in UTF-8, padded with spaces so that 8 + n is a multiple of 8
    then            float64, little-endian

An array of a line is given as [index of its first number, how many]; two names may stand for one array. Steps beyond
2**53 are given as their distance to a base, which the line's header has as text: `step_base`.

Of a line: `x`, `y`, `step` and `time` of each point that is drawn. Where the line is `reduced`, a point is the last of
its stretch of the axis, and `low` and `high` are the lowest and highest recorded value of that stretch. `y` is smoothed
where `raw` is there, which then is what was recorded; without `raw`, all points are there in the order of their steps,
and whoever draws them smooths them; ghosts always have it where there is smoothing. Of a group: `x`, `y` (the mean),
`n` (runs that have a value there), and the band's edges as `low` and `high`, smoothed as `y` is.

`data` names what an answer is made of. A later request gives it as `have`: if the lines are still the same points, the
answer is `partial`: of each line it holds `y` where that is smoothed, and the edges of a group's band. All other arrays
are those of before; without `y`, it is what was recorded.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from epochal.journal.points import Floats, Ints, Values

MAGIC: Final = b"EPC1"
MEDIA_TYPE: Final = "application/x-epochal-curves"
_EXACT: Final = 1 << 53


class Numbers:
    """The numbers of one answer; an array that is put in twice is sent once."""

    def __init__(self) -> None:
        self._parts: list[Floats] = []
        self._count = 0

    def put(self, values: Values) -> list[int]:
        """Return where an array stands."""
        part = np.ascontiguousarray(values, np.dtype("<f8"))
        place = [self._count, len(part)]
        self._parts.append(part)
        self._count += len(part)
        return place

    def put_steps(self, steps: Ints, line: dict[str, Any]) -> list[int]:
        """Return where steps stand; what float64 cannot hold gets a base in the line's header."""
        if len(steps) and max(abs(int(steps.min())), abs(int(steps.max()))) > _EXACT:
            line["step_base"] = str(int(steps.min()))
            # distances within int64 fit uint64
            return self.put(steps.astype(np.uint64) - steps.min().astype(np.uint64))
        return self.put(steps)

    def encode(self, header: Mapping[str, Any]) -> bytes:
        """Return the whole answer."""
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-(8 + len(text)) % 8)
        return b"".join([MAGIC, struct.pack("<I", len(text)), text, *(part.tobytes() for part in self._parts)])


def decode(data: bytes) -> tuple[dict[str, Any], Floats]:
    """Return header and numbers of an answer; what other programs and the tests read it with.

    Raises:
        ValueError: it is none.
    """
    if data[:4] != MAGIC:
        raise ValueError("no curves: they begin with EPC1")
    (length,) = struct.unpack_from("<I", data, 4)
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    return header, np.frombuffer(data, "<f8", offset=8 + length)
