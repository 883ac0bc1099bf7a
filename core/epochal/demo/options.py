"""What each training of the demo is told on its command line."""

from __future__ import annotations

import argparse


def parser(module: str, about: str | None, *, steps: int) -> argparse.ArgumentParser:
    """Return a parser that knows the run's id, name and group, and the number of steps."""
    told = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    told.add_argument("--id", help="the run's id")
    told.add_argument("--name", help="the run's name")
    told.add_argument("--group", help="what the runs of one demo have in common")
    told.add_argument("--steps", type=int, default=steps, help="optimizer steps")
    return told
