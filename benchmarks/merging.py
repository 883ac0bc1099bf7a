"""What merging 10,000 runs costs, first and repeated, beside `rsync -a` and `cp -r`.

    python benchmarks/merging.py [RUNS]

A second source is merged into a folder that holds its first half already, as from a machine that has trained on: that
is "more". The page cache is warm. `cp -r` copies everything each time and compares nothing: it is the floor.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
COMMANDS = {
    "epochal merge": [sys.executable, "-m", "epochal", "merge"],
    "rsync -a": ["rsync", "-a"],
    "cp -r": ["cp", "-r"],
}


def timed(words):
    began = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure(name, words, source, half, home):
    """Return seconds for: the half, all of it, all of it again."""
    to = home / name.replace(" ", "-")
    to.mkdir()
    inner = "" if name == "epochal merge" else "/."
    steps = [[*words, f"{folder}{inner}", str(to)] for folder in (half, source, source)]
    taken = [timed(step) for step in steps]
    files = sum(path.suffix == ".epochal" for path in to.rglob("*"))
    shutil.rmtree(to)
    return taken, files


def main():
    from tests.core.make_runs import make_runs

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        source, half = home / "source", home / "half"
        runs = make_runs(source, count)
        for run in runs[: count // 2]:
            shutil.copytree(run, half / run.parent.name / run.name, copy_function=shutil.copy2)
        size = sum(path.stat().st_size for path in source.rglob("*.epochal"))
        print(f"{count:,} runs, {2 * count:,} files, {size / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}")
        print(f"{'':16}{'first half':>12}{'the rest':>12}{'again':>12}")
        for name, words in COMMANDS.items():
            if not shutil.which(words[0]):
                print(f"{name:16}not installed")
                continue
            taken, files = measure(name, words, source, half, home)
            assert files == 2 * count, files
            print(f"{name:16}" + "".join(f"{seconds:>11.2f}s" for seconds in taken))


if __name__ == "__main__":
    main()
