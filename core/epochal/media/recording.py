"""Records media: each file is written before the record that refers to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import EpochalError
from .item import Media, Piece
from .storage import store

if TYPE_CHECKING:
    from ..run import Run


def record_media(
    run: Run, media: Mapping[str, Sequence[Media]], *, step: int, time: float, marks: Mapping[str, int] | None = None
) -> None:
    """Write the media of one call of `log`, a record for each name.

    What cannot be encoded or written costs itself and one warning; a record refers to whole files only.

    Args:
        run: the run that records.
        media: name to media.
        step: within 64 bits.
        time: seconds since the epoch.
        marks: name to the place of its record, where that was taken already.
    """
    for name, several in media.items():
        items = []
        for at, each in enumerate(several):
            words = f"media {name!r}" + (f", item {at}" if len(several) > 1 else "")
            item = _stored(run, each, name, words)
            if item is not None:
                items.append(item)
        if items and run._open("log"):  # whatever a foreign picture's code did meanwhile: a fork, the run's end
            mark = (marks or {}).get(name)
            run._writer.record("media", {"name": name, "step": step, "items": items}, time=time, mark=mark)


def _stored(run: Run, media: Media, name: str, words: str) -> dict[str, Any] | None:
    """Return one item with its files written, None where that cannot be done."""
    try:
        described = media.describe(lambda text: run._fault("media_changed", f"{words}: {text}", once=name))
    except EpochalError as error:
        run._fault("media", f"{words}: {error}; it was left out", once=name)
        return None
    except Exception as error:  # whatever a foreign picture, figure or array raises
        run._fault("media", f"{words}: {media.kind} could not be encoded ({error!r}); it was left out", once=name)
        return None
    try:
        stored: dict[str, Any] = _with_files(run, described)
    except OSError as error:
        run._fault(
            "media_storage",
            f"{words} cannot be written below {run.folder} ({error.strerror or error}): it was left out, and so is all "
            "media that finds no room; training goes on, numbers are recorded",
        )
        return None
    return stored


def _with_files(run: Run, fields: Any) -> Any:
    """Return fields with each `Piece` written, and what says so in its place."""
    if isinstance(fields, Piece):
        return store(run.folder, fields)
    if isinstance(fields, dict):
        return {name: _with_files(run, each) for name, each in fields.items()}
    if isinstance(fields, list) and fields and isinstance(fields[0], (dict, list)):
        return [_with_files(run, each) for each in fields]
    return fields
