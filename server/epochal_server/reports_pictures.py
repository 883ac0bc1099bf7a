"""The pictures of an exported report: those beside the reports that its text shows, as `data:` addresses."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from epochal.media.picture_facts import picture_format

from .problems import Problem
from .reports_folder import ReportsFolder

if TYPE_CHECKING:
    from .reports_blind import Blind

#: A picture has at most so many bytes, and all of them together.
_LARGEST: Final = 16 << 20
_ALL: Final = 64 << 20
_SHOWN: Final = re.compile(r"!\[([^\]]*)\]\(\s*<?([^)\s>]+)>?([^)]*)\)")


def pictures(
    folder: ReportsFolder, texts: Sequence[str | None], hiding: Blind | None
) -> tuple[list[str], dict[str, str]]:
    """Return the texts, and the pictures that they show by their paths.

    A blind report shows none: a picture may show anything, and its file may say who made it, where and with what.
    """
    found: dict[str, str] = {}
    if hiding is not None:
        return [hiding.markdown(_SHOWN.sub(r"\\[\1: left out\\]", text or "")) for text in texts], found
    left = _ALL
    for text in texts:
        for match in _SHOWN.finditer(text or ""):
            path = match[2]
            if path in found or re.match(r"[a-z][a-z0-9+.-]*:|/|\\", path, re.IGNORECASE):
                continue
            data = _read(folder, unquote(path))
            if data is not None and len(data) <= left:
                left -= len(data)
                found[path] = f"data:image/{picture_format(data[:64])};base64,{base64.b64encode(data).decode()}"
    return [text or "" for text in texts], found


def _read(folder: ReportsFolder, path: str) -> bytes | None:
    try:
        with folder.open_file(path) as file:
            data = file.read(_LARGEST + 1)
    except (Problem, OSError):
        return None
    return data if len(data) <= _LARGEST and picture_format(data[:64]) is not None else None
