"""The supported versions stand in integrations/versions.toml; extras, tox.ini, .ci and the pages say the same."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from configparser import RawConfigParser
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.house.test_packaging import PROJECT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
VERSIONS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "integrations" / "versions.toml").read_text("utf-8"))
PAGES = ROOT / "docs" / "integrations"


def tox() -> RawConfigParser:
    parser = RawConfigParser()
    parser.read(ROOT / "tox.ini")
    return parser


def spread(text: str) -> list[str]:
    """Return what braces stand for: py3{10,11}-core is py310-core and py311-core."""
    parts = [part.strip("{}").split(",") for part in re.split(r"({.*?})", text)]
    return ["".join(chosen) for chosen in product(*parts)]


def environments() -> list[str]:
    return [name for line in tox()["tox"]["env_list"].split() for name in spread(line)]


def pins(environment: str) -> dict[str, str]:
    """Return {distribution: version} of what tox.ini pins in an environment."""
    factors, found = set(environment.split("-")), {}
    for line in filter(None, tox()["testenv"]["deps"].splitlines()):
        condition, _, requirement = line.rpartition(": ")
        alternatives = re.split(r",(?![^{]*})", condition)
        wanted = (set(one.split("-")) <= factors for alternative in alternatives for one in spread(alternative))
        name, equal, version = requirement.partition("==")
        if equal and any(wanted):
            found[name] = version
    return found


def listed() -> list[tuple[str, str, bool]]:
    """Return what .ci runs, read by its own Python: it stands on no package of ours."""
    code = "import json, environments; print(json.dumps(environments.ENVIRONMENTS))"
    variables = {**os.environ, "PYTHONPATH": str(ROOT / ".ci")}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    return [tuple(entry) for entry in json.loads(done.stdout)]


def test_make_test_runs_exactly_the_environments_of_tox() -> None:
    assert sorted(name for name, _, _ in listed()) == sorted(environments())


def test_each_environment_is_given_the_python_and_the_torch_that_it_needs() -> None:
    for name, python, torch in listed():
        assert name == "lint" or name.startswith(f"py{python.replace('.', '')}-")
        assert torch == ("torch" in pins(name))


@pytest.mark.parametrize("package", VERSIONS)
def test_tox_pins_what_is_called_tested_and_nothing_else(package: str) -> None:
    pinned = {name: pins(name)[package] for name in environments() if package in pins(name) and "all" not in name}
    assert pinned == VERSIONS[package]["tested"]


def test_the_environment_with_everything_has_the_newest_of_each() -> None:
    for package, version in pins("py311-all").items():
        assert version == list(VERSIONS[package]["tested"].values())[-1]


def test_every_pin_is_of_a_package_whose_versions_are_stated() -> None:
    assert {package for name in environments() for package in pins(name)} == set(VERSIONS)


@pytest.mark.parametrize("package", [name for name, facts in VERSIONS.items() if "requires" in facts])
def test_core_and_extras_ask_for_what_is_promised(package: str) -> None:
    asked = f"{package}{VERSIONS[package]['requires']}"
    everything = [
        *PROJECT["dependencies"],
        *(one for some in PROJECT["optional-dependencies"].values() for one in some),
    ]
    about_it = {one.partition(";")[0] for one in everything if re.match(rf"{package}[<>=!~ ]", one)}
    assert about_it == {asked}


def test_all_that_the_core_needs_is_stated() -> None:
    assert {re.split("[<>=]", one)[0] for one in PROJECT["dependencies"]} <= set(VERSIONS)


@pytest.mark.parametrize("package", [name for name, facts in VERSIONS.items() if "requires" in facts])
def test_what_is_promised_begins_where_tests_begin_or_the_note_says_otherwise(package: str) -> None:
    facts = VERSIONS[package]
    lowest = next(iter(facts["tested"].values()))
    assert f"{lowest}.".startswith(facts["requires"].removeprefix(">=") + ".") or "note" in facts


def test_the_pages_say_the_same() -> None:
    command = [sys.executable, str(ROOT / "docs" / "versions_page.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    marked = {path.stem for path in PAGES.glob("*.md") if "<!-- end of versions -->" in path.read_text("utf-8")}
    assert marked == {path.stem for path in PAGES.glob("*.md")}


def test_no_test_skips_what_an_environment_was_made_for() -> None:
    """`need` fails where EPOCHAL_REQUIRE names it; pytest's own importorskip would skip there as well."""
    tests = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    assert [path.name for path in tests if "importorskip" in path.read_text("utf-8")] == []


def test_what_an_environment_must_have_is_named_for_each_that_tests_something() -> None:
    lines = [line for line in tox()["testenv"]["set_env"].splitlines() if "EPOCHAL_REQUIRE" in line]
    named = {one.partition("-!")[0] for line in lines for one in line.partition(": ")[0].split(",")}
    assert {name.partition("-")[2] for name in environments()} - {"bare", ""} == named
