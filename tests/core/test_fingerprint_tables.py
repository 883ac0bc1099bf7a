"""Tables are hashed by what they hold: how pandas, Arrow or scipy keep it makes no difference."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from epochal.fingerprinting import fingerprint
from tests.core.test_fingerprint_files import path_of_tests
from tests.core.test_fingerprinting import patient_fingerprint
from tests.needs import need


def digest(data: Any) -> str:
    found = fingerprint(data, full=True)
    assert found["coverage"] == "full", found
    return str(found["sha256"])


def test_pandas_and_arrow_are_not_imported_for_other_data() -> None:
    code = (
        "import sys; from epochal.fingerprinting import fingerprint; fingerprint([b'', object()]);"
        "print({'pandas', 'pyarrow', 'scipy', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=path_of_tests(), capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


class TestPandas:
    @pytest.fixture
    def pd(self) -> Any:
        return need("pandas")

    @pytest.fixture
    def frame(self, pd: Any) -> Any:
        return pd.DataFrame({
            "number": [1.5, float("nan"), 3.0],
            "text": ["a", None, "ünï"],
            "kind": pd.Categorical(["u", "v", "u"]),
            "time": pd.date_range("2020-01-01", periods=3, tz="Europe/Berlin"),
            "gaps": pd.array([1, None, 3], dtype="Int64"),
            "flag": pd.array([True, None, False], dtype="boolean"),
        })  # fmt: skip

    def test_a_frame_says_rows_and_covers_all_columns(self, frame: Any) -> None:
        found = fingerprint(frame)
        assert (found["kind"], found["rows"], found["coverage"]) == ("pandas.DataFrame", 3, "full")

    def test_a_copy_is_the_same(self, frame: Any, pd: Any) -> None:
        halves = pd.concat([frame.iloc[:1], frame.iloc[1:]])
        assert (
            digest(frame.copy(deep=True)) == digest(halves.astype(frame.dtypes).reset_index(drop=True)) == digest(frame)
        )

    def test_what_stores_text_makes_no_difference(self, frame: Any) -> None:
        assert digest(frame.astype({"text": object})) == digest(frame)
        assert digest(frame.astype({"text": "string"})) == digest(frame)

    def test_any_other_value_type_label_order_or_index_is_another(self, frame: Any) -> None:
        others = [
            frame.assign(number=[1.5, float("nan"), 4.0]),
            frame.assign(text=["a", None, "x"]),
            frame.assign(text=["a", "None", "ünï"]),
            frame.assign(kind=frame["kind"].cat.add_categories(["w"])),
            frame.assign(kind=frame["kind"].cat.rename_categories({"u": "U"})),
            frame.assign(gaps=frame["gaps"].fillna(0)),
            frame.assign(flag=frame["flag"].fillna(value=False)),
            frame.astype({"number": "float32"}),
            frame.rename(columns={"number": "Number"}),
            frame[["text", "number", "kind", "time", "gaps", "flag"]],
            frame.iloc[::-1],
            frame.iloc[:2],
            frame.set_index("text"),
            frame.set_index(["text", "number"]),
            frame.assign(more=1),
        ]
        assert len({digest(each) for each in [frame, *others]}) == 1 + len(others)

    def test_the_bounds_between_texts_count(self, pd: Any) -> None:
        assert digest(pd.Series(["ab", "c"])) != digest(pd.Series(["a", "bc"]))

    def test_a_column_of_objects_without_plain_values_is_left_out(self, pd: Any) -> None:
        found = fingerprint(pd.DataFrame({"a": [1, 2], "b": [object(), {}]}))
        assert (found["coverage"], found["left_out"]) == ("partial", {"columns": 1})

    def test_series_index_and_empty_frames(self, pd: Any) -> None:
        series = pd.Series([1, 2], name="a")
        assert len({digest(each) for each in (series, series.rename("b"), series.to_frame(), series.index)}) == 4
        assert fingerprint(pd.DataFrame())["coverage"] == "full"
        assert digest(pd.DataFrame({"a": []})) != digest(pd.DataFrame({"b": []}))

    def test_a_large_frame_is_sampled(self, pd: Any) -> None:
        frame = pd.DataFrame({"x": np.arange(200_000)})
        found = patient_fingerprint(frame, limit_s=0.005)
        assert found["coverage"] == "sampled"
        assert "ranges of 32768 rows" in found["method"]


class TestArrow:
    @pytest.fixture
    def pa(self) -> Any:
        return need("pyarrow")

    @pytest.fixture
    def table(self, pa: Any) -> Any:
        return pa.table({
            "int": [1, None, 3, 4],
            "text": ["a", None, "", "ünï"],
            "flag": [True, None, False, True],
            "list": [[1, 2], None, [], [3]],
            "struct": [{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 3, "y": None}],
            "map": pa.array([[("a", 1)], None, [], [("b", 2)]], type=pa.map_(pa.string(), pa.int32())),
            "fixed": pa.array([[1, 2], None, [3, 4], [5, 6]], type=pa.list_(pa.int16(), 2)),
            "dictionary": pa.array(["u", "v", None, "u"]).dictionary_encode(),
            "decimal": pa.array([1, None, 2, 3]).cast(pa.decimal128(30, 2)),
            "nothing": pa.nulls(4),
            "time": pa.array([1, 2, None, 3], pa.timestamp("us", tz="UTC")),
            "deep": [[{"a": ["x"]}], [], None, [{"a": []}, {"a": None}]],
        })  # fmt: skip

    def test_a_table_says_rows_and_covers_all_columns(self, table: Any) -> None:
        found = fingerprint(table)
        assert (found["kind"], found["rows"], found["coverage"]) == ("pyarrow.Table", 4, "full")

    def test_chunks_and_slices_make_no_difference(self, table: Any, pa: Any) -> None:
        pieces = pa.concat_tables([table.slice(0, 1), table.slice(1, 2), table.slice(3)])
        inside = pa.concat_tables([table, table, table]).combine_chunks().slice(4, 4)
        assert digest(pieces) == digest(inside) == digest(table.to_batches()[0]) == digest(table)

    def test_what_lies_under_gaps_makes_no_difference(self, pa: Any) -> None:
        hidden = pa.Array.from_buffers(
            pa.int32(), 2, [pa.py_buffer(b"\x01"), pa.py_buffer(np.array([7, 99], np.int32).tobytes())]
        )
        assert digest(pa.table({"x": hidden})) == digest(pa.table({"x": pa.array([7, None], pa.int32())}))

    def test_any_other_value_type_or_name_is_another(self, table: Any, pa: Any) -> None:
        texts = pa.table({"x": ["ab", "c"]})
        others = [
            pa.table({"x": ["a", "bc"]}),
            pa.table({"y": ["ab", "c"]}),
            pa.table({"x": pa.array(["ab", "c"], pa.large_string())}),
            pa.table({"x": ["ab", None]}),
            pa.table({"x": ["ab", ""]}),
            pa.table({"x": [["ab"], ["c"]]}),
            pa.table({"x": [["ab", "c"], []]}),
        ]
        assert len({digest(each) for each in [texts, table, *others]}) == 2 + len(others)

    def test_a_column_of_an_unknown_type_is_left_out(self, pa: Any) -> None:
        union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
        found = fingerprint(pa.table({"union": union, "int": [1, 2]}))
        assert (found["coverage"], found["left_out"]) == ("partial", {"columns": 1})

    def test_arrays_and_empty_tables(self, table: Any, pa: Any) -> None:
        assert digest(table["text"]) == digest(table["text"].combine_chunks())
        assert fingerprint(table.slice(0, 0))["coverage"] == "full"
        assert fingerprint(pa.table({}))["rows"] == 0

    def test_a_large_table_is_sampled_and_chunks_still_make_no_difference(self, pa: Any) -> None:
        table = pa.table({"x": np.arange(200_000)})
        pieces = pa.concat_tables([table.slice(0, 70_001), table.slice(70_001)])
        found = [patient_fingerprint(each, limit_s=0.005) for each in (table, pieces)]
        assert found[0]["coverage"] == "sampled"
        assert found[0]["sha256"] == found[1]["sha256"]

    def test_a_pandas_column_kept_by_arrow(self, pa: Any) -> None:
        pd = need("pandas")
        frame = pd.DataFrame({"x": pd.array([1.5, None], dtype="double[pyarrow]")})
        assert digest(frame) != digest(frame.fillna(2.5))


class TestScipy:
    @pytest.fixture
    def sparse(self) -> Any:
        return need("scipy.sparse")

    @pytest.mark.parametrize("name", ["csr_matrix", "csc_matrix", "coo_matrix", "bsr_matrix", "dia_matrix"])
    def test_a_sparse_matrix_is_hashed_as_it_is_stored(self, name: str, sparse: Any) -> None:
        matrix = getattr(sparse, name)(np.eye(3))
        found = fingerprint(matrix)
        assert (found["coverage"], found["rows"]) == ("full", 3)
        assert digest(matrix.copy()) == digest(matrix) != digest(matrix * 2)

    def test_a_format_for_changes_has_no_digest(self, sparse: Any) -> None:
        assert fingerprint(sparse.lil_matrix(np.eye(3)))["coverage"] == "none"


def sha(*parts: bytes) -> str:
    """Hash the parts one behind the other."""
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_a_frame_has_the_digest_that_the_documentation_says() -> None:
    pd = need("pandas")
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", None], "c": pd.Categorical(["u", "v"])})
    texts = sha(b"s1:u", b"s1:v")
    expected = sha(
        b"pandas.DataFrame of 2 rows, index RangeIndex(start=0, stop=2, step=1)\n",
        b"column 'a' <f8 ", sha(np.array([1.5, 2.5]).tobytes()).encode(), b"\n",
        b"column 'b' objects ", sha(b"s1:x", b"n").encode(), b"\n",
        b"column 'c' category, ordered: False ",
        sha(b"objects ", texts.encode(), b"\n", np.array([0, 1], "<i8").tobytes()).encode(), b"\n",
    )  # fmt: skip
    assert digest(frame) == expected


def test_an_arrow_table_has_the_digest_that_the_documentation_says() -> None:
    pa = need("pyarrow")
    table = pa.table({"a": pa.array([7, None], pa.int32()), "b": [["x", "yz"], None]})
    a = sha(
        b" valid ", sha(b"\x01\x00").encode(), b"\n",
        b" values ", sha(np.array([7, 0], "<i4").tobytes()).encode(), b"\n",
    )  # fmt: skip
    b = sha(
        b" lengths ", sha(np.array([2], "<i8").tobytes()).encode(), b"\n",
        b" valid ", sha(b"\x01\x00").encode(), b"\n",
        b"[] lengths ", sha(np.array([1, 2], "<i8").tobytes()).encode(), b"\n",
        b"[] valid ", sha(b"\x01\x01").encode(), b"\n",
        b"[] values ", sha(b"xyz").encode(), b"\n",
    )  # fmt: skip
    kinds = [str(field.type).encode() for field in table.schema]
    expected = sha(
        b"arrow table of 2 rows\n",
        b"'a' ", kinds[0], b" ", a.encode(), b"\n",
        b"'b' ", kinds[1], b" ", b.encode(), b"\n",
    )  # fmt: skip
    assert digest(table) == expected
