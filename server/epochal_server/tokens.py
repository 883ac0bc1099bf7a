"""The secret that a browser must bring: other people share this machine, and every one of them reaches loopback."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from epochal.errors import StorageError

_BYTES: Final = 24


class Token:
    """A secret, and the cookie that stands for it.

    Attributes:
        text: the secret, as it stands in the link that is opened, and in `Authorization: Bearer`.
        cookie: what the browser keeps instead; made of the secret, so that it outlives a restart of the server.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.cookie = hmac.new(text.encode(), b"epochal-ui cookie", hashlib.sha256).hexdigest()

    def is_token(self, text: str) -> bool:
        """Whether this is the secret; takes the same time whatever is wrong with it."""
        return hmac.compare_digest(text.encode("utf-8", "replace"), self.text.encode())

    def is_cookie(self, text: str) -> bool:
        """Whether this is the cookie."""
        return hmac.compare_digest(text.encode("utf-8", "replace"), self.cookie.encode())


def kept_token(*, new: bool = False) -> Token:
    """Return the user's token, which stays the same, so that open pages live on when the server comes back.

    It is in a file that nobody else may read; `new` replaces it, which shuts all pages out that know the old one.

    Raises:
        StorageError: the file cannot be read or written.
    """
    path = _path()
    try:
        if not new and path.is_file():
            text = path.read_text(encoding="ascii").strip()
            if len(text) >= _BYTES and not path.stat().st_mode & 0o077:
                return Token(text)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        token = Token(secrets.token_urlsafe(_BYTES))
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(fd, "w", encoding="ascii") as file:
            file.write(token.text + "\n")
        os.replace(beside, path)
    except (OSError, UnicodeError) as error:
        raise StorageError(
            f"the dashboard's token cannot be kept in {path} ({error}): set XDG_STATE_HOME to a folder of yours"
        ) from error
    return token


def _path() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(state) / "epochal" / "ui-token"
