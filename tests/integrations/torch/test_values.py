"""Tensors are values: of any type, exact; larger ones are histograms; what is no number costs its own name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import epochal
from tests.needs import need

need("torch")

import torch  # noqa: E402

import epochal_torch  # noqa: E402
from epochal_torch import _defer  # noqa: E402

TYPES = ["float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int8", "int16", "int32", "int64",
         "uint8", "uint16", "uint32", "bool"]  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_one_element_of_any_type_keeps_its_value_and_kind(name: str) -> None:
    tensor = torch.tensor([[1]]).to(getattr(torch, name))
    with epochal.init("p") as run:
        run.log({"bare": tensor, "deferred": epochal_torch.defer(tensor), "zero": torch.nn.Parameter(torch.ones(()))})
    recorded = epochal.get_run(run.id)
    kind = "b" if name == "bool" else "i" if "int" in name else "f"
    for metric in ("bare", "deferred"):
        values = recorded.history(metric).values
        assert values.tolist() == [1]
        assert values.dtype.kind == kind
    assert not recorded.notices


def test_more_elements_are_a_histogram() -> None:
    tensor = torch.randn(1000)
    with epochal.init("p") as run:
        run.log({"bare": tensor, "deferred": epochal_torch.defer(tensor)})
        tensor.zero_()
    counts, _ = np.histogram(epochal.get_run(run.id).media("bare")[0].items[0].edges, 1)
    for name in ("bare", "deferred"):
        (shown,) = epochal.get_run(run.id).media(name)[0].items
        assert shown.counts.sum() == 1000
        assert len(shown.edges) == len(shown.counts) + 1
    assert counts.sum() == 65


@pytest.mark.parametrize(
    ("tensor", "word"),
    [
        (torch.empty(0), "empty"),
        (torch.tensor(1j), "complex"),
        (torch.eye(3).to_sparse(), "to_dense"),
        (torch.empty(1, device="meta"), "meta"),
    ],
    ids=["empty", "complex", "sparse", "meta"],
)
def test_what_is_no_number_costs_its_own_name(tensor: Any, word: str) -> None:
    with epochal.init("p") as run:
        run.log({"odd": tensor, "good": 1.0})
        run.log({"odd": epochal_torch.defer(tensor), "good": 2.0})
    recorded = epochal.get_run(run.id)
    assert recorded.metrics == ["good"]
    (notice,) = recorded.notices
    assert word in notice.text


class Event:
    def __init__(self) -> None:
        self.here = False

    def query(self) -> bool:
        return self.here

    def synchronize(self) -> None:
        self.here = True


class FakeDevice(_defer._Device):
    """A device whose copies are there when the test says so."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.slabs: list[Any] = []

    def takes(self, tensor: Any) -> bool:
        return True

    def cells(self, torch: Any, dtype: Any, shape: tuple[int, ...]) -> list[Any]:
        self.slabs.append((dtype, shape))
        return list(torch.empty((16, *shape), dtype=dtype).unbind())

    def event(self, torch: Any, device: Any) -> Event:
        self.events.append(Event())
        return self.events[-1]

    def record(self, torch: Any, event: Event, device: Any) -> None:
        event.here = False


def deferred(device: FakeDevice, tensor: Any) -> Any:
    return _defer._together({"it": tensor}, torch, device)["it"]


def test_a_deferred_row_is_written_once_its_copy_is_there() -> None:
    device = FakeDevice()
    with epochal.init("p") as run:
        value = torch.tensor(0.5, requires_grad=True)
        run.log({"loss": deferred(device, value)})
        run.log({"spread": deferred(device, torch.arange(10.0))})
        assert "loss" not in epochal.get_run(run.id).metrics
        for event in device.events:
            event.here = True
        run.log({"other": 1.0})
        assert epochal.get_run(run.id).history("loss").values.tolist() == [0.5]
    (spread,) = epochal.get_run(run.id).media("spread")
    assert spread.step == 1
    assert spread.items[0].counts.sum() == 10


def test_cells_and_events_are_used_again() -> None:
    device = FakeDevice()
    for at in range(100):
        value = deferred(device, torch.tensor(float(at)))
        device.events[-1].here = True
        assert value.ready()
        assert value.result() == at
        del value
    assert len(device.events) == 1
    assert device.slabs == [(torch.float32, ())]


def test_a_mapping_keeps_what_is_no_tensor() -> None:
    given = {"loss": torch.tensor(1.5), "n": 3, "deep": {"acc": torch.tensor(True)}, "none": None}
    assert epochal_torch.defer(given) == {"loss": 1.5, "n": 3, "deep": {"acc": True}, "none": None}


def test_tensors_of_one_type_are_copied_together_and_stay_exact() -> None:
    device = FakeDevice()
    given = {
        "loss": torch.tensor(0.1), "acc": torch.tensor([[0.3]]), "half": torch.tensor(0.1).bfloat16(),
        "n": torch.tensor(1 << 60),
        "on": torch.tensor(True), "off": torch.tensor(False), "small": torch.tensor(0.5).to(torch.float8_e5m2),
        "tiny": torch.tensor(2.0).to(torch.float8_e5m2), "here": 3, "empty": torch.empty(0),
        "a": torch.arange(10.0), "b": torch.ones(7, dtype=torch.int64),
    }  # fmt: skip
    with epochal.init("p") as run:
        late = _defer._together(given, torch, device)
        run.log({name: value for name, value in late.items() if name != "empty"})
        assert len(device.events) == 1
        assert (torch.float32, (2,)) in device.slabs
        for tensor in given.values():
            if isinstance(tensor, torch.Tensor):
                tensor.zero_()
        device.events[0].here = True
    recorded = epochal.get_run(run.id)
    expected = {
        "loss": torch.tensor(0.1).item(), "acc": torch.tensor(0.3).item(), "half": torch.tensor(0.1).bfloat16().item(),
        "n": 1 << 60, "on": True, "off": False, "small": 0.5, "tiny": 2.0, "here": 3,
    }  # fmt: skip
    assert {name: recorded.history(name).values.tolist() for name in expected} == {
        name: [value] for name, value in expected.items()
    }
    assert {name: recorded.media(name)[0].items[0].counts.sum() for name in ("a", "b")} == {"a": 10, "b": 7}
    assert late["empty"] is given["empty"]
