"""The JSON schemas of what commands print, one file each in `schemas/`, and `epochal schema` to get them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import click

from .failure import Failure
from .options import as_json
from .output import print_json

_FOLDER = "schemas"
_SUFFIX = ".json"


def commands() -> list[str]:
    """Return the names of the commands that have a schema, sorted."""
    found = (entry.name for entry in files(__package__).joinpath(_FOLDER).iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))


def load(command: str) -> dict[str, Any]:
    """Return the schema of a command's JSON, in JSON Schema's draft 2020-12.

    Raises:
        KeyError: the command has none.
    """
    if command not in commands():
        raise KeyError(command)
    text = files(__package__).joinpath(_FOLDER, command + _SUFFIX).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def variants(schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each form of a command's output: the command line without `epochal` and `--json`, and the object's schema.

    Of a list the object is one of its items.
    """
    for one in _alternatives(schema, schema):
        words = str(one.get("title") or schema["title"])
        item = one
        while item.get("type") == "array":
            item = resolved(item["items"], schema)
        yield words.removeprefix("epochal ").removesuffix(" --json"), item


def resolved(part: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a part of a schema, with what its `$ref` names taken in; its own words count more."""
    found = dict(part)
    while "$ref" in found:
        target: Any = schema
        for word in str(found.pop("$ref")).removeprefix("#/").split("/"):
            target = target[word]
        found = {**target, **found}
    return found


def _alternatives(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    one = resolved(part, schema)
    several = one.get("anyOf") or one.get("oneOf")
    if several is None:
        yield one
        return
    for each in several:
        yield from _alternatives(each, schema)


@click.command("schema")
@click.argument("command", metavar="[COMMAND]", required=False)
@as_json
def schema(command: str | None, as_json: bool) -> None:
    """Print the JSON Schema of what a command prints with --json.

    Without COMMAND the commands that have one are listed. The number at the end of a schema's $id rises when a key
    goes away or changes its type; keys that are added leave it as it is.
    """
    if command is not None:
        try:
            print_json(load(command))
        except KeyError:
            raise Failure(f"{command} has no schema: there are {', '.join(commands())}") from None
        return
    found = [(name, load(name)) for name in commands()]
    if as_json:
        print_json([{"command": name, "id": one["$id"], "description": one["description"]} for name, one in found])
        return
    width = max(len(name) for name, _ in found)
    for name, one in found:
        click.echo(f"{name:<{width}}  {one['description']}")


COMMANDS = [schema]
