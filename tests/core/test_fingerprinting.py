"""A fingerprint says by content whether data is the same, says what it covers, and touches storage only."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import epochal
from epochal import plugins
from epochal.errors import BadValueError, PluginError
from epochal.fingerprinting import Dispatcher, fingerprint
from epochal.fingerprints.arrays import _bytes_at
from epochal.fingerprints.budget import Budget
from epochal.hookspecs import Fingerprinter, hookimpl

EMPTY = hashlib.sha256().hexdigest()


@pytest.fixture(autouse=True)
def plugins_of_this_test() -> Iterator[None]:
    plugins.forget_manager()
    yield
    plugins.forget_manager()


class Patient(Budget):
    """Decides by size as ever, but does not look at the clock: what is tested is no race."""

    def look_at_clock(self) -> None:
        pass


def patient_fingerprint(data: Any, *, limit_s: float) -> dict[str, Any]:
    """Return the fingerprint within a small budget, however slow this machine is."""
    return Patient(Dispatcher(), full=False, limit_s=limit_s).of(data)


def digest_of(array: np.ndarray[Any, Any], name: str) -> str:
    """Hash an array as the documentation says."""
    return hashlib.sha256(f"{name} {array.shape}\n".encode() + array.tobytes("C")).hexdigest()


def test_it_is_a_public_function() -> None:
    assert epochal.fingerprint(b"abc")["sha256"] == hashlib.sha256(b"abc").hexdigest()


def test_an_array_is_hashed_by_type_shape_and_bytes_in_c_order() -> None:
    array = np.arange(24, dtype="<f4").reshape(2, 3, 4)
    found = fingerprint(array)
    assert found == {
        "sha256": digest_of(array, "<f4"),
        "kind": "numpy.ndarray",
        "rows": 2,
        "bytes": 96,
        "method": "SHA-256 of '<f4 (2, 3, 4)\\n' and the array's bytes in C order",
        "coverage": "full",
    }


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, min_side=0)))
def test_any_plain_array_has_the_digest_that_the_method_says(array: np.ndarray[Any, Any]) -> None:
    if array.dtype.char in "gG":
        return
    assert fingerprint(array, full=True)["sha256"] == digest_of(array, array.dtype.str)


def test_the_layout_in_memory_makes_no_difference() -> None:
    array = np.random.default_rng(0).random((700, 900))
    expected = fingerprint(array)["sha256"]
    wide = np.zeros((1400, 2700))
    wide[::2, ::3] = array
    assert fingerprint(np.asfortranarray(array))["sha256"] == expected
    assert fingerprint(wide[::2, ::3])["sha256"] == expected
    assert fingerprint(array.T.copy().T)["sha256"] == expected
    assert fingerprint(array[::-1][::-1])["sha256"] == expected


def test_type_shape_byte_order_and_content_each_make_a_difference() -> None:
    array = np.zeros((4, 3), "<i4")
    others = [array.astype("<u4"), array.astype(">i4"), array.reshape(3, 4), array.ravel(), array + 1, array[:3]]
    digests = {fingerprint(each)["sha256"] for each in [array, *others]}
    assert len(digests) == 1 + len(others)


def test_gaps_between_the_fields_of_records_do_not_count() -> None:
    aligned = np.zeros(5, np.dtype([("a", "i1"), ("b", "<f8")], align=True))
    assert fingerprint(aligned)["sha256"] == fingerprint(aligned.astype([("a", "i1"), ("b", "<f8")]))["sha256"]


def test_what_lies_under_a_mask_does_not_count() -> None:
    mask = [False, True]
    first, second = (np.ma.masked_array([1, hidden], mask=mask) for hidden in (2, 3))
    assert fingerprint(first) == fingerprint(second)
    assert fingerprint(first)["sha256"] != fingerprint(np.ma.masked_array([1, 2], mask=[True, False]))["sha256"]


@pytest.mark.parametrize("array", [np.array(["a", None], object), np.array([{"a": 1}]), np.zeros(2, np.longdouble)])
def test_an_array_that_is_no_plain_bytes_says_so(array: np.ndarray[Any, Any]) -> None:
    found = fingerprint(array)
    assert (found["sha256"], found["coverage"], found["rows"]) == (None, "none", len(array))
    assert "astype" in found["why"]


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_large_array_is_sampled_as_the_method_says(order: Any) -> None:
    array = np.asarray(np.random.default_rng(1).integers(0, 255, (900, 1000), np.uint8), order=order)
    found = patient_fingerprint(array, limit_s=0.001)
    assert found["coverage"] == "sampled"
    data, size, chunk = array.tobytes("C"), 900_000, 262_144
    expected = hashlib.sha256(b"|u1 (900, 1000)\n900000\n")
    for offset in (0, size - chunk):
        expected.update(data[offset : offset + chunk])
    assert found["sha256"] == expected.hexdigest()
    assert "2 chunks of 262144 bytes" in found["method"]
    assert fingerprint(array, full=True)["coverage"] == "full"
    assert fingerprint(array, limit_s=None)["coverage"] == "full"


def test_a_view_of_more_than_there_is_in_memory_is_sampled() -> None:
    array = np.broadcast_to(np.arange(10**3), (10**9, 10**3))
    assert patient_fingerprint(array, limit_s=0.1)["coverage"] == "sampled"


@given(st.permutations(range(4)), st.integers(0, 700), st.integers(1, 120))
def test_any_range_of_an_array_in_any_layout_is_found(order: list[int], offset: int, length: int) -> None:
    array = np.arange(360, dtype=np.int16).reshape(3, 4, 5, 6).transpose(order)
    length = min(length, 720 - offset)
    assert _bytes_at(array, offset, length) == array.tobytes("C")[offset : offset + length]


def test_when_reading_is_slower_than_the_size_promised_there_is_no_digest() -> None:
    found = fingerprint(np.ones(10_000_000, np.uint8), limit_s=1e-6)
    assert (found["sha256"], found["coverage"]) == (None, "none")
    assert "limit_s = 1e-06 s" in found["why"]


def test_bytes_are_hashed_as_a_file_that_holds_them() -> None:
    data = bytes(range(256)) * 10
    for form in (data, bytearray(data), memoryview(data), memoryview(np.frombuffer(data, "<f8").reshape(2, -1))):
        assert fingerprint(form)["sha256"] == hashlib.sha256(data).hexdigest()
    assert fingerprint(b"")["sha256"] == EMPTY
    assert fingerprint(memoryview(data)[::2])["sha256"] == hashlib.sha256(data[::2]).hexdigest()
    assert patient_fingerprint(bytes(10**6), limit_s=0.001)["coverage"] == "sampled"


def test_in_a_list_the_order_counts_in_a_dict_the_key() -> None:
    x, y = np.arange(6).reshape(3, 2), np.arange(3)
    assert fingerprint([x, y])["sha256"] == fingerprint((x, y))["sha256"] != fingerprint([y, x])["sha256"]
    assert fingerprint({"x": x, "y": y}) == fingerprint({"y": y, "x": x})
    assert fingerprint({"x": x, "y": y})["sha256"] != fingerprint({"x": y, "y": x})["sha256"]
    assert fingerprint([[x], y])["sha256"] != fingerprint([[x, y]])["sha256"]
    assert (fingerprint([x, y])["rows"], fingerprint([x, y])["bytes"]) == (3, x.nbytes + y.nbytes)


def test_a_list_of_dicts_has_a_row_for_each() -> None:
    rows = [{"ids": list(range(8)), "label": at} for at in range(16)]
    assert fingerprint(rows)["rows"] == 16
    assert fingerprint([{"x": np.zeros(8)}, {"x": np.ones(8)}])["rows"] == 2
    assert fingerprint({"rows": rows})["rows"] == 16


def test_scalars_in_a_list_count_by_type_and_value() -> None:
    variants: list[list[Any]] = [[1], [1.0], [True], [None], [2], [1, 1], [float("nan")], [b"1"]]
    assert len({fingerprint(variant)["sha256"] for variant in variants}) == len(variants)
    assert fingerprint([1, 2, 3])["rows"] == 3


class Pair(NamedTuple):
    x: Any
    y: Any


def test_named_tuples_and_ordered_dicts_are_tuples_and_dicts() -> None:
    pair = Pair(np.arange(2), np.arange(3))
    assert fingerprint(pair)["sha256"] == fingerprint(tuple(pair))["sha256"]
    assert fingerprint(OrderedDict(b=1, a=2))["sha256"] == fingerprint({"a": 2, "b": 1})["sha256"]


def test_a_part_that_cannot_be_hashed_makes_it_partial() -> None:
    found = fingerprint([np.arange(3), object()])
    assert (found["coverage"], found["left_out"]) == ("partial", {"parts": 1})
    assert found["sha256"]
    nothing = fingerprint([object()])
    assert (nothing["coverage"], nothing["sha256"]) == ("none", None)


def test_a_list_of_too_many_objects_is_not_walked() -> None:
    found = fingerprint([1.5] * 10_000, limit_s=0.001)
    assert (found["coverage"], found["sha256"]) == ("none", None)
    assert "10000 parts" in found["why"]


class Untouchable:
    """A dataset whose owner would notice if it were iterated, indexed, measured, copied or shown."""

    def _touched(self, *_: Any) -> Any:
        raise SystemError("touched")

    __iter__ = __getitem__ = __len__ = __array__ = __repr__ = __str__ = __eq__ = __hash__ = __bool__ = _touched


class ListOfItsOwn(list[int]):
    def __iter__(self) -> Iterator[int]:
        raise SystemError("touched")

    __len__ = __getitem__ = __iter__  # type: ignore[assignment]


def test_nobodys_dataset_is_iterated_or_indexed() -> None:
    found = fingerprint(Untouchable())
    assert (found["coverage"], found["sha256"]) == ("none", None)
    assert "test_fingerprinting.Untouchable" in found["why"]
    assert fingerprint(ListOfItsOwn([1, 2]))["sha256"] == fingerprint([1, 2])["sha256"]


@pytest.mark.parametrize("nonsense", [None, 3, 2.5, True, 1j, dict])
def test_what_is_no_data_is_refused(nonsense: Any) -> None:
    with pytest.raises(BadValueError, match="no data"):
        fingerprint(nonsense)


@pytest.mark.parametrize("limit", [0, -1, "1", float("nan")])
def test_a_limit_that_is_none_is_refused(limit: Any) -> None:
    with pytest.raises(BadValueError, match="limit_s"):
        fingerprint(b"", limit_s=limit)


def test_data_that_holds_itself_is_refused() -> None:
    data: list[Any] = []
    data.append(data)
    with pytest.raises(BadValueError, match="64 levels"):
        fingerprint(data)


def test_a_key_that_is_no_text_and_no_number_is_refused() -> None:
    with pytest.raises(BadValueError, match="frozenset"):
        fingerprint({frozenset(): b""})


class Pairs:
    def __init__(self, inputs: Any, labels: Any) -> None:
        self.inputs, self.labels = inputs, labels


class MorePairs(Pairs):
    """Found by its base."""


def add_fingerprinter(answer: Any) -> None:
    class Plugin:
        @staticmethod
        @hookimpl
        def register_fingerprinters() -> list[Fingerprinter]:
            return [Fingerprinter(f"{__name__}.Pairs", answer)]

    plugins.add(Plugin(), "pairs")


def test_a_plugin_hashes_its_type_and_subclasses_from_their_parts() -> None:
    add_fingerprinter(lambda pairs, budget: {**budget.of([pairs.inputs, pairs.labels]), "rows": 7, "kind": "pairs"})
    x, y = np.arange(4), np.arange(2)
    expected = {**fingerprint([x, y]), "rows": 7, "kind": "pairs"}
    assert fingerprint(Pairs(x, y)) == fingerprint(MorePairs(x, y)) == expected


def test_a_tensor_of_any_library_counts_as_the_array_it_is_hashed_as() -> None:
    add_fingerprinter(lambda tensor, budget: {**budget.of(tensor.inputs), "kind": "a.Tensor"})
    tensor = Pairs(np.arange(4), None)
    assert fingerprint(tensor)["kind"] == "a.Tensor"
    assert fingerprint([tensor, 1])["sha256"] == fingerprint([np.arange(4), 1])["sha256"]


def test_a_plugin_may_give_a_digest_alone() -> None:
    add_fingerprinter(lambda pairs, budget: {"sha256": EMPTY})
    found = fingerprint(Pairs(1, 2))
    assert (found["kind"], found["coverage"], found["rows"]) == (f"{__name__}.Pairs", "full", None)


def test_a_plugin_that_cannot_tell_is_passed_over() -> None:
    add_fingerprinter(lambda pairs, budget: None)
    assert fingerprint(Pairs(1, 2))["coverage"] == "none"


@pytest.mark.parametrize(
    "answer",
    [{"sha256": "short"}, {"sha256": 5}, "digest", {"sha256": EMPTY, "coverage": "most"}, {"coverage": "full"}, 1 / 3],
)
def test_a_wrong_answer_of_a_plugin_costs_the_digest(
    answer: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add_fingerprinter(lambda pairs, budget: answer)
    with pytest.raises(PluginError, match="Pairs"):
        fingerprint(Pairs(1, 2))
    monkeypatch.delenv("EPOCHAL_STRICT")
    with caplog.at_level(logging.WARNING, "epochal"):
        found = fingerprint(Pairs(1, 2))
    assert (found["sha256"], found["coverage"]) == (None, "none")
    assert "fingerprinter" in found["why"]
    assert "Pairs" in caplog.text


def test_a_plugin_that_raises_costs_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EPOCHAL_STRICT")
    add_fingerprinter(lambda pairs, budget: budget.of("/no/such/path"))
    assert "no/such/path" in fingerprint(Pairs(1, 2))["why"]
    assert fingerprint([Pairs(1, 2), b""])["coverage"] == "partial"


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_different_data_have_different_digests(first: bytes, second: bytes) -> None:
    same = fingerprint([first])["sha256"] == fingerprint([second])["sha256"]
    assert same is (first == second)
