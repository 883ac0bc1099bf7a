"""Real event files of many writers, which lie beside this repository, and what TensorBoard's loader reads of each."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from tests.needs import required

CORPUS = (Path(__file__).parents[4] / "shared" / "tb-corpus").resolve()

if "tb-corpus" in required() and not (CORPUS / "index.json").is_file():
    raise RuntimeError(f"EPOCHAL_REQUIRE names tb-corpus, and there is none at {CORPUS}")


@cache
def index() -> dict[str, Any]:
    """Return the oracle of every file, empty where the folder is absent."""
    path = CORPUS / "index.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"files": [], "dirs": []}


def repositories() -> list[str]:
    """Return the corpus's folders, each of one repository."""
    return sorted({file["file"].partition("/")[0] for file in index()["files"]})


def folders_of(repository: str) -> dict[Path, list[dict[str, Any]]]:
    """Return of each folder with event files the oracles of those that hold any record, in the files' order."""
    found: defaultdict[Path, list[dict[str, Any]]] = defaultdict(list)
    for file in index()["files"]:
        path = CORPUS / file["file"]
        if file["file"].partition("/")[0] == repository and file["oracle"]["records"]:
            found[path.parent].append({"path": path, **file["oracle"]})
    return {folder: sorted(files, key=lambda file: file["path"].name) for folder, files in sorted(found.items())}


def pointers_of(repository: str) -> set[Path]:
    """Return the texts of Git LFS that bear an event file's name."""
    files = index()["files"]
    return {
        CORPUS / file["file"]
        for file in files
        if file["file"].partition("/")[0] == repository and file["oracle"]["end"] == "bad length crc"
    }
