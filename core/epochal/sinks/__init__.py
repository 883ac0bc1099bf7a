"""Where the records of a run go besides its folder: `init(sinks=[JsonLines("out.jsonl"), Webhook("https://…")])`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

__all__ = ["JsonLines", "LaterError", "OpenSink", "RefusedError", "TooLargeError", "Webhook"]

#: How long after the end of a run delivery is tried, unless a sink says otherwise, in seconds.
PATIENCE_S = 600.0


@dataclass(frozen=True)
class JsonLines:
    """A stream of JSON lines: a file that is appended to, or a command's standard input.

    Attributes:
        path: the file; its folder must be there. Several runs may write to one file.
        command: instead of a path: the program and its arguments, started once for each run.
        folder: where the command runs; by default the working folder of `init`.
        name: what the sink is called; by default made of its kind and place.
        patience_s: how long after the run's end delivery is tried, in seconds.
    """

    path: str | None = None
    command: Sequence[str] | None = None
    folder: str | None = None
    name: str | None = None
    patience_s: float = PATIENCE_S

    def settings(self) -> dict[str, Any]:
        """Return the sink as a mapping, as `[[sinks]]` in `.epochal.toml` has it."""
        return _settings("jsonl", self)


@dataclass(frozen=True)
class Webhook:
    """An HTTP endpoint that each batch is sent to as a JSON array, by POST.

    Attributes:
        url: `https://…`, without secrets in it.
        url_env: instead of a url: the environment variable that holds it, for addresses that are secrets themselves.
        token_env: the environment variable that holds a token: it is sent as `Authorization: Bearer …`.
        token_file: instead of that, a file whose content is the token.
        name: what the sink is called; by default made of its kind and place.
        patience_s: how long after the run's end delivery is tried, in seconds.
        timeout_s: how long the endpoint may be silent, in seconds.
        gzip: whether batches of more than 64 KiB are sent compressed.
    """

    url: str | None = None
    url_env: str | None = None
    token_env: str | None = None
    token_file: str | None = None
    name: str | None = None
    patience_s: float = PATIENCE_S
    timeout_s: float = 30.0
    gzip: bool = True

    def settings(self) -> dict[str, Any]:
        """Return the sink as a mapping, as `[[sinks]]` in `.epochal.toml` has it."""
        return _settings("webhook", self)


class OpenSink(Protocol):
    """What a sink's `open` returns. Any exception of `write` is taken for a failure that may pass, and tried again."""

    def write(self, batch: list[Mapping[str, Any]]) -> None:
        """Take a batch; when this returns, the records count as delivered."""

    def close(self) -> None:
        """Let go of everything."""


class LaterError(Exception):
    """Raised by a sink that is to be tried again in `after_s` seconds."""

    def __init__(self, text: str, after_s: float) -> None:
        super().__init__(text)
        self.after_s = after_s


class RefusedError(Exception):
    """Raised by a sink that will not take anything, as it is: it is not tried again before the next run or command."""


class TooLargeError(Exception):
    """Raised by a sink that takes less at once: the batch is halved; a record that is too large alone is left out."""


def _settings(kind: str, sink: Any) -> dict[str, Any]:
    given = {key: value for key, value in asdict(sink).items() if value != getattr(type(sink), key)}
    return {"kind": kind, **given}
