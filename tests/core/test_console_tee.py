"""What stands in for sys.stdout is, to whoever uses it, the stream that was there."""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import pickle
import sys

import pytest

from epochal.console.tee import Tee


def put_stream(monkeypatch: pytest.MonkeyPatch) -> io.TextIOWrapper:
    """Put a real text stream in the place of sys.stdout; no fixture can: pytest puts its own there before each call."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def content(stream: io.TextIOWrapper) -> str:
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode()


def test_every_way_of_writing_goes_through_unchanged_and_is_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = put_stream(monkeypatch)
    copied: list[str] = []
    handler = logging.StreamHandler(stream)  # made before: it holds the old stream
    tee = Tee("stdout", copied.append)
    assert sys.stdout.write("eins\n") == 5
    print("zwei", "drei", flush=True)
    sys.stdout.writelines(["vier", "\n"])
    assert sys.stdout.buffer.write(b"f\xc3\xbcnf\n") == 6
    handler.emit(logging.LogRecord("", 20, "", 0, "sechs", None, None))
    with contextlib.redirect_stdout(io.StringIO()) as elsewhere:
        print("not ours")
    assert elsewhere.getvalue() == "not ours\n"
    with contextlib.redirect_stderr(sys.stdout):
        print("sieben", file=sys.stderr)
    expected = "eins\nzwei drei\nvier\nfünf\nsechs\nsieben\n"
    assert content(stream) == expected
    assert "".join(copied) == expected
    tee.retire()
    assert sys.stdout is stream
    assert "write" not in vars(stream)
    print("after", file=tee)  # whoever still holds it
    assert content(stream) == expected + "after\n"
    assert "".join(copied) == expected


def test_it_is_to_whoever_asks_what_the_stream_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = put_stream(monkeypatch)
    tee = Tee("stdout", print)
    assert isinstance(sys.stdout, io.TextIOWrapper)
    assert isinstance(sys.stdout, io.TextIOBase)
    for name in ("encoding", "errors", "newlines", "line_buffering", "closed", "write_through"):
        assert getattr(sys.stdout, name) == getattr(stream, name), name
    assert sys.stdout.isatty() is False
    assert sys.stdout.writable() is True
    with pytest.raises(io.UnsupportedOperation):
        sys.stdout.fileno()
    with pytest.raises(AttributeError):
        _ = sys.stdout.no_such_thing  # type: ignore[attr-defined]
    for attempt in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="TextIOWrapper"):
            attempt(sys.stdout)
    tee.retire()


def test_what_the_stream_refuses_is_refused_and_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = put_stream(monkeypatch)
    copied: list[str] = []
    tee = Tee("stdout", copied.append)
    with pytest.raises(TypeError):
        sys.stdout.write(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(UnicodeEncodeError):
        sys.stdout.write("\udcff")
    stream.close()
    with pytest.raises(ValueError, match="closed"):
        print("closed")
    assert sys.stdout.closed
    assert copied == []
    tee.retire()


def test_streams_of_others_are_never_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = put_stream(monkeypatch)
    copied: list[str] = []
    tee = Tee("stdout", copied.append)

    class Theirs(io.StringIO):
        def write(self, text: str) -> int:
            return tee.write(text.upper())

    theirs = sys.stdout = Theirs()
    print("loud")
    tee.retire()
    assert sys.stdout is theirs
    print("still loud")
    assert content(stream) == "LOUD\nSTILL LOUD\n"
    assert copied == ["LOUD", "\n"]


def test_who_changes_ours_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some trackers put a `write` of theirs on the object that they find."""
    stream = put_stream(monkeypatch)
    tee = Tee("stdout", lambda _: None)
    seen: list[str] = []
    before = sys.stdout.write
    sys.stdout.write = lambda text: seen.append(text) or before(text)  # type: ignore[func-returns-value, method-assign]
    tee.retire()
    print("hello")
    assert seen == ["hello", "\n"]
    assert content(stream) == "hello\n"


def test_a_detached_buffer_is_copied_too(monkeypatch: pytest.MonkeyPatch) -> None:
    put_stream(monkeypatch)
    copied: list[str] = []
    tee = Tee("stdout", copied.append)
    sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding="utf-8", write_through=True)
    print("new coat")
    assert "".join(copied) == "new coat\n"
    tee.retire()
    sys.stdout.detach()


def test_bytes_in_pieces_and_no_text_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    put_stream(monkeypatch)
    copied: list[str] = []
    tee = Tee("stdout", copied.append)
    buffer = sys.stdout.buffer
    for byte in "ü".encode():
        buffer.write(bytes([byte]))
    buffer.write(memoryview(b"\xff\x00"))
    assert "".join(copied) == "ü\\xff\x00"
    tee.retire()
