"""Who may ask: the right host name, the own pages, and a token; and what a page may do (docs/dashboard.md, Security).

Everybody who has an account on this machine reaches loopback, and so does every web page in the user's browser. So each
request must name a host that is this server (a name that somebody else's DNS points here is refused), must not come
from another site's page, and must bring the token. The link that is opened carries it once: the answer sets a cookie
and takes the token out of the address.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Collection
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import Problem
from .tokens import Token

#: What a page may load and do. A page's own style elements carry the nonce (the table needs them); no script does.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; frame-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors {ancestors}"
)
_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_YEAR_S: Final = 365 * 24 * 3600


class Security:
    """ASGI middleware that stands in front of everything."""

    def __init__(self, app: ASGIApp, *, token: Token | None, hosts: Collection[str] = ()) -> None:
        """`token` None asks for none (tests); `hosts` are names beside this machine's own that requests may give."""
        self._app, self._token = app, token
        own = {"localhost", socket.gethostname().lower(), *(host.lower() for host in hosts)}
        self._hosts = own | {name + "." for name in own}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        nonce = secrets.token_urlsafe(12)
        scope.setdefault("state", {})["nonce"] = nonce

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), nonce)
            await send(message)

        try:
            answer = self._refuse(scope, headers)
        except Problem as problem:
            answer = problem.response()
        await (answer or self._app)(scope, receive, guarded)

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        """Return what is answered instead of what was asked for; None where all is well.

        Raises:
            Problem: the request is not served.
        """
        host = headers.get("host", "")
        if not self._knows(host):
            raise Problem(
                421, "unknown host", detail=f"this server is not called {host!r}: start it with --allow-host NAME"
            )
        self._check_origin(scope, headers, host)
        if self._token is None:
            return None
        given = _token_in_query(scope)
        if given is not None and scope["method"] in _SAFE_METHODS:
            if not self._token.is_token(given):
                raise _unknown_token()
            return self._welcome(scope)
        kind, _, word = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._token.is_token(word.strip()):
            return None
        if self._token.is_cookie(_cookie(headers, _cookie_name(scope))):
            return None
        raise _unknown_token()

    def _knows(self, host: str) -> bool:
        """Whether a Host header may be this server's: an address is no name that somebody's DNS could point here."""
        name = host.lower()
        if name.startswith("["):
            name = name[1:].partition("]")[0]
        else:
            name = name.rpartition(":")[0] or name if name.rpartition(":")[2].isdigit() else name
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._hosts
        return True

    def _check_origin(self, scope: Scope, headers: Headers, host: str) -> None:
        """Refuse what another site's page asks for.

        Raises:
            Problem: it does.
        """
        origin = headers.get("origin")
        site = headers.get("sec-fetch-site", "none")
        navigates = headers.get("sec-fetch-mode") == "navigate" and scope["method"] in _SAFE_METHODS
        foreign = site not in ("none", "same-origin") and not navigates
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            foreign = True
        if foreign:
            raise Problem(403, "another site", detail="this was asked for by a page of another site")

    def _welcome(self, scope: Scope) -> Response:
        """Let a browser in: a cookie, and the same address without the token."""
        kept = [(name, text) for name, text in parse_qsl(scope["query_string"].decode("latin-1")) if name != "token"]
        path = "/" + quote(scope["path"].lstrip("/\\"))  # `//elsewhere` would lead to another site
        answer = RedirectResponse(path + (f"?{urlencode(kept)}" if kept else ""), status_code=303)
        assert self._token is not None
        answer.set_cookie(
            _cookie_name(scope), self._token.cookie, max_age=_YEAR_S, httponly=True, samesite="strict", path="/"
        )
        return answer


def _add_headers(headers: MutableHeaders, nonce: str) -> None:
    policy = _POLICY.format(nonce=nonce, ancestors="'none'")
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")


def _unknown_token() -> Problem:
    return Problem(
        401, "no token", detail="open the link that `epochal ui` printed: it brings the token that this page lacks"
    )


def _token_in_query(scope: Scope) -> str | None:
    found = [text for name, text in parse_qsl(scope["query_string"].decode("latin-1")) if name == "token"]
    return found[0] if found else None


def _cookie_name(scope: Scope) -> str:
    # cookies know no ports: each server on this machine needs a name of its own
    server = scope.get("server") or ("", 0)
    return f"epochal-{server[1]}"


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value
