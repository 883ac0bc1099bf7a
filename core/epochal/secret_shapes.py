"""Takes secrets out of text: by the prefixes that issuers give them, in addresses, and behind `name=` and `name:`.

Every pattern begins with a literal and runs only over text that holds it, and none can go over the same text twice,
so that time grows with the length of the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from .secret_names import is_secret, kind_of_name

REDACTED: Final = "[redacted]"

#: The shortest shape of an issuer has so many characters; what is shorter can only be `name=value` or an address.
_SHORTEST_SHAPE: Final = 20

_Match = re.Match[str]


def redact_shapes(text: str) -> str:
    """Return text without what looks like a secret."""
    if ":" in text or "=" in text or "--" in text:
        if "PRIVATE KEY" in text:
            text = _without_private_keys(text)
        text = _without_assigned(text)
        if "://" in text:
            text = _USERINFO.sub(_userinfo, text)
    if len(text) >= _SHORTEST_SHAPE:
        for sign, shapes in _SHAPES:
            if sign in text:
                for anchor, pattern, replace in shapes:
                    if anchor in text:
                        text = pattern.sub(replace, text)
    return text


# ------------------------------------------------------------------------------------------------- private keys

_BEGIN: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----")


def _without_private_keys(text: str) -> str:
    done, at = [], 0
    while begin := _BEGIN.search(text, at):
        closing = f"-----END {begin.group(1)}-----"
        end = text.find(closing, begin.end())
        done += [text[at : begin.start()], REDACTED]
        at = len(text) if end < 0 else end + len(closing)
    return "".join([*done, text[at:]])


# --------------------------------------------------------------------------------------- name=value and name: value

_SEPARATED: Final = r"[_\-. ]?"
_KEYS: Final = ("api", "auth", "access", "secret", "private", "account", "signing", "encryption", "master", "shared")
_WORDS: Final = ("secret", "password", "passwd", "passphrase", "passcode")
_SIGN: Final = r"(?P<between>s?[0-9_]{0,4}\\?[\"']?(?P<sign>[ \t]{0,3}(?:==?|:)[ \t]{0,3}))"
_SCHEME: Final = r"(?:(?:basic|bearer|token|digest|negotiate|apikey)[ \t]+)?"


def _value(quoted: str, bare: str) -> str:
    return rf"(?:(?P<quote>\\?[\"'])(?P<quoted>{quoted})(?=\\?[\"'])|(?P<bare>{bare}))"


_ANY: Final = _value(r"[^\"'\n\\]{1,4096}", r"[^\s\"',;&(){}]{1,4096}")
# Texts of tokenizers are full of `"token": "…"`: what is too short or holds a space is passed over at once.
_TOKEN: Final = _value(r"[^\"'\n\\<\[ ]{16,4096}", r"[^\s\"',;&(){}<\[]{16,4096}")

#: A text that must occur (in lower case), then a pattern of the end of a name with its value. What stands before is
#: looked at when one was found.
_ASSIGNED: Final = (
    *((f"{word}", re.compile(rf"{word}{_SEPARATED}key{_SIGN}{_ANY}")) for word in _KEYS),
    *((word, re.compile(word + _SIGN + _ANY)) for word in _WORDS),
    ("token", re.compile("token" + _SIGN + _TOKEN)),
    ("authorization", re.compile("authorization" + _SIGN + _SCHEME + _ANY)),
)
_FLAG: Final = re.compile(
    r"--(?<![A-Za-z0-9_.\-]--)(?P<name>[A-Za-z][A-Za-z0-9_.\-]{0,80})[ \t]{1,8}"
    r"[\"']?(?P<value>[^\s\"'\-][^\s\"']{0,4096})"
)
_NAME_BACKWARD: Final = re.compile(r"[A-Za-z0-9_.\-]*")
_NO_SECRET: Final = re.compile(
    r"(?:none|null|true|false|str|int|bytes|bool|any|optional\b.*|[0-9.]{1,3})\Z", re.IGNORECASE
)
_CODE: Final = re.compile(
    r"(?:os|sys|self|cls|args|kwargs|cfg|conf|config|settings|env|environ|opts?|options|params|hparams|flags|request"
    r"|secrets|keyring|getpass)[.\[]|[A-Za-z_]\w*\[\w*\]?\Z",
    re.IGNORECASE,
)


def _without_assigned(text: str) -> str:
    spans = list(_secret_spans(text))
    if not spans:
        return text
    done, at = [], 0
    for start, stop in sorted(spans):
        if start >= at:
            done += [text[at:start], REDACTED]
            at = stop
    return "".join([*done, text[at:]])


def _secret_spans(text: str) -> Iterator[tuple[int, int]]:
    lowered = _lowered(text)
    has_key = "key" in lowered
    for word, pattern in _ASSIGNED:
        if word in lowered and (has_key or word not in _KEYS or word == "secret"):
            for found in pattern.finditer(lowered):
                group = "quoted" if found.group("quote") else "bare"
                span = found.span(group)
                if _is_assigned_secret(text, found, group, text[slice(*span)]):
                    yield span
    if "--" in text:
        for found in _FLAG.finditer(text):
            if is_secret(kind_of_name(found.group("name")), found.group("value")):
                yield found.span("value")


def _is_assigned_secret(text: str, found: _Match, group: str, value: str) -> bool:
    if value.startswith(REDACTED[:-1]):
        return False
    name = _name_before(text, found.start("between"))
    kind = kind_of_name(f"{name}s" if found.group("between").startswith("s") else name)
    if not kind or not is_secret(kind, value):
        return False
    return group == "quoted" or not _is_no_secret(name, found.group("sign"), value)


def _name_before(text: str, end: int) -> str:
    found = _NAME_BACKWARD.match(text[max(0, end - 80) : end][::-1])
    return found.group()[::-1] if found else ""


def _is_no_secret(name: str, sign: str, value: str) -> bool:
    # In source lines of a traceback: `password=password`, `token: str`, `api_key=args.api_key`, `secret=keys[0]`.
    if _NO_SECRET.match(value) or _CODE.match(value) or name.endswith(value):
        return True
    # Prose: "password: required". Behind a colon only what has a digit in it counts.
    return ":" in sign and not any(map(str.isdigit, value))


def _lowered(text: str) -> str:
    lowered = text.lower()
    # One letter of Unicode becomes two in lower case; positions must stay what they are.
    return lowered if len(lowered) == len(text) else text.replace("\u0130", "I").lower()


# ------------------------------------------------------------------------------------------------------- shapes


def _all(_: _Match) -> str:
    return REDACTED


def _if_random(found: _Match) -> str:
    """Take it out if it has 16 letters and digits in a row, and both: words with dashes have not."""
    text = found.group()
    return REDACTED if _RUN.search(text) and _is_mixed(text) else text


def _if_mixed(found: _Match) -> str:
    return REDACTED if _is_mixed(found.group()) else found.group()


def _bearer(found: _Match) -> str:
    return f"{found.group(1)}{REDACTED}" if _is_mixed(found.group(2)) else found.group()


def _userinfo(found: _Match) -> str:
    user, password = found.groups()
    if password in ("", "x-oauth-basic") and user:
        return f"://{REDACTED}:{password}@"
    return f"://{user}:{REDACTED}@" if is_secret("secret", password) else found.group()


def _is_mixed(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


_USERINFO: Final = re.compile(r"://([^\s/@:\"'<>]*):([^\s/\"'<>]*)@")
_RUN: Final = re.compile(r"[A-Za-z0-9]{16}")


_Shape = tuple[str, re.Pattern[str], Callable[[_Match], str]]


def _shape(anchor: str, rest: str, replace: Callable[[_Match], str] = _all) -> _Shape:
    # The look-behind stands after the literal, so that the search can run for the literal.
    literal = re.escape(anchor)
    return anchor, re.compile(rf"{literal}(?<![A-Za-z0-9]{literal}){rest}"), replace


#: A character that all shapes of a group hold, then the shapes: the text that must occur, the pattern, what to do.
_SHAPES: Final[tuple[tuple[str, tuple[_Shape, ...]], ...]] = (
    (
        "-",
        (
            _shape("sk-", r"[A-Za-z0-9_\-]{20,}", _if_random),  # OpenAI, Anthropic, OpenRouter, DeepSeek …
            _shape("glpat-", r"[A-Za-z0-9_\-]{20,}"),
            _shape("xox", r"[abeoprs]-[A-Za-z0-9\-]{10,}", _if_mixed),
            _shape("pypi-", r"AgE[A-Za-z0-9_\-]{40,}"),
            _shape("GOCSPX-", r"[A-Za-z0-9_\-]{20,}"),
        ),
    ),
    (
        "_",
        (
            *(_shape(f"gh{letter}_", r"[A-Za-z0-9]{30,}") for letter in "pousr"),
            _shape("github_pat_", r"[A-Za-z0-9_]{22,}"),
            _shape("hf_", r"[A-Za-z0-9]{30,}"),
            _shape("npm_", r"[A-Za-z0-9]{36,}"),
            _shape("gsk_", r"[A-Za-z0-9]{40,}"),
            _shape("r8_", r"[A-Za-z0-9]{35,}"),
            _shape("sk_live_", r"[A-Za-z0-9]{16,}"),
        ),
    ),
    (
        ".",
        (
            # Not inside a longer run: base64 texts are full of it, and each would be read to its end.
            _shape("eyJ", r"(?<![_\-]eyJ)[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}"),
            _shape("ya29.", r"[A-Za-z0-9_\-]{20,}"),
            _shape("hooks.slack.com/services/", r"[A-Za-z0-9/]{20,}"),
        ),
    ),
    (
        "A",
        (
            _shape("AKIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
            _shape("ASIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
            _shape("AIza", r"[A-Za-z0-9_\-]{35,}"),
        ),
    ),
    ("=", (("sig=", re.compile(r"sig=(?<=[?&]sig=)[A-Za-z0-9%+/=]{30,}"), lambda _: f"sig={REDACTED}"),)),
    ("dapi", (_shape("dapi", r"[0-9a-f]{32}(?![A-Za-z0-9])"),)),
    (
        "er ",
        (("earer ", re.compile(r"(earer (?<=[Bb]earer ) *)([A-Za-z0-9._~+/=\-]{16,})"), _bearer),),
    ),
    (
        "ER ",
        (("EARER ", re.compile(r"(EARER (?<=BEARER ) *)([A-Za-z0-9._~+/=\-]{16,})"), _bearer),),
    ),
)
