"""Looks up the stack for what a framework knows and gives to no hook; reads only, and may find nothing.

Lightning opens its loggers before it says which checkpoint training goes on from, the Trainer of Hugging Face keeps
that to itself, and Keras shows no callback what `fit` was given. All three hold it in a local variable of the function
that is calling the hook. Patching that function would change the host; reading its frame does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from types import FrameType
from typing import Any, Final

_MOST_FRAMES: Final = 100


def caller_locals(function: str, *names: str, accept: Callable[[Any], bool]) -> dict[str, Any] | None:
    """Return those of the named local variables that the nearest calling method of that name holds, or None.

    Args:
        function: the method's name.
        names: of the variables.
        accept: takes the method's `self`; tells whether it is the one that is looked for.
    """
    for _, variables in calling_methods({function}, accept=accept):
        return {name: variables[name] for name in names if name in variables}
    return None


def calling_methods(
    functions: Collection[str], *, accept: Callable[[Any], bool]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield name and local variables of each calling method that has one of the names, the nearest first.

    Args:
        functions: the methods' names.
        accept: takes a method's `self`; tells whether it is one that is looked for.
    """
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return
        if frame.f_code.co_name in functions:
            variables = frame.f_locals
            if "self" in variables and accept(variables["self"]):
                yield frame.f_code.co_name, variables
        frame = frame.f_back
