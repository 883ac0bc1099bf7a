"""Whom a callback is called by: the Trainer, the evaluation that it is at, and other callbacks of ours beside it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from epochal.callers import caller_locals, calling_methods

#: The Trainer's methods that hold what it tells no callback.
_TRAINING: Final = "_inner_training_loop"
_EVALUATING: Final = ("evaluate", "predict")


class Evaluation(NamedTuple):
    """An evaluation or prediction that is going on.

    Attributes:
        prefix: what stands before each metric's name, without the underscore: `eval`, `eval_old`, `test`.
        base: the prefix that was asked for; `eval` of `eval_old`, for the set `old` of several.
        part: the name of the set among several, else None.
        dataset: as the user gave it; None where it cannot be known.
    """

    prefix: str
    base: str
    part: str | None = None
    dataset: Any = None

    @property
    def dataset_name(self) -> str:
        """What its dataset is called in the config: `validation`, `validation/old`, `test`."""
        base = "validation" if self.base == "eval" else self.base
        return base if self.part is None else f"{base}/{self.part}"


def _is_of(callback: Any, trainer: Any) -> bool:
    handler = getattr(trainer, "callback_handler", None)
    return any(each is callback for each in getattr(handler, "callbacks", ()))


def trainer_of(callback: Any) -> Any:
    """Return the Trainer that is calling a callback; None if it cannot be found."""
    methods = (_TRAINING, *_EVALUATING)
    for _, variables in calling_methods(methods, accept=lambda trainer: _is_of(callback, trainer)):
        return variables["self"]
    return None


def evaluation_of(callback: Any) -> Evaluation | None:
    """Return the evaluation or prediction that a callback is called by; None if it is the training that calls.

    The Trainer evaluates several sets one by one and joins their names to the prefix; where one name ends is known
    to who called, and guessed from no name.
    """
    prefix: str | None = None
    dataset: Any = None
    base, part = None, None
    for function, variables in calling_methods(
        (_TRAINING, *_EVALUATING), accept=lambda trainer: _is_of(callback, trainer)
    ):
        if function == _TRAINING:
            break
        asked = variables.get("metric_key_prefix")
        if not isinstance(asked, str):
            continue
        given = variables.get("test_dataset") if function == "predict" else variables.get("eval_dataset")
        if prefix is None:
            prefix = base = asked
            dataset = _of_several(variables["self"], given)
        elif base == prefix and isinstance(given, dict):  # the call that goes through several sets
            name = prefix.removeprefix(f"{asked}_")
            if name != prefix and name in map(str, given):
                base, part = asked, name
                dataset = next((each for key, each in given.items() if str(key) == name), dataset)
    return None if prefix is None or base is None else Evaluation(prefix, base, part, dataset)


def _of_several(trainer: Any, given: Any) -> Any:
    """Return the dataset that `evaluate` was given: it may be a name among the Trainer's own, or nothing."""
    own = getattr(trainer, "eval_dataset", None)
    if isinstance(given, str):
        return own.get(given) if isinstance(own, dict) else None
    if given is None:
        return None if isinstance(own, dict) else own
    return given


def is_training(callback: Any) -> bool:
    """Whether the Trainer of a callback is within its training loop now."""
    return caller_locals(_TRAINING, accept=lambda trainer: _is_of(callback, trainer)) is not None


def others_of(callback: Any) -> list[Any]:
    """Return the callbacks that stand behind this one in the list that is being called."""
    found: list[Any] = []

    def holds(handler: Any) -> bool:
        nonlocal found
        callbacks = getattr(handler, "callbacks", None)
        if not isinstance(callbacks, list):
            return False
        at = next((at for at, each in enumerate(callbacks) if each is callback), None)
        if at is None:
            return False
        found = callbacks[at + 1 :]
        return True

    caller_locals("call_event", accept=holds)
    return found
