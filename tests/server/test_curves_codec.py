"""Curves travel as one header and numbers that a browser takes as they are."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from epochal_server.curves_codec import MAGIC, Numbers, decode


@pytest.mark.parametrize("name", ["", "x", "xx", "xxx", "ä", "\u2028</script>"])
def test_numbers_begin_at_a_multiple_of_eight(name: str) -> None:
    numbers = Numbers()
    header = {"name": name, "x": numbers.put(np.array([1.5, np.nan, -np.inf])), "y": numbers.put(np.arange(3))}
    data = numbers.encode(header)
    assert data[:4] == MAGIC
    (length,) = struct.unpack_from("<I", data, 4)
    assert (8 + length) % 8 == 0
    assert json.loads(data[8 : 8 + length]) == header
    found, values = decode(data)
    assert found == header
    np.testing.assert_array_equal(values, [1.5, np.nan, -np.inf, 0.0, 1.0, 2.0])
    assert (header["x"], header["y"]) == ([0, 3], [3, 3])


@pytest.mark.parametrize(
    "steps", [[-(2**63), 2**63 - 1], [2**60, 2**60 + 1, 2**60 + 3], [2**60 + 5, 2**60], [-(2**62)]]
)
def test_steps_that_float64_cannot_hold_are_distances_to_a_base(steps: list[int]) -> None:
    numbers, line = Numbers(), {}
    place = numbers.put_steps(np.array(steps, np.int64), line)
    _, values = decode(numbers.encode({"step": place}))
    base = int(line["step_base"])
    wanted = [float(step - base) for step in steps]
    assert values.tolist() == wanted
    if max(wanted) < 2**53:
        assert [base + int(value) for value in values] == steps


def test_other_steps_are_themselves() -> None:
    numbers, line = Numbers(), {}
    numbers.put_steps(np.array([-5, 2**53], np.int64), line)
    numbers.put_steps(np.array([], np.int64), line)
    assert line == {}
    assert decode(numbers.encode({}))[1].tolist() == [-5.0, 2.0**53]


def test_other_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="EPC1"):
        decode(b"EPC2\0\0\0\0")
