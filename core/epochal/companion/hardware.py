"""What machine a run was trained on: processor, memory and accelerators."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any

from .cgroups import MemoryGroups


def hardware(pid: int) -> dict[str, Any]:
    """Return facts about this machine, as the process `pid` may use it. Sizes are in bytes."""
    import psutil

    memory: dict[str, Any] = {"total_bytes": psutil.virtual_memory().total}
    group = MemoryGroups(pid).memory()
    if group is not None and group.limit < memory["total_bytes"]:
        memory["limit_bytes"] = group.limit
    cpu = {
        "model": _cpu_model(),
        "architecture": platform.machine(),
        "cores": psutil.cpu_count(logical=False),
        "threads": psutil.cpu_count(),
        "usable": _usable(pid),
    }
    return {"cpu": cpu, "memory": memory, "accelerators": accelerators()}


def operating_system() -> str:
    """Return system, release and, on Linux, the distribution's own words."""
    words = f"{platform.system()} {platform.release()}"
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]} ({words})"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']} ({words})"
    except (OSError, KeyError):
        return words


def accelerators() -> list[dict[str, Any]]:
    """Return one entry for each GPU that the system shows, whether or not the training uses it."""
    try:
        return _by_nvml()
    except Exception:  # no pynvml, no driver, or a driver that says no
        return _by_nvidia_smi()


def _by_nvml() -> list[dict[str, Any]]:
    import pynvml

    pynvml.nvmlInit()
    try:
        driver = _text(pynvml.nvmlSystemGetDriverVersion())
        found = []
        for index in range(pynvml.nvmlDeviceGetCount()):
            device = pynvml.nvmlDeviceGetHandleByIndex(index)
            memory = int(pynvml.nvmlDeviceGetMemoryInfo(device).total)
            name = _text(pynvml.nvmlDeviceGetName(device))
            found.append({"index": index, "name": name, "memory_bytes": memory, "driver": driver})
        return found
    finally:
        pynvml.nvmlShutdown()


def _by_nvidia_smi() -> list[dict[str, Any]]:
    try:
        done = subprocess.run(
            ["nvidia-smi", "--query-gpu=index,name,memory.total,driver_version", "--format=csv,noheader,nounits"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=15, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    found: list[dict[str, Any]] = []
    for line in done.stdout.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) == 4 and fields[0].isdigit():
            memory = int(fields[2]) << 20 if fields[2].isdigit() else None
            found.append({"index": int(fields[0]), "name": fields[1], "memory_bytes": memory, "driver": fields[3]})
    return found


def _cpu_model() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() in {"model name", "Model", "Hardware", "cpu model"}:
                    return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _usable(pid: int) -> int | None:
    try:
        return len(os.sched_getaffinity(pid))
    except (AttributeError, OSError):  # macOS has no such thing; the trainer may be gone
        return None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
