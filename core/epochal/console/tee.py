"""Stands in for `sys.stdout` or `sys.stderr`: everything goes through unchanged, and is copied behind."""

from __future__ import annotations

import codecs
import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Copy = Callable[[str], None]


class Tee:
    """A text stream in front of another one; to whoever asks it is of that one's class.

    A write is the other stream's own: it returns and raises what that one does, and is copied only after it. What
    else it is asked for is asked of the other stream. When it has been retired it only passes on, for ever.

    Who holds the other stream, as logging handlers do that were made before, is copied too: its `write` is replaced,
    where it lets that be done.
    """

    __slots__ = ("__dict__", "_before", "_copy", "_name", "_stream", "_write")

    def __init__(self, name: str, copy: Copy) -> None:
        """Stand in for `sys.<name>`."""
        self._name = name
        self._stream: Any = getattr(sys, name)
        self._write: Callable[[str], Any] = self._stream.write
        self._copy: Copy | None = copy
        self._before = getattr(self._stream, "__dict__", {}).get("write")
        with contextlib.suppress(AttributeError, TypeError):
            self._stream.write = self.write
        setattr(sys, name, self)

    def retire(self) -> None:
        """Copy no more; give `sys` its stream back where nobody has put another one in its place or changed this."""
        self._copy = None
        own = getattr(self._stream, "__dict__", {})
        if own.get("write") == self.write:
            if self._before is None:
                del self._stream.write
            else:
                self._stream.write = self._before
        if getattr(sys, self._name) is self and not self.__dict__:
            setattr(sys, self._name, self._stream)

    @property
    def stands_for(self) -> str:
        """Which stream it stands in for: `stdout` or `stderr`."""
        return self._name

    @property
    def copies(self) -> bool:
        """Whether it was not retired yet."""
        return self._copy is not None

    def write(self, text: str) -> Any:
        """Write to the stream, then copy."""
        written = self._write(text)
        copy = self._copy
        if copy is not None:
            copy(text)
        return written

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one after the other."""
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Any:
        """The stream's buffer; what is written to it is copied too."""
        return _Buffer(self._stream.buffer, self._copied)

    def detach(self) -> Any:
        """Detach the stream's buffer, as the stream itself does; what is written to it is copied too."""
        return _Buffer(self._stream.detach(), self._copied)

    def _copied(self, text: str) -> None:
        if self._copy is not None:
            self._copy(text)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_stream"), name)

    def __repr__(self) -> str:
        return f"<epochal's copy of {self._stream!r}>"

    def __enter__(self) -> Any:
        self._stream.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:
        return self._stream.__exit__(*error)

    def __iter__(self) -> Iterator[str]:
        return iter(self._stream)

    def __next__(self) -> str:
        return str(next(self._stream))

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Be pickled and copied as the stream is; most cannot be."""
        return self._stream.__reduce_ex__(protocol)


class _Buffer:
    """The binary stream under a text stream: what is written goes through unchanged, and its text is copied."""

    def __init__(self, stream: Any, copy: Copy) -> None:
        self._stream, self._copy = stream, copy
        self._decode = codecs.getincrementaldecoder("utf-8")("backslashreplace").decode

    def write(self, data: Any) -> Any:
        """Write to the stream, then copy."""
        written = self._stream.write(data)
        try:
            text = self._decode(bytes(data)[: written if isinstance(written, int) else None])
        except Exception:  # what the stream took is fine; what it was is not for us to say
            return written
        if text:
            self._copy(text)
        return written

    def writelines(self, lines: Iterable[Any]) -> None:
        """Write one after the other."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "_stream"), name)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._stream.__reduce_ex__(protocol)
