"""The demo's data: real, and carried by packages, so that nothing is downloaded."""

from __future__ import annotations

import string
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

ALPHABET = "\n !\"'(),-.:=[]_`" + string.ascii_letters + string.digits  # what else occurs is read as a space
CONTEXT = 8  # characters that the plain loop sees of a text


class Split(NamedTuple):
    """Inputs (float32, one row per example) and labels (int64), to train on and to judge with."""

    name: str
    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    val_x: npt.NDArray[np.float32]
    val_y: npt.NDArray[np.int64]
    classes: int


def load() -> Split:
    """Return the digits where scikit-learn is installed, else characters, which need nothing."""
    try:
        return digits()
    except ImportError:
        return next_characters()


def digits() -> Split:
    """Return scikit-learn's 1,797 handwritten digits of 8 x 8 pixels, one in five kept to judge with.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return _split("scikit-learn digits", np.asarray(images / 16, np.float32), np.asarray(labels, np.int64), 10)


def next_characters() -> Split:
    """Return 20,000 places in Python's language reference: the characters before as one-hot rows, the next as label."""
    codes = encoded_text()
    places = np.arange(CONTEXT, len(codes) - 1, (len(codes) - CONTEXT) // 20_000)[:20_000]
    before = codes[places[:, None] + np.arange(-CONTEXT, 0)]
    x = np.eye(len(ALPHABET), dtype=np.float32)[before].reshape(len(places), -1)
    return _split("Python's language reference", x, codes[places], len(ALPHABET))


def encoded_text() -> npt.NDArray[np.int64]:
    """Return the text of Python's language reference, which every Python carries, as indices into `ALPHABET`."""
    from pydoc_data.topics import topics

    text = "\n".join(topics[name] for name in sorted(topics))
    index = {character: code for code, character in enumerate(ALPHABET)}
    return np.array([index.get(character, index[" "]) for character in text], np.int64)


def _split(name: str, x: npt.NDArray[np.float32], y: npt.NDArray[np.int64], classes: int) -> Split:
    kept = np.arange(len(x)) % 5 == 4
    return Split(name, x[~kept], y[~kept], x[kept], y[kept], classes)
