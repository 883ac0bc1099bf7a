"""Counts what makes the host wait for the GPU in trainings with and without an adapter, and compares their losses.

Run on a machine with a CUDA GPU: `python benchmarks/gpu_adapters.py`. Each training runs three times: to warm up,
once under torch.profiler, whose runtime events are counted, and once for the time.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy", "cudaStreamWaitEvent")
STEPS = 200


def waits_in(work) -> dict[str, int]:
    """Return how often the host waited in `work`, by the name of the runtime's call."""
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
        work()
        torch.cuda.synchronize()
    found = Counter()
    for event in seen.events():
        if event.name in WAITS or event.name in ("aten::item", "aten::_local_scalar_dense"):
            found[event.name] += 1
    return dict(sorted(found.items()))


def lightning(kind: str, folder: Path) -> list[float]:
    import pytorch_lightning as L

    L.seed_everything(1, verbose=False)

    class Net(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
            self.losses = []

        def training_step(self, batch):
            loss = torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])
            self.losses.append(loss.detach())
            if kind != "silent":
                self.log("loss", loss)
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    logger: object = False
    if kind == "csv":
        logger = L.loggers.CSVLogger(folder)
    elif kind.startswith("epochal"):
        from epochal_lightning import EpochalLogger

        logger = EpochalLogger(dir=folder / "runs")
    x = torch.randn(STEPS * 32, 64, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=32)
    module = Net()
    L.Trainer(
        max_epochs=1,
        accelerator="gpu",
        devices=1,
        logger=logger,
        enable_progress_bar=False,
        log_every_n_steps=10,
        enable_model_summary=False,
        enable_checkpointing=False,
        default_root_dir=folder,
    ).fit(module, loader)
    if hasattr(logger, "finish"):
        logger.finish()
    return torch.stack(module.losses).cpu().tolist()


def trainer(kind: str, folder: Path) -> list[float]:
    from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

    set_seed(1)
    model = GPT2LMHeadModel(GPT2Config(n_layer=2, n_head=2, n_embd=64, vocab_size=256, n_positions=32))
    data = [
        {"input_ids": [(i * 7 + j) % 256 for j in range(32)], "labels": [(i * 7 + j) % 256 for j in range(32)]}
        for i in range(STEPS * 4)
    ]
    callbacks = []
    if kind == "epochal":
        from epochal_transformers import EpochalCallback

        callbacks = [EpochalCallback(dir=folder / "runs")]
    args = TrainingArguments(
        output_dir=str(folder / "out"),
        per_device_train_batch_size=4,
        num_train_epochs=1,
        logging_steps=10,
        report_to="none",
        save_strategy="no",
        disable_tqdm=True,
    )
    fit = Trainer(model=model, args=args, train_dataset=data, callbacks=callbacks)
    fit.train()
    for callback in callbacks:
        callback.finish()
    return [row["loss"] for row in fit.state.log_history if "loss" in row]


def keras(kind: str, folder: Path) -> list[float]:
    import keras as K

    K.utils.set_random_seed(1)
    model = K.Sequential([K.Input((64,)), K.layers.Dense(256, "relu"), K.layers.Dense(10)])
    model.compile("sgd", K.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = torch.randn(STEPS * 32, 64, generator=torch.Generator().manual_seed(0)).numpy()
    y = (x[:, 0] > 0).astype("int64")
    callbacks = []
    if kind.startswith("epochal"):
        from epochal_keras import EpochalCallback

        every = {"epochal log_every=10": 10, "epochal log_every=1": 1}.get(kind)
        callbacks = [EpochalCallback(dir=folder / "runs", log_every=every)]
    seen = model.fit(x, y, epochs=2, batch_size=32, verbose=0, shuffle=False, callbacks=callbacks)
    for callback in callbacks:
        callback.finish()
    return seen.history["loss"]


TRAININGS = {
    "lightning": (lightning, ("silent", "csv", "epochal")),
    "transformers": (trainer, ("none", "epochal")),
    "keras on torch": (keras, ("none", "epochal", "epochal log_every=10", "epochal log_every=1")),
}


def main() -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    os.environ.setdefault("EPOCHAL_QUIET", "1")
    wanted = sys.argv[1:] or list(TRAININGS)
    results = {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
    for name in wanted:
        train, kinds = TRAININGS[name]
        try:
            for kind in kinds:
                with tempfile.TemporaryDirectory() as folder:
                    at = Path(folder)
                    losses = train(kind, at / "warm")
                    waits = waits_in(partial(train, kind, at / "counted"))
                    torch.cuda.synchronize()
                    begun = time.perf_counter()
                    again = train(kind, at / "timed")
                    torch.cuda.synchronize()
                    seconds = time.perf_counter() - begun
                first = results.setdefault(name, {}).setdefault("losses", losses)
                results[name][kind] = {
                    "waits": waits,
                    "seconds": round(seconds, 2),
                    "losses equal": losses == first and again == first,
                    "points": len(losses),
                }
                print(name, kind, json.dumps(results[name][kind]), flush=True)
        except Exception as error:
            import traceback

            traceback.print_exc()
            print(name, "FAILED", error, flush=True)
    for name in wanted:
        results.get(name, {}).pop("losses", None)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
