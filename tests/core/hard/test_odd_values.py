"""What people pass to `log`, through the file and back: the same value, or one warning that names it."""

from __future__ import annotations

import decimal
import enum
import fractions
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from tests.core.hard.trainings import points
from tests.needs import need

pytestmark = pytest.mark.usefixtures("no_companion")


def recorded(*values: Any, times: int = 4) -> list[Any]:
    """Log values under one name, each several times so that both frames and tables are used; return what is read."""
    with epochal.init("values") as run:
        for number, value in enumerate(values):
            for repeat in range(times):
                run.log({"x": value, "beside": 1.0}, step=number * times + repeat)
    read = epochal.get_run(run.folder)
    assert [v for _, v in points(read, "beside")] == [1.0] * (len(values) * times)
    return [v for _, v in points(read, "x")] if "x" in read.metrics else []


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (one == other or (one != one and other != other))


def test_floats_come_back_to_the_bit(caplog: pytest.LogCaptureFixture) -> None:
    bits = [
        0.0, -0.0, 0.1, -1e308, 5e-324, 1.7976931348623157e308, math.pi, math.inf, -math.inf,
        struct.unpack("<d", struct.pack("<Q", 0x7FF8000000000001))[0], math.nan,
    ]  # fmt: skip
    read = recorded(*bits)
    assert [struct.pack("<d", v) for v in read] == [struct.pack("<d", v) for v in bits for _ in range(4)]
    assert caplog.text.count("companion") == len(caplog.records)


def test_ints_come_back_exactly_beyond_what_a_double_holds() -> None:
    whole = [0, -1, 2**53 + 1, -(2**53) - 1, 2**60 + 1, 2**62, 2**63 - 1, -(2**63)]
    read = recorded(*whole)
    assert read == [v for v in whole for _ in range(4)]
    assert all(type(v) is int for v in read)


def test_ints_beyond_64_bits_become_floats_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    read = recorded(2**63, -(2**63) - 1, 10**400, -(10**400))
    assert read == [v for v in (2.0**63, -(2.0**63), math.inf, -math.inf) for _ in range(4)]
    assert sum("64 bits" in record.message for record in caplog.records) == 1


def test_an_int_that_outgrows_its_column_costs_no_row() -> None:
    """The column has been int64 for a while; what does not fit takes another way and no place of its own is lost."""
    with epochal.init("values") as run:
        for n in range(50):
            run.log({"x": n if n != 25 else 2**64, "y": float(n)}, step=n)
    read = epochal.get_run(run.folder)
    assert points(read, "y") == [(n, float(n)) for n in range(50)]
    assert points(read, "x") == [(n, float(n if n != 25 else 2**64)) for n in range(50)]


def test_bools_stay_bools_and_ints_beside_floats_are_numbers() -> None:
    read = recorded(True, False)
    assert read == [True] * 4 + [False] * 4
    assert all(type(v) is bool for v in read)
    assert recorded(True, 2, 2.5) == [1.0] * 4 + [2.0] * 4 + [2.5] * 4


NUMPY_NUMBERS = [
    np.float16(0.1), np.float32(0.1), np.float64(0.1), np.longdouble("0.1"),
    np.int8(-128), np.int16(-1), np.int32(7), np.int64(2**63 - 1), np.intp(5), np.longlong(2**62 + 1),
    np.uint8(255), np.uint16(65535), np.uint32(2**32 - 1), np.uint64(2**63 - 1),
    np.bool_(True), np.bool_(False), np.float32("nan"), np.float16("inf"),
    np.array(1.5), np.array([2.5]), np.array([[3]]), np.array(True), np.ma.masked_array([4.5], mask=[False]),
]  # fmt: skip


@pytest.mark.parametrize("value", NUMPY_NUMBERS, ids=lambda value: f"{type(value).__name__}-{value.dtype}")
def test_numpy_numbers_of_every_type_come_back_exactly(value: Any) -> None:
    plain = value.item() if not isinstance(value, np.longdouble) else float(value)
    read = recorded(value)
    assert len(read) == 4
    assert all(same(v, plain) for v in read), (read, plain)


def test_every_scalar_type_of_numpy_is_taken_or_refused_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    kinds = set(np.sctypeDict.values()) - {np.str_}  # text is kept as text
    for kind in sorted(kinds, key=lambda kind: kind.__name__):
        caplog.clear()
        value = kind(1, "D") if kind in (np.datetime64, np.timedelta64) else kind(b"1" if kind is np.void else 1)
        read = recorded(value)
        if read:
            assert read[0] == (-1 if kind.__name__ == "int1" else 1), kind  # ml_dtypes' int1 holds a sign alone
        else:
            assert "'x'" in caplog.text, kind


def test_uint64_beyond_int64_becomes_a_float_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert recorded(np.uint64(2**64 - 1)) == [float(2**64 - 1)] * 4
    assert "64 bits" in caplog.text


def test_small_floats_of_ml_dtypes_are_numbers(caplog: pytest.LogCaptureFixture) -> None:
    ml_dtypes = need("ml_dtypes")
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4"):
        kind = getattr(ml_dtypes, name)
        assert recorded(kind(2)) == [2] * 4, name
        assert recorded(np.array(3, kind)) == [3] * 4, name
        assert recorded(np.array([1], kind)) == [1] * 4, name
    assert "no number" not in caplog.text


def test_tensors_of_torch_are_numbers() -> None:
    torch = need("torch")
    wanted: list[Any] = []
    values: list[Any] = []
    for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        values += [torch.tensor(1.5, dtype=kind), torch.tensor([2.5], dtype=kind), torch.tensor([[0.5]], dtype=kind)]
        wanted += [1.5, 2.5, 0.5]
    for kind in (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64):
        values.append(torch.tensor(7, dtype=kind))
        wanted.append(7)
    values.append(torch.tensor(2.0, requires_grad=True) * 2)
    wanted.append(4.0)
    values.append(torch.nn.Parameter(torch.tensor(3.0)))
    wanted.append(3.0)
    assert recorded(*values) == [v for v in wanted for _ in range(4)]
    assert recorded(torch.tensor(2**62 + 1)) == [2**62 + 1] * 4
    assert recorded(torch.tensor(True)) == [True] * 4


def test_arrays_of_jax_are_numbers() -> None:
    need("jax")
    import jax.numpy as jnp

    values = [jnp.float32(1.5), jnp.array([2.5]), jnp.bfloat16(0.5), jnp.int32(7), jnp.array(True), jnp.float16(3.0)]
    assert recorded(*values) == [v for v in (1.5, 2.5, 0.5, 7, True, 3.0) for _ in range(4)]


@pytest.mark.filterwarnings("default")  # NumPy's, of how Keras' variables on PyTorch give their array
def test_variables_of_keras_are_numbers() -> None:
    keras = need("keras")
    values = [keras.Variable(1.5), keras.ops.convert_to_tensor(2.5), keras.ops.mean(keras.ops.ones((3,)))]
    assert recorded(*values) == [v for v in (1.5, 2.5, 1.0) for _ in range(4)]


class Celsius(float):
    pass


class Level(enum.IntEnum):
    HIGH = 3


class Indexed:
    def __index__(self) -> int:
        return 2**60 + 1


def test_whatever_turns_into_a_number_is_one() -> None:
    read = recorded(
        decimal.Decimal("0.1"), fractions.Fraction(1, 4), Celsius(36.6), Level.HIGH, Indexed(), decimal.Decimal("NaN")
    )
    assert read[:20] == pytest.approx([v for v in (0.1, 0.25, 36.6, 3, 2**60 + 1) for _ in range(4)], rel=0, abs=0)
    assert all(v != v for v in read[20:])


def test_none_is_skipped_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    assert recorded(None) == []
    assert "'x'" not in caplog.text


def test_text_is_kept_and_never_plotted() -> None:
    with epochal.init("values") as run:
        for n in range(5):
            run.log({"x": f"good {n}" if n % 2 else 1.0, "said": "no"}, step=n)
    read = epochal.get_run(run.folder)
    assert points(read, "x") == [(0, 1.0), (2, 1.0), (4, 1.0)]
    assert read.summary["said"] == "no"


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no text either")


USELESS: list[Any] = [
    [1.0, 2.0], (1.0,), {1.0}, b"1.0", bytearray(b"1"), 1 + 2j, np.complex64(1), object(), Broken(), print, type,
    np.array([1.0, 2.0]), np.array([]), np.zeros((2, 3)), np.datetime64("2026-01-01"), np.timedelta64(1, "s"),
    np.array(b"1.5"), np.array(None), np.void(b"abc"), np.array([(1, 2.0)], dtype="i4,f8"),
    decimal.Decimal("sNaN"), range(3), iter([1]), Ellipsis, NotImplemented, epochal, np.float64, Path("x"),
]  # fmt: skip


@pytest.mark.parametrize("value", USELESS, ids=lambda value: type(value).__name__)
def test_what_is_no_number_costs_itself_and_one_warning(value: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert recorded(value) == []
    warnings = [record.message for record in caplog.records if "'x'" in record.message]
    assert len(warnings) == 1, caplog.text


@pytest.mark.parametrize("value", [np.arange(3), [1.0, 2.0]], ids=["array", "list"])
def test_several_values_are_answered_with_a_histogram(value: Any, caplog: pytest.LogCaptureFixture) -> None:
    recorded(value)
    assert "Histogram" in caplog.text


def test_tensors_of_several_values_become_histograms() -> None:
    torch = need("torch")
    with epochal.init("values") as run:
        run.log({"x": torch.tensor([0.0, 1.0, 3.0])})
    (point,) = epochal.get_run(run.folder).media("x")
    assert point.items[0].counts.sum() == 3


def test_nested_mappings_are_joined_and_what_holds_itself_ends_somewhere() -> None:
    endless: dict[str, Any] = {"v": 1.0}
    endless["again"] = endless
    with epochal.init("values") as run:
        for _ in range(4):
            odd: Any = {"a": {"b": {"c": 1.0}, "d": 2}, "e": True, 7: {"f": 0.5}, ("t", 1): 3.0, "none": {}}
            run.log(odd)
        run.log({"endless": endless})
        run.log({"after": 1.0})
    read = epochal.get_run(run.folder)
    for name in ("a/b/c", "a/d", "e", "7/f", "('t', 1)"):
        assert len(points(read, name)) == 4, name
    assert points(read, "endless/v")
    assert points(read, "after")


@pytest.mark.parametrize(
    "metrics", [None, 1, "loss", [("loss", 1.0)], {"loss"}, object(), Broken()], ids=lambda value: type(value).__name__
)
def test_metrics_that_are_no_mapping_cost_one_warning(metrics: Any, caplog: pytest.LogCaptureFixture) -> None:
    with epochal.init("values") as run:
        run.log(metrics)
        run.log(metrics)
        run.log({"a": 1.0}, step=9)
    assert points(epochal.get_run(run.folder), "a") == [(9, 1.0)]
    assert sum("mapping" in record.message for record in caplog.records) == 1


def test_a_mapping_of_ones_own_is_taken() -> None:
    from collections import UserDict
    from types import MappingProxyType

    with epochal.init("values") as run:
        for _ in range(4):
            run.log(UserDict(a=1.0))
            run.log(MappingProxyType({"b": 2.0}))
    read = epochal.get_run(run.folder)
    assert len(points(read, "a")) == len(points(read, "b")) == 4


def test_a_column_that_changes_its_type_is_whole() -> None:
    forms: list[Any] = [1, 2.5, True, np.float32(3.5), "text", None, 2**60 + 1, np.int64(4), decimal.Decimal(5)]
    with epochal.init("values") as run:
        for n in range(90):
            run.log({"x": forms[n % 9], "n": n}, step=n)
    read = epochal.get_run(run.folder)
    wanted = [(n, float(forms[n % 9])) for n in range(90) if n % 9 not in (4, 5)]
    assert points(read, "x") == wanted
    assert points(read, "n") == [(n, n) for n in range(90)]


def test_odd_columns_are_taken_as_odd_values_are(caplog: pytest.LogCaptureFixture) -> None:
    with epochal.init("values") as run:
        run.extend(
            {
                "float16": np.array([0.5, np.nan, np.inf], np.float16),
                "int": [1, 2**60 + 1, -(2**63)],
                "uint64": np.array([1, 2, 2**64 - 1], np.uint64),
                "bool": [True, False, True],
                "mixed": [1, None, 2.5],
                "decimal": [decimal.Decimal("0.5")] * 3,
                "text": ["a", "b", "c"],
                "short": [1.0],
                "matrix": np.zeros((3, 2)),
                "nested": {"inner": [1.0, 2.0, 3.0]},
            },
            steps=[3, 1, 1],
        )
    read = epochal.get_run(run.folder)
    assert [v for _, v in points(read, "bool")] == [False, True, True]
    assert sorted(v for _, v in points(read, "int")) == [-(2**63), 1, 2**60 + 1]
    assert [v for _, v in points(read, "uint64")] == [2.0, 2.0**64, 1.0]
    assert points(read, "float16")[-1] == (3, 0.5)
    assert len(points(read, "mixed")) == 3
    assert len(points(read, "decimal")) == 3
    assert points(read, "nested/inner") == [(1, 2.0), (1, 3.0), (3, 1.0)]
    for name in ("text", "short", "matrix"):
        assert name not in read.metrics
        assert f"'{name}'" in caplog.text
