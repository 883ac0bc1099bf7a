"""What may stand at a place of a filter: fields, settings, results, values, functions and words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from epochal.where import FIELDS
from epochal.where_values import FUNCTIONS

#: How many proposals are made at most.
_MOST: Final = 60
_TOKEN: Final = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<open>["'](?:[^"'\\]|\\.)*\Z)
    | (?P<number>(?:\d[\w.]*|\.\d[\w]*)(?:(?<=[eE])[+-]\d+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<operator>==|!=|<=|>=|[^\w\s])""",
    re.VERBOSE,
)
_PLAIN_NAME: Final = re.compile(r"[^\W\d]\w*\Z")
_COMPARING: Final = ("==", "!=", "<", "<=", ">", ">=", "in")
_WORDS: Final = ("and", "or", "not", "in", "is")
_STATES: Final = ("running", "finished", "failed", "interrupted", "killed", "lost", "unreadable")
_AFTER: Final = (
    ("==", "equal"), ("!=", "not equal"), ("<", "less"), ("<=", "at most"), (">", "greater"), (">=", "at least"),
    ("in", "one of a list, or part of a text"), ("not in", "none of a list"), ("and", "both"), ("or", "one of both"),
)  # fmt: skip
_SIGNATURES: Final = {
    "contains": 'contains(tags, "base")', "startswith": 'startswith(name, "run")', "endswith": 'endswith(name, "-2")',
    "matches": 'matches(name, "run-*")', "lower": "lower(name)", "len": "len(tags)", "abs": "abs(summary.x)",
    "isnan": "isnan(summary.loss)", "date": 'date("2026-07-31")', "ago": 'ago("7d")',
}  # fmt: skip


Spelled = Callable[[str], Sequence[str]]


class _Word(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def complete(text: str, at: int, columns: Sequence[dict[str, Any]], spelled: Spelled) -> dict[str, Any]:
    """Return {from, to, items: [{text, kind, detail}]}: each item may replace what stands between the two places.

    Args:
        text: the filter, which need not be complete.
        at: where the cursor is in it.
        columns: what `Described.columns` gives.
        spelled: gives the keys, one within the other, that the name of a column stands for.
    """
    at = min(at, len(text))
    words = [_Word(match.lastgroup or "", match[0], match.start(), match.end()) for match in _TOKEN.finditer(text[:at])]
    if words and words[-1].kind in ("string", "number") and words[-1].end == at:  # nobody knows what comes next
        return _found(at, at, ())
    start, path = _path(words, at)
    typed = text[start:at]
    before = words[: len(words) - path]
    end = at
    if path:
        end += len(_rest(text[at:], typed))
        if typed.startswith(("config", "summary")) and re.match(r"(config|summary)\s*[.\[]", typed):
            return _found(start, end, _paths(typed, columns, spelled))
    opened = typed[:1] in ('"', "'")
    compared = _compared(before, columns)
    if compared is not None:
        values = list(_values(compared, typed))
        if values or opened:
            return _found(start, end, values)
    if opened:
        return _found(start, end, ())
    if before and before[-1].text == ".":
        return _found(start, end, (item for item in _operands(typed, (), spelled) if item["kind"] == "function"))
    if _operand_before(before):
        return _found(start, end, (_item(word, "operator", why) for word, why in _AFTER if word.startswith(typed)))
    return _found(start, end, _operands(typed, columns, spelled))


def _found(start: int, end: int, items: Iterable[dict[str, str]]) -> dict[str, Any]:
    return {"from": start, "to": end, "items": list(items)[:_MOST]}


def _item(text: str, kind: str, detail: str) -> dict[str, str]:
    return {"text": text, "kind": kind, "detail": detail}


def _path(words: Sequence[_Word], at: int) -> tuple[int, int]:
    """Return where what is being typed begins, and how many words it has: `config["a"].b` has six."""
    if not words or words[-1].end != at:
        return at, 0
    count = 0
    last = words[-1]
    if last.kind in ("name", "open", "string") or last.text in (".", "["):
        count = 1
        while count < len(words):
            left, right = words[-count - 1], words[-count]
            if left.end != right.start:
                break
            inside = right.text in (".", "[", "]") or (left.text in (".", "[") and right.kind != "number")
            if not inside or (left.kind not in ("name", "string", "number") and left.text not in (".", "[", "]")):
                break
            count += 1
    else:
        return at, 0
    first = words[-count]
    if count > 1 and first.text not in ("config", "summary"):
        return (last.start, 1) if last.kind in ("name", "open") else (at, 0)
    if first.text in (".", "["):
        return at, 0
    return first.start, count


def _rest(behind: str, typed: str) -> str:
    """Return what stands behind the cursor and belongs to what is being typed."""
    quote = re.search(r"[\"'][^\"']*\Z", typed)
    inside = typed.count('"') % 2 or typed.count("'") % 2
    if inside and quote is not None:
        match = re.match(rf"[^\"'\s]*{quote[0][0]}?\]?", behind)
    else:
        match = re.match(r"\w*", behind)
    return match[0] if match else ""


def _paths(typed: str, columns: Sequence[dict[str, Any]], spelled: Spelled) -> Iterator[dict[str, str]]:
    """Propose settings or results that begin like what is typed, then those that have it anywhere."""
    base = "config" if typed.startswith("config") else "summary"
    rest = re.sub(r"[\"'\]]", "", typed[len(base) :].strip()).replace("[", ".").lstrip(".").casefold()
    found = [
        (not name.casefold().startswith(rest), column)
        for column in columns
        if column["source"] == base and rest in (name := column["key"].partition(".")[2]).casefold()
    ]
    for _, column in sorted(found, key=lambda pair: pair[0]):
        yield _item(written(column["key"], spelled), base, _detail(column))


def written(key: str, spelled: Spelled) -> str:
    """Return a column's name as an expression: `config.lr`, `summary["val/acc"]`."""
    base, _, rest = key.partition(".")
    if base not in ("config", "summary") or not rest:
        return key
    return base + "".join(
        f".{part}" if _PLAIN_NAME.match(part) else f"[{json.dumps(part, ensure_ascii=False)}]" for part in spelled(key)
    )


def _compared(words: Sequence[_Word], columns: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the column whose values may stand here: `state == …`, `config.model in ["a", …`, `contains(tags, …`."""
    at = len(words) - 1
    while at >= 0 and (words[at].text in ("[", ",") or words[at].kind in ("string", "number")):
        at -= 1
    if at < 1:
        return None
    text = words[at].text
    if text in _COMPARING and (text == "in" or at == len(words) - 1):
        at -= 1
        if words[at].text == "not":
            at -= 1
    elif not ((words[-1].text == "," and at >= 2 and words[at].kind == "name") or words[at].text == "]"):
        return None
    name = _column_before(words, at)
    return next((column for column in columns if column["key"] == name), None)


def _column_before(words: Sequence[_Word], at: int) -> str:
    """Return the name of the column whose expression ends with this word."""
    start = at
    while (
        start > 0
        and words[start - 1].end == words[start].start
        and (words[start].text in (".", "[", "]") or words[start - 1].text in (".", "["))
    ):
        start -= 1
    parts = [word.text for word in words[start : at + 1] if word.kind in ("name", "string")]
    return ".".join(part[1:-1] if part[:1] in ('"', "'") else part for part in parts)


def _values(column: dict[str, Any], typed: str) -> Iterator[dict[str, str]]:
    values = column.get("values") or []
    if column["key"] == "state":
        values = list(dict.fromkeys([*values, *_STATES]))
    if column["kind"] == "list":
        values = list(dict.fromkeys(item for value in values for item in value if isinstance(item, str)))
    wanted = typed.strip("\"'").casefold()
    for value in values:
        if isinstance(value, bool):
            text = str(value)
        elif isinstance(value, str) and column["kind"] in ("text", "list", "mixed"):
            text = json.dumps(value, ensure_ascii=False)
        elif isinstance(value, (int, float)) and column["kind"] == "number":
            text = json.dumps(value)
        else:
            continue
        if wanted in text.casefold():
            yield _item(text, "value", column["key"])


def _operand_before(words: Sequence[_Word]) -> bool:
    """Return whether a value stands before the cursor, so that an operator comes next."""
    if not words:
        return False
    last = words[-1]
    return (
        last.kind in ("string", "number")
        or last.text in (")", "]")
        or (last.kind == "name" and last.text not in _WORDS)
    )


def _operands(typed: str, columns: Sequence[dict[str, Any]], spelled: Spelled) -> Iterator[dict[str, str]]:
    wanted = typed.casefold()
    known = {column["key"]: column for column in columns}
    items = [
        (name, _item(f"{name}." if name in ("config", "summary") else name, "field", _detail(known.get(name))))
        for name in FIELDS
    ]
    items += [(name, _item(f"{name}(", "function", _SIGNATURES.get(name, ""))) for name in FUNCTIONS]
    items.append(("not", _item("not", "word", "the opposite")))
    items += [
        (column["key"].partition(".")[2], _item(written(column["key"], spelled), column["source"], _detail(column)))
        for column in columns
        if column["source"] != "field"
    ]
    begins = [item for name, item in items if name.casefold().startswith(wanted)]
    begins += (
        [item for name, item in items if re.search(rf"[._/]{re.escape(wanted)}", name.casefold())] if wanted else []
    )
    within = [item for name, item in items if wanted in name.casefold()] if wanted else []
    seen: set[str] = set()
    for item in (*begins, *within):
        if item["text"] not in seen:
            seen.add(item["text"])
            yield item


def _detail(column: dict[str, Any] | None) -> str:
    if column is None:
        return ""
    values = column.get("values")
    if values and column["kind"] in ("text", "bool") and len(values) <= 5:
        return ", ".join(str(value) for value in values)[:60]
    if "min" in column and column["kind"] == "number":
        return f"{_short(column['min'])} to {_short(column['max'])}"
    return str(column["kind"])


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)
