"""The libraries of the pages: each file is what the list says, none is there that the list does not know."""

from __future__ import annotations

import hashlib
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

spec = find_spec("epochal_server")
assert spec is not None
assert spec.origin is not None
VENDOR = Path(spec.origin).parent / "pages" / "vendor"
LIBRARIES = tomllib.loads((VENDOR / "vendor.toml").read_text(encoding="utf-8"))["library"]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library["name"])
def test_each_file_is_what_the_list_says(library: dict) -> None:
    assert library["integrity"].startswith("sha512-")
    assert library["licence"] in ("MIT", "Apache-2.0", "BSD-3-Clause")
    assert any(each["to"].startswith("licences/") for each in library["files"])
    for each in library["files"]:
        data = (VENDOR / each["to"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == each["sha256"], each["to"]
        assert b"sourceMappingURL" not in data


def test_nothing_else_lies_there() -> None:
    listed = {each["to"] for library in LIBRARIES for each in library["files"]} | {"vendor.toml"}
    assert {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()} == listed
