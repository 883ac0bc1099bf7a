"""The position in the Trainer's checkpoint folders: `epochal.json` beside the model."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any, Final

from epochal.callers import caller_locals

_FILE: Final = "epochal.json"
_PREFIX: Final = "checkpoint"


def checkpoint_folder(args: Any, state: Any) -> Path | None:
    """Return the folder of the checkpoint that was just written."""
    name = f"{_PREFIX}-{state.global_step}"
    root = Path(args.output_dir)
    places = [root / name, *root.glob(f"run-*/{name}")]  # a trial of a search has a folder of its own
    there = [place for place in places if place.is_dir()]
    return max(there, key=lambda place: place.stat().st_mtime_ns, default=None)


def judged_by(args: Any, state: Any) -> tuple[dict[str, Any], str | None]:
    """Return the metrics of the evaluation at this checkpoint, the one that chooses the best first, and its goal."""
    logged = (entry for entry in reversed(state.log_history) if entry.get("step") == state.global_step)
    found: dict[str, Any] = next((entry for entry in logged if any(name.startswith("eval_") for name in entry)), {})
    metrics = {name: value for name, value in found.items() if name.startswith("eval_")}
    chosen = getattr(args, "metric_for_best_model", None)
    if not chosen:
        return metrics, None
    name = chosen if chosen.startswith("eval_") else f"eval_{chosen}"
    first = {name: metrics[name]} if name in metrics else {}
    return {**first, **metrics}, ("max" if args.greater_is_better else "min") if first else None


def write_position(folder: Path, position: dict[str, Any]) -> None:
    """Put a position into a checkpoint's folder, wholly or not at all."""
    draft = folder / f".{_FILE}.{os.getpid()}"
    try:
        draft.write_text(json.dumps({"version": 1, "position": position}) + "\n", encoding="utf-8")
        draft.replace(folder / _FILE)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def position_in(folder: Path) -> dict[str, Any] | None:
    """Return the position in a checkpoint's folder, None where it has none."""
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    position = found.get("position") if isinstance(found, dict) else None
    return position if isinstance(position, dict) else None


def resumed_from(callback: Any, args: Any, state: Any) -> Path | None:
    """Return the checkpoint folder that the training goes on from, None for one from the start.

    The Trainer tells callbacks the step alone; the folder is an argument of the method that calls them.
    """
    if not state.global_step:
        return None
    found = caller_locals(
        "_inner_training_loop",
        "resume_from_checkpoint",
        accept=lambda trainer: any(each is callback for each in trainer.callback_handler.callbacks),
    )
    for place in ((found or {}).get("resume_from_checkpoint"), getattr(args, "resume_from_checkpoint", None)):
        if isinstance(place, (str, os.PathLike)) and os.path.isdir(place):
            return Path(place)
    place = Path(args.output_dir) / f"{_PREFIX}-{state.global_step}"
    return place if place.is_dir() else None
