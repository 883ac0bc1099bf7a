"""The tox environments that `make test` runs, and which of them this machine can have."""

from __future__ import annotations

from machine import BROWSER, TORCH

# Environment, the Python that it needs, and whether it needs a CPU build of PyTorch. The longest come first: they run
# beside one another, and so all streams end at about the same time.
ENVIRONMENTS = (
    ("py311-browser", "3.11", False),
    ("py311-core", "3.11", False),
    ("py310-core", "3.10", False),
    ("py312-core", "3.12", False),
    ("py313-core", "3.13", False),
    ("py311-ui", "3.11", False),
    ("py310-ui040", "3.10", False),
    ("py311-all", "3.11", True),
    ("py312-k3-tf", "3.12", False),
    ("py311-hf5", "3.11", True),
    ("py311-hf444", "3.11", True),
    ("py311-hf457", "3.11", True),
    ("py311-l26", "3.11", True),
    ("py311-pl25", "3.11", True),
    ("py311-pl20", "3.11", True),
    ("py311-k3-torch", "3.11", True),
    ("py311-k31-torch", "3.11", True),
    ("py311-k3-jax", "3.11", False),
    ("py312-k3-jax", "3.12", False),
    ("lint", "3.11", False),
    ("py311-torch", "3.11", True),
    ("py311-template", "3.11", False),
    ("py310-tb214", "3.10", False),
    ("py311-tb221", "3.11", True),
    ("py311-bare", "3.11", False),
)


def choose(pythons: dict[str, str], torch: bool, browser: bool) -> tuple[list[str], list[str]]:
    """Return the environments to run, and a line for each that is left out."""
    chosen, left_out = [], []
    for name, version, needs_torch in ENVIRONMENTS:
        if version not in pythons:
            left_out.append("%s: no Python %s was found, neither on PATH nor in pyenv" % (name, version))
        elif needs_torch and not torch:
            left_out.append(
                "%s: pip finds no %s for Python %s, and a CUDA build is not wanted" % (name, TORCH, version)
            )
        elif name.endswith("-browser") and not browser:
            left_out.append("%s: no Chromium was found to look at the dashboard's pages with. %s" % (name, BROWSER))
        else:
            chosen.append(name)
    return chosen, left_out
