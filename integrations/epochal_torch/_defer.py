"""`defer`: tensors on a GPU given to `run.log` without the device being waited for."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from epochal.deferred import Deferred

from ._spread import BINS, FACTS, histogram_of, spread
from ._values import check, exact

#: Cells that are pinned at once: pinning memory is slow and may make the device wait, so it is done in slabs.
_CELLS: Final = 1024


def defer(value: Any) -> Any:
    """Return what `run.log` takes in a tensor's stead, so that the device is not waited for.

    A CUDA tensor is copied to pinned memory behind what its stream has to do: what it holds at this place of the
    stream is recorded, also if it is changed in place right after the call. The row is written by a later `log` or at
    the end of the run. A tensor of more than one element becomes a histogram that is counted on the device. A tensor
    of the CPU is read at once, as is one of another device, where `log` gives its hint that the device waits.

    Args:
        value: a tensor, or a mapping of names to tensors and anything else, which stays as it is: its tensors share
            one event.
    """
    import torch

    if isinstance(value, Mapping):
        arrival: dict[Any, _Arrival] = {}
        return {name: defer(each) if isinstance(each, Mapping) else _deferred(each, arrival, torch)
                for name, each in _recorded(value, arrival, torch)}  # fmt: skip
    if not isinstance(value, torch.Tensor):
        return value
    shared: dict[Any, _Arrival] = {}
    found = _deferred(value, shared, torch)
    for each in shared.values():
        each.record(torch)
    return found


def _recorded(values: Mapping[str, Any], arrivals: dict[Any, _Arrival], torch: Any) -> Any:
    """Yield the items of a mapping, and record the events behind the copies of all of them."""
    yield from values.items()
    for each in arrivals.values():
        each.record(torch)


def _deferred(value: Any, arrivals: dict[Any, _Arrival], torch: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    try:
        if value.device.type != "cuda":
            return _at_once(value)
        check(value)
        return _on_its_way(value, arrivals, torch, _cuda)
    except Exception:
        return value  # whose converter says what is wrong with it, under its name


def _at_once(tensor: Any) -> Any:
    """Return the value that a tensor has now: it may be changed in place after the call."""
    if tensor.device.type != "cpu" or not tensor.numel():
        return tensor
    check(tensor)
    return exact(tensor) if tensor.numel() == 1 else histogram_of(spread(tensor))


class _Device:
    """How copies to the host are made without waiting; tests put their own in its place."""

    def cells(self, torch: Any, dtype: Any, size: int) -> list[Any]:
        """Return host cells: of one element each, or one of `size` elements."""
        with torch.inference_mode(False), torch.no_grad():
            if size > 1:
                return [torch.empty(size, dtype=dtype, pin_memory=True)]
            return list(torch.empty(_CELLS, dtype=dtype, pin_memory=True).unbind())

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

    def __init__(self, cell: Any, arrival: _Arrival, pool: deque[Any]) -> None:
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


def _on_its_way(tensor: Any, arrivals: dict[Any, _Arrival], torch: Any, way: _Device) -> Deferred:
    if not tensor.numel():
        raise ValueError("empty")
    device = tensor.device
    with torch.no_grad():
        made: type[_Copy]
        if tensor.numel() == 1:
            made, source, size = _Copy, tensor.detach().reshape(()), 1
        else:
            made, source, size = _Spread, spread(tensor.detach()), FACTS + BINS
        pool = _free_cells.setdefault((way, source.dtype, size), deque())
        try:
            cell = pool.popleft()
        except IndexError:
            pool.extend(way.cells(torch, source.dtype, size))
            cell = pool.popleft()
        cell.copy_(source, non_blocking=True)
    if device not in arrivals:
        arrivals[device] = _Arrival(way, device, torch)
    return made(cell, arrivals[device], pool)


def _given(value: Any) -> Any:
    return value
