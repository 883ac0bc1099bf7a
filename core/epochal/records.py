"""Record payloads: mappings to msgpack and back, integers of any size included.

Two libraries for one format: a training packs with `msgpack`, which loads next to nothing; who reads unpacks with
`msgspec`, which is faster, but whose import costs the trainer 6 MB and a third of its first `init`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgpack

from .journal.format import EXT_BIG_INT

if TYPE_CHECKING:
    from collections.abc import Callable


def _storable(value: Any) -> Any:
    """Return `value` with what msgpack cannot hold written otherwise.

    Integers outside 64 bits become the extension type that keeps their digits, lone surrogates become
    backslash escapes.
    """
    if type(value) is int and not -(1 << 63) <= value < 1 << 64:
        return msgpack.ExtType(EXT_BIG_INT, format(value, "x").encode())
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
    # packb makes a packer for each call: one that is shared breaks where a signal handler or a thread packs meanwhile
    try:
        return bytes(msgpack.packb(payload))
    except (OverflowError, UnicodeEncodeError):
        return bytes(msgpack.packb(_storable(dict(payload))))


def decode(data: bytes) -> dict[str, Any]:
    """Return the record that `encode` wrote.

    Raises:
        ValueError: the bytes are not a msgpack map.
    """
    payload = (_unpack or _load())(data)
    if not isinstance(payload, dict):
        raise ValueError(f"not a record: a {type(payload).__name__} where a map belongs")
    return payload


_unpack: Callable[[bytes], Any] | None = None


def _load() -> Callable[[bytes], Any]:
    """Return what unpacks, loaded at the first use."""
    global _unpack
    import msgspec

    def decode_ext(code: int, data: memoryview) -> Any:
        return int(bytes(data), 16) if code == EXT_BIG_INT else msgspec.msgpack.Ext(code, bytes(data))

    decoder = msgspec.msgpack.Decoder(ext_hook=decode_ext)

    def unpack(data: bytes) -> Any:
        try:
            return decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise ValueError(f"not a record: {error}") from error

    _unpack = unpack
    return unpack
