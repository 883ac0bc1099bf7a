"""The shape of the JSON schemas, and the record of it: `python -m tests.core.schema_shapes` records what is new."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from epochal.cli import schema

RECORD = Path(__file__).parent / "golden" / "schemas" / "shapes.json"
RULE = (
    "programs read this. A key may be added; one that goes away, may be missing, or takes more types needs a new "
    "version: raise the number at the end of the schema's $id, say so in CHANGELOG.md, then record the new shape with "
    "`python -m tests.core.schema_shapes`"
)

Shape = dict[str, dict[str, Any]]


def shape(whole: Mapping[str, Any]) -> Shape:
    """Return place to types and whether the key is always there, for every key of a schema."""
    found: Shape = {}
    for place, types, always in _walk(whole, whole, ""):
        if place in found:
            known = found[place]
            found[place] = {"types": sorted({*known["types"], *types}), "always": known["always"] and always}
        else:
            found[place] = {"types": sorted(types), "always": always}
    return found


def breaks(before: Shape, now: Shape) -> list[str]:
    """Return what a program that was written for `before` would stumble over."""
    found = []
    for place, was in before.items():
        told = now.get(place)
        if told is None:
            found.append(f"{place or 'the document'} is gone")
            continue
        more = sorted(set(told["types"]) - set(was["types"]))
        if more:
            found.append(f"{place or 'the document'} may be {', '.join(more)} now")
        if was["always"] and not told["always"]:
            found.append(f"{place} may be missing now")
    return found


def shapes() -> dict[str, Shape]:
    """Return the shape of each schema by its $id."""
    return {whole["$id"]: shape(whole) for whole in map(schema.load, schema.commands())}


def recorded() -> dict[str, Shape]:
    """Return the shapes that are on record."""
    found: dict[str, Shape] = json.loads(RECORD.read_text(encoding="utf-8"))
    return found


def _walk(part: Mapping[str, Any], whole: Mapping[str, Any], place: str) -> Iterator[tuple[str, set[str], bool]]:
    one = schema.resolved(part, whole)
    variants = one.get("anyOf") or one.get("oneOf")
    if variants is not None:
        # the forms of a whole document are told apart by their titles, those of a value are its types
        for each in variants:
            title = schema.resolved(each, whole).get("title")
            yield from _walk(each, whole, f"{place}<{title}>" if title else place)
        return
    yield place, _types(one), True
    required = set(one.get("required", ()))
    for name, each in one.get("properties", {}).items():
        for below, types, always in _walk(each, whole, f"{place}.{name}"):
            yield below, types, always if below != f"{place}.{name}" else name in required
    if isinstance(one.get("additionalProperties"), Mapping):
        yield from _walk(one["additionalProperties"], whole, f"{place}.*")
    if isinstance(one.get("items"), Mapping):
        yield from _walk(one["items"], whole, f"{place}[]")


def _types(one: Mapping[str, Any]) -> set[str]:
    if "enum" in one:
        return {json.dumps(value) for value in one["enum"]}
    named = one.get("type", "anything")
    return {named} if isinstance(named, str) else set(named)


def main() -> None:
    """Record shapes that are new; nothing that is on record changes under its $id but by additions."""
    before = recorded() if RECORD.exists() else {}
    now = shapes()
    for id, told in now.items():
        broken = breaks(before.get(id, {}), told)
        if broken:
            raise SystemExit(f"{id}: {'; '.join(broken)}: {RULE}")
    RECORD.parent.mkdir(exist_ok=True)
    lines = [f"{json.dumps(id)}: {{\n{_lines(each)}\n}}" for id, each in sorted({**before, **now}.items())]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _lines(each: Shape) -> str:
    return ",\n".join(f"  {json.dumps(place)}: {json.dumps(facts)}" for place, facts in sorted(each.items()))


if __name__ == "__main__":
    main()
