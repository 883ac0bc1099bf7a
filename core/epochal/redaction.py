"""Takes secrets out of what is about to be written: by the name that a value stands under, and by its shape."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .secret_names import Kind, is_secret, kind_of_name
from .secret_shapes import REDACTED, redact_shapes

__all__ = ["REDACTED", "redact", "redact_argv", "redact_remote", "redact_text"]


def redact(value: Any, path: Sequence[str] = ()) -> Any:
    """Return a JSON-like value with secrets replaced by "[redacted]"; mappings and lists are copied, the rest is kept.

    Args:
        value: nested mappings, lists and scalars; only strings are ever changed, names never.
        path: the names under which the value stands, outermost first.
    """
    inherited: Kind = ""
    for name in path:
        inherited = _below(inherited, name)
    return _redacted(value, inherited)


def redact_text(text: str) -> str:
    """Return text (a note, a traceback, a line of console output) without secrets."""
    return redact_shapes(text)


def redact_argv(argv: Sequence[str]) -> list[str]:
    """Return a command line without secrets: `--api-key X`, `--api-key=X`, `KEY=VALUE`, and by shape."""
    done: list[str] = []
    flag = ""
    for word in argv:
        if word.startswith("-"):
            name, equals, _ = word.partition("=")
            flag = "" if equals else name
            done.append(_without_assigned(word))
            continue
        done.append(REDACTED if is_secret(_kind_of_flag(flag), word) else _without_assigned(word))
        if not flag.endswith(("s", "S")):  # `--api-keys A B` goes on to the next flag, `--api-key A B` does not
            flag = ""
    return done


def redact_remote(url: str) -> str:
    """Return a git remote without password or token; a plain user name, as in `git@host:path`, stays."""
    found = _USERINFO.match(url)
    if found is None:
        return redact_shapes(url)
    scheme, user = found.groups()
    if ":" in user and scheme.startswith("ssh"):
        user = user.partition(":")[0]
    elif ":" in user or len(user) >= 16 or redact_shapes(user) != user:
        user = REDACTED
    return f"{scheme}://{user}@{redact_shapes(url[found.end() :])}"


_USERINFO: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/\s]*)@")


def _redacted(value: Any, kind: Kind) -> Any:
    if isinstance(value, str):
        return REDACTED if kind and is_secret(kind, value) else redact_shapes(value)
    if isinstance(value, dict) or isinstance(value, Mapping):  # noqa: SIM101 - the first is much faster
        return {
            name: child if type(child) in _SAFE else _redacted(child, _below(kind, name))
            for name, child in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [child if type(child) in _SAFE else _redacted(child, kind) for child in value]
    return value


_SAFE: Final = frozenset({int, float, bool, type(None)})


def _below(kind: Kind, name: Any) -> Kind:
    """Return what holds under a name that itself stands under a name of this kind."""
    return kind if kind == "secret" else kind_of_name(name if type(name) is str else str(name))


def _without_assigned(word: str) -> str:
    name, equals, value = word.partition("=")
    if equals and is_secret(_kind_of_flag(name), value):
        return f"{name}={REDACTED}"
    return redact_shapes(word)


def _kind_of_flag(word: str) -> Kind:
    return kind_of_name(word.lstrip("-+"))
