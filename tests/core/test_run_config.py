"""`run.config`: nested settings whose changes are recorded one by one."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import enum
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from epochal.config_values import jsonlike
from epochal.run_config import RunConfig


class Optimizer(enum.Enum):
    """Names as people keep them in code."""

    ADAM = "adam"


@dataclasses.dataclass
class Layer:
    """A setting with fields."""

    width: int
    act: Any = None


def recording() -> tuple[RunConfig, list[list[Any]]]:
    """Return a config and the operations that it records."""
    made: list[list[Any]] = []
    return RunConfig({}, lambda operations: made.extend(copy.deepcopy(operations))), made


def test_nested_attributes_read_and_write() -> None:
    config, made = recording()

    config.optimizer = {"name": "adam", "lr": 0.1}
    config.optimizer.lr = 0.2
    config["optimizer"]["betas"] = (0.9, 0.99)

    assert config.to_dict() == {"optimizer": {"name": "adam", "lr": 0.2, "betas": [0.9, 0.99]}}
    assert made == [
        [["optimizer"], {"name": "adam", "lr": 0.1}],
        [["optimizer", "lr"], 0.2],
        [["optimizer", "betas"], [0.9, 0.99]],
    ]


def test_update_merges_mappings_and_records_only_what_changed() -> None:
    config, made = recording()
    config.update({"a": {"b": 1, "c": 2}, "d": 3})
    made.clear()

    config.update({"a": {"b": 1, "c": 5}}, d=3)

    assert config.to_dict() == {"a": {"b": 1, "c": 5}, "d": 3}
    assert made == [[["a", "c"], 5]]


@pytest.mark.parametrize("pair", [(1, 1.0), (1, True), (0.0, -0.0)], ids=repr)
def test_equal_numbers_of_another_kind_are_a_change(pair: tuple[Any, Any]) -> None:
    config, made = recording()
    config.x = pair[0]
    config.x = pair[1]

    assert len(made) == 2


def test_deleting_is_recorded_and_an_unknown_name_is_named() -> None:
    config, made = recording()
    config.update({"a": {"b": 1}})
    del config.a.b

    assert made[-1] == [["a", "b"]]
    with pytest.raises(AttributeError, match=r"a\.b"):
        _ = config.a.b


def test_a_list_that_is_read_is_a_copy() -> None:
    config, _ = recording()
    config.layers = [1, 2]
    config.layers.append(3)

    assert config.layers == [1, 2]


def test_what_people_put_into_a_config_becomes_plain_data() -> None:
    given = {
        "path": Path("data/train.csv"),
        "enum": Optimizer.ADAM,
        "dataclass": Layer(3, act=len),
        "namespace": argparse.Namespace(lr=0.1),
        "set": {3, 1, 2},
        "array": np.array([[1, 2], [3, 4]]),
        "float32": np.float32(0.5),
        "large": np.zeros(100_000),
        "type": Path,
        "bytes": b"x",
        "int": 2**100,
        3: "number as key",
        "inf": math.inf,
    }

    plain = jsonlike(given)

    assert plain == {
        "path": "data/train.csv",
        "enum": "adam",
        "dataclass": {"width": 3, "act": "builtins.len"},
        "namespace": {"lr": 0.1},
        "set": [1, 2, 3],
        "array": [[1, 2], [3, 4]],
        "float32": 0.5,
        "large": "<ndarray of shape (100000,), float64>",
        "type": f"{Path.__module__}.Path",
        "bytes": "b'x'",
        "int": 2**100,
        "3": "number as key",
        "inf": math.inf,
    }


def test_hostile_values_become_text() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    endless: list[Any] = []
    endless.append(endless)

    plain = jsonlike({"hostile": Hostile(), "endless": endless})

    assert plain["hostile"].endswith("Hostile: RuntimeError>")
    assert isinstance(plain["endless"], list)


def test_a_namespace_updates_the_config() -> None:
    config, _ = recording()
    config.update(argparse.Namespace(lr=0.1, depth=3))

    assert config == {"lr": 0.1, "depth": 3}
