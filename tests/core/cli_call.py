"""Calls the command line in this process, as click's own runner does, with a terminal's width."""

from __future__ import annotations

import inspect
import json
from typing import Any, NamedTuple

from click.testing import CliRunner

from epochal.cli.app import cli


class Answer(NamedTuple):
    """What a command printed and how it ended."""

    out: str
    err: str
    code: int

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def call(*words: object, width: int = 200, input: str | None = None, code: int = 0) -> Answer:
    """Run `epochal <words>`, and expect this exit code."""
    # click before 8.2 mixes both streams unless told not to; later ones do not know the word
    apart: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
    runner = CliRunner(env={"COLUMNS": str(width), "LINES": "40"}, **apart)
    result = runner.invoke(cli, [str(word) for word in words], input=input)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    answer = Answer(result.stdout, result.stderr, result.exit_code)
    assert result.exit_code == code, answer
    return answer
