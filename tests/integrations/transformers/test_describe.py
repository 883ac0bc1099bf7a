"""What a run's config tells of the arguments, the model with its adapters and quantization, and the tokenizer."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from epochal.config_values import jsonlike
from epochal.testing.suite import only_run
from tests.needs import need

need("transformers")

from transformers import PreTrainedTokenizerFast, TrainingArguments  # noqa: E402

from epochal_transformers import EpochalCallback  # noqa: E402
from epochal_transformers._describe import chosen_arguments, describe_tokenizer, describe_transformer  # noqa: E402
from tests.integrations.transformers.tiny import arguments, tiny_model, trainer  # noqa: E402


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[UNK]")


def test_what_all_frameworks_tell_stands_before_the_arguments(tmp_path: Path) -> None:
    settings = {"gradient_accumulation_steps": 2, "eval_strategy": "no", "save_strategy": "no", "max_steps": 3}
    trainer(tmp_path, [EpochalCallback()], **settings).train()
    told = only_run(tmp_path / "epochal-runs").config["trainer"]
    expected = {
        "framework": "transformers",
        "class": "Trainer",
        "epochs": 2,
        "steps": 3,
        "batch_size": 4,
        "accumulate": 2,
        "world_size": 1,
        "total_batch_size": 8,
        "precision": "32-true",
        "strategy": "single_device",
    }
    assert {name: told[name] for name in expected} == expected
    assert told["data_collator"] == "default_data_collator"


def test_of_the_arguments_those_are_told_that_were_chosen(tmp_path: Path) -> None:
    plain = chosen_arguments(TrainingArguments(output_dir=str(tmp_path)))
    asked = {"learning_rate", "seed", "num_train_epochs", "per_device_train_batch_size", "weight_decay", "output_dir"}
    assert asked <= set(plain)
    assert None not in plain.values()
    assert "hub_token" not in plain
    assert len(plain) < 30
    chosen = {"adam_beta2": 0.9, "label_smoothing_factor": 0.1, "dataloader_drop_last": True, "data_seed": 5}
    told = chosen_arguments(arguments(tmp_path, **chosen, lr_scheduler_type="cosine"))
    assert {name: told[name] for name in chosen} == chosen
    assert told["lr_scheduler_type"] == "cosine"
    assert (told["eval_strategy"], told["save_strategy"], told["logging_steps"]) == ("epoch", "epoch", 1)
    assert told["use_cpu"] is True


def test_an_argument_that_was_taken_away_is_told(tmp_path: Path) -> None:
    without = dataclasses.replace(arguments(tmp_path), seed=7)
    without.lr_scheduler_kwargs = {}
    without.save_steps = None  # its default is a number
    told = chosen_arguments(without)
    assert told["seed"] == 7
    assert told["save_steps"] is None


def test_a_derived_class_has_defaults_of_its_own(tmp_path: Path) -> None:
    @dataclasses.dataclass
    class Arguments(TrainingArguments):
        adam_beta1: float = 0.5
        words: list[str] = dataclasses.field(default_factory=lambda: ["a"])
        width: Any = 3

    told = chosen_arguments(Arguments(output_dir=str(tmp_path), adam_beta1=0.9, width=np.zeros(2)))
    assert told["adam_beta1"] == 0.9
    assert "words" not in told
    assert told["width"].tolist() == [0, 0]


def test_long_values_are_kept_whole(tmp_path: Path) -> None:
    long = "x" * 5000
    settings = {"eval_strategy": "no", "save_strategy": "no", "max_steps": 1}
    trainer(tmp_path, [EpochalCallback(config={"prompt": long})], **settings).train()
    assert only_run(tmp_path / "epochal-runs").config["prompt"] == long


def test_adapters_of_peft_are_told() -> None:
    peft = need("peft")
    model = peft.get_peft_model(tiny_model(), peft.LoraConfig(r=2, target_modules=["c_attn"], fan_in_fan_out=True))
    told = jsonlike(describe_transformer(model))
    assert told["peft"]["default"]["r"] == 2
    assert told["peft"]["default"]["target_modules"] == ["c_attn"]
    assert told["trainable_parameters"] < told["parameters"]
    assert told["config"]["n_embd"] == 8
    json.dumps(told)


def test_configs_of_quantization_and_generation_are_told() -> None:
    from transformers import BitsAndBytesConfig

    model = tiny_model()
    model.generation_config.max_length = 77
    model.config.quantization_config = BitsAndBytesConfig(load_in_8bit=True)
    told = jsonlike(describe_transformer(model))
    assert told["quantization_config"]["load_in_8bit"] is True
    assert told["generation_config"]["max_length"] == 77


@pytest.mark.parametrize("config", [None, {"width": 3}], ids=["none", "dict"])
def test_a_models_config_may_be_a_dict_or_none(config: Any) -> None:
    import torch

    model = torch.nn.Linear(2, 2)
    model.config = config
    assert describe_transformer(model).get("config") == config


def test_a_tokenizer_is_told_with_the_hash_of_its_chat_template() -> None:
    made = tokenizer()
    made.chat_template = "{{ messages }}"
    told = describe_tokenizer(made)
    assert told["vocab_size"] == 3
    assert told["chat_template_sha256"] == hashlib.sha256(b"{{ messages }}").hexdigest()
    processor = SimpleNamespace(tokenizer=made)
    assert describe_tokenizer(processor)["vocab_size"] == 3
