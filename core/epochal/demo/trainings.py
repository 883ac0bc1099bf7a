"""Which trainings fit what is installed here, and what is missing for the others."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

KERAS_BACKENDS = {"jax": "JAX", "torch": "PyTorch", "tensorflow": "TensorFlow"}


@dataclass(frozen=True)
class Training:
    """One training of the demo: a program of its own.

    Attributes:
        title: what the progress bar says.
        module: the program, `python -m epochal.demo.<module>`.
        name: the run's name.
        metric: what is logged often enough to see how far the training is.
        steps: how many optimizer steps it takes.
        arguments: more of its command line.
        variables: environment variables that it needs.
    """

    title: str
    module: str
    name: str
    metric: str
    steps: int
    arguments: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)


def plain(*, lr: float, name: str, checkpoint: Path) -> Training:
    """Return a plain loop with this step size, which saves to (and goes on from) `checkpoint`."""
    arguments = ("--lr", str(lr), "--checkpoint", str(checkpoint))
    return Training(f"plain loop, lr {lr}", "train_plain", name, "loss", 3000, arguments)


def frameworks() -> tuple[list[Training], list[str]]:
    """Return a training for each framework that is installed, and a line for each that is not."""
    found, missing = [], []
    if _installed("lightning") or _installed("pytorch_lightning"):
        found.append(Training("Lightning", "train_lightning", "lightning", "train/loss", 460))
    else:
        missing.append("Lightning is not installed: pip install 'epochal[lightning]'")
    backend = keras_backend()
    if _installed("keras") and backend:
        title = f"Keras on {KERAS_BACKENDS[backend]}"
        variables = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
        found.append(Training(title, "train_keras", "keras", "loss", 276, (), variables))
    else:
        missing.append("Keras with a backend is not installed: pip install 'epochal[keras]' jax")
    if _installed("transformers") and _installed("accelerate") and _installed("torch"):
        found.append(Training("Hugging Face Trainer", "train_transformers", "transformers", "loss", 120))
    else:
        missing.append("Transformers is not installed: pip install 'epochal[transformers]'")
    if not _installed("sklearn"):
        missing.append(
            "scikit-learn is not installed, so all learn from text, none from digits: pip install 'epochal[demo]'"
        )
    return found, missing


def keras_backend() -> str | None:
    """Return the Keras backend to take: the one that is asked for, else the first that is installed."""
    asked = os.environ.get("KERAS_BACKEND", "")
    order = [asked, *KERAS_BACKENDS] if asked in KERAS_BACKENDS else list(KERAS_BACKENDS)
    return next((name for name in order if _installed(name)), None)


def _installed(module: str) -> bool:
    return find_spec(module) is not None
