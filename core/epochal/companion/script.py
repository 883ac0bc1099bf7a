"""The script or notebook that a run was started from, as it lies on the disk, unless it holds a secret."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import Any, Final, NamedTuple

from ..redaction import redact_text
from .code_state import holds_secret, is_secret_file

#: A script is kept up to this size, in bytes; of a notebook that is larger, all but its outputs.
MOST_SCRIPT: Final = 1 << 20
_MOST_NOTEBOOK: Final = 64 << 20


class Script(NamedTuple):
    """Facts for the record, and the file's content where it is kept."""

    facts: dict[str, Any]
    data: bytes | None


def script(path: str) -> Script:
    """Return what is kept of the file that was run.

    The facts are `path`, `kind` (`script`, `notebook`, `installed`: a program that came with a package), `executable`,
    `without_outputs` for a notebook whose outputs were too large, and `left_out`: why the content is not kept.
    """
    facts: dict[str, Any] = {"path": redact_text(path), "kind": "notebook" if path.endswith(".ipynb") else "script"}
    if _is_installed(path):
        return Script({**facts, "kind": "installed"}, None)
    if is_secret_file(os.fsencode(os.path.basename(path))):
        return Script({**facts, "left_out": "key file"}, None)
    most = _MOST_NOTEBOOK if facts["kind"] == "notebook" else MOST_SCRIPT
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                return Script({**facts, "left_out": "not a file"}, None)
            data = file.read(most + 1)
    except OSError as error:
        return Script({**facts, "left_out": f"unreadable ({error.strerror})"}, None)
    if facts["kind"] == "notebook" and MOST_SCRIPT < len(data) <= most:
        data, facts["without_outputs"] = _without_outputs(data), True
    if len(data) > MOST_SCRIPT:
        return Script({**facts, "left_out": "too large"}, None)
    if holds_secret(data):
        return Script({**facts, "left_out": "secret inside"}, None)
    if status.st_mode & 0o100:
        facts["executable"] = True
    return Script(facts, data)


def _is_installed(path: str) -> bool:
    parts = path.split(os.sep)
    if "site-packages" in parts or "dist-packages" in parts:
        return True
    return os.path.dirname(path) == os.path.dirname(sys.executable)


def _without_outputs(data: bytes) -> bytes:
    """Return a notebook without its outputs; as it is where it cannot be understood."""
    try:
        notebook = json.loads(data)
        for cell in notebook["cells"]:
            if cell.get("cell_type") == "code":
                cell["outputs"], cell["execution_count"] = [], None
        return json.dumps(notebook, indent=1, ensure_ascii=False).encode() + b"\n"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return data
