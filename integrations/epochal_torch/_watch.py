"""`watch`: how gradients and parameters of a model are spread, at every n-th step of its optimizer."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, Final

from epochal import Run
from epochal.faults import logger

_WHAT: Final = {"gradients": (True, False), "parameters": (False, True), "all": (True, True)}


class Watch:
    """What `watch` gives: `remove` ends it. The model and the run are free to go; nothing is put on the model."""

    def __init__(self, run: Run, model: Any, *, log: str, every: int, prefix: str) -> None:
        """See `watch`."""
        self._run = run
        self._gradients, self._parameters = _WHAT[log]
        self._every, self._prefix = every, prefix
        self._model = weakref.ref(model)
        self._steps: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()

    def remove(self) -> None:
        """Record no more of this model."""
        _kept.discard(self)

    def _before(self, optimizer: Any) -> None:
        count = self._steps.get(optimizer, 0)
        self._steps[optimizer] = count + 1
        if self._gradients and count % self._every == 0:
            self._record(optimizer, "gradients")

    def _after(self, optimizer: Any) -> None:
        if self._parameters and (self._steps.get(optimizer, 1) - 1) % self._every == 0:
            self._record(optimizer, "parameters")

    def _record(self, optimizer: Any, what: str) -> None:
        model = self._model()
        if model is None or self._run.disabled or self._run._closed:
            self.remove()
            return
        import torch

        from ._defer import defer

        own = {id(each) for group in optimizer.param_groups for each in group["params"]}
        found: dict[str, Any] = {}
        norms: list[Any] = []
        for name, parameter in model.named_parameters():
            tensor = parameter.grad if what == "gradients" else parameter
            if id(parameter) not in own or not _dense(tensor):
                continue
            tensor = tensor.detach()
            found[f"{self._prefix}{what}/{name}"] = tensor
            norms.append(torch.linalg.vector_norm(tensor, dtype=torch.promote_types(tensor.dtype, torch.float32)))
        if found:
            device = norms[0].device
            total = torch.linalg.vector_norm(torch.stack([each.to(device) for each in norms]))
            self._run._log_beside(defer({**found, f"{self._prefix}{what[:-1]}_norm": total}))


#: Watches live until they are removed, or their model is gone.
_kept: set[Watch] = set()
_hooked = False


def watch(model: Any, log: str = "gradients", *, every: int = 100, run: Run | None = None, prefix: str = "") -> Watch:
    """Record histograms and the norm of a model's gradients or parameters at every n-th step of its optimizers.

    Gradients are looked at as an optimizer takes them: accumulated, unscaled and clipped; parameters behind its step.
    They stand at the step behind the last `run.log`'s. Counting is done where the tensors are, and is deferred: no
    device is waited for. The model carries nothing: it can be pickled, copied and compiled.

    Args:
        model: a `torch.nn.Module` trained by optimizers derived from `torch.optim.Optimizer`.
        log: `gradients`, `parameters` or `all`.
        every: 1 looks at each step.
        run: by default the active one.
        prefix: put before the names.

    Raises:
        ValueError: `log` or `every` is none of these.
        EpochalError: no run was ever opened in this process.
    """
    from epochal.active import need_active_run

    if log not in _WHAT or every < 1:
        raise ValueError(f"watch takes log='gradients', 'parameters' or 'all', and every=1 or more: {log!r}, {every!r}")
    taken = need_active_run("watch") if run is None else run
    for each in list(_kept):
        if each._model() is model and each._run is taken:
            each.remove()  # watched again: the last call counts
    made = Watch(taken, model, log=log, every=int(every), prefix=prefix)  # type: ignore[arg-type]
    if taken is not None and not taken.disabled:
        _hook_once()
        _kept.add(made)
        weakref.finalize(model, _kept.discard, made)
    return made


def _hook_once() -> None:
    """Have PyTorch call us at each step of any optimizer.

    The hooks lie on no model, so that pickling or a copy takes nothing along. They stay: one that is taken away while
    they are called, by the end of a model or a run, would end the training.
    """
    global _hooked
    if not _hooked:
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        _hooked = True
        register_optimizer_step_pre_hook(lambda optimizer, *_: _tell(Watch._before, optimizer))
        register_optimizer_step_post_hook(lambda optimizer, *_: _tell(Watch._after, optimizer))


def _tell(what: Callable[[Watch, Any], None], optimizer: Any) -> None:
    for watch in list(_kept):
        try:
            what(watch, optimizer)
        except Exception as error:  # nothing of ours may end a training
            watch.remove()
            logger.warning("epochal_torch.watch failed and ends: %r", error)


def _dense(tensor: Any) -> bool:
    return (
        tensor is not None
        and str(tensor.layout) == "torch.strided"
        and tensor.numel() > 0
        and tensor.device.type != "meta"
        and tensor.is_floating_point()
        and type(tensor).__name__ in ("Tensor", "Parameter")
    )
