"""Which folders of a log folder are parts of another run: train and validation, hparams' and `add_scalars`' folders."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ._event_file import EventFile

#: Folders that are a part of the run around them, whether that has events of its own or not.
_PARTS: Final = re.compile(r"(train|training|validation|valid|val|eval(_.*)?|test|dev)\Z")
#: What torch's and tensorboardX's `add_hparams` call a folder: `str(time.time())`.
_TIME: Final = re.compile(r"\d{9,11}(\.\d+)?\Z")
#: Bytes of a file in which its first tag is looked for.
_HEAD: Final = 1 << 14
#: First tags that were found: whoever follows a log folder asks each second. Of more files they are looked for again.
_KNOWN: Final[dict[Path, str]] = {}
_MOST: Final = 100_000


def joined(source: Path, folders: Mapping[Path, Sequence[Path]]) -> dict[Path, list[Path]]:
    """Return runs' folders with their event files, those of sub-runs among them.

    A folder is a part of the run around it if one of these holds:

    - It is called `train`, `training`, `validation`, `valid`, `val`, `eval`, `eval_…`, `test` or `dev`. The folder
      around it becomes a run also where no event file lies in it directly.
    - It lies directly in a folder with event files, and is called by a Unix time, as `add_hparams` does.
    - It lies in a folder with event files, and is called by its first tag and a name, as `add_scalars` does:
      `<tag>_<name>` (torch; a `/` in the tag is a `_`) or `<tag>/<name>` (tensorboardX).
    - It lies directly in a folder with event files, and nothing is in its own yet but their headers.

    Args:
        source: the log folder, which is a part of nothing.
        folders: folder to event files.
    """
    runs: dict[Path, list[Path]] = {}
    for folder, paths in folders.items():
        top = folder
        while (around := _around(source, top, folders)) is not None:
            top = around
        runs.setdefault(top, []).extend(paths)
    return runs


def _around(source: Path, folder: Path, folders: Mapping[Path, Sequence[Path]]) -> Path | None:
    """Return the folder whose run a folder is a part of; None where it is a run itself."""
    if folder == source:
        return None
    if _PARTS.match(folder.name):
        return folder.parent
    above = [parent for parent in folder.parents if parent in folders]
    if not above:
        return None
    nearest = above[0]
    direct = nearest == folder.parent
    if direct and _TIME.match(folder.name):
        return nearest
    tag = next((tag for path in folders.get(folder, ()) if (tag := _known_tag(path)) is not None), None)
    if tag is None:
        return nearest if direct and folder in folders else None
    within = folder.relative_to(nearest).as_posix()
    return nearest if within.startswith((tag.replace("/", "_") + "_", tag + "/")) else None


def _known_tag(path: Path) -> str | None:
    tag = _KNOWN.get(path)
    if tag is None and (tag := _first_tag(path)) is not None and len(_KNOWN) < _MOST:
        _KNOWN[path] = tag
    return tag


def _first_tag(path: Path) -> str | None:
    """Return the tag of a file's first value; None where there is none near its beginning, or it cannot be read."""
    events = EventFile(path, chunk_bytes=_HEAD)
    try:
        for chunk in events.chunks():
            firsts = [(other.offset, other.at, other.tag) for other in chunk.others if other.what == "value"][:1]
            if len(chunk.scalars.tags):
                firsts.append((int(chunk.scalars.offsets[0]), 0, events.tags[int(chunk.scalars.tags[0])]))
            if firsts:
                return min(firsts)[2]
            if chunk.end > _HEAD:
                break
    except OSError:
        pass
    return None
