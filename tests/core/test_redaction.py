"""Secrets are taken out before anything is written, and nothing else is."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.redaction import REDACTED, redact, redact_argv, redact_remote, redact_text

# A middle dot stands in the made-up secrets, so that no scanner takes them for real.
VECTORS = json.loads((Path(__file__).parent / "redaction_vectors.json").read_text(encoding="utf-8").replace("·", ""))
REDACTORS: dict[str, Callable[[Any], Any]] = {
    "config": redact,
    "text": redact_text,
    "argv": redact_argv,
    "remote": redact_remote,
}


def test_there_are_enough_vectors_of_both_kinds() -> None:
    assert len(VECTORS["redacted"]) >= 60
    assert len(VECTORS["untouched"]) >= 60


@pytest.mark.parametrize("vector", VECTORS["redacted"], ids=lambda vector: f"{vector['kind']}-{vector['input']}"[:60])
def test_a_secret_is_taken_out(vector: dict[str, Any]) -> None:
    assert REDACTORS[vector["kind"]](vector["input"]) == vector["output"]


@pytest.mark.parametrize("vector", VECTORS["untouched"], ids=lambda vector: f"{vector['kind']}-{vector['input']}"[:60])
def test_nothing_else_is(vector: dict[str, Any]) -> None:
    assert REDACTORS[vector["kind"]](vector["input"]) == vector["input"]


@pytest.mark.parametrize("vector", VECTORS["redacted"], ids=lambda vector: f"{vector['kind']}-{vector['input']}"[:60])
def test_what_is_redacted_stays_as_it_is(vector: dict[str, Any]) -> None:
    assert REDACTORS[vector["kind"]](vector["output"]) == vector["output"]


def test_a_path_counts_as_the_names_around_a_value() -> None:
    assert redact("hunter2", ("db", "password")) == REDACTED
    assert redact("hunter2", ("password", "0")) == REDACTED
    assert redact("hunter2", ("password_policy",)) == "hunter2"
    assert redact({"nested": ["x"]}, ["secret"]) == {"nested": [REDACTED]}


def test_what_was_given_is_not_changed() -> None:
    given_config = {"api_key": "x", "list": [{"password": "y"}]}
    redact(given_config)
    assert given_config == {"api_key": "x", "list": [{"password": "y"}]}


def test_a_traceback_keeps_its_code() -> None:
    text = (
        "Traceback (most recent call last):\n"
        '  File "train.py", line 3, in connect\n'
        "    client = Client(api_key=args.api_key, password=password, token=tokens[0])\n"
        "             ^^^^^^^\n"
        "ValueError: cannot log in with api_key='abc123'\n"
    )
    assert redact_text(text) == text.replace("abc123", REDACTED)


names = st.text(string.ascii_letters + string.digits + "_-. ", max_size=20) | st.sampled_from(
    ["api_key", "password", "token", "hub_token", "pad_token", "secret", "lr", "Authorization", "apiKeys"]
)
texts = st.text(max_size=40) | st.sampled_from(
    ["a" * 20, "sk-" + "a1" * 12, "api_key=abc", "--password x1", "://u:p@h", "Bearer " + "a1" * 10, "password: x1 y"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(names, children, max_size=4),
    max_leaves=12,
)


@given(values)
def test_redacting_twice_is_redacting_once(value: Any) -> None:
    assert redact(redact(value)) == redact(value)


@given(st.lists(texts | names.map(lambda name: f"--{name}") | st.builds("{}={}".format, names, texts), max_size=6))
def test_redacting_a_command_line_twice_is_redacting_it_once(argv: list[str]) -> None:
    assert redact_argv(redact_argv(argv)) == redact_argv(argv)
    assert len(redact_argv(argv)) == len(argv)


@given(
    st.lists(texts | st.sampled_from([" ", '"', "'", "=", ": ", "password", "token", "\n"]), max_size=8).map("".join)
)
def test_redacting_a_text_twice_is_redacting_it_once(text: str) -> None:
    assert redact_text(redact_text(text)) == redact_text(text)


@given(values)
def test_only_strings_are_changed_and_never_a_name(value: Any) -> None:
    assert shape_of(redact(value)) == shape_of(value)


def shape_of(value: Any) -> Any:
    """Return a value with every string in it replaced by one and the same."""
    if isinstance(value, dict):
        return {name: shape_of(child) for name, child in value.items()}
    if isinstance(value, list):
        return [shape_of(child) for child in value]
    return "text" if isinstance(value, str) else (type(value), value)


@given(st.text("0123456789abcdef", min_size=64, max_size=64) | st.text("0123456789abcdef", min_size=40, max_size=40))
def test_digests_are_never_touched(digest: str) -> None:
    assert redact_text(digest) == digest
    assert redact({"sha256": digest, "commit": [digest]}) == {"sha256": digest, "commit": [digest]}
    assert redact_text(f"at {digest} of main, sha256:{digest}") == f"at {digest} of main, sha256:{digest}"


@pytest.mark.parametrize(
    "piece",
    ["sk-", "key=", "eyJ", "eyJaaaaaaaaaa.", "://a:", "-----BEGIN PRIVATE KEY-----", "-", "a", '"token": "x", ', "://",
     "Bearer ", "password", "password ", "--password", 'password="', "secret:", "hf_", "?sig=", "token=", "A"],
)  # fmt: skip
def test_time_grows_with_the_length_of_the_text_alone(piece: str) -> None:
    """No figure is asked for: a pattern that goes back over the text would take minutes here."""
    text = (piece * (300_000 // len(piece)))[:300_000]
    assert len(redact_text(text)) <= 4 * len(text)
