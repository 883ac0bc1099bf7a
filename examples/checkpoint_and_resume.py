"""Go on from a checkpoint: what was logged after it is hidden, kept, and logged again.

pip install epochal
"""

import json
import tempfile
from pathlib import Path

import epochal

checkpoint = Path(tempfile.mkdtemp()) / "checkpoint.json"


def train(steps: int) -> str:
    """Count upwards, from the checkpoint on if there is one; save every 100 steps."""
    weight, position = json.loads(checkpoint.read_text()) if checkpoint.exists() else (0.0, None)
    # The position names the run, so that this is all it takes to go on with it; None starts a new one.
    with epochal.init("resume", position=position, resume="allow") as run:
        for step in range(position["next_step"] if position else 0, steps):
            weight += 0.5
            run.log({"weight": weight}, step=step)
            if step % 100 == 99:
                checkpoint.write_text(json.dumps([weight, run.position()]))
        return run.id


first = train(250)  # ends 50 steps behind its last checkpoint
second = train(400)
assert first == second

recorded = epochal.get_run(first)
history = recorded.history("weight")
everything = recorded.history("weight", abandoned=True, duplicates=True)
print(f"{len(history.steps)} points, {len(everything.steps) - len(history.steps)} more were abandoned and are kept")
assert list(history.steps) == list(range(400))
assert list(history.values) == [0.5 * (step + 1) for step in range(400)]
