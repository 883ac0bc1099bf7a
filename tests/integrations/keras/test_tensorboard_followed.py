"""A training with Keras' TensorBoard callback, which needs TensorFlow and tensorboard, followed while it runs."""

from __future__ import annotations

from pathlib import Path

from tests.needs import need

need("keras")
need("tensorflow")
need("tensorboard")

from tests.integrations.keras.tiny import data, fit, keras, tiny_model  # noqa: E402
from tests.integrations.tensorboard.followed import Followed, accumulated, points_of  # noqa: E402


class AfterEpoch(keras.callbacks.Callback):  # type: ignore[misc]
    """Stands behind the TensorBoard callback: waits until what it has flushed for an epoch can be seen."""

    def __init__(self, followed: Followed, callback: keras.callbacks.TensorBoard) -> None:
        super().__init__()
        self.followed, self.callback = followed, callback
        self.seen: list[int] = []

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        for run in ("train", "validation"):
            self.callback._writers["train" if run == "train" else "val"].flush()
            self.followed.wait_for_step(run, "epoch_loss", epoch)
        self.seen.append(epoch)


def test_each_epoch_is_seen_while_the_training_goes_on_and_all_of_it_at_the_end(tmp_path: Path) -> None:
    logdir, root = tmp_path / "logs", tmp_path / "runs"
    logdir.mkdir()
    inputs, targets = data()
    with Followed(logdir, root) as followed:
        callback = keras.callbacks.TensorBoard(str(logdir), histogram_freq=1, update_freq=1)
        after = AfterEpoch(followed, callback)
        fit(tiny_model(), [callback, after], validation_data=(inputs, targets))
        followed.end()
        runs = followed.runs()
    assert after.seen == [0, 1, 2]
    assert set(runs) == {"train", "validation"}
    for run, tags in {
        "train": ["batch_loss", "epoch_loss", "epoch_accuracy", "epoch_learning_rate"],
        "validation": ["epoch_loss", "epoch_accuracy", "evaluation_loss_vs_iterations"],
    }.items():
        for tag in tags:
            assert points_of(runs[run], tag) == accumulated(logdir / run, tag) != [], (run, tag)
    weights = [name for name in runs["train"].media_keys if "histogram" in name]
    assert weights
    assert [item.step for item in runs["train"].media(weights[0])] == [0, 1, 2]


def test_merged_the_validation_is_a_part_of_the_run(tmp_path: Path) -> None:
    logdir, root = tmp_path / "logs", tmp_path / "runs"
    inputs, targets = data()
    fit(tiny_model(), [keras.callbacks.TensorBoard(str(logdir))], validation_data=(inputs, targets))
    with Followed(logdir, root, "--merge-subruns") as followed:
        followed.wait_for_step("logs", "validation/epoch_loss", 2)
        followed.end()
        runs = followed.runs()
    assert list(runs) == ["logs"]
    for run in ("train", "validation"):
        assert points_of(runs["logs"], f"{run}/epoch_loss") == accumulated(logdir / run, "epoch_loss")
