"""Takes the bytes of files out of a message that holds them, and puts them back: nothing is kept twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from epochal.errors import BadValueError

T = TypeVar("T")

#: Files are looked for by so many of their first bytes: pictures of one size begin alike, so one search does for many.
_HEAD: Final = 16


def cut(data: bytes, files: Sequence[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """Return a message without the files in it, and where they were.

    Args:
        data: the message.
        files: what may stand in it, each as often as it likes, or not at all.

    Returns:
        (what is left of the message, a list of (place in the whole message, index into `files`), ascending). Without
        any file in it: (the message itself, an empty list).
    """
    by_head: dict[bytes, list[int]] = {}
    for which in sorted(range(len(files)), key=lambda each: -len(files[each])):
        if 0 < len(files[which]) <= len(data):
            by_head.setdefault(files[which][:_HEAD], []).append(which)
    hits = {head: at for head in by_head if (at := data.find(head)) >= 0}
    rest: list[bytes] = []
    cuts: list[tuple[int, int]] = []
    done = 0
    while hits:
        at = min(hits.values())
        here = [which for head, hit in hits.items() if hit == at for which in by_head[head]]
        fitting = [which for which in here if data.startswith(files[which], at)]
        start = at + 1
        if fitting:
            which = max(fitting, key=lambda each: len(files[each]))
            rest.append(data[done:at])
            cuts.append((at, which))
            start = done = at + len(files[which])
        hits = {
            head: again for head, hit in hits.items() if (again := hit if hit >= start else data.find(head, start)) >= 0
        }
    if not cuts:
        return data, []
    rest.append(data[done:])
    return b"".join(rest), cuts


def whole(rest: bytes, cuts: Iterable[tuple[int, T]], read: Callable[[T], bytes]) -> bytes:
    """Return the message that `cut` has taken apart.

    Args:
        rest: what was left of it.
        cuts: (place in the whole message, what was there), ascending.
        read: gives the bytes of what was there.

    Raises:
        BadValueError: the places do not fit.
    """
    parts: list[bytes] = []
    size = done = 0
    for at, which in cuts:
        if at < size or done + at - size > len(rest):
            raise BadValueError(
                f"a file cannot stand at {at} of a message that is {size + len(rest) - done} bytes long"
            )
        file = read(which)
        parts += [rest[done : done + at - size], file]
        done += at - size
        size = at + len(file)
    parts.append(rest[done:])
    return b"".join(parts)
