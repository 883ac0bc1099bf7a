"""Draws docs/images/demo.svg: what `epochal demo` shows at its end, as a terminal shows it."""

from __future__ import annotations

import html
import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

TARGET = Path(__file__).parent / "images" / "demo.svg"
COLUMNS, LINES = 118, 40
# The picture fetches nothing: no web font.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def shown(command: list[str], folder: str) -> str:
    """Return what a command writes to a terminal of our size, escape sequences included."""
    ours, theirs = pty.openpty()
    variables = {**os.environ, "COLUMNS": str(COLUMNS), "LINES": str(LINES), "TERM": "xterm-256color", "PWD": "~"}
    with subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=variables):
        os.close(theirs)
        written = bytearray()
        try:
            while part := os.read(ours, 65536):
                written += part
        except OSError:  # the end, as Linux tells it
            pass
    return written.decode().replace("\r\n", "\n")


def without_blanks(picture: str) -> str:
    """Return the picture with each text moved behind its leading blanks, which not every viewer keeps."""

    def moved(match: re.Match[str]) -> str:
        style, x, y, length, rest, text = match.groups()
        letters = html.unescape(text)
        width = float(length) / len(letters)
        bare = letters.strip("\xa0")
        if not bare:
            return ""
        x = float(x) + width * (len(letters) - len(letters.lstrip("\xa0")))
        shown = html.escape(bare, quote=False).replace("\xa0", "&#160;")
        return f'<text class="{style}" x="{x:.1f}" y="{y}" textLength="{width * len(bare):.1f}"{rest}>{shown}</text>'

    return re.sub(
        r'<text class="([^"]*)" x="([^"]*)" y="([^"]*)" textLength="([^"]*)"([^>]*)>([^<]*)</text>', moved, picture
    )


def main() -> None:
    """Run the demo and draw it."""
    with tempfile.TemporaryDirectory() as folder:
        text = shown([sys.executable, "-m", "epochal", "demo"], folder)
    start = text.index("$ epochal ls")
    end = text.index("That took")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(text[start:end].strip("\n")))
    TARGET.parent.mkdir(exist_ok=True)
    picture = console.export_svg(title="epochal demo", code_format=FORMAT)
    TARGET.write_text(without_blanks(picture), encoding="utf-8")


if __name__ == "__main__":
    main()
