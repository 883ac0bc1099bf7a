"""How a run ended, from the exception that ended it."""

from __future__ import annotations

import sys
from typing import Any, Final, NamedTuple

_LONGEST_TRACEBACK: Final = 64 << 10
#: What a shell reports for a process that ended itself on SIGINT or SIGTERM.
_SIGNAL_EXITS: Final = (128 + 2, 128 + 15)


class Ending(NamedTuple):
    """The end of a run as its own process knows it.

    Attributes:
        state: finished, failed or interrupted.
        exit_code: the process's exit status as far as it is known.
        error: `{type, message, traceback}` of the exception, redacted, or None.
        atexit: the interpreter was shutting down; its exit status is still to come.
    """

    state: str
    exit_code: int = 0
    error: dict[str, Any] | None = None
    atexit: bool = False


def ending_of(error: BaseException | None) -> Ending:
    """Return the ending that an exception stands for; None is success.

    KeyboardInterrupt, a SystemExit that answers one (Lightning's does), and one with the status of SIGINT or SIGTERM
    are interrupted; another SystemExit than 0 is failed, as is any other exception.
    """
    if error is None:
        return Ending("finished")
    if isinstance(error, SystemExit):
        code = error.code
        if code is None or code == 0:
            return Ending("finished")
        number = code if isinstance(code, int) else 1
        interrupted = number in _SIGNAL_EXITS or isinstance(error.__context__, KeyboardInterrupt)
        return Ending("interrupted" if interrupted else "failed", number, _described(error))
    if isinstance(error, KeyboardInterrupt):
        return Ending("interrupted", 130, _described(error))
    return Ending("failed", 1, _described(error))


def last_error() -> BaseException | None:
    """Return the exception that ended the interpreter's main program, or None."""
    error: BaseException | None = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return error


def _described(error: BaseException) -> dict[str, Any]:
    import traceback

    from .redaction import redact_text

    try:
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        message = str(error)
    except Exception as broken:  # an exception whose own text fails
        text = message = f"<{type(error).__qualname__}, whose text raised {type(broken).__name__}>"
    if len(text) > _LONGEST_TRACEBACK:
        text = text[: _LONGEST_TRACEBACK // 2] + "\n…\n" + text[-_LONGEST_TRACEBACK // 2 :]
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": redact_text(message[:_LONGEST_TRACEBACK]),
        "traceback": redact_text(text),
    }
