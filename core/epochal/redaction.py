"""Takes secrets out of what is about to be written: by the name that a value stands under, and by its shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

REDACTED: Final = "[redacted]"


def redact(value: Any, path: Sequence[str] = ()) -> Any:
    """Return a JSON-like value with secrets replaced by "[redacted]"; mappings and lists are copied, the rest is kept.

    Args:
        value: nested mappings, lists and scalars; only strings are ever changed, names never.
        path: the names under which the value stands, outermost first.
    """
    return value


def redact_text(text: str) -> str:
    """Return text (a note, a traceback, a line of console output) without secrets."""
    return text


def redact_argv(argv: Sequence[str]) -> list[str]:
    """Return a command line without secrets: `--api-key X`, `--api-key=X`, `KEY=VALUE`, and by shape."""
    return list(argv)


def redact_remote(url: str) -> str:
    """Return a git remote without user name and password."""
    return url
