"""`defer`: tensors on a GPU given to `run.log` without the device being waited for."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from epochal.deferred import Deferred

from ._spread import histogram_of, spread
from ._values import check, exact

#: Numbers that are pinned at once: pinning memory is slow and may make the device wait, so it is done in slabs.
_CELLS: Final = 4096
#: Numbers of these types are copied together; of the others PyTorch may lack what that takes.
_STACKED: Final = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "bool", "uint8")


def defer(value: Any) -> Any:
    """Return what `run.log` takes in a tensor's stead, so that the device is not waited for.

    A CUDA tensor is copied to pinned memory behind what its stream has to do: what it holds at this place of the
    stream is recorded, also if it is changed in place right after the call. The row is written by a later `log` or at
    the end of the run. A tensor of more than one element becomes a histogram that is counted on the device. A tensor
    of the CPU is read at once, as is one of another device, where `log` gives its hint that the device waits.

    Args:
        value: a tensor, or a mapping of names to tensors and anything else, which stays as it is: those of a device
            share one event, those of a type and kind one copy.
    """
    import torch

    if isinstance(value, torch.Tensor):
        return _together({None: value}, torch, _cuda)[None]
    return _mapping(value, torch) if isinstance(value, Mapping) else value


def _mapping(values: Mapping[Any, Any], torch: Any) -> dict[Any, Any]:
    nested = {name: each for name, each in values.items() if isinstance(each, Mapping)}
    found = _together({name: each for name, each in values.items() if name not in nested}, torch, _cuda)
    return {name: _mapping(nested[name], torch) if name in nested else found[name] for name in values}


def _together(values: Mapping[Any, Any], torch: Any, way: _Device) -> dict[Any, Any]:
    """Return values with a `Deferred` in the place of each tensor on a device that can be copied without waiting."""
    found: dict[Any, Any] = {}
    groups: dict[Any, dict[Any, Any]] = {}
    for name, value in values.items():
        found[name] = value  # where it cannot be deferred, its converter says why, under its name
        if not isinstance(value, torch.Tensor):
            continue
        try:
            if not way.takes(value):
                found[name] = _at_once(value)
                continue
            check(value)
            if value.numel():
                number = value.numel() == 1
                source = _number(value) if number else spread(value)
                groups.setdefault((source.device, source.dtype, number), {})[name] = source
        except Exception:
            continue
    arrivals: dict[Any, _Arrival] = {}
    for (device, dtype, number), sources in groups.items():
        try:
            arrival = arrivals.get(device)
            if arrival is None:
                arrival = arrivals[device] = _Arrival(way, device, torch)
            if str(dtype).removeprefix("torch.") in _STACKED and len(sources) > 1:
                several = _Several(*_copied(torch.stack(list(sources.values())), torch, way), arrival)
                part = _Part if number else _SpreadPart
                found |= {name: part(several, at) for at, name in enumerate(sources)}
            else:
                made = _Copy if number else _Spread
                found |= {name: made(*_copied(each, torch, way), arrival) for name, each in sources.items()}
        except Exception:
            continue
    for arrival in arrivals.values():
        arrival.record(torch)
    return found


def _number(tensor: Any) -> Any:
    tensor = tensor.detach()
    return tensor.reshape(()) if tensor.ndim else tensor


def _copied(source: Any, torch: Any, way: _Device) -> tuple[Any, deque[Any]]:
    """Return the cell into which a copy is on its way, and the pool that it goes back to."""
    pool = _free_cells.setdefault((way, source.dtype, source.shape), deque())
    try:
        cell = pool.popleft()
    except IndexError:
        pool.extend(way.cells(torch, source.dtype, tuple(source.shape)))
        cell = pool.popleft()
    cell.copy_(source, non_blocking=True)
    return cell, pool


def _at_once(tensor: Any) -> Any:
    """Return the value that a tensor has now: it may be changed in place after the call."""
    if tensor.device.type != "cpu" or not tensor.numel():
        return tensor
    check(tensor)
    return exact(tensor) if tensor.numel() == 1 else histogram_of(spread(tensor))


class _Device:
    """How copies to the host are made without waiting; tests put their own in its place."""

    def takes(self, tensor: Any) -> bool:
        """Return whether a tensor is on such a device."""
        return bool(tensor.is_cuda)

    def cells(self, torch: Any, dtype: Any, shape: tuple[int, ...]) -> list[Any]:
        """Return host cells of a shape, some at once."""
        number = max(1, _CELLS // math.prod(shape))
        with torch.inference_mode(False), torch.no_grad():
            return list(torch.empty((number, *shape), dtype=dtype, pin_memory=True).unbind())

    def event(self, torch: Any, device: Any) -> Any:
        """Return an event."""
        with torch.cuda.device(device):
            return torch.cuda.Event()

    def record(self, torch: Any, event: Any, device: Any) -> None:
        """Put an event behind what the device's current stream has to do."""
        event.record(torch.cuda.current_stream(device))


_cuda: Final = _Device()
_free_cells: dict[Any, deque[Any]] = {}
_free_events: dict[Any, deque[Any]] = {}


class _Arrival:
    """The event behind the copies of one call from one device."""

    def __init__(self, way: _Device, device: Any, torch: Any) -> None:
        self._way, self._device = way, device
        free = _free_events.setdefault((way, device), deque())
        try:
            self._event = free.popleft()
        except IndexError:
            self._event = way.event(torch, device)
        self._recorded = self._here = False

    def record(self, torch: Any) -> None:
        self._way.record(torch, self._event, self._device)
        self._recorded = True

    def ready(self) -> bool:
        if not self._here and self._recorded:
            self._here = bool(self._event.query())
        return self._here

    def wait(self) -> None:
        if not self.ready():
            self._event.synchronize()
            self._here = True

    def __del__(self) -> None:
        if self._here:
            _free_events[self._way, self._device].append(self._event)


class _Copy(Deferred):
    """One number on its way from a device."""

    def __init__(self, cell: Any, pool: deque[Any], arrival: _Arrival) -> None:
        self._cell, self._arrival, self._pool = cell, arrival, pool
        self._value: Any = None

    def ready(self) -> bool:
        return self._cell is None or self._arrival.ready()

    def result(self) -> Any:
        if self._cell is not None:
            self._arrival.wait()
            self._value = self._read(self._cell)
            cell, self._cell = self._cell, None
            self._pool.append(cell)
        return self._value

    def _read(self, cell: Any) -> Any:
        return exact(cell)

    def __reduce__(self) -> tuple[Any, ...]:
        return _given, (self.result(),)


class _Spread(_Copy):
    """The counts of a histogram on their way from a device."""

    media: ClassVar[bool] = True

    def _read(self, cell: Any) -> Any:
        return histogram_of(cell.tolist())


class _Several(_Copy):
    """Numbers, or counts of histograms, of one type that are copied together."""

    def _read(self, cell: Any) -> Any:
        return cell.tolist()


class _Part(Deferred):
    """One number of several."""

    def __init__(self, several: _Several, at: int) -> None:
        self._several, self._at = several, at

    def ready(self) -> bool:
        return self._several.ready()

    def result(self) -> Any:
        return self._several.result()[self._at]

    def __reduce__(self) -> tuple[Any, ...]:
        return _given, (self.result(),)


class _SpreadPart(_Part):
    """The counts of one histogram of several."""

    media: ClassVar[bool] = True

    def result(self) -> Any:
        return histogram_of(super().result())


def _given(value: Any) -> Any:
    return value
