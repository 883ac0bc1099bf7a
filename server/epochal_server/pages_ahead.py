"""What the page of an address is about to ask for, so that a browser is told at once and not module by module.

A module is known to be needed once the one that imports it has come: in ten rounds where each costs. So a page's own
modules come as one pack (packs.py), and the page names the libraries that stay files of their own, and the style sheets
that its scripts wait for.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).parent / "pages"
#: The path of a relative import in a module, and what stands before it, be it at once or later. (A pattern that began
#: with the words would look at each letter of all modules.)
_PATH: Final = re.compile(r"""["'](\.{1,2}/[^"'\n]+)["']""")
_BEFORE: Final = re.compile(r"""(?:\bfrom|\bimport|\bimport\s*(?P<later>\())\s*\Z""")
#: No longer than so many letters are the words and what is between them and the path.
_AHEAD: Final = 40

#: What every page begins with.
APP: Final = "js/app.js"
#: What imports nothing and is long: it is loaded beside the pack, or when it is wanted.
APART: Final = frozenset(
    (
        "vendor/echarts.js", "vendor/katex/katex.js", "vendor/slickgrid/sortable.js", "vendor/zrender.js",
    )
)  # fmt: skip
#: How app.js names its pages, and how a page's module names its style sheets.
_ENTRY: Final = re.compile(r"""\b(\w+): \{load: \(\) => import\("\./([^"]+)"\)""")
_SHEETS: Final = re.compile(r"""export const css = \[([^\]]*)\]""")
#: How app.js names those of the frame, how modules name sheets and scripts that they load themselves, and how a sheet
#: stands on others.
_FRAME: Final = re.compile(r"""\[([^\]]*)\]\.map\(stylesheet\)""")
_LOADED: Final = re.compile(r"""stylesheet\("([^"]+)"\)""")
_CLASSIC: Final = re.compile(r"""classicScript\("([^"]+)"\)""")
_UPON: Final = re.compile(r"""^@import "([^"]+)";\n""", re.MULTILINE)
#: What few visits need: a formula, a menu's item, a panel that is no line panel.
_SELDOM: Final = frozenset(
    ("vendor/katex/katex.js", "vendor/katex/katex.css", "vendor/echarts.js", "js/report/adding.js")
)


def ahead(page: str, prefix: str) -> str:
    """Return the elements of a page's head that name its style sheets, its pack and the libraries beside it.

    Args:
        page: as app.js calls it, such as `runs`.
        prefix: the address of the files.
    """
    entry = entries()[page]
    held = " ".join(sheets_of(entry))
    apart = [name for name in modules_of(entry) if name in APART]
    pack = f"{escape(prefix)}/pack/{page}"
    return "\n".join([
        f'<link rel="stylesheet" href="{pack}.css" data-holds="{escape(held)}">',
        f'<script type="module" src="{pack}.js"></script>',
        *(f'<link rel="modulepreload" href="{escape(prefix)}/{name}">' for name in apart),
        *(f'<link rel="preload" as="script" href="{escape(prefix)}/{name}">' for name in classics_of(entry)),
    ])  # fmt: skip


@functools.cache
def modules_of(entry: str, *, frame: bool = True) -> tuple[str, ...]:
    """Return the modules that a module imports, at once or later, itself included, sorted; with the frame of all pages.

    Of what is imported later, other pages are left out, and what is seldom wanted.
    """
    found: set[str] = set()
    waiting = [entry, *([APP] if frame else [])]
    out = set(entries().values()) | _SELDOM
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += [path for path, later in imports_of(name) if not later or path not in out]
    return tuple(sorted(found))


@functools.cache
def imports_of(name: str) -> tuple[tuple[str, bool], ...]:
    """Return the paths that a module imports, each with whether it does so later; of what stays apart, none."""
    if name in APART:
        return ()
    folder = posixpath.dirname(name)
    found = [(posixpath.join(folder, path[1]), later) for path, later in import_paths(text_of(name))]
    return tuple((posixpath.normpath(path), later) for path, later in found)


def import_paths(text: str) -> Iterator[tuple[re.Match[str], bool]]:
    """Yield the relative imports of a module's text: the path as group 1 of a match, and whether it comes later."""
    for path in _PATH.finditer(text):
        before = _BEFORE.search(text, max(0, path.start() - _AHEAD), path.start())
        if before:
            yield path, before["later"] is not None


@functools.cache
def text_of(name: str) -> str:
    """Return a file of the pages."""
    return (PAGES / name).read_text(encoding="utf-8")


@functools.cache
def entries() -> dict[str, str]:
    """Return the pages: what app.js calls them, and the module that each begins with."""
    return {name: f"js/{module}" for name, module in _ENTRY.findall(text_of(APP))}


@functools.cache
def sheets_of(entry: str) -> tuple[str, ...]:
    """Return the style sheets of the frame, of a page's module, and those that its modules load, in this order."""
    named = [(APP, _FRAME), (entry, _SHEETS)]
    found: dict[str, None] = {}
    for module, pattern in named:
        list_ = pattern.search(text_of(module))
        found.update(dict.fromkeys(_standing_on(re.findall(r'"([^"]+)"', list_[1] if list_ else ""))))
    for module in modules_of(entry):
        if module not in APART:
            found.update(dict.fromkeys(_standing_on(_LOADED.findall(text_of(module)))))
    return tuple(name for name in found if name not in _SELDOM)


@functools.cache
def classics_of(entry: str) -> tuple[str, ...]:
    """Return the scripts that are no modules and that a page's modules load."""
    own = [name for name in modules_of(entry) if name not in APART]
    return tuple(name for module in own for name in _CLASSIC.findall(text_of(module)))


def sheet_text(name: str) -> str:
    """Return a style sheet without the ones that it stands on."""
    return _UPON.sub("", text_of(name))


def _standing_on(names: list[str]) -> list[str]:
    """Return the files of sheets as modules name them, each behind those that it imports."""
    found: list[str] = []
    for name in names:
        path = posixpath.normpath(posixpath.join("css", name))
        found += _standing_on(_UPON.findall(text_of(path)))
        found.append(path)
    return found
