"""Tells by its name whether what stands under it is a secret: whole words only, so that `password_policy` is none."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

#: "secret": every string under the name. "token": a string directly under it that looks like no tokenizer's token.
Kind = Literal["secret", "token", ""]

#: What a name must end in, its words written as one; a plural `s` and numbers behind it do not matter.
_ENDINGS: Final = frozenset(
    """
    password passwd passphrase passcode secret authorization apikey authkey accesskey secretkey privatekey accountkey
    signingkey encryptionkey masterkey sharedkey subscriptionkey
    """.split()
)
#: A token behind one of these belongs to a tokenizer.
_TOKENIZER: Final = frozenset(
    """
    additional audio begin bos class cls decoder end eos fim forced image initializer mask middle next padding pad
    placeholder prefix sep special start stop suffix token trigger unk unknown video vision
    """.split()
)
#: A name that begins so asks a question.
_QUESTIONS: Final = frozenset(
    "allow allows ask ban bad disable disabled enable enabled forbid has hide is need needs no num prompt require "
    "required requires show skip use uses verify with".split()
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def kind_of_name(name: str) -> Kind:
    """Return what a name says about the strings under it."""
    low = name.lower()
    # Spelled out, since it is asked for each name of a configuration that may have a million.
    if "key" in low or "token" in low or "secret" in low or "pass" in low or "authoriz" in low:
        return _classified(name)
    return ""


@lru_cache(maxsize=4096)
def _classified(name: str) -> Kind:
    words = [word.lower() for word in _WORD.findall(name[-256:])]
    while words and words[-1].isdigit():
        words.pop()
    if not words or words[0] in _QUESTIONS:
        return ""
    if words[-1] == "token":
        return "" if len(words) > 1 and words[-2] in _TOKENIZER else "token"
    if words[-1] == "tokens":
        return "token" if len(words) > 1 and words[-2] in ("access", "api", "auth", "refresh") else ""
    for count in (1, 2):
        ending = "".join(words[-count:])
        if ending in _ENDINGS or ending.removesuffix("s") in _ENDINGS:
            return "secret"
    return ""


def is_secret(kind: Kind, value: str) -> bool:
    """Return whether a string under a name of this kind is to be taken out."""
    if not kind or _SAYS_NOTHING.fullmatch(value):
        return False
    return kind == "secret" or (len(value) >= 16 and not _NO_TOKEN.search(value))


_NO_TOKEN: Final = re.compile(r"[<\[ ]")
#: Empty, a word for nothing, a reference to a variable, or a place to fill in.
_SAYS_NOTHING: Final = re.compile(
    r"\s*(?:|none|null|true|false|\$\{[^{}]*\}|<[^<>]*>|\*+|\[redacted\])\s*", re.IGNORECASE
)
