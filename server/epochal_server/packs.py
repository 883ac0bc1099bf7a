"""The modules of a page as one script, and its styles as one sheet: a first visit asks for two files, not a hundred.

Nothing is built: a pack is put together from the modules as they are written, when it is first asked for, and kept in
memory by who serves it. Each module becomes a function that is run when another one needs it; a module that an earlier
pack of the same page has brought is left alone, so modules stay the only ones of their names. What imports nothing and
is long (charts, the table) stays a file of its own.

It understands the imports and exports that our pages and the vendored libraries use, no more: names, `default`, `as`.
A test holds all modules to that, and to what functions in place of modules cannot do: circles, exports that change.
"""

from __future__ import annotations

import functools
import json
import posixpath
import re
from typing import Final

from epochal.errors import EpochalError

from .pages_ahead import APART, APP, PAGES, entries, modules_of, sheet_text, sheets_of, text_of

#: Where packs stand beside the modules.
FOLDER: Final = "pack/"

# Each begins with its word, which is searched for fast; behind it stands that a statement begins there: on a line of
# its own, or in minified libraries behind what ends the statement before.
_IMPORT_WORD: Final = r"import(?<![^\n;}]import)"
_EXPORT_WORD: Final = r"export(?<![^\n;}]export)"
_FROM: Final = r"""\s*from\s*["'](?P<path>[^"'\n]+)["'];?"""
_IMPORT: Final = re.compile(
    rf"""{_IMPORT_WORD}(?:\s*(?P<default>[\w$]+)\s*(?=,|from))?,?\s*(?:\{{(?P<names>[^}}]*)\}})?{_FROM}"""
)
_BARE: Final = re.compile(rf"""{_IMPORT_WORD}\s*["'](?P<path>[^"'\n]+)["']""")
_AGAIN: Final = re.compile(rf"""{_EXPORT_WORD}\s*\{{(?P<names>[^}}]*)\}}{_FROM}""")
_LIST: Final = re.compile(rf"""{_EXPORT_WORD}\s*\{{(?P<names>[^}}]*)\}};?""")
_DEFAULT: Final = re.compile(rf"""{_EXPORT_WORD}\s+default\s+""")
_NAMED: Final = re.compile(rf"""{_EXPORT_WORD}\s+(?P<what>(?:async\s+)?function\*?|const|class)\s+(?P<name>[\w$]+)""")
_LATER: Final = re.compile(r"""import\((?<!\wimport\()\s*["'](?P<path>[^"'\n]+)["']\s*\)""")
_LEFT: Final = (re.compile(rf"""{_IMPORT_WORD}\b(?!\()"""), re.compile(rf"""{_EXPORT_WORD}\b"""))

_RUNTIME: Final = """\
const {define, need, load, here} = (globalThis[Symbol.for("epochal.modules")] ??= (() => {
  const made = new Map();
  const written = new Map();
  const root = new URL(ROOT, import.meta.url).href;
  const here = (name) => root + name;
  const define = (name, write) => { if (!written.has(name)) written.set(name, write); };
  const need = (name) => {
    if (!made.has(name)) {
      const found = {};
      written.get(name)(found, need, load, here(name));
      made.set(name, found);
    }
    return made.get(name);
  };
  // one that no pack has brought yet comes with a pack of its own, or as the file that it is
  const load = async (name, apart) => {
    if (apart) return import(here(name));
    if (!written.has(name)) await import(here(PACKS + name));
    return need(name);
  };
  return {define, need, load, here};
})());
"""


def pack(name: str) -> str | None:
    """Return a pack as it is served; None where there is none of that name.

    Args:
        name: a page as app.js calls it and `.js` or `.css`, such as `runs.js`, for what its address loads; or a module,
            such as `js/compare/page.js`, for what an open page loads when it goes there.

    Raises:
        EpochalError: a module is written in a way that packs do not understand.
    """
    page, ending = posixpath.splitext(name)
    if page in entries() and ending == ".css":
        return "".join(map(sheet_text, sheets_of(entries()[page])))
    if page in entries() and ending == ".js":
        modules, start = modules_of(entries()[page]), APP
    elif name.startswith("js/") and name in _own():
        modules, start = modules_of(name, frame=False), ""
    else:
        return None
    root = "../" * (FOLDER + name).count("/")
    parts = [_RUNTIME.replace("ROOT", json.dumps(root)).replace("PACKS", json.dumps(FOLDER))]
    parts += [_defined(each) for each in modules if each not in APART]
    parts += [f"need({json.dumps(start)});\n"] if start else []
    return "".join(parts)


@functools.cache
def _own() -> frozenset[str]:
    return frozenset(path.relative_to(PAGES).as_posix() for path in (PAGES / "js").rglob("*.js"))


@functools.cache
def _defined(name: str) -> str:
    text, exported = functional(name, text_of(name))
    listed = ", ".join(f"{outside}: {inside}" for outside, inside in exported.items())
    body = f"{text}\nObject.assign($out, {{{listed}}});"
    # in parentheses of its own: engines take that as a sign that it will be called at once, and read it once, not twice
    return f"define({json.dumps(name)}, (function ($out, $need, $load, $here) {{\n{body}\n}}));\n"


def functional(name: str, text: str) -> tuple[str, dict[str, str]]:
    """Return a module's text as the body of a function, and its exports: names outside to expressions within.

    Raises:
        EpochalError: something of it is not understood.
    """
    exported: dict[str, str] = {}

    def path(found: re.Match[str]) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), found["path"]))

    def imported(found: re.Match[str]) -> str:
        names = [f"{outside}: {inside}" for outside, inside in _pairs(found["names"])]
        names += [f"default: {found['default']}"] if found["default"] else []
        return f"const {{{', '.join(names)}}} = $need({json.dumps(path(found))});"

    def bare(found: re.Match[str]) -> str:
        return f"$need({json.dumps(path(found))})"

    def again(found: re.Match[str]) -> str:
        module = json.dumps(path(found))
        exported.update({outside: f"$need({module}).{inside}" for inside, outside in _pairs(found["names"])})
        return f"$need({module});"

    def listed(found: re.Match[str]) -> str:
        exported.update({outside: inside for inside, outside in _pairs(found["names"])})
        return ""

    def named(found: re.Match[str]) -> str:
        exported[found["name"]] = found["name"]
        return f"{found['what']} {found['name']}"

    def later(found: re.Match[str]) -> str:
        wanted = path(found)
        return f"$load({json.dumps(wanted)}{', true' if wanted in APART else ''})"

    changes = (
        (_IMPORT, imported), (_BARE, bare), (_AGAIN, again), (_LIST, listed), (_NAMED, named), (_LATER, later),
    )  # fmt: skip
    for pattern, change in changes:
        text = pattern.sub(change, text)
    text, defaults = _DEFAULT.subn("const $default = ", text)
    if defaults:
        exported["default"] = "$default"
    text = text.replace("import.meta.url", "$here")
    if defaults > 1 or any(left.search(text) for left in _LEFT):
        raise EpochalError(
            f"{name} imports or exports in a way that packs do not know (server/epochal_server/packs.py)"
        )
    return text, exported


def _pairs(names: str | None) -> list[tuple[str, str]]:
    """Return what stands before and behind `as` of each name in braces."""
    found = []
    for each in (names or "").split(","):
        before, _, behind = each.partition(" as ")
        if before.strip():
            found.append((before.strip(), (behind or before).strip()))
    return found
