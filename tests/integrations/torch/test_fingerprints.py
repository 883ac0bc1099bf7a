"""What PyTorch's objects are hashed as: what they hold, wherever and however they lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import epochal
from tests.needs import need

torch = need("torch")


def sha(data: Any) -> str:
    found = epochal.fingerprint(data)
    assert found["coverage"] == "full", found
    return str(found["sha256"])


def test_a_tensor_is_hashed_as_the_array_of_its_values() -> None:
    values = np.arange(12, dtype="f4").reshape(3, 4)
    assert sha(torch.from_numpy(values)) == sha(values)
    assert sha(torch.from_numpy(values)) != sha(torch.from_numpy(values).double())


@pytest.mark.parametrize(
    "view", [lambda t: t.t(), lambda t: t[:, ::2], lambda t: t.flip(0), lambda t: t.expand(2, 3, 4)],
    ids=["transposed", "every second", "flipped", "expanded"],
)  # fmt: skip
def test_a_view_is_hashed_as_its_own_copy(view: Any) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    assert sha(view(whole)) == sha(view(whole).contiguous().clone())
    assert sha(view(whole)) != sha(whole)


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float16", "int8", "bool", "complex64"])
def test_every_type_is_told_from_others_with_the_same_values(dtype: str) -> None:
    ones = torch.ones(4).to(getattr(torch, dtype))
    assert sha(ones) == sha(ones.clone())
    assert sha(ones) != sha(torch.zeros(4).to(getattr(torch, dtype)))
    assert sha(ones) != sha(torch.ones(4))


def test_whether_gradients_are_asked_for_changes_nothing() -> None:
    assert sha(torch.nn.Parameter(torch.ones(3))) == sha(torch.ones(3))


def trained(steps: int) -> tuple[Any, Any]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(4, 3) * torch.arange(4.0)[:, None]).square().sum().backward()
        optimizer.step()
    return model, optimizer


def test_the_state_of_a_model_and_of_its_optimizer_tell_trainings_apart() -> None:
    (one, adam), (again, adam_again), (longer, adam_longer) = trained(2), trained(2), trained(3)
    assert sha(one.state_dict()) == sha(again.state_dict()) != sha(longer.state_dict())
    assert sha(adam.state_dict()) == sha(adam_again.state_dict()) != sha(adam_longer.state_dict())


def test_a_state_is_told_apart_by_names_too() -> None:
    assert sha({"a": torch.ones(2)}) != sha({"b": torch.ones(2)})


def test_a_loader_and_its_dataset_are_hashed_alike_and_nothing_is_read_through_them() -> None:
    class Counting(torch.utils.data.Dataset):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            self.rows = torch.arange(6.0)
            self.asked = [0]

        def __len__(self) -> int:
            return 6

        def __getitem__(self, at: int) -> Any:
            self.asked[0] += 1
            return self.rows[at]

    data = Counting()
    loader = torch.utils.data.DataLoader(data, batch_size=2, shuffle=True)
    assert epochal.fingerprint(loader)["sha256"] == epochal.fingerprint(data)["sha256"] is not None
    assert data.asked == [0]
    changed = Counting()
    changed.rows[0] = 9
    assert epochal.fingerprint(changed)["sha256"] != epochal.fingerprint(data)["sha256"]
