"""`log_model`: which checkpoints are copied into the run, and that none of a user's files is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from epochal import BadValueError
from epochal.testing.suite import only_run
from tests.needs import need

need("lightning")

from epochal_lightning import EpochalLogger  # noqa: E402
from tests.integrations.lightning.tiny import L, Tiny, loader, trainer  # noqa: E402


def fit(folder: Path, log_model: Any, **saving: Any) -> Any:
    """Train with a checkpoint after each of three epochs, of which the last is kept, and return the run."""
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    logger = EpochalLogger(log_model=log_model)
    saving = L.callbacks.ModelCheckpoint(dirpath=str(folder), save_top_k=1, **saving)
    trainer(logger, callbacks=[saving]).fit(Tiny(), loader(), loader(9))
    logger.finish()
    assert (folder / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert len(list(folder.glob("*.ckpt"))) == 1
    return only_run(folder.parent / "epochal-runs")


def test_by_default_no_checkpoint_is_copied(tmp_path: Path) -> None:
    run = fit(tmp_path / "c", False)
    assert [each.file for each in run.checkpoints()] == [None] * 3
    assert not list(Path(run.path).rglob("*.ckpt"))


def test_all_copies_each_before_save_top_k_deletes_it(tmp_path: Path) -> None:
    found = fit(tmp_path / "c", "all").checkpoints()
    assert [each.state for each in found] == ["vanished", "vanished", "present"]
    assert [each.file.stat().st_size for each in found] == [each.bytes for each in found]


def test_true_copies_what_is_kept_at_the_end(tmp_path: Path) -> None:
    run = fit(tmp_path / "c", True)
    (kept,) = (tmp_path / "c").glob("*.ckpt")
    assert [each.name for each in run.files()] == [f"checkpoints/{kept.name}"]
    assert run.file(f"checkpoints/{kept.name}").path.read_bytes() == kept.read_bytes()


def test_what_lies_in_the_run_is_not_copied_within_it(tmp_path: Path) -> None:
    logger = EpochalLogger(log_model=True)
    trainer(logger, max_epochs=1).fit(Tiny(), loader())
    logger.finish()
    run = only_run(tmp_path / "epochal-runs")
    assert len(list(Path(run.path).rglob("*.ckpt"))) == 1
    assert run.checkpoints()[0].state == "present"


def test_another_word_is_refused() -> None:
    with pytest.raises(BadValueError, match="log_model='best'"):
        EpochalLogger(log_model="best")
