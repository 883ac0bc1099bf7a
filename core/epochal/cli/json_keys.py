"""What each key of the JSON output means, as the schemas say; the reference of the command line is written from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from . import schema


def _meanings(part: Mapping[str, Any]) -> dict[str, str]:
    """Return key to meaning; `…` stands for the keys that the user's words name."""
    found = {name: str(one.get("description", "")) for name, one in part.get("properties", {}).items()}
    open_keys = part.get("additionalProperties")
    if isinstance(open_keys, Mapping):
        found["…"] = str(open_keys.get("description", ""))
    return found


#: Command (with what stands for a variant) to key to meaning.
JSON_KEYS: Final[dict[str, dict[str, str]]] = {
    words: _meanings(part) for name in schema.commands() for words, part in schema.variants(schema.load(name))
}
