"""The logger in LightningCLI, by its name."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.testing.processes import run_python
from tests.needs import need

need("lightning")
need("jsonargparse")

import epochal_lightning  # noqa: E402
from tests.integrations.lightning.tiny import L, Tiny, loader  # noqa: E402

_CONFIG = """
trainer:
  max_epochs: 1
  accelerator: cpu
  devices: 1
  enable_progress_bar: false
  enable_model_summary: false
  logger:
    class_path: epochal_lightning.EpochalLogger
    init_args:
      project: cli
      tags: [a, b]
      config: {mine: 1}
      prefix: my/
      log_every: 2
model:
  lr: 0.25
"""


class Given(Tiny):
    """Brings its own data."""

    def train_dataloader(self) -> Any:
        return loader()


def cli(namespace: str, *arguments: str) -> Any:
    module = import_module(f"{namespace}.cli")
    return module.LightningCLI(Given if namespace == L.__name__ else None, args=list(arguments), run=True)


def test_it_is_made_from_yaml_twice_in_a_row(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(_CONFIG, encoding="utf-8")
    for _ in range(2):
        made = cli(L.__name__, "fit", "--config", str(tmp_path / "c.yaml"))
        made.trainer.logger.finish()
    first, second = epochal.runs(tmp_path / "epochal-runs")
    assert first.path != second.path
    for run in (first, second):
        assert (Path(run.path) / "config.yaml").is_file()
        assert (run.project, set(run.tags), run.config["mine"], run.config["lr"]) == ("cli", {"a", "b"}, 1, 0.25)
        assert run.config["cli"]["model"] == {"lr": 0.25}
        assert run.config["cli"]["trainer"]["max_epochs"] == 1
        assert "my/train_loss_epoch" in run.metrics


def test_it_is_made_from_the_command_line(tmp_path: Path) -> None:
    made = cli(
        L.__name__, "fit", "--trainer.logger=epochal_lightning.EpochalLogger", "--trainer.logger.name=by name",
        "--trainer.max_epochs=1", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false",
    )  # fmt: skip
    assert isinstance(made.trainer.logger, epochal_lightning.EpochalLogger)
    assert [run.name for run in epochal.runs(tmp_path / "epochal-runs")] == ["by name"]


#: `lightning` brings `pytorch_lightning` along; the other way round it does not.
_NAMESPACES = ("lightning.pytorch", "pytorch_lightning") if L.__name__ == "lightning.pytorch" else (L.__name__,)


@pytest.mark.parametrize("namespace", _NAMESPACES)
@pytest.mark.parametrize("first", ["logger", "namespace"])
def test_either_namespaces_cli_takes_it_whichever_was_imported_first(namespace: str, first: str) -> None:
    if namespace != L.__name__:
        need(namespace)
    imports = ["import epochal_lightning; epochal_lightning.EpochalLogger", f"import {namespace}.cli"]
    code = "\n".join(imports if first == "logger" else imports[::-1]) + (
        f"\nfrom {namespace}.demos.boring_classes import BoringModel\n"
        f"made = {namespace}.cli.LightningCLI(BoringModel, run=False, save_config_callback=None,"
        " args=['--trainer.logger=epochal_lightning.EpochalLogger', '--trainer.accelerator=cpu'])\n"
        f"from {namespace}.loggers import Logger\n"
        "print(isinstance(made.trainer.logger, Logger), issubclass(epochal_lightning.EpochalLogger, Logger))"
    )
    assert run_python("-W", "ignore", "-c", code).splitlines()[-1] == "True True"
    assert not os.path.exists("epochal-runs")
