"""What tests of the pages share: a folder of runs to look at, and an accessibility check."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import epochal

NAMES = ("amber", "brook", "crane", "delta", "ember", "fjord", "grove", "heron")


def make_runs(root: Path, names: tuple[str, ...] = NAMES) -> list[str]:
    """Record a run for each name, the last the newest, and return their keys."""
    keys = []
    for at, name in enumerate(names):
        run = epochal.init(
            "sheep <b>counting</b>" if name == "heron" else "digits",
            dir=root,
            name=name,
            config={"lr": 10.0**-at, "optimizer": {"name": "sgd" if at % 2 else "adam"}, "seed": 7},
            tags=["base"] if at < 2 else [],
            notes="the first of all" if at == 0 else None,
        )
        for step in range(5):
            run.log({"val/loss": 1 / (step + 1) + at, "train/loss": 2.0 / (step + 1)})
        run.finish()
        folder = Path(run.folder)
        keys.append(f"{folder.parent.name}/{folder.name}")
    return keys


def violations(page: Any, within: str | None = None, *, impacts: tuple[str, ...] | None = None) -> list[str]:
    """Return what axe-core finds in a page, or within a part of it by its selector; of some impacts alone, if given."""
    from axe_core_python.sync_playwright import Axe  # type: ignore[import-untyped]

    # all that passes comes too unless this is said, and takes longer to tell than to check
    found = Axe().run(page, within, {"resultTypes": ["violations"]})["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if impacts is None or one["impact"] in impacts
    ]


def serious(page: Any) -> list[str]:
    """Return what axe-core finds serious or critical in a page."""
    return violations(page, impacts=("serious", "critical"))


def module(page: Any, name: str) -> str:
    """Return the address of one of our modules as a file, for `import` in the page: what it keeps is not the page's."""
    pack = page.locator("script[type=module]").get_attribute("src")
    return os.path.join(os.path.dirname(os.path.dirname(pack)), "js", name)
