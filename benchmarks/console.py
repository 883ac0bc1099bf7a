"""What keeping console output costs a `print`, beside W&B offline (which keeps it too) and bare printing in one run.

    python benchmarks/console.py              W&B is left out where it is not installed

Each in a fresh process whose stdout is a file, 2 rounds in turn; the mean of both, and its ratio to bare.
"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap

OPENERS = {
    "bare": "",
    "epochal": "import epochal; run = epochal.init('bench')",
    "epochal, console off": "import os; os.environ['EPOCHAL_CONSOLE'] = 'off'\nimport epochal; epochal.init('bench')",
    "wandb, offline": "import wandb; run = wandb.init(mode='offline', project='bench', settings={'silent': True})",
}

SCRIPT = """
import json, os, sys, time
{opener}
def lines(n):
    for i in range(n):
        print("epoch 3 step", i, "loss 0.12345678 acc 0.987654")

def coloured(n):
    for i in range(n):
        print("\\x1b[32mINFO\\x1b[0m epoch 3 step", i, "loss=0.12345678 path=/data/run/checkpoint.pt")

def bar(n):
    for i in range(n):
        sys.stdout.write(f"\\r 37%|###       | {i}/100000 [00:07<00:12, 123.4it/s]")
    sys.stdout.write("\\n")

found = {}
for work, n in ((lines, 5_000), (coloured, 5_000), (bar, 5_000)):
    work(200)
    began = time.perf_counter()
    work(n)
    found[work.__name__] = (time.perf_counter() - began) / n * 1e6
with open(sys.argv[1], "w") as file:
    json.dump(found, file)
"""


def once(opener):
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "train.py")
        with open(script, "w") as file:
            file.write(SCRIPT.replace("{opener}", textwrap.dedent(opener)))
        environment = {**os.environ, "EPOCHAL_QUIET": "1", "EPOCHAL_DIR": f"{folder}/runs", "WANDB_DIR": folder}
        with open(f"{folder}/out.txt", "w") as out:
            subprocess.run(
                [sys.executable, script, f"{folder}/found.json"],
                check=True, cwd=folder, stdout=out, stderr=subprocess.DEVNULL, env=environment, timeout=300,
            )  # fmt: skip
        with open(f"{folder}/found.json") as file:
            return json.load(file)


def main():
    openers = dict(OPENERS)
    if importlib.util.find_spec("wandb") is None:
        del openers["wandb, offline"]
    rounds = {name: [] for name in openers}
    for _ in range(2):
        for name, opener in openers.items():
            rounds[name].append(once(opener))
    print(f"{'us a print (ratio to bare)':<28}{'line':>18}{'coloured':>18}{'bar state':>18}")
    means = {
        name: {kind: statistics.mean(each[kind] for each in found) for kind in found[0]}
        for name, found in rounds.items()
    }
    for name, found in means.items():
        cells = [f"{value:.2f} ({value / means['bare'][kind]:.1f})" for kind, value in found.items()]
        print(f"{name:<28}" + "".join(f"{cell:>18}" for cell in cells))


if __name__ == "__main__":
    main()
