"""The common words for what Hugging Face's Trainer calls its metrics."""

from __future__ import annotations

from typing import Final

from epochal.metric_names import MetricNames

from ._asking import Evaluation

#: What the Trainer logs of a training. The summary that comes at its end has words of its own: they are means over all
#: of it, and stand at the last step beside that step's values.
_TRAINING: Final = {
    "loss": "train/loss",
    "learning_rate": "lr",
    "samples_per_second": "train/samples_per_second",
    "steps_per_second": "train/steps_per_second",
    "tokens_per_second": "train/tokens_per_second",
    "num_input_tokens_seen": "train/tokens",
    "train_loss": "train/loss_mean",
    "train_runtime": "train/seconds",
    "train_samples_per_second": "train/samples_per_second_mean",
    "train_steps_per_second": "train/steps_per_second_mean",
    "train_tokens_per_second": "train/tokens_per_second_mean",
}
_WORDS: Final = {"eval": "val"}


def common_name(name: str) -> str:
    """Return the common word for a metric's name, the name itself where there is none."""
    known = _TRAINING.get(name)
    if known is not None:
        return known
    for prefix in ("eval", "test"):
        if name.startswith(f"{prefix}_"):
            return _of_set(_WORDS.get(prefix, prefix), name.removeprefix(f"{prefix}_"))
    return name


def _of_set(where: str, metric: str) -> str:
    return f"{where}/{'seconds' if metric == 'runtime' else metric}"


class TrainerNames(MetricNames):
    """Names metrics for a Trainer, with what is known of the evaluation that they come from.

    Attributes:
        evaluation: the one whose metrics are being named; None for those of the training.
    """

    evaluation: Evaluation | None = None

    def name(self, name: str) -> str:
        """Return the name to record a metric by."""
        evaluation = self.evaluation
        if evaluation is None or self._common is None:
            return super().name(name)
        for prefix in (evaluation.prefix, evaluation.base):
            if name.startswith(f"{prefix}_"):
                base = _WORDS.get(evaluation.base, evaluation.base)
                where = base if evaluation.part is None else f"{base}/{evaluation.part}"
                return f"{self._prefix}{_of_set(where, name.removeprefix(f'{prefix}_'))}"
        return super().name(name)
