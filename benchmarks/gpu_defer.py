"""Checks on a CUDA device that `defer` and `watch` never make it be waited for, and what values and times come out.

PYTHONPATH=core:integrations python benchmarks/gpu_defer.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ["EPOCHAL_DIR"] = os.environ.get("EPOCHAL_DIR") or tempfile.mkdtemp()
os.environ["EPOCHAL_QUIET"] = "1"

import torch

import epochal
import epochal_torch

STEPS = 300
SYNCHRONISING = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy")
DTYPES = ("float32", "bfloat16", "float16", "float64", "int64", "int32", "bool", "uint8")


def synchronisations(body: Any) -> dict[str, int]:
    """Return how often each call that makes the host wait was made."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        body()
    found = {each.key: each.count for each in seen.key_averages() if each.key.startswith("cuda")}
    # the profiler itself synchronises the device once, as it stops
    return {name: count for name, count in found.items() if name in (*SYNCHRONISING, "cudaMemcpyAsync")}


def without_synchronising(body: Any) -> str:
    """Return "" or what synchronised."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        body()
    except RuntimeError as error:
        return str(error).splitlines()[0]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return ""


def count_synchronisations() -> dict[str, Any]:
    """(1) and (5): log, in a training, deferred values, bare tensors, and with a watch."""
    found: dict[str, Any] = {}
    for kind in ("nothing", "deferred", "deferred mapping", "bare", "watch"):
        run = epochal.init("gpu", name=kind.replace(" ", "-"))
        train = training(run, kind)
        train(10)
        found[kind] = {"calls": synchronisations(lambda train=train: train(100))}
        if kind != "bare":
            found[kind]["sync debug mode"] = without_synchronising(lambda train=train: train(100)) or "nothing"
        if kind == "watch":
            run.finish()
            found[kind]["histograms"] = len(epochal.get_run(run.id).media("gradients/0.weight"))
        run.finish()
    return found


def training(run: Any, kind: str, losses: list[Any] | None = None) -> Any:
    """Return a function that trains a number of steps."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(256, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10)).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    inputs = torch.randn(512, 256, device="cuda")
    labels = torch.randint(0, 10, (512,), device="cuda")
    watch = epochal_torch.watch(model, "all", every=5, run=run) if kind == "watch" else None

    def train(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
            if kind in ("deferred", "watch"):
                run.log({"loss": epochal_torch.defer(loss)})
            elif kind == "deferred mapping":
                run.log(epochal_torch.defer({"loss": loss, "again": loss, "half": loss.half()}))
            elif kind == "bare":
                run.log({"loss": loss})
            elif kind == "item":
                run.log({"loss": loss.item()})
            if losses is not None:
                losses.append(loss.detach())

    train.kept = watch, model  # type: ignore[attr-defined]
    return train


def exact_values() -> dict[str, Any]:
    """(2): what is recorded is what the tensor held at the call, though it is changed right after it."""
    found = {}
    run = epochal.init("gpu", name="values")
    expected: dict[str, list[Any]] = {}
    heavy = torch.randn(4096, 4096, device="cuda")
    for name in DTYPES:
        source = (torch.randn(200, device="cuda") * 100).to(getattr(torch, name))
        expected[name] = source.tolist()
        held = torch.zeros((), dtype=source.dtype, device="cuda")
        for at in range(200):
            if at % 20 == 0:
                heavy = heavy @ heavy * 1e-4  # so that the copies lie behind something
            held.copy_(source[at])
            run.log({name: epochal_torch.defer(held)}, step=at)
            held.zero_()
    spread = torch.randn(100_000, device="cuda")
    run.log({"spread": epochal_torch.defer(spread)})
    run.finish()
    recorded = epochal.get_run(run.id)
    for name in DTYPES:
        values = recorded.history(name).values.tolist()
        found[name] = values == expected[name] and type(values[0]) is type(expected[name][0])
    counts = recorded.media("spread")[0].items[0].counts
    found["histogram of all elements"] = int(counts.sum()) == spread.numel()
    return found


def call_times() -> dict[str, Any]:
    """(3): the host's time in a call, behind a queue of long kernels; and that of a training step."""
    found: dict[str, Any] = {}
    heavy = torch.randn(8192, 8192, device="cuda")
    for kind in ("defer", "bare", "item"):
        run = epochal.init("gpu", name=f"times-{kind}")
        times = []
        for at in range(120):
            product = heavy @ heavy
            loss = product[0, 0]
            start = time.perf_counter()
            if kind == "defer":
                run.log({"loss": epochal_torch.defer(loss)})
            elif kind == "bare":
                run.log({"loss": loss})
            else:
                run.log({"loss": loss.item()})
            if at >= 20:
                times.append(time.perf_counter() - start)
        torch.cuda.synchronize()
        run.finish()
        times.sort()
        found[f"log({kind}) us"] = {
            "p50": round(times[len(times) // 2] * 1e6, 1), "p99": round(times[int(len(times) * 0.99)] * 1e6, 1)
        }  # fmt: skip
    for kind in ("nothing", "deferred", "bare", "watch"):
        run = epochal.init("gpu", name=f"steps-{kind}")
        train = training(run, kind)
        train(50)
        torch.cuda.synchronize()
        start = time.perf_counter()
        train(STEPS)
        torch.cuda.synchronize()
        found[f"training step, {kind}, us"] = round((time.perf_counter() - start) / STEPS * 1e6, 1)
        run.finish()
    return found


KILLED = """
import os, sys, time, torch, epochal, epochal_torch
run = epochal.init("gpu", id="killed")
value = torch.zeros((), device="cuda")
epochal_torch.defer(value)
torch.cuda.synchronize()
for step in range(100):
    value += 1
    run.log({"loss": epochal_torch.defer(value)})
torch.cuda.synchronize()
run.log({"plain": 1.0})
torch.cuda._sleep(4_000_000_000)
for step in range(10):
    value += 1
    run.log({"loss": epochal_torch.defer(value)})
    run.log({"host": float(step)})
os.kill(os.getpid(), 9)
"""


def killed() -> dict[str, Any]:
    """(4): what is lost by a SIGKILL is what was on its way."""
    code = subprocess.run([sys.executable, "-c", KILLED], check=False).returncode
    recorded = epochal.get_run("killed")
    values = recorded.history("loss").values.tolist()
    return {
        "exit code": code,
        "deferred and there, kept": f"{len(values)} of 100",
        "in order": values == [float(at + 1) for at in range(len(values))],
        "on their way, lost": 110 - len(values),
        "plain rows between them, kept": f"{len(recorded.history('host').values)} of 10",
    }


def same_losses() -> dict[str, Any]:
    """(6): losses to the bit."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    found = {}
    kept: dict[str, list[float]] = {}
    for kind in ("nothing", "deferred", "watch"):
        run = epochal.init("gpu", name=f"losses-{kind}")
        losses: list[Any] = []
        training(run, kind, losses)(100)
        kept[kind] = torch.stack(losses).tolist()
        run.finish()
        recorded = epochal.get_run(run.id)
        found[kind] = kept[kind] == kept["nothing"]
        if kind != "nothing":
            found[f"{kind}, recorded"] = recorded.history("loss").values.tolist() == kept[kind]
    torch.use_deterministic_algorithms(False)
    return found


def main() -> None:
    """Run all checks, each for itself."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    found: dict[str, Any] = {"torch": torch.__version__, "device": torch.cuda.get_device_name()}
    checks = (count_synchronisations, exact_values, call_times, killed, same_losses)
    for check in checks:
        start = time.perf_counter()
        try:
            found[check.__name__] = check()
        except Exception as error:  # the others are worth having
            import traceback

            traceback.print_exc()
            found[check.__name__] = f"failed: {error!r}"
        print(f"{check.__name__} ({time.perf_counter() - start:.1f} s): {json.dumps(found[check.__name__], indent=2)}")
        sys.stdout.flush()
    print("JSON", json.dumps(found))
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
