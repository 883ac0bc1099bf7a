"""Record payloads: mappings to msgpack and back, integers of any size included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from .journal.format import EXT_BIG_INT

_encoder = msgspec.msgpack.Encoder()


def _decode_ext(code: int, data: memoryview) -> Any:
    if code == EXT_BIG_INT:
        return int(bytes(data))
    return msgspec.msgpack.Ext(code, bytes(data))


_decoder = msgspec.msgpack.Decoder(ext_hook=_decode_ext)


def _with_big_ints(value: Any) -> Any:
    """Return `value` with integers outside 64 bits as the extension type that keeps their digits."""
    if type(value) is int and not -(1 << 63) <= value < 1 << 64:
        return msgspec.msgpack.Ext(EXT_BIG_INT, str(value).encode())
    if type(value) is dict:
        return {key: _with_big_ints(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [_with_big_ints(item) for item in value]
    return value


def encode(payload: Mapping[str, Any]) -> bytes:
    """Return the msgpack bytes of a record.

    Args:
        payload: text keys; values None, bool, int of any size, float, text, bytes, lists and mappings of these.
    """
    try:
        return _encoder.encode(payload)
    except OverflowError:
        return _encoder.encode(_with_big_ints(dict(payload)))
    except UnicodeEncodeError:
        return _encoder.encode(_without_surrogates(dict(payload)))


def _without_surrogates(value: Any) -> Any:
    """Return `value` with lone surrogates, which UTF-8 cannot hold, written as `\\udc80` and the like."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if type(value) is dict:
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return [_without_surrogates(item) for item in value]
    return value


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
