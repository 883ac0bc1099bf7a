"""What a person passes to `log` becomes plain numbers, text and media: never an exception, never a silent loss."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .deferred import Deferred

if TYPE_CHECKING:
    from .media.item import Media

Scalar = float | int | bool | str

#: The first integer that does not fit 64 bits with a sign.
_BEYOND = 1 << 63
#: Mappings nested deeper than this (one that holds itself, say) are left out.
_DEEPEST = 32


class Problem(NamedTuple):
    """A value that was left out or changed, for one warning."""

    name: str
    text: str


class Unusable(Exception):
    """A value that is no scalar; the message says why and what to do."""


class Plain(NamedTuple):
    """What one call of `log` passed: numbers and text by name, media by name, and what was left out or changed."""

    values: dict[str, Scalar]
    media: dict[str, list[Media]]
    problems: list[Problem]


class Converters:
    """Turns values into scalars and media by their type, and remembers how for each type that it has met.

    Args:
        foreign: converters of plugins: qualified type name (`torch.Tensor`) to a function that gives a scalar or media.
    """

    def __init__(self, foreign: Mapping[str, Callable[[Any], Any]] | None = None) -> None:
        self._foreign = dict(foreign or {})
        self._ask: Callable[[], Iterable[Any]] | None = None
        self._by_type: dict[type, Callable[[Any], Scalar | list[Media] | None]] = {
            float: lambda value: value,
            bool: lambda value: value,
            str: lambda value: value,
            int: _integer,
            type(None): lambda _: None,
        }

    def add(self, converters: Iterable[Any]) -> None:
        """Take converters over from plugins: objects with `type_name` and `convert`."""
        for converter in converters:
            self._foreign[converter.type_name] = converter.convert

    def ask_later(self, ask: Callable[[], Iterable[Any]]) -> None:
        """Take converters over from plugins when the first value comes that is no plain one."""
        self._ask = ask

    def plain(self, value: Any) -> Scalar | list[Media] | None:
        """Return the scalar or the media that a value stands for, or None for None.

        Raises:
            Unusable: it is neither.
        """
        kind = type(value)
        convert = self._by_type.get(kind)
        if convert is None:
            convert = self._by_type[kind] = self._find(kind, value)
        return convert(value)

    def _find(self, kind: type, value: Any) -> Callable[[Any], Scalar | list[Media] | None]:
        from .media.item import Media  # here, where a type is met for the first time: plain numbers never need it

        if issubclass(kind, Media):
            return lambda value: [value]
        if issubclass(kind, Deferred):
            return lambda value: self.plain(value.result())
        ask, self._ask = self._ask, None
        if ask is not None:
            self.add(ask())
        for base in kind.__mro__[:-1]:
            foreign = self._foreign.get(f"{base.__module__}.{base.__qualname__}")
            if foreign is not None:
                return lambda value: _converted(foreign(value))
        if issubclass(kind, (list, tuple)):
            return self._several
        for base, convert in (
            (str, str),
            (bool, bool),
            (int, lambda value: _integer(int(value))),
            (float, float),
        ):
            if isinstance(value, base):
                return convert
        if isinstance(value, (bytes, bytearray, complex)):
            return _unusable
        if hasattr(kind, "item") and hasattr(kind, "dtype"):
            return _numpy_scalar(kind) or _array
        if hasattr(kind, "__float__"):
            return float
        if hasattr(kind, "__index__"):
            return lambda value: _integer(operator.index(value))
        if hasattr(kind, "__array__"):
            return lambda value: _array(value.__array__())
        return _unusable

    def _several(self, values: Any) -> list[Media]:
        """Return the media that a list or tuple holds."""
        media: list[Media] = []
        for at, value in enumerate(values):
            if isinstance(value, (list, tuple)):  # which may hold itself
                found = None
            else:
                try:
                    found = self.plain(value)
                except Unusable:
                    found = None
            if not isinstance(found, list):
                if not media:
                    break  # a list of numbers, as long as it may be
                raise Unusable(f"a list of media holds a {_kind(value)} at {at}: log numbers under a name of their own")
            media += found
        return media or _unusable(values)


def flat(metrics: Mapping[Any, Any], prefix: str = "", depth: int = 0) -> Iterable[tuple[str, Any]]:
    """Yield (name, value) of a mapping, nested mappings joined with `/`; names that are not text become text."""
    for key, value in metrics.items():
        name = prefix + (key if type(key) is str else str(key))
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from flat(value, name + "/", depth + 1)
        else:
            yield name, value


def plain_metrics(
    metrics: Mapping[Any, Any], converters: Converters, later: dict[str, Deferred] | None = None
) -> Plain:
    """Return what a call passed as plain values: a bad one costs its own name and one warning, None is skipped.

    Deferred values that are not there yet are put into `later`, and into the values where they will be numbers;
    without `later` they are waited for.

    Only Exception is caught: KeyboardInterrupt and SystemExit of a value's own code pass through.
    """
    values: dict[str, Scalar] = {}
    media: dict[str, list[Media]] = {}
    problems: list[Problem] = []
    nested = any(type(name) is not str or isinstance(value, Mapping) for name, value in metrics.items())
    for name, value in flat(metrics) if nested else metrics.items():
        try:
            if later is not None and isinstance(value, Deferred) and not value.ready():
                later[name] = value
                if not value.media:
                    values[name] = value  # type: ignore[assignment]  # its place among the others
                continue
            plain = converters.plain(value)
        except Unusable as why:
            problems.append(Problem(name, f"metric {name!r}: {why}; it was left out"))
        except Exception as error:
            problems.append(
                Problem(
                    name,
                    f"metric {name!r}: a {_kind(value)} could not be turned into a number ({error!r}); it was left out",
                )
            )
        else:
            if isinstance(plain, list):
                media[name] = plain
                continue
            if type(plain) is int and not -_BEYOND <= plain < _BEYOND:
                problems.append(
                    Problem(name, f"metric {name!r}: {_short(plain)} does not fit 64 bits; kept as float64")
                )
                plain = _to_float(plain)
            if plain is not None:
                if name in values:
                    problems.append(Problem(name, f"metric {name!r} is given twice in one call; the last one was kept"))
                values[name] = plain
    return Plain(values, media, problems)


def plain_step(step: Any, converters: Converters) -> int:
    """Return a step as an int of 64 bits.

    Raises:
        Unusable: it is no integer of that size.
    """
    try:
        scalar = converters.plain(step)
    except Unusable:
        raise
    except Exception as error:
        raise Unusable(f"a {_kind(step)} is no step ({error!r})") from error
    if isinstance(scalar, float) and scalar.is_integer():
        scalar = int(scalar)
    if not isinstance(scalar, int) or not -_BEYOND <= scalar < _BEYOND:
        raise Unusable(f"{_short(step)} is no integer of 64 bits")
    return int(scalar)


def _integer(value: int) -> int:
    return value


def _to_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _converted(value: Any) -> Scalar | list[Media] | None:
    """Return what a plugin's converter gave, as an exact Python type or as media."""
    from .media.item import Media

    if value is None or type(value) in (float, int, bool, str):
        return value  # type: ignore[no-any-return]
    if isinstance(value, Media):
        return [value]
    if hasattr(value, "item"):
        return _array(value)
    return float(value)


def _array(value: Any) -> Scalar | None:
    """Return the one element of an array, tensor or NumPy scalar."""
    size = getattr(value, "size", None)
    shape = tuple(getattr(value, "shape", ()))
    count = math.prod(shape) if shape or not isinstance(size, int) else size
    if count != 1:
        raise Unusable(
            f"{count} values in a {_kind(value)} of shape {shape}: log a number of them (their mean, say), "
            "or a Histogram to see how they are spread"
        )
    item = value.item()
    kind = getattr(value.dtype, "kind", "")
    if kind in ("M", "m", "c") or isinstance(item, (bytes, complex, tuple)):
        raise Unusable(f"a {value.dtype} is no number")
    if type(item) in (float, int, bool, str):
        return item  # type: ignore[no-any-return]
    if isinstance(item, str):
        return str(item)
    return float(item)


def _numpy_scalar(kind: type) -> Callable[[Any], Scalar] | None:
    """Return the quick way for NumPy's own scalar types: they are logged by the million."""
    if kind.__module__ != "numpy" or not hasattr(kind, "__float__"):
        return None
    name = kind.__name__
    if name in ("bool", "bool_"):
        return bool
    if name.startswith(("int", "uint")):
        return int
    return float if name.startswith(("float", "longdouble")) else None


def _unusable(value: Any) -> Any:
    hint = ": log a number of them, or a Histogram" if isinstance(value, (list, tuple, set)) else ""
    raise Unusable(f"a {_kind(value)} is no number{hint}")


def _kind(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:
        text = f"a {_kind(value)}"
    return text if len(text) <= 80 else text[:77] + "…"
