"""Tensors as values of `run.log`: one element is a number, more of them a histogram."""

from __future__ import annotations

from typing import Any

from epochal.active import active_run
from epochal.values import Unusable

_DISTRIBUTED = ("DTensor", "FakeTensor", "FunctionalTensor", "AsyncCollectiveTensor")


def from_tensor(tensor: Any) -> Any:
    """Return the number or the histogram of a tensor; one on a device is waited for, which a hint says once a run.

    Raises:
        Unusable: it has no numbers to be recorded; the message says what to do.
    """
    check(tensor)
    if tensor.device.type != "cpu":
        _hint(tensor.device.type)
    size = tensor.numel()
    if size == 1:
        return exact(tensor)
    if not size:
        raise Unusable(f"an empty tensor of shape {tuple(tensor.shape)} has no number: log one, or leave it out")
    from ._spread import histogram_of, spread

    return histogram_of(spread(tensor))


def exact(tensor: Any) -> float | int | bool:
    """Return the one element of a tensor: float, int or bool, as its type is."""
    value = tensor.detach()
    if value.is_quantized:
        value = value.dequantize()
    number = value.item()
    return number if type(number) in (float, int, bool) else float(number)


def check(tensor: Any) -> None:
    """Look whether a tensor holds numbers that can be recorded.

    Raises:
        Unusable: it does not.
    """
    kind = type(tensor).__name__
    if kind in _DISTRIBUTED:
        way = "log its full_tensor() or to_local()" if kind == "DTensor" else "it holds no values outside a tracing"
        raise Unusable(f"a {kind} is no tensor of this process: {way}")
    if tensor.is_nested:
        raise Unusable("a nested tensor: log a number of it (its values().mean(), say)")
    if tensor.device.type == "meta":
        raise Unusable("a tensor on the meta device has no values")
    if str(tensor.layout) != "torch.strided":
        raise Unusable(f"a {tensor.layout} tensor: log a number of it, or its to_dense()")
    if tensor.dtype.is_complex:
        raise Unusable(f"a {tensor.dtype} is no number: log its abs(), real or imag")


def _hint(device: str) -> None:
    run = active_run()
    if run is not None and not run.disabled:
        run._fault(
            "device_wait",
            f"run.log was given a tensor on {device}, which makes the program wait for the device at each call: "
            + ("give epochal_torch.defer(tensor) instead" if device == "cuda" else "log it less often"),
        )
