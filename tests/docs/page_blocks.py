"""The code blocks of our Markdown pages, with the line that each stands on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block: its page relative to the root, the line of its first line of code, language and code."""

    page: str
    line: int
    language: str
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def run(self, names: dict[str, object]) -> None:
        """Execute the block with these names; tracebacks show the page and its line."""
        exec(compile("\n" * (self.line - 1) + self.code, self.page, "exec"), names)


def blocks(page: str, *languages: str) -> list[Block]:
    """Return a page's blocks of these languages, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start()) + 2, match[1], match[2])
        for match in _FENCE.finditer(text)
        if match[1] in languages
    ]
