"""What is known of an estimator, as plain config groups: `model`, `optimizer` and `environment`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import sklearn

#: Settings of an estimator that say how it is optimised.
_OPTIMIZER: Final = ("solver", "learning_rate", "eta0", "power_t", "learning_rate_init", "momentum", "alpha", "penalty")
#: Attributes that hold what was learned: arrays, or lists of them.
_LEARNED: Final = (
    "coef_", "intercept_", "coefs_", "intercepts_", "cluster_centers_", "components_", "theta_", "feature_log_prob_",
)  # fmt: skip


def describe(model: Any) -> dict[str, Any]:
    """Return an estimator's groups; the number of its parameters is known once it has seen data."""
    settings = model.get_params(deep=False)
    known: dict[str, Any] = {"class": type(model).__name__}
    parameters = count_parameters(model)
    if parameters:
        known["parameters"] = known["trainable_parameters"] = parameters
    optimizer = {name: settings.pop(name) for name in _OPTIMIZER if name in settings}
    return {
        "model": {**known, "settings": {name: plain(value) for name, value in settings.items()}},
        "optimizer": {"class": type(model).__name__, **{name: plain(value) for name, value in optimizer.items()}},
        "environment": {"sklearn": sklearn.__version__},
    }


def count_parameters(model: Any) -> int:
    """Return how many numbers an estimator has learned so far."""
    found = [getattr(model, name) for name in _LEARNED if hasattr(model, name)]
    return sum(np.asarray(each).size for part in found for each in (part if isinstance(part, list) else [part]))


def plain(value: Any) -> Any:
    """Return a setting as the config can hold it: nested estimators by their class, and no text of objects."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    return type(value).__name__
