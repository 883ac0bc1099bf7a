"""Keeps docs/integrations equal to integrations/versions.toml, where supported versions stand: --write, --check."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "integrations"
VERSIONS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "integrations" / "versions.toml").read_text("utf-8"))
BEGIN, END = "<!-- versions: python docs/versions_page.py --write -->", "<!-- end of versions -->"


def release(version: str) -> tuple[int, ...]:
    """Return what versions are sorted by: (2, 0, 9) of 2.0.9.post0."""
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def tested(package: str) -> str:
    """Return the versions that are tested, the oldest first, in words: "4.44.2, 4.57.6 and 5.23.0"."""
    versions = sorted(set(VERSIONS[package]["tested"].values()), key=release)
    if VERSIONS[package].get("newest"):
        versions.append("the newest")
    return " and ".join(filter(None, [", ".join(versions[:-1]), versions[-1]]))


def pythons(package: str) -> str:
    """Return the Pythons that it is tested with: "3.11 and 3.12"."""
    if VERSIONS[package].get("newest"):
        return "3.10 to 3.13"
    minors = sorted({int(name[3 : name.index("-")]) for name in VERSIONS[package]["tested"]})
    return " and ".join(f"3.{minor}" for minor in minors)


def line(page: str) -> str:
    """Return the sentences of a page about its versions."""
    packages = [package for package, facts in VERSIONS.items() if facts.get("page") == page]
    said = [f"{package} {tested(package)}" for package in packages]
    asked = [f"`{package}{VERSIONS[package]['requires']}`" for package in packages if "requires" in VERSIONS[package]]
    return f"Supported: {', '.join(asked)}. Tested before each release with {'; '.join(said)}."


def table() -> str:
    """Return the table of all packages."""
    rows = ["| package | asked for | tested with | on Python | page |", "|---|---|---|---|---|"]
    for package, facts in VERSIONS.items():
        page = f"[{facts['page']}]({facts['page']}.md)" if "page" in facts else ""
        note = f". {facts['note']}" if "note" in facts else ""
        asked = f"`{facts['requires']}`" if "requires" in facts else "any"
        rows.append(f"| {package} | {asked} | {tested(package)}{note} | {pythons(package)} | {page} |")
    return "\n".join(rows)


def renewed(path: Path) -> str:
    """Return a page with what stands between its markers made anew; it stays as it is without them."""
    text = path.read_text("utf-8")
    told = table() if path.stem == "README" else line(path.stem)
    return re.sub(f"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", lambda _: f"\n{told}\n\n", text, flags=re.DOTALL)


if __name__ == "__main__":
    stale = [path for path in sorted(FOLDER.glob("*.md")) if renewed(path) != path.read_text("utf-8")]
    if "--write" in sys.argv:
        for path in stale:
            path.write_text(renewed(path), "utf-8")
    elif stale:
        sys.exit(f"python docs/versions_page.py --write: {[path.name for path in stale]} say other versions")
