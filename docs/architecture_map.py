"""Keeps the module list of docs/architecture.md equal to the modules' own first lines: --write, --check, --sizes.

A module's place in the list is chosen by hand; its text is the first line of its docstring. What is new is added under
"Not placed yet", to be moved by hand; what is gone is taken out.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
FOLDERS = ("core", "integrations", "server")
LINE = re.compile(r"^- `((?:core|integrations|server)/[\w/]+\.py)`: ?(.*)$")
UNPLACED = "### Not placed yet"


def modules() -> dict[str, str]:
    """Return every module with the first line of its docstring; packages' empty doors are left out."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            first = (ast.get_docstring(tree) or "").split("\n")[0]
            only_docstring = path.name == "__init__.py" and len(tree.body) <= 1
            if not only_docstring:
                found[path.relative_to(ROOT).as_posix()] = first
    return found


def renewed(page: str) -> str:
    """Return the page with every line of the list as it should be."""
    known, lines = modules(), []
    for line in page.split("\n"):
        match = LINE.match(line)
        if match is None:
            lines.append(line)
        elif match[1] in known:
            lines.append(f"- `{match[1]}`: {known.pop(match[1])}")
    if known:
        if UNPLACED not in lines:
            lines += [UNPLACED, ""]
        at = lines.index(UNPLACED) + 2
        lines[at:at] = [f"- `{name}`: {first}" for name, first in known.items()]
    return "\n".join(lines)


def sizes() -> list[tuple[int, str]]:
    """Return the number of lines of every module, the longest first."""
    counted = [(len((ROOT / name).read_text(encoding="utf-8").splitlines()), name) for name in modules()]
    return sorted(counted, reverse=True)


def main() -> int:
    """Do what the argument says and return the exit code."""
    if "--sizes" in sys.argv:
        for lines, name in sizes():
            print(f"{lines:5} {name}")
        return 0
    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        PAGE.write_text(renewed(page), encoding="utf-8")
        return 0
    if renewed(page) != page or UNPLACED in page:
        print("docs/architecture.md does not list the modules as they are: python docs/architecture_map.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
