"""Keeps the list of hooks in docs/hooks.md, and of variables, equal to what the code says: --write, --check."""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from pathlib import Path

from epochal import hookspecs
from epochal.plugin_checks import hook_names
from epochal.settings import ENVIRONMENT

PAGE = Path(__file__).parent / "hooks.md"
FAMILIES = {
    "Collect": ("register_", "collect_"),
    "Observe": ("run_",),
    "Decide": ("make_",),
}
MEANINGS = {
    "Collect": "Asked once; returns plain objects. A failure costs that plugin's contribution, nothing else.",
    "Observe": "Told at a run's edges; what is returned is ignored. A plugin that fails is muted for that run.",
    "Decide": "The first answer that is not None counts; Epochal's own comes last. `tryfirst` and `trylast` count.",
}


def hook_section(name: str) -> str:
    """Return the section about one hook: its signature as heading, its docstring, its example."""
    spec = getattr(hookspecs, name)
    text, _, example = (inspect.getdoc(spec) or "").partition("Example:\n")
    first, *rest = text.strip().split("\n")
    parts = [f"### `{name}({', '.join(inspect.signature(spec).parameters)})`", "", first]
    for line in filter(str.strip, rest):
        label, colon, said = line.partition(": ")
        if colon and label in ("When", "Arguments", "Returns", "If you raise"):
            parts += ["", f"**{label}.** {said[:1].upper()}{said[1:]}"]
        else:
            parts.append(line.strip())
    code = re.sub(r"\n\n(?=@|def )", "\n\n\n", textwrap.dedent(example).strip())  # as the formatter has it
    return "\n".join([*parts, "", "```python", code, "```", ""])


def hooks() -> str:
    """Return the sections of all hooks, family by family."""
    parts = []
    for family, prefixes in FAMILIES.items():
        parts += [f"## {family}", "", MEANINGS[family], ""]
        parts += [hook_section(name) for name in hook_names() if name.startswith(prefixes)]
    return "\n".join(parts)


def variables() -> str:
    """Return the table of environment variables."""
    lines = [f"| `{name}` | {meaning} |" for name, meaning in ENVIRONMENT.items()]
    return "\n".join(["| variable | meaning |", "|---|---|", *lines, ""])


def renewed(page: str) -> str:
    """Return the page with what stands between its markers made anew."""
    for marker, text in (("hooks", hooks()), ("variables", variables())):
        begin, end = f"<!-- {marker}: made by hooks_page.py -->\n", f"<!-- end of {marker} -->"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise SystemExit(f"{PAGE.name} has no place for {marker}: put {begin.strip()} and {end} into it")
        page = f"{before}{begin}\n{text}\n{closed}{after}"
    return page


def main() -> int:
    """Do what the argument says and return the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        PAGE.write_text(renewed(page), encoding="utf-8")
        return 0
    if page != renewed(page):
        print("docs/hooks.md is not what the code says: run python docs/hooks_page.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
