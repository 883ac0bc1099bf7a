"""Which sinks a run has: what `init` or the settings name, checked, and made fit for the run's record."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import BadValueError

if TYPE_CHECKING:
    from ..hookspecs import Sink

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_PLACES: Final = ("path", "command", "url", "url_env")


class Chosen(NamedTuple):
    """One sink of a run, as its record has it.

    Attributes:
        name: what it is called, unique within the run.
        kind: which plugin's sink it is.
        settings: what the plugin needs to open it; no secrets.
        held: it is left for `epochal sinks`, since the run is offline.
    """

    name: str
    kind: str
    settings: dict[str, Any]
    held: bool = False


def choose(given: Sequence[Any], kinds: Iterable[Sink], *, place: str = "sinks", offline: bool = False) -> list[Chosen]:
    """Return the sinks that were asked for.

    Args:
        given: sinks of `epochal.sinks`, mappings with `kind`, or the word for a kind that needs no settings.
        kinds: what the plugins offer.
        place: where it was asked for, for messages.
        offline: whether sinks that use the network are to be held back.

    Raises:
        BadValueError: one that cannot be used; the message says which and why, and shows no value that may be secret.
    """
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Sequence):
        raise BadValueError(f"{place} is a {type(given).__name__}: give a list, [epochal.sinks.JsonLines('out.jsonl')]")
    known = {sink.kind: sink for sink in kinds}
    chosen = [_choose_one(item, known, f"{place}[{index}]", offline) for index, item in enumerate(given)]
    names = [sink.name for sink in chosen]
    for name in names:
        if names.count(name) > 1:
            raise BadValueError(f"{place}: two sinks are called {name}: give one of them another name=")
    return chosen


def _choose_one(item: Any, known: Mapping[str, Sink], place: str, offline: bool) -> Chosen:
    settings = item.settings() if callable(getattr(item, "settings", None)) else item
    if isinstance(settings, str) and settings in known:
        settings = {"kind": settings}
    if not isinstance(settings, Mapping):
        raise BadValueError(
            f"{place} is a {type(item).__name__}: give epochal.sinks.JsonLines(…), epochal.sinks.Webhook(…), "
            "or a mapping with the kind of a plugin's sink"
        )
    kind = settings.get("kind")
    if not isinstance(kind, str) or kind not in known:
        kinds = ", ".join(sorted(known)) or "none"
        raise BadValueError(
            f"{place}: there is no kind of sink {kind!r}, there are {kinds} — `epochal plugins` tells what is installed"
        )
    sink = known[kind]
    try:
        checked = dict(sink.check({key: value for key, value in settings.items() if key != "kind"}))
        _check_plain(checked)
    except (TypeError, ValueError) as error:
        raise BadValueError(f"{place} ({kind}): {error}") from error
    name = checked.pop("name", None) or f"{kind}-{_digest(checked)}"
    if not isinstance(name, str) or not _NAME.match(name):
        raise BadValueError(f"{place}: name {name!r} cannot be used: take 1 to 64 of A-Z a-z 0-9 . _ -")
    return Chosen(name, kind, checked, held=offline and sink.remote)


def _check_plain(settings: Mapping[str, Any]) -> None:
    """Refuse what a record cannot hold, and what looks like a secret: the record would keep it."""
    from ..redaction import redact

    json.dumps(settings)
    safe = redact(dict(settings))
    odd = [key for key, value in settings.items() if safe[key] != value]
    if odd:
        raise ValueError(
            f"{odd[0]} holds what looks like a secret, and would stand in the run's record: name the environment "
            "variable that holds it instead (url_env=, token_env=)"
        )


def _digest(settings: Mapping[str, Any]) -> str:
    """Return what tells two sinks of a kind apart: their places, where they have any."""
    places = {key: settings[key] for key in _PLACES if key in settings} or settings
    return hashlib.sha256(json.dumps(places, sort_keys=True).encode()).hexdigest()[:8]
