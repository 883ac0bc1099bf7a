"""The small things that adapters use: the stack, and objects' attributes as datasets."""

from __future__ import annotations

from typing import Any

import numpy as np

from epochal.callers import caller_locals
from epochal.fingerprints.arrays import fingerprint_array
from epochal.fingerprints.attributes import fingerprint_attributes
from epochal.fingerprints.budget import Budget


class Host:
    """Calls a hook as a framework does."""

    def fit(self, data: Any, hook: Any) -> Any:
        rows = len(data)
        return self.inner(hook), rows

    def inner(self, hook: Any) -> Any:
        return hook()


def test_a_callers_variables_are_found_by_method_name_and_owner() -> None:
    host, other = Host(), Host()

    def seen(owner: Any, function: str = "fit", *names: str) -> Any:
        return lambda: caller_locals(function, *(names or ("data", "rows")), accept=lambda each: each is owner)

    assert host.fit([1, 2], seen(host))[0] == {"data": [1, 2], "rows": 2}
    assert host.fit([1, 2], seen(other))[0] is None
    assert host.fit([1, 2], seen(host, "train"))[0] is None
    assert host.fit([1, 2], seen(host, "fit", "absent"))[0] == {}
    assert host.fit([1, 2], lambda: other.fit([3], seen(host))[0])[0] == {"data": [1, 2], "rows": 2}


def attributes_of(data: Any) -> Any:
    return fingerprint_attributes(data, Budget(fingerprint_array, full=False, limit_s=1.0))


class Kept:
    def __init__(self, **kept: Any) -> None:
        self.__dict__.update(kept)

    def __len__(self) -> int:
        raise AssertionError

    __iter__ = __getitem__ = __len__  # type: ignore[assignment]


def test_an_objects_arrays_and_numbers_make_its_digest() -> None:
    array = np.arange(6.0)
    found = attributes_of(Kept(a=array, n=3))
    assert found["coverage"] == "full"
    assert found["sha256"] == attributes_of(Kept(n=3, a=array.copy()))["sha256"]
    assert found["sha256"] != attributes_of(Kept(a=array + 1, n=3))["sha256"]
    assert found["sha256"] != attributes_of(Kept(a=array, n=4))["sha256"]
    assert found["sha256"] != attributes_of(Kept(b=array, n=3))["sha256"]


def test_what_is_no_data_counts_as_left_out() -> None:
    found = attributes_of(Kept(a=np.ones(2), path="x", change=len, rows=[1, 2]))
    assert found["coverage"] == "partial"
    assert found["left_out"] == {"attributes": 3}
    assert attributes_of(Kept(path="x", n=3))["coverage"] == "none"
