"""Scalars are read with NumPy alone: no tensorboard, no google-crc32c; and nothing is imported before it is needed."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal_tensorboard import _crc
from epochal_tensorboard._tags import Tags

from .framed import file_of

#: What RFC 3720 (B.4) and the CRC catalogue give.
_KNOWN = [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (b"", 0), (b"a", 0xC1D04330)]


@pytest.mark.parametrize(("data", "crc"), _KNOWN, ids=range(len(_KNOWN)))
def test_crcs_are_those_of_the_standard(data: Any, crc: int) -> None:
    assert _crc._by_numpy(data) == _crc.crc32c(data) == crc


@pytest.mark.parametrize("length", [*range(1, 12), 4095, 4096, 4097, 4098, 4099, 8192, 10_000])
def test_numpys_crc_is_that_of_the_bitwise_definition(length: int) -> None:
    data, state = random.Random(length).randbytes(length), 0xFFFFFFFF
    for byte in data:
        state ^= byte
        for _ in range(8):
            state = state >> 1 ^ (0x82F63B78 if state & 1 else 0)
    assert _crc._by_numpy(data) == state ^ 0xFFFFFFFF


def test_unmasking_is_the_inverse_of_masking() -> None:
    data = [bytes([place]) for place in range(256)]
    stored = np.array([_crc.masked(each) for each in data], np.uint32)
    assert _crc.unmask(stored).tolist() == [_crc.crc32c(each) for each in data]


_SIMPLE = b"\x09\x00\x00\x00\x00\x65\xcd\xcd\x41\x10\x05\x2a\x0b\x0a\x09\x0a\x02ab\x15\x00\x00\x80\x3f"

_ALONE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"tensorboard", "google_crc32c", "google", "fsspec"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import epochal_tensorboard
found = epochal_tensorboard.read_scalars(sys.argv[1])
print(len(found["ab"]), found["ab"].values[-1], found["ab"].steps[0])
"""


@pytest.mark.parametrize("count", [3, 50])
def test_scalars_need_neither_tensorboard_nor_a_crc_library(tmp_path: Path, count: int) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(file_of([_SIMPLE] * count))
    said = subprocess.run([sys.executable, "-c", _ALONE, str(path)], capture_output=True, text=True, check=True)
    assert said.stdout.split() == [str(count), "1.0", "5"]


def test_importing_the_package_or_its_plugin_imports_no_framework_and_no_numpy() -> None:
    code = (
        "import sys, epochal_tensorboard, epochal_tensorboard.plugin\n"
        "print([name for name in ('numpy', 'tensorboard', 'google_crc32c', 'fsspec') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("length", [1, 3, 7, 8, 9, 16, 17, 40])
@pytest.mark.parametrize("count", [1, 2, 100, 5000])
def test_tags_are_told_apart_byte_by_byte(length: int, count: int) -> None:
    draw = np.random.default_rng(length * count)
    names = draw.integers(0, 3, (count, length), dtype=np.uint8)
    rows = np.zeros((3 * count, length + 12), np.uint8)
    order = draw.integers(0, count, 3 * count)
    rows[:, 5 : 5 + length] = names[order]
    tags = Tags()
    for _ in range(2):  # new ones, then known ones
        found = np.broadcast_to(tags.numbers(rows, 5, 5 + length), len(rows))
        assert [tags.raw[number] for number in found.tolist()] == [name.tobytes() for name in names[order]]
    assert len(set(tags.raw)) == len(tags.raw)


def test_tags_that_share_a_slot_are_still_told_apart() -> None:
    class Unlucky:
        def integers(self, low: int, high: int, size: int, dtype: Any) -> Any:
            return np.zeros(size, dtype)  # every tag gets the same few slots

    tags = Tags()
    tags._random = Unlucky()
    rows = np.zeros((200, 24), np.uint8)
    rows[:, 3] = np.arange(200)
    found = tags.numbers(rows, 0, 10)
    assert [tags.raw[number][3] for number in found.tolist()] == list(range(200))
