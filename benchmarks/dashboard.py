"""The dashboard in a real Chromium, beside TensorBoard, trackio and MLflow on the same data: what is drawn when.

    python benchmarks/dashboard.py [FOLDER] [--ours] [--only opening|slider|points|table|peers] [--peers ENVIRONMENTS]

Data are made in FOLDER where they are not there yet (about 2 GB with the peers'), by default in one that goes.
ENVIRONMENTS holds one environment of each peer: ENVIRONMENTS/tensorboard, /trackio, /mlflow; without it,
and with --ours, peers are left out. Drawn means that coloured pixels of curves have appeared and settled.
It fails on faults, never on
slowness.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import dashboard_data
import dashboard_ours
import dashboard_peers
from dashboard_browser import chromium


def row(what, milliseconds, target, remark):
    met = "" if target is None else f"{target:.0f}"
    verdict = "" if target is None else ("yes" if milliseconds <= target else "**no**")
    print(f"| {what} | {milliseconds:.0f} | {met} | {verdict} | {remark} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--ours", action="store_true", help="leave the peers out")
    parser.add_argument("--only", choices=[*dashboard_ours.PARTS, "peers"], action="append")
    parser.add_argument("--peers", type=Path, help="the folder of the peers' environments")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        return measure(asked, asked.folder or Path(made))


def measure(asked, folder):
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    parts = asked.only or [*dashboard_ours.PARTS, "peers"]
    faults = 0
    with chromium() as browser:
        print("| ours | ms | target | met | remark |\n| --- | ---: | ---: | --- | --- |", flush=True)
        mine = {}
        for name in parts:
            if name == "peers":
                continue
            try:
                dashboard_data.ours(folder, *dashboard_ours.SETS[name])
                load = os.getloadavg()[0]
                for found in dashboard_ours.PARTS[name](browser, folder):
                    row(*found[:3], "; ".join(filter(None, (found[3], f"load {load:.1f}"))))
                    mine[found[0]] = found[1]
            except Exception:
                faults += 1
                traceback.print_exc()
        if "peers" in parts and not asked.ours and asked.peers:
            dashboard_data.ours(folder, "a")
            faults += dashboard_peers.beside(browser, folder, asked.peers)
    return 1 if faults else 0


if __name__ == "__main__":
    begun = time.monotonic()
    status = main()
    print(f"\n{time.strftime('%Y-%m-%d')}, {time.monotonic() - begun:.0f} s in all")
    sys.exit(status)
