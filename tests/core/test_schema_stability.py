"""What programs read with --json stays: each schema is held against the shape that was recorded of it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from epochal.cli import schema
from epochal.cli.json_keys import JSON_KEYS
from tests.core.schema_shapes import RULE, breaks, recorded, shape, shapes


@pytest.mark.parametrize("command", schema.commands())
def test_what_is_on_record_still_holds(command: str) -> None:
    id = schema.load(command)["$id"]
    assert id in recorded(), f"{id} is not on record yet: python -m tests.core.schema_shapes"
    assert breaks(recorded()[id], shapes()[id]) == [], RULE


def test_keys_that_were_added_are_on_record_too() -> None:
    new = {id: sorted(told.keys() - recorded().get(id, {}).keys()) for id, told in shapes().items()}
    assert {id: places for id, places in new.items() if places} == {}, "python -m tests.core.schema_shapes"


def change_status(do: Any) -> list[str]:
    whole = schema.load("status")
    changed = copy.deepcopy(whole)
    do(changed)
    return breaks(shape(whole), shape(changed))


def test_removing_retyping_and_loosening_a_key_are_noticed_and_adding_one_is_free() -> None:
    assert change_status(lambda one: one["properties"].pop("mode")) == [".mode is gone"]
    assert change_status(lambda one: one["properties"]["version"].update(type=["string", "null"])) == [
        ".version may be null now"
    ]
    assert change_status(lambda one: one["properties"]["mode"]["enum"].append("new")) == ['.mode may be "new" now']
    assert change_status(lambda one: one["required"].remove("version")) == [".version may be missing now"]
    assert change_status(
        lambda one: one["properties"]["environment"].update(additionalProperties={"type": "null"})
    ) == [".environment.* may be null now"]
    assert change_status(lambda one: one["properties"].update(more={"type": "string"})) == []
    assert change_status(lambda one: one["required"].append("problem")) == []


@pytest.mark.parametrize("command", schema.commands())
def test_a_schema_is_one_of_its_draft_with_a_meaning_for_each_key(command: str) -> None:
    whole = schema.load(command)
    Draft202012Validator.check_schema(whole)
    assert whole["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert whole["$id"].startswith(f"urn:epochal:schema:{command}:")
    assert whole["title"] == f"epochal {command} --json"
    assert whole["description"]
    for place, properties in objects(whole, ""):
        for name, part in properties.items():
            told = schema.resolved(part, whole).get("description")
            assert told, f"{command}: {place}.{name} has no description"


@pytest.mark.parametrize("command", schema.commands())
def test_an_object_with_keys_of_its_own_says_whether_there_may_be_others(command: str) -> None:
    def look(part: Any, place: str) -> None:
        if isinstance(part, dict):
            if "properties" in part and isinstance(part.get("type"), str):
                assert "additionalProperties" in part, f"{command}: {place}"
            for key, below in part.items():
                look(below, f"{place}/{key}")
        elif isinstance(part, list):
            for below in part:
                look(below, place)

    look(schema.load(command), "")


def objects(part: Any, place: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    if isinstance(part, dict):
        if isinstance(part.get("properties"), dict) and "type" in part:
            found.append((place, part["properties"]))
        for key, below in part.items():
            found += objects(below, f"{place}/{key}")
    elif isinstance(part, list):
        for below in part:
            found += objects(below, place)
    return found


def test_the_reference_names_every_form_of_every_command() -> None:
    assert {words.split()[0] for words in JSON_KEYS} == set(schema.commands())
    assert set(JSON_KEYS["ls"]) == set(schema.load("ls")["$defs"]["list"]["items"]["properties"])
    assert "…" in JSON_KEYS["ls --columns"]


def test_the_files_are_written_alike() -> None:
    from importlib.resources import files

    for command in schema.commands():
        text = files("epochal.cli").joinpath("schemas", f"{command}.json").read_text(encoding="utf-8")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n", command
