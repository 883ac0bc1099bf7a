"""The trainers of TRL, which are derived from Hugging Face's: a fine-tuning on texts, recorded by either way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.suite import only_run
from tests.needs import need

trl = need("trl")
datasets = need("datasets")

from transformers import PreTrainedTokenizerFast, TrainerCallback  # noqa: E402

from epochal_transformers import EpochalCallback  # noqa: E402
from tests.integrations.transformers.tiny import tiny_model  # noqa: E402

WORDS = ("[PAD]", "[UNK]", "[EOS]", "the", "cat", "dog", "sees", "a", "bird", "and", "sleeps")
TEXTS = ("the cat sees a bird", "a dog sleeps", "the bird sees the dog and sleeps", "a cat and a dog") * 4


class Logged(TrainerCallback):
    """Keeps what each callback is given to log."""

    def __init__(self) -> None:
        self.points: dict[str, dict[int, float]] = {}

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        for name, value in logs.items():
            self.points.setdefault(name, {})[state.global_step] = value


def words() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers

    made = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", eos_token="[EOS]", model_max_length=8
    )


@pytest.mark.parametrize("by_name", [False, True], ids=["callback", "by name"])
def test_a_fine_tuning_is_recorded_as_the_trainer_tells_it(tmp_path: Path, by_name: bool) -> None:
    logged = Logged()
    given = datasets.Dataset.from_dict({"text": list(TEXTS)})
    args = trl.SFTConfig(
        output_dir=str(tmp_path / "model"),
        max_length=8,
        max_steps=4,
        per_device_train_batch_size=4,
        logging_steps=1,
        eval_strategy="steps",
        eval_steps=2,
        save_strategy="no",
        report_to="epochal" if by_name else "none",
        learning_rate=1e-2,
        use_cpu=True,
        bf16=False,
        disable_tqdm=True,
        dataloader_pin_memory=False,
    )
    trl.SFTTrainer(
        model=tiny_model(),
        args=args,
        train_dataset=given,
        eval_dataset=given.select(range(4)),
        processing_class=words(),
        callbacks=[logged, *([] if by_name else [EpochalCallback()])],
    ).train()
    run = only_run(tmp_path / "epochal-runs")
    assert {"loss", "entropy", "mean_token_accuracy", "num_tokens", "eval_loss", "train_loss"} <= set(run.metrics)
    for name, points in logged.points.items():
        history = run.history(name, duplicates=True)
        assert dict(zip(history.steps.tolist(), history.values.tolist(), strict=True)) == points, name
        assert len(history) == len(points) or name == "epoch"  # which stands beside all that is logged
    assert run.history("mean_token_accuracy").steps.tolist() == [1, 2, 3, 4]
    assert run.history("eval_loss").steps.tolist() == [2, 4]

    told = run.config["trainer"]
    assert (told["class"], told["framework"], told["steps"], told["max_length"]) == ("SFTTrainer", "transformers", 4, 8)
    assert (told["learning_rate"], told["batch_size"]) == (1e-2, 4)
    assert run.config["environment"]["trl"] == trl.__version__
    assert run.config["tokenizer"]["vocab_size"] == len(WORDS)
    assert set(run.datasets) == {"train", "validation"}
    assert {data["coverage"] for data in run.datasets.values()} == {"full"}
    assert [data["rows"] for data in run.datasets.values()] == [16, 4]


def test_the_dataset_is_the_one_that_the_trainer_trains_on(tmp_path: Path) -> None:
    # TRL tokenizes texts when the Trainer is made, so that what its callbacks can see is the result
    given = datasets.Dataset.from_dict({"text": list(TEXTS)})
    callback = EpochalCallback()
    args = trl.SFTConfig(
        str(tmp_path / "model"),
        max_length=8,
        max_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        bf16=False,
    )
    made = trl.SFTTrainer(
        model=tiny_model(), args=args, train_dataset=given, processing_class=words(), callbacks=[callback]
    )
    made.train()
    train = only_run(tmp_path / "epochal-runs").datasets["train"]
    assert train["sha256"] == epochal.fingerprint(made.train_dataset)["sha256"]
    assert "input_ids" in train["columns"]
