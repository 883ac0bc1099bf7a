"""Whether less or more of a metric is better: what `define_metric` said, else what its name says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .metadata import Definition

#: Words of which a metric is better the less it is.
LESS: Final = frozenset(
    "bce brier cer crps ece err error errors fid kl latency loss losses mae mape mse msle nll perplexity ppl regret "
    "rmse rmsle wer".split()
)
#: Words of which a metric is better the more it is.
MORE: Final = frozenset(
    "acc accuracy ap auc auprc auroc bleu correct dice f1 fbeta iou jaccard kappa map mcc meteor miou mrr ndcg "
    "precision psnr r2 recall return reward rouge score sensitivity specificity ssim top1 top5 winrate".split()
)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*")
#: What `define_metric` appends to a metric's name in the summary.
_KINDS: Final = (".min", ".max", ".mean", ".first", ".last", ".best")


def goal_by_name(name: str) -> str | None:
    """Return "min", "max", or None where the words of the name say neither, or both.

    Words end at signs and where capital letters begin: `val/top5_acc`, `evalLoss`, `BLEU`.
    """
    words = {word.lower() for word in _WORDS.findall(name)}
    less, more = bool(words & LESS), bool(words & MORE)
    return None if less == more else "min" if less else "max"


def goal(name: str, definitions: Iterable[Definition]) -> str | None:
    """Return the goal of a name in the summary of several runs, whose definitions of its metric are given.

    The goal that `define_metric` was told counts, else "min" or "max" where that alone is its summary, else the name.
    Runs that contradict one another leave none.
    """
    if name.endswith(".best_step"):
        return None
    told = {found for definition in definitions if (found := definition.goal or _by_summary(definition)) is not None}
    if told:
        return told.pop() if len(told) == 1 else None
    return goal_by_name(name)


def metric_of(name: str) -> str:
    """Return the metric that a name in the summary belongs to: `loss` of `loss.min`."""
    return next((name.removesuffix(kind) for kind in _KINDS if name.endswith(kind)), name)


def _by_summary(definition: Definition) -> str | None:
    kinds = {kind for kind in definition.summary or () if kind in ("min", "max")}
    return kinds.pop() if len(kinds) == 1 else None
