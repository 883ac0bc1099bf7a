"""The fields of a run that filters can ask for, and what a name that is none of them was meant to be."""

from __future__ import annotations

import difflib
import re
from typing import Final

FIELDS: Final = (
    "id", "name", "project", "state", "started", "finished", "duration", "group", "job_type", "tags", "notes",
    "host", "ranks", "metrics", "config", "summary",
)  # fmt: skip
_MEANT: Final = {
    "status": "state", "created": "started", "start": "started", "begin": "started", "end": "finished",
    "ended": "finished", "runtime": "duration", "rank": "ranks", "hostname": "host", "tag": "tags", "metric": "metrics",
    "note": "notes", "parameters": "config", "params": "config", "hparams": "config", "run_id": "id",
}  # fmt: skip


def unknown_field(name: str, expression: str, place: int) -> str:
    """Return what to say of a name that is no field: what was most likely meant."""
    before = re.search(r"(config|summary)\.([^\s()\[\]]*[-/])\Z", expression[:place])
    if before:
        rest = re.match(r"[\w./-]*", expression[place:])
        return f'there is no field {name} — did you mean {before[1]}["{before[2]}{rest[0] if rest else name}"]?'
    near = [_MEANT[name.lower()]] if name.lower() in _MEANT else difflib.get_close_matches(name, FIELDS, 1)
    if near:
        return f"there is no field {name} — did you mean {near[0]}?"
    return f"there is no field {name} — did you mean config.{name} or summary.{name}? Fields are {', '.join(FIELDS)}"
