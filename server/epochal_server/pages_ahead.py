"""What the page of an address is about to ask for, so that a browser is told at once and not module by module.

A module is known to be needed once the one that imports it has come: in ten rounds where each costs. So the page names
all modules that its scripts will import, and the style sheets that they wait for.
"""

from __future__ import annotations

import functools
import posixpath
import re
from html import escape
from pathlib import Path
from typing import Final

PAGES: Final = Path(__file__).parent / "pages"
#: A relative import in a module, be it at once or later: what comes before the name, the quote, the name.
IMPORT: Final = re.compile(r"""(\bfrom\s*|\bimport\s*\(?\s*)(["'])(\.{1,2}/[^"'\n]+)\2""")

_APP: Final = "js/app.js"
#: How app.js names its pages, and how a page's module names its style sheets.
_ENTRY: Final = re.compile(r"""\b(\w+): \{load: \(\) => import\("\./([^"]+)"\)""")
_SHEETS: Final = re.compile(r"""export const css = \[([^\]]*)\]""")
#: What few visits need: a formula, a menu's item.
_SELDOM: Final = frozenset(("vendor/katex/katex.js", "js/report/adding.js"))
#: What imports nothing, and is too long to be searched for it.
_ALONE: Final = frozenset(("vendor/echarts.js",))


def ahead(page: str, prefix: str) -> str:
    """Return the elements of a page's head that name its modules and style sheets.

    Args:
        page: as app.js calls it, such as `runs`; of one that it does not know only the frame is named.
        prefix: the address of the files.
    """
    entry = _entries().get(page)
    sheets = [f'<link rel="stylesheet" href="{escape(prefix)}/{name}">' for name in _sheets(entry)]
    modules = [f'<link rel="modulepreload" href="{escape(prefix)}/{name}">' for name in modules_of(entry)]
    return "\n".join([*sheets, *modules])


@functools.cache
def modules_of(entry: str | None) -> tuple[str, ...]:
    """Return the modules that the frame of all pages and one page's module import, themselves included, sorted."""
    found: set[str] = set()
    waiting = [_APP, *([] if entry is None else [entry])]
    entries = set(_entries().values()) - {entry}
    while waiting:
        name = waiting.pop()
        if name in found or name in entries or name in _SELDOM:
            continue
        found.add(name)
        if name not in _ALONE:
            text = (PAGES / name).read_text(encoding="utf-8")
            waiting += [
                posixpath.normpath(posixpath.join(posixpath.dirname(name), each[3])) for each in IMPORT.finditer(text)
            ]
    return tuple(sorted(found))


@functools.cache
def _entries() -> dict[str, str]:
    text = (PAGES / _APP).read_text(encoding="utf-8")
    return {name: f"js/{module}" for name, module in _ENTRY.findall(text)}


def _sheets(entry: str | None) -> list[str]:
    if entry is None:
        return []
    named = _SHEETS.search((PAGES / entry).read_text(encoding="utf-8"))
    names = re.findall(r'"([^"]+)"', named[1]) if named else []
    return [posixpath.normpath(posixpath.join("css", name)) for name in names]
