"""Record payloads: mappings to msgpack and back, integers of any size included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from .journal.format import EXT_BIG_INT

_encoder = msgspec.msgpack.Encoder()


def _decode_ext(code: int, data: memoryview) -> Any:
    if code == EXT_BIG_INT:
        return int(bytes(data), 16)
    return msgspec.msgpack.Ext(code, bytes(data))


_decoder = msgspec.msgpack.Decoder(ext_hook=_decode_ext)


def _storable(value: Any) -> Any:
    """Return `value` with what msgpack cannot hold written otherwise.

    Integers outside 64 bits become the extension type that keeps their digits, lone surrogates become
    backslash escapes.
    """
    if type(value) is int and not -(1 << 63) <= value < 1 << 64:
        return msgspec.msgpack.Ext(EXT_BIG_INT, format(value, "x").encode())
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(item) for item in value]
    return value


def encode(payload: Mapping[str, Any]) -> bytes:
    """Return the msgpack bytes of a record.

    Args:
        payload: text keys; values None, bool, int of any size, float, text, bytes, lists and mappings of these.
    """
    try:
        return _encoder.encode(payload)
    except (OverflowError, UnicodeEncodeError):
        return _encoder.encode(_storable(dict(payload)))


def decode(data: bytes) -> dict[str, Any]:
    """Return the record that `encode` wrote.

    Raises:
        ValueError: the bytes are not a msgpack map.
    """
    try:
        payload = _decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"not a record: {error}") from error
    if not isinstance(payload, dict):
        raise ValueError(f"not a record: a {type(payload).__name__} where a map belongs")
    return payload
