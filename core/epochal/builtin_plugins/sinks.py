"""The sinks that Epochal brings along: JSON lines and an HTTP webhook; what they need is loaded when they open."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..hookspecs import RunInfo, Sink, hookimpl

if TYPE_CHECKING:
    from ..sinks import OpenSink

_LOCAL = ("localhost", "127.0.0.1", "::1")


@hookimpl
def register_sinks() -> list[Sink]:
    """Return the JSON-lines sink and the webhook."""
    return [
        Sink("jsonl", _open_jsonl, _check_jsonl),
        Sink("webhook", _open_webhook, _check_webhook, remote=True),
    ]


def _open_jsonl(settings: Mapping[str, Any], run: RunInfo) -> OpenSink:
    if "command" in settings:
        from ..sinks.command_lines import CommandLines

        return CommandLines(settings["command"], run, settings.get("folder"))
    from ..sinks.file_lines import FileLines

    return FileLines(settings["path"])


def _open_webhook(settings: Mapping[str, Any], run: RunInfo) -> OpenSink:
    from ..sinks import Webhook
    from ..sinks.webhook import WebhookSink

    return WebhookSink(Webhook(**settings), run)


def _check_jsonl(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    from ..sinks import JsonLines

    sink = _made(JsonLines, settings)
    if (sink.path is None) == (sink.command is None):
        raise ValueError("give a path or a command")
    if sink.command is not None:
        command = sink.command
        if (
            isinstance(command, str)
            or not isinstance(command, Sequence)
            or not all(isinstance(w, str) for w in command)
        ):
            raise ValueError("command must be a list of texts: ['program', 'argument']")
        if not command:
            raise ValueError("command is empty")
        folder = os.path.abspath(os.path.expanduser(sink.folder or os.curdir))
        if not os.path.isdir(folder):
            raise ValueError(f"folder {folder} is not there")
        return {**settings, "command": list(command), "folder": folder}
    path = os.path.abspath(os.path.expanduser(os.fspath(sink.path or "")))
    if os.path.isdir(path) or not os.path.isdir(os.path.dirname(path)):
        raise ValueError(f"{path} cannot be a file: its folder must be there")
    return {**settings, "path": path}


def _check_webhook(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    from ..sinks import Webhook

    sink = _made(Webhook, settings)
    if (sink.url is None) == (sink.url_env is None):
        raise ValueError("give a url, or the name of the environment variable that holds it: url_env=")
    if sink.token_env is not None and sink.token_file is not None:
        raise ValueError("give token_env or token_file, not both")
    if sink.token_file is not None:
        settings = {**settings, "token_file": os.path.abspath(os.path.expanduser(os.fspath(sink.token_file)))}
    if sink.url is not None:
        check_address(sink.url, token=bool(sink.token_env or sink.token_file))
    return settings


def check_address(url: object, *, token: bool) -> None:
    """Raise ValueError unless a text is an address that a webhook may have; the message never shows it."""
    if not isinstance(url, str):
        raise ValueError("url must be a text")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("url cannot be understood: give https://host/path") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("url must begin with https:// (or http://) and a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url holds a user or password: name the environment variable that holds it: url_env=")
    if token and parts.scheme == "http" and host not in _LOCAL:
        raise ValueError(f"a token is not sent to {host} unencrypted: give an https:// url")


def _made(kind: Any, settings: Mapping[str, Any]) -> Any:
    known = [field.name for field in fields(kind)]
    for key in settings:
        if key not in known:
            hint = ": tokens are named, not given: token_env= or token_file=" if "token" in str(key).lower() else ""
            raise ValueError(f"there is no setting {key!r}{hint or ', there are ' + ', '.join(known)}")
    sink = kind(**settings)
    for name in ("patience_s", "timeout_s"):
        value = getattr(sink, name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
            raise ValueError(f"{name} is {value!r}: give seconds")
    for field in fields(kind):
        value = getattr(sink, field.name)
        if field.name in ("url_env", "token_env", "token_file", "name", "folder") and not isinstance(
            value, (str, type(None))
        ):
            raise ValueError(f"{field.name} must be a text")
    return sink
