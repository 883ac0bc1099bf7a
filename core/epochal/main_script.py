"""Which file is being run: the script, the module's file, or the notebook, as far as that can be known."""

from __future__ import annotations

import os
import sys


def main_script() -> str | None:
    """Return the absolute path of what this process runs; None for `python -c`, a console, or an unknown notebook."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__vsc_ipynb_file__", None)  # VS Code tells the kernel
    path = path or getattr(main, "__file__", None)
    if path is None:  # a process that a notebook starts has this variable too, and a file of its own
        told = os.environ.get("JPY_SESSION_NAME", "")
        path = told if told.endswith(".ipynb") else None
    if not isinstance(path, (str, bytes)) or not path:
        return None
    text = os.path.abspath(os.fsdecode(path))
    return text if "\0" not in text else None
