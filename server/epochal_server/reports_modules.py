"""The pages' own modules, styles and fonts as one file can hold them: what an exported report is made of.

From file:// a page may load no other file, but it may import `data:` modules: each module becomes one, in an import
map, and each relative import in it the bare name that stands there. Nothing is built: what runs is what the dashboard
runs, but for a few modules that are replaced by such as need no server.
"""

from __future__ import annotations

import base64
import functools
import json
import posixpath
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from epochal.errors import EpochalError

from .pages_ahead import PAGES, import_paths

#: What an exported file begins with.
ENTRY: Final = "js/report/offline.js"
#: What needs a server, and what stands there in an exported file.
REPLACED: Final[Mapping[str, str]] = {
    "js/api.js": "js/report/offline_api.js",
    "js/live.js": "js/report/offline_live.js",
    "js/stylesheet.js": "js/report/offline_styles.js",
    "js/charts/group_fields.js": "js/report/offline_panels.js",
    "js/charts/report_item.js": "js/report/offline_panels.js",
    "js/charts/panel_dialog.js": "js/report/offline_panels.js",
}
_MATHS: Final = "vendor/katex/katex.js"
_NOTHING: Final = "js/report/offline_nothing.js"
#: Styles, in their order; those of reports come behind.
_STYLES: Final = (
    "theme",
    "controls",
    "marks",
    "shell",
    "layers",
    "charts",
    "charts-panels",
    "charts-plots",
    "charts-forms",
    "markdown",
)

_URL: Final = re.compile(r"""url\(\s*(["']?)([^"')]+)\1\s*\)""")
_FONT: Final = re.compile(r"""url\(\s*["']?[^"')]+\.(?:woff|ttf)["']?\s*\)\s*format\([^)]*\)\s*,?\s*""")
#: What stands for itself in a `data:` address, and in JSON within HTML.
_PLAIN: Final = "!$&'()*+,-./:;=?@[]^_`{|}~"


def modules(*, maths: bool) -> dict[str, str]:
    """Return the modules that an exported file needs, by name: sources whose imports are bare names.

    Args:
        maths: with what draws mathematics, which is large.

    Raises:
        EpochalError: a module imports what is not there.
    """
    found: dict[str, str] = {}
    replaced = REPLACED if maths else {**REPLACED, _MATHS: _NOTHING}
    waiting = [ENTRY]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name], needed = _module(name, replaced)
            waiting += needed
    return dict(sorted(found.items()))


def import_map(sources: Mapping[str, str]) -> str:
    """Return the import map of some modules, as a script element holds it."""
    imports = {name: f"data:text/javascript;charset=utf-8,{quote(text, safe=_PLAIN)}" for name, text in sources.items()}
    return json.dumps({"imports": imports}, separators=(",", ":"))


@functools.cache
def styles(*, maths: bool) -> str:
    """Return all styles of an exported file as one, with what they refer to within."""
    names = [f"css/{name}.css" for name in _STYLES]
    names += sorted(path.relative_to(PAGES).as_posix() for path in (PAGES / "css").glob("report*.css"))
    names += ["vendor/katex/katex.css"] if maths else []
    return "\n".join(_style(name) for name in names)


# -- within --


def _module(name: str, replaced: Mapping[str, str]) -> tuple[str, list[str]]:
    path = PAGES / name
    if not path.is_file():
        raise EpochalError(f"the report cannot be exported: its pages lack {name}; install epochal[ui] again")
    text, end = path.read_text(encoding="utf-8"), 0
    needed: list[str] = []
    parts: list[str] = []
    for found, _ in import_paths(text):
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(name), found[1]))
        needed.append(replaced.get(wanted, wanted))
        parts += [text[end : found.start(1)], needed[-1]]
        end = found.end(1)
    return "".join([*parts, text[end:]]), needed


def _style(name: str) -> str:
    folder = posixpath.dirname(name)

    def within(match: re.Match[str]) -> str:
        if match[2].startswith(("data:", "#")):
            return match[0]
        file = PAGES / posixpath.normpath(posixpath.join(folder, match[2].partition("?")[0].partition("#")[0]))
        kind = {".woff2": "font/woff2", ".svg": "image/svg+xml"}[file.suffix]
        return f'url("data:{kind};base64,{base64.b64encode(file.read_bytes()).decode()}")'

    text = _FONT.sub("", (PAGES / name).read_text(encoding="utf-8"))
    return _URL.sub(within, text)
