"""Brings the libraries of the dashboard's pages from the npm registry, as pages/vendor/vendor.toml lists them.

    python server/vendoring.py            check that each file is what the list says
    python server/vendoring.py --fetch    fetch them anew (needs npm), and write the list's hashes

To take another version, change it in the list, empty its `integrity`, and fetch. Nothing here is needed to use, build
or test Epochal: the files are in the repository, and the list is what a test holds them against.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib

VENDOR = Path(__file__).parent / "epochal_server" / "pages" / "vendor"
LIST = VENDOR / "vendor.toml"
#: What libraries call one another, and the file beside them that it is: pages have no import map, which is inline.
BARE = {"preact": "preact.js", "preact/hooks": "hooks.js", "@preact/signals-core": "signals-core.js"}
HEAD = """\
# The libraries of the dashboard's pages: what they are, under which licence, and what their bytes are.
# `python server/vendoring.py` checks this list, `--fetch` brings the files anew; tests/server/test_vendored.py holds to
# it.
# integrity: of the package as the registry serves it; sha256: of the file as it lies here. Imports by package name are
# rewritten to the files beside; references to what is not here, source maps and older forms of fonts, are taken out.
"""
#: Forms of a font that no browser of today asks for: style sheets name them behind WOFF2.
OLD_FONTS = re.compile(r""",\s*url\([^)]+\.(?:woff|ttf)\)\s*format\(["'](?:woff|truetype)["']\)""")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fetch", action="store_true")
    libraries = tomllib.loads(LIST.read_text(encoding="utf-8"))["library"]
    if parser.parse_args().fetch:
        for library in libraries:
            fetch(library)
        LIST.write_text(HEAD + "".join(map(shown, libraries)), encoding="utf-8")
    wrong = [line for library in libraries for line in problems(library)]
    known = {each["to"] for library in libraries for each in library["files"]} | {LIST.name}
    there = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    wrong += [f"{name} is in no library of the list" for name in sorted(there - known)]
    print(*(wrong or [f"{len(libraries)} libraries, {len(known) - 1} files: as listed"]), sep="\n")
    return 1 if wrong else 0


def problems(library: dict[str, Any]) -> list[str]:
    """Return what is wrong with the files of one library."""
    found = []
    for each in library["files"]:
        path = VENDOR / each["to"]
        if not path.is_file():
            found.append(f"{each['to']} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != each["sha256"]:
            found.append(f"{each['to']} is not what the list says")
    return found


def fetch(library: dict[str, Any]) -> None:
    """Bring one library's files, and put their hashes into the list's entry."""
    with tempfile.TemporaryDirectory() as folder:
        spec = f"{library['name']}@{library['version']}"
        said = subprocess.run(["npm", "pack", "--json", spec], cwd=folder, check=True, capture_output=True, text=True)
        packed = Path(folder) / json.loads(said.stdout)[0]["filename"]
        digest = hashlib.sha512(packed.read_bytes()).digest()
        integrity = "sha512-" + base64.b64encode(digest).decode()
        if library.get("integrity") not in (None, "", integrity):
            raise SystemExit(f"{spec}: the registry serves other bytes than before: {integrity}")
        library["integrity"] = integrity
        with tarfile.open(packed) as archive:
            for each in library["files"]:
                # several are one behind the other: what they load comes in one request
                names = [each["from"]] if isinstance(each["from"], str) else each["from"]
                data = b"\n".join(rewritten(bytes_of(archive, name), each["to"]) for name in names)
                path = VENDOR / each["to"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                each["sha256"] = hashlib.sha256(data).hexdigest()


def bytes_of(archive: tarfile.TarFile, name: str) -> bytes:
    """Return a file of a package."""
    member = archive.extractfile(f"package/{name}")
    assert member is not None
    return member.read()


def rewritten(data: bytes, to: str) -> bytes:
    """Return a file as it is to lie here."""
    if not to.endswith((".js", ".css")):
        return data
    text = re.sub(r"\n?(//|/\*)# sourceMappingURL=[^\n]*", "", data.decode("utf-8"))
    for name, file in BARE.items():
        text = re.sub(rf"""(\bfrom\s*|\bimport\s*)(["']){re.escape(name)}\2""", rf"\1\2./{file}\2", text)
    if to.endswith(".css"):
        text = OLD_FONTS.sub("", text)
    return text.encode("utf-8")


def shown(library: dict[str, Any]) -> str:
    """Return a library's entry as TOML."""
    lines = [f"{key} = {json.dumps(library[key])}" for key in ("name", "version", "licence", "used", "integrity")]
    files = [
        f'    {{ from = {json.dumps(each["from"])}, to = "{each["to"]}", sha256 = "{each["sha256"]}" }},'
        for each in library["files"]
    ]
    return "\n".join(["", "[[library]]", *lines, "files = [", *files, "]", ""])


if __name__ == "__main__":
    sys.exit(main())
