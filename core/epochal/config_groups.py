"""What adapters write into a config, in groups (`model`, `optimizer`, …), beside what the user has put there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .config_values import jsonlike


def as_settings(given: Any) -> dict[str, Any]:
    """Return what a user calls config (a mapping, a namespace, pairs, or nothing) as plain data."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) and hasattr(given, "__dict__"):
        given = vars(given)
    settings: dict[str, Any] = jsonlike(dict(given))
    return settings


def beside_users(groups: Mapping[str, Any], users: Mapping[str, Any]) -> dict[str, Any]:
    """Return groups as plain data, less what the user has set.

    A value of theirs is never replaced; where they use a group's name for something else than a mapping
    (`model="resnet"`), the group is called `model_info`.
    """
    beside: dict[str, Any] = {}
    for group, values in groups.items():
        theirs = users.get(group)
        if theirs is not None and not isinstance(theirs, Mapping):
            beside[f"{group}_info"] = jsonlike(values)
        else:
            beside[group] = _without(jsonlike(values), theirs or {})
    return beside


def _without(values: Any, theirs: Mapping[str, Any]) -> Any:
    """Return nested values less those that stand in `theirs`."""
    if not isinstance(values, dict) or not theirs:
        return values
    kept: dict[str, Any] = {}
    for key, value in values.items():
        there = theirs.get(key)
        if key not in theirs:
            kept[key] = value
        elif isinstance(value, dict) and isinstance(there, Mapping):
            kept[key] = _without(value, there)
    return kept
