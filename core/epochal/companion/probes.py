"""Epochal's own system probes: the machine, the trainer's processes, disks, network and NVIDIA GPUs.

This is a plugin like any other; it is loaded in the companion.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..hookspecs import ProbeContext, SystemProbe, hookimpl
from .cgroups import MemoryGroups
from .process_tree import ProcessTree


@hookimpl
def register_system_probes() -> Iterable[SystemProbe]:
    """Return one probe for each thing to measure, so that one that fails costs only itself."""
    return [
        SystemProbe("cpu", _Cpu()),
        SystemProbe("memory", _Memory()),
        SystemProbe("process", _Process()),
        SystemProbe("disk", _Disk()),
        SystemProbe("network", _Network()),
        SystemProbe("nvidia", _Nvidia()),
    ]


class _Rates:
    """Turns counters into what they grew by a second; nothing at the first call, and never less than nothing."""

    def __init__(self) -> None:
        self._before: dict[str, float] = {}
        self._at = 0.0

    def of(self, counters: Mapping[str, float]) -> dict[str, float]:
        now = time.monotonic()
        seconds = now - self._at
        rates = {
            name: max(value - self._before[name], 0.0) / seconds
            for name, value in counters.items()
            if name in self._before and seconds > 0
        }
        self._before, self._at = dict(counters), now
        return rates


class _Cpu:
    """`system/cpu`: percent of all cores together since the last sample; `system/load`: mean run queue of a minute."""

    def __init__(self) -> None:
        self._before: tuple[float, float] | None = None

    def __call__(self, _: ProbeContext) -> Mapping[str, float]:
        import psutil

        times = psutil.cpu_times()
        # guest times are part of user times already
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        idle = times.idle + getattr(times, "iowait", 0.0)
        before, self._before = self._before, (total, idle)
        found = {"system/load": os.getloadavg()[0]}
        if before is not None and total > before[0]:
            found["system/cpu"] = min(max(100.0 * (1.0 - (idle - before[1]) / (total - before[0])), 0.0), 100.0)
        return found


class _Memory:
    """`system/memory`: percent of what this process may use, the machine's or its control group's; and in bytes."""

    def __init__(self) -> None:
        self._groups: MemoryGroups | None = None

    def __call__(self, context: ProbeContext) -> Mapping[str, float]:
        import psutil

        if self._groups is None:
            self._groups = MemoryGroups(context.pid)
        machine = psutil.virtual_memory()
        limit, used = machine.total, machine.total - machine.available
        group = self._groups.memory()
        if group is not None and 0 < group.limit < machine.total:
            limit, used = group.limit, group.used
        return {"system/memory": 100.0 * used / limit, "system/memory_bytes": float(used)}


class _Process:
    """`system/process/cpu`: percent of one core, of the trainer and all it started; `system/process/rss_bytes`."""

    def __init__(self) -> None:
        self._tree: ProcessTree | None = None

    def __call__(self, context: ProbeContext) -> Mapping[str, float]:
        if self._tree is None:
            self._tree = ProcessTree(context.pid)
        return {f"system/process/{name}": value for name, value in self._tree.sample().items()}


class _Disk:
    """`system/disk`: percent in use where the runs are; bytes a second of all disks."""

    def __init__(self) -> None:
        self._rates = _Rates()

    def __call__(self, context: ProbeContext) -> Mapping[str, float]:
        import psutil

        found = {"system/disk": float(psutil.disk_usage(os.fspath(context.root)).percent)}
        counters: Any = psutil.disk_io_counters()
        if counters is not None:
            rates = self._rates.of({"read": counters.read_bytes, "written": counters.write_bytes})
            found |= {f"system/disk_{name}_bytes_per_second": rate for name, rate in rates.items()}
        return found


class _Network:
    """Bytes a second over all interfaces but the loopback."""

    def __init__(self) -> None:
        self._rates = _Rates()

    def __call__(self, _: ProbeContext) -> Mapping[str, float]:
        import psutil

        cards = [card for name, card in psutil.net_io_counters(pernic=True).items() if not name.startswith("lo")]
        counters = {"received": sum(c.bytes_recv for c in cards), "sent": sum(c.bytes_sent for c in cards)}
        rates = self._rates.of(counters)
        return {f"system/network_{name}_bytes_per_second": rate for name, rate in rates.items()}


class _Nvidia:
    """`system/gpu/<index>/…` of NVIDIA GPUs, where pynvml is installed; else nothing, without a word."""

    def __init__(self) -> None:
        self._devices: list[tuple[int, Any]] | None = None

    def __call__(self, _: ProbeContext) -> Mapping[str, float]:
        if self._devices is None:
            self._devices = _nvidia_devices()
        found: dict[str, float] = {}
        for index, device in self._devices:
            found |= {f"system/gpu/{index}/{name}": value for name, value in _nvidia_sample(device)}
        return found


def _nvidia_devices() -> list[tuple[int, Any]]:
    try:
        import pynvml

        pynvml.nvmlInit()
        return [(index, pynvml.nvmlDeviceGetHandleByIndex(index)) for index in range(pynvml.nvmlDeviceGetCount())]
    except Exception:  # no library, no driver, no device: nothing to measure
        return []


def _nvidia_sample(device: Any) -> Iterable[tuple[str, float]]:
    import pynvml

    def utilization() -> Iterable[tuple[str, float]]:
        yield "utilization", float(pynvml.nvmlDeviceGetUtilizationRates(device).gpu)

    def memory() -> Iterable[tuple[str, float]]:
        facts = pynvml.nvmlDeviceGetMemoryInfo(device)
        yield "memory", 100.0 * facts.used / facts.total
        yield "memory_bytes", float(facts.used)

    def temperature() -> Iterable[tuple[str, float]]:
        yield "temperature_celsius", float(pynvml.nvmlDeviceGetTemperature(device, pynvml.NVML_TEMPERATURE_GPU))

    def power() -> Iterable[tuple[str, float]]:
        yield "power_watts", pynvml.nvmlDeviceGetPowerUsage(device) / 1000.0

    for part in (utilization, memory, temperature, power):
        try:
            yield from part()
        except pynvml.NVMLError:  # not every card can say everything
            continue
