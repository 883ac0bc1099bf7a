"""Changes to runs that are recorded already: by the same doors as the command line's."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from epochal import edits
from epochal.errors import EpochalError, RunNotFoundError
from epochal.recorded import RecordedRun

from .inputs import Inputs, refused
from .problems import Problem
from .roster import NotFound, Roster

MOST_KEYS = 10_000
_LONGEST_NAME = 1000
_LONGEST_NOTES = 100_000


@dataclass(frozen=True)
class Edit:
    """What is to be changed; None and empty leave as it is."""

    keys: tuple[str, ...]
    name: str | None
    add_tags: tuple[str, ...]
    remove_tags: tuple[str, ...]
    notes: str | None


def read_edit(inputs: Inputs) -> Edit:
    """Return the change that a request's body asks for.

    Raises:
        Problem: something in it cannot be used.
    """
    found = Edit(
        keys=read_keys(inputs),
        name=inputs.text("name", longest=_LONGEST_NAME),
        add_tags=tuple(inputs.texts("add_tags", most=100)),
        remove_tags=tuple(inputs.texts("remove_tags", most=100)),
        notes=inputs.text("notes", longest=_LONGEST_NOTES),
    )
    inputs.done()
    if found.name is None and found.notes is None and not found.add_tags and not found.remove_tags:
        raise Problem(400, "nothing to change", detail="give one or more of name, add_tags, remove_tags, notes")
    if found.name is not None and (len(found.keys) > 1 or not found.name.strip()):
        raise refused("name", "is a text that can be seen, for one run at a time")
    if not all(tag.strip() for tag in found.add_tags):
        raise refused("add_tags", "has a tag that cannot be seen")
    return found


def read_keys(inputs: Inputs) -> tuple[str, ...]:
    """Return the keys of a request's body; there is at least one."""
    keys = tuple(dict.fromkeys(inputs.texts("keys", most=MOST_KEYS)))
    if not keys:
        raise refused("keys", "is missing: name the runs")
    return keys


def check_writable(roster: Roster, *, read_only: bool) -> None:
    """Refuse any change where nothing may be changed.

    Raises:
        Problem: 403.
    """
    if read_only:
        raise Problem(403, "read-only", detail="this dashboard was started with --read-only: nothing can be changed")
    if roster.root.is_dir() and not os.access(roster.root, os.W_OK):
        raise Problem(403, "read-only", detail=f"{roster.root} cannot be written by this user: nothing can be changed")


def apply_edit(roster: Roster, edit: Edit) -> dict[str, Any]:
    """Change runs, and return {changed: [keys], failed: [{key, why}], revision}: one that fails keeps no other."""

    def change(key: str) -> None:
        folder = roster.entry(key).folder
        meta: dict[str, Any] = {}
        if edit.name is not None:
            meta["name"] = edit.name
        if edit.notes is not None:
            meta["notes"] = edit.notes or None
        if edit.add_tags or edit.remove_tags:
            tags = list(RecordedRun(folder).tags)  # as they are now, not as a look found them
            wanted = [tag for tag in dict.fromkeys([*tags, *edit.add_tags]) if tag not in edit.remove_tags]
            if wanted != tags:
                meta["tags"] = wanted
        if meta:
            edits.edit(folder, meta=meta)

    done, failed = _each(edit.keys, change)
    return {"changed": done, "failed": failed, "revision": roster.look_at([*done, *(each["key"] for each in failed)])}


def apply_deletion(roster: Roster, keys: Sequence[str]) -> dict[str, Any]:
    """Move runs to the trash, and return {deleted: [keys], failed: [{key, why}], revision}."""
    done, failed = _each(keys, lambda key: edits.delete(roster.entry(key).folder, roster.root))
    return {"deleted": done, "failed": failed, "revision": roster.look_at([*done, *(each["key"] for each in failed)])}


def _each(keys: Sequence[str], change: Callable[[str], object]) -> tuple[list[str], list[dict[str, str]]]:
    done: list[str] = []
    failed: list[dict[str, str]] = []
    for key in keys:
        try:
            change(key)
        except (NotFound, RunNotFoundError):
            failed.append({"key": key, "why": str(NotFound(key).more["detail"])})
        except (EpochalError, OSError) as error:
            failed.append({"key": key, "why": str(error)})
        else:
            done.append(key)
    return done, failed
