"""What a picture's first bytes say: its format, and where that is quick to know its size."""

from __future__ import annotations

import struct
from typing import Final

#: Formats and their endings, by how their files begin.
_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
)


def picture_format(head: bytes) -> str | None:
    """Return png, jpeg, gif or webp by a file's first bytes, None where it is none of these."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    return next((name for begin, name in _BEGINNINGS if head.startswith(begin)), None)


def picture_size(head: bytes) -> tuple[int, int] | None:
    """Return (width, height) as the first bytes of a picture state them, None where they do not."""
    try:
        found = _SIZES[picture_format(head) or ""](head)
    except (KeyError, IndexError, struct.error):
        return None
    return found if found and min(found) > 0 else None


def _png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _gif(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while head[at] == 0xFF:
        marker = head[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 + struct.unpack_from(">H", head, at + 2)[0]
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


_SIZES: Final = {"png": _png, "gif": _gif, "jpeg": _jpeg, "webp": _webp}
