"""How PyTorch's tensors and datasets are hashed."""

from __future__ import annotations

from typing import Any

import epochal
from tests.needs import need

need("lightning")

import torch  # noqa: E402

from tests.integrations.lightning.tiny import data  # noqa: E402


def test_no_dataset_is_iterated_or_indexed() -> None:
    class Untouchable(torch.utils.data.Dataset):
        def __init__(self) -> None:
            self.inputs, self.name = torch.ones(3, 2), "x"

        def __len__(self) -> int:
            raise AssertionError

        def __getitem__(self, at: int) -> Any:
            raise AssertionError

    found = epochal.fingerprint(Untouchable())
    assert found["sha256"]
    assert found["coverage"] == "partial", "its text was not hashed"
    assert epochal.fingerprint(torch.utils.data.DataLoader(Untouchable(), sampler=[0]))["sha256"] == found["sha256"]


def test_a_tensors_hash_is_that_of_the_array() -> None:
    tensor = torch.arange(12.0).reshape(3, 4)
    found = epochal.fingerprint(tensor.T)
    assert found["kind"] == "torch.Tensor"
    assert found["rows"] == 4
    assert found["sha256"] == epochal.fingerprint(tensor.T.numpy())["sha256"]
    half = tensor.to(torch.bfloat16)
    assert epochal.fingerprint(half)["sha256"] not in (None, found["sha256"], epochal.fingerprint(half + 1)["sha256"])
    assert epochal.fingerprint(torch.eye(3).to_sparse())["coverage"] == "none"


def test_subsets_differ_by_their_indices_and_their_data() -> None:
    whole, other = data(0), data(1)
    subsets = [torch.utils.data.Subset(whole, [0, 1]), torch.utils.data.Subset(whole, [1, 0])]
    subsets += [torch.utils.data.Subset(other, [0, 1]), torch.utils.data.ConcatDataset([whole, other]), whole]
    found = [epochal.fingerprint(each) for each in subsets]
    assert len({each["sha256"] for each in found}) == 5
    assert [each["rows"] for each in found] == [2, 2, 2, 32, 16]
    again = epochal.fingerprint(torch.utils.data.Subset(data(0), range(2)))
    assert again["sha256"] == found[0]["sha256"]
