"""Record a training by hand, then read it back.

pip install epochal
"""

import math

import epochal

with epochal.init("quickstart", config={"lr": 0.1, "optimizer": "sgd"}) as run:
    run.define_metric("val/loss", summary="min")
    for step in range(1_000):
        loss = math.exp(-step / 300) + 0.01 * math.sin(step)
        run.log({"loss": loss, "acc": 1 - loss}, step=step)  # kept as soon as it returns, whatever happens next
        if step % 100 == 99:
            run.log({"val/loss": loss * 1.1}, step=step)
    run.summary["verdict"] = "converged"  # a value set by hand stays yours

recorded = epochal.get_run(run.id)
history = recorded.history("loss")
print(f"{recorded.name}: {recorded.state}, {len(history.steps)} points, last loss {history.values[-1]:.3f}")
print(f"summary: {dict(recorded.summary)}")
assert len(history.steps) == 1_000

good = epochal.runs(project="quickstart", where='config.lr >= 0.1 and summary["val/loss"] < 0.1', sort="-started")
print(f"runs that were good: {[found.name for found in good]}")
assert recorded.id in [found.id for found in good]
