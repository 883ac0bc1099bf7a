"""`make demo`: make .venv, install Epochal and what fits this machine into it, and run `epochal demo`."""

from __future__ import annotations

import os
import subprocess
import sys

from machine import CONSTRAINTS, ROOT, TORCH, cpu_torch_at_hand, make_environment, run, say, succeeds, supported_python

FOLDER = os.path.join(ROOT, ".venv")


def what_to_install(python: str) -> tuple[list[str], str]:
    """Return what pip shall install besides the core, and the Keras backend that goes with it."""
    if succeeds([python, "-c", "import torch"]):
        return [".[demo,lightning,keras,transformers]"], "torch"
    if cpu_torch_at_hand(python):
        return [".[demo,lightning,keras,transformers]", TORCH], "torch"
    say()
    say("No CPU build of PyTorch 2.13.0 is at hand for this Python, and the registry's would pull gigabytes of CUDA")
    say("packages. So there is no Lightning and no Hugging Face Trainer in this demo: it trains with Keras on JAX and")
    say("with plain loops. As soon as pip can find %s here, `make demo` takes it." % TORCH)
    say()
    return [".[demo,keras]", "jax"], "jax"


def main() -> None:
    """Do all of it; a second time only what is missing."""
    python = make_environment(FOLDER, supported_python())
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "install", "-qq", "pip>=23.1"])  # older ones know no --dry-run
    requirements, backend = what_to_install(python)
    say("Installing; the first time takes a minute or two.")
    run([*pip, "install", "-qq", "--constraint", CONSTRAINTS, "--editable", *requirements], cwd=ROOT)
    say()
    variables = dict(os.environ)
    variables.setdefault("KERAS_BACKEND", backend)
    command = [os.path.join(FOLDER, "bin", "epochal"), "demo", *sys.argv[1:]]
    sys.exit(subprocess.call(command, cwd=ROOT, env=variables))


if __name__ == "__main__":
    main()
