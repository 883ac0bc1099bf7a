"""The HTTP webhook: each batch is one POST; nothing that it says, to anybody, holds the token or the address's path."""

from __future__ import annotations

import gzip
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ..version import __version__
from . import LaterError, RefusedError, TooLargeError, Webhook
from .messages import line

if TYPE_CHECKING:
    from ..hookspecs import RunInfo

#: From this size on, a batch is sent compressed, in bytes.
_LARGE: Final = 1 << 16
#: An endpoint is not believed to need more than this, in seconds.
_LONGEST_WAIT_S: Final = 3600.0
_MAY_PASS: Final = frozenset({408, 425, 429})


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only where the request stays the same and goes to the same host, as securely as before."""

    http_error_308 = urllib.request.HTTPRedirectHandler.http_error_302  # which Python 3.10 does not know

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,  # noqa: ARG002 - the library calls it so
        code: int,
        msg: str,  # noqa: ARG002
        headers: Any,  # noqa: ARG002
        newurl: str,
    ) -> urllib.request.Request | None:
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        same = (before.scheme, before.netloc) == (after.scheme, after.netloc)
        if code not in (307, 308) or not same:
            return None
        return urllib.request.Request(  # noqa: S310 - of the same scheme as the address that was checked
            newurl, req.data, dict(req.header_items()), method="POST"
        )


class WebhookSink:
    """One endpoint. Proxy variables count, certificates are verified."""

    def __init__(self, settings: Webhook, run: RunInfo) -> None:
        self._settings = settings
        self._run = run.id
        self._opener = urllib.request.build_opener(_SameHost())

    def write(self, batch: list[Mapping[str, Any]]) -> None:
        """Send a batch; an answer of 2xx confirms it.

        Raises:
            LaterError: the endpoint asks to wait.
            RefusedError: it will not take what we send as we send it.
            TooLargeError: it takes less at once.
            OSError: it cannot be reached, or fails.
        """
        url = self._url()
        host = urlsplit(url).hostname
        request = self._request(url, batch)
        problem: Exception | None = None
        try:
            with self._opener.open(request, timeout=self._settings.timeout_s or None) as answer:
                answer.read(1 << 16)
                if answer.status // 100 != 2:
                    problem = RefusedError(f"{host} answered {answer.status}")
        except urllib.error.HTTPError as error:
            with error:
                problem = _verdict(host, error)
        except urllib.error.URLError as error:
            problem = OSError(f"{host} cannot be reached: {_words(error.reason)}")
        except Exception as error:  # http.client's own errors show the line that they could not read
            problem = OSError(f"{host} cannot be talked to: {type(error).__name__}")
        if problem is not None:
            raise problem  # here, so that no context of it can show the address or a header

    def close(self) -> None:
        """Do nothing: a connection lasts for one batch."""

    def _url(self) -> str:
        from ..builtin_plugins.sinks import check_address

        settings = self._settings
        url = settings.url if settings.url_env is None else os.environ.get(settings.url_env, "")
        try:
            check_address(url, token=bool(settings.token_env or settings.token_file))
        except ValueError as error:
            raise RefusedError(f"the address in {settings.url_env or 'url'} cannot be used: {error}") from None
        return str(url)

    def _token(self) -> str | None:
        settings = self._settings
        if settings.token_env is not None:
            token, place = os.environ.get(settings.token_env, ""), f"the variable {settings.token_env}"
        elif settings.token_file is not None:
            place = settings.token_file
            try:
                with open(settings.token_file, encoding="utf-8") as file:
                    token = file.read(1 << 16)
            except (OSError, UnicodeDecodeError) as error:
                raise RefusedError(f"the token in {place} cannot be read ({type(error).__name__})") from None
        else:
            return None
        token = token.strip()
        if not token or not token.isascii() or not token.isprintable():
            raise RefusedError(f"{place} holds no token that can be sent")
        return token

    def _request(self, url: str, batch: list[Mapping[str, Any]]) -> urllib.request.Request:
        body = b"[" + b",\n".join(map(line, batch)) + b"]"
        headers = {"Content-Type": "application/json", "User-Agent": f"epochal/{__version__}", "Epochal-Run": self._run}
        if self._settings.gzip and len(body) > _LARGE:
            body = gzip.compress(body, 6)
            headers["Content-Encoding"] = "gzip"
        request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - checked by `_url`
        token = self._token()
        if token is not None:
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        return request


def _verdict(host: str | None, error: urllib.error.HTTPError) -> Exception:
    """Return what an answer other than 2xx means."""
    text = f"{host} answered {error.code}"
    if error.code == 413:
        return TooLargeError(text)
    if error.code in _MAY_PASS or error.code >= 500:
        wait = _retry_after(error.headers.get("Retry-After"))
        return OSError(text) if wait is None else LaterError(text, wait)
    return RefusedError(text)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number, or a date."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (TypeError, ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), _LONGEST_WAIT_S) if seconds == seconds else None


def _words(reason: object) -> str:
    if isinstance(reason, OSError):
        return reason.strerror or type(reason).__name__
    return type(reason).__name__ if isinstance(reason, Exception) else str(reason)
