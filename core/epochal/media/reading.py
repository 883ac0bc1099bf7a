"""Media of a run out of its journals."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import BadValueError

if TYPE_CHECKING:
    from ..journals import Journals
    from ..step_records import StepRecord
    from .item import Media


class LoggedMedia(NamedTuple):
    """What one call of `log` recorded under one name.

    Attributes:
        step: where it stands.
        time: seconds since the epoch.
        rank: whose it is.
        abandoned: a later resume or rewind has hidden it.
        items: the media, one or several.
    """

    step: int
    time: float
    rank: int
    abandoned: bool
    items: list[Media]


class MediaFacts(NamedTuple):
    """What a list of a run's media says of one name.

    Attributes:
        key: the name.
        kinds: the kinds of its items, in the order in which they came.
        items: how many there are.
        steps: at how many steps.
        first_step: the first of them.
        last_step: the last of them.
    """

    key: str
    kinds: list[str]
    items: int
    steps: int
    first_step: int
    last_step: int


def media_keys(journals: Journals, *, rank: int | str = 0) -> list[str]:
    """Return the names under which media were logged, sorted."""
    return sorted({record.fields["name"] for record in _records(journals, rank=rank, abandoned=True)})


def read_media(
    journals: Journals, run: Path, key: str, *, rank: int | str = 0, duplicates: bool = False, abandoned: bool = False
) -> list[LoggedMedia]:
    """Return what was logged under a name, sorted by step; see `RecordedRun.media`.

    Raises:
        BadValueError: nothing was logged under that name, or a rank that cannot be.
    """
    from .kinds import recorded_media

    found = [record for record in _records(journals, rank=rank, abandoned=abandoned) if record.fields["name"] == key]
    if not found:
        _check_key(journals, key, rank)
    if not duplicates:
        found = list({(record.step, record.rank, record.abandoned): record for record in found}.values())
    return [
        LoggedMedia(
            record.step, record.time, record.rank, record.abandoned,
            [media for media in (recorded_media(run, item) for item in record.fields["items"]) if media is not None],
        )
        for record in found
    ]  # fmt: skip


def media_facts(journals: Journals, *, rank: int | str = 0) -> list[MediaFacts]:
    """Return what is visible under each name, sorted by name."""
    by_key: dict[str, list[StepRecord]] = {}
    for record in _records(journals, rank=rank, abandoned=False):
        by_key.setdefault(record.fields["name"], []).append(record)
    return [_facts(key, records) for key, records in sorted(by_key.items())]


def _facts(key: str, records: list[StepRecord]) -> MediaFacts:
    items: list[Any] = [item for record in records for item in record.fields["items"]]
    kinds = dict.fromkeys(str(item.get("kind")) for item in items if isinstance(item, dict))
    steps = {record.step for record in records}
    return MediaFacts(key, list(kinds), len(items), len(steps), min(steps), max(steps))


def _records(journals: Journals, *, rank: int | str, abandoned: bool) -> list[StepRecord]:
    from ..step_records import at_steps

    found = at_steps(journals, "media", rank=rank, abandoned=abandoned)
    return [
        record
        for record in found
        if isinstance(record.fields.get("name"), str) and isinstance(record.fields.get("items"), list)
    ]


def _check_key(journals: Journals, key: str, rank: int | str) -> None:
    known = media_keys(journals, rank=rank)
    if key in known:
        return  # all of it is abandoned
    near = difflib.get_close_matches(str(key), known, 3)
    hint = f"did you mean {', '.join(near)}?" if near else f"there is {', '.join(known[:10]) or 'no media at all'}"
    raise BadValueError(f"no media were logged under {key!r}: {hint}")
