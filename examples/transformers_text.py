"""Teach a tiny language model a text, byte by byte, with Hugging Face's Trainer; nothing is downloaded.

pip install "epochal[torch,transformers]"
"""

import tempfile

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

import epochal
from epochal_transformers import EpochalCallback

TEXT = (
    "The river rose in the night. By morning it had taken the lower field, the fence and the old boat, and it stood "
    "at the edge of the garden as if it were thinking. My grandmother looked at it from the window and said that it "
    "had come as far in the year she was born, and that it would go again, and that there would be good soil. "
) * 12
WINDOW = 32


class Windows(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    """Overlapping pieces of a text, as bytes."""

    def __init__(self, text: str) -> None:
        self.bytes = torch.tensor(list(text.encode("ascii")))

    def __len__(self) -> int:
        return (len(self.bytes) - WINDOW) // 8

    def __getitem__(self, at: int) -> dict[str, torch.Tensor]:
        piece = self.bytes[8 * at : 8 * at + WINDOW]
        return {"input_ids": piece, "labels": piece}


set_seed(0)
cut = len(TEXT) * 9 // 10
shape = GPT2Config(vocab_size=128, n_positions=WINDOW, n_embd=64, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
arguments = TrainingArguments(
    output_dir=tempfile.mkdtemp(),
    run_name="transformers text",
    num_train_epochs=4,
    per_device_train_batch_size=16,
    learning_rate=3e-3,
    logging_steps=5,
    eval_strategy="epoch",
    save_strategy="epoch",
    report_to="none",  # or report_to="epochal", after importing epochal_transformers
    disable_tqdm=True,
    use_cpu=True,
)
callback = EpochalCallback(project="examples", tags=["text"])
trainer = Trainer(
    model=GPT2LMHeadModel(shape),
    args=arguments,
    train_dataset=Windows(TEXT[:cut]),
    eval_dataset=Windows(TEXT[cut:]),
    callbacks=[callback],
)
trainer.train()
callback.finish()  # not needed at the end of a script

run = epochal.get_run("transformers text")
loss = run.history("loss")
print(f"{run.name}: {run.state}, {run.config['model']['parameters']} parameters")
print("loss by step:", dict(zip(loss.steps.tolist(), loss.values.round(2).tolist(), strict=True)))
print(f"evaluation loss {run.summary['eval_loss']:.2f}, trained on {run.datasets['train']['sha256'][:12]}…")
assert loss.values[-1] < loss.values[0] / 2
