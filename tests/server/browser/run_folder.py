"""A folder of runs for the pages of one run and of comparisons: two with code and data, and one full of markup."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import epochal
from epochal.media import Html, Table, Text
from epochal.testing.processes import environment

from ..conftest import Served
from .pages import violations

#: Becomes a script wherever a text is taken for markup; a page that ran it has `window.hacked`.
MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

#: What the two trainings run; the companion records their environment, so it is a process of its own.
_TRAINING = """
import sys
import time
import numpy as np
import epochal
from epochal.media import Audio, Box, Histogram, Html, Image, Mask, Mesh, Table, Text, Video

name, lr, root = sys.argv[1], float(sys.argv[2]), sys.argv[3]
settings = {"lr": lr, "model": {"name": "resnet", "layers": [2, 2, 2], "head": {"width": 64, "bias": True}}, "seed": 1}
more = {"tags": ["baseline"], "group": "sweep", "notes": "Two\\nlines."}
run = epochal.init("vision", name=name, dir=root, config=settings, **more)
run.define_metric("val/acc", goal="max", summary=["last", "max"])
run.use_dataset("train", np.arange(100.0), fingerprint="full")  # a busy machine has no second for it
pixels = np.zeros((40, 60, 3), np.uint8)
generator = np.random.default_rng(0)
for step in range(0, 50, 10):
    run.log({"train/loss": lr * 10 / (step + 1), "val/acc": step / 50 + lr}, step=step)
    pixels[:, : step + 5] = 200
    mask = Mask(np.eye(40, 60, dtype=np.uint8), {0: "ground", 1: "road"})
    picture = Image(pixels, caption=f"sample of step {step}", boxes=[Box(10, 10, 30, 30, label="cat", score=0.5)],
                    masks={"truth": mask})
    run.log({"samples": [picture, Image(255 - pixels, caption="negative")]}, step=step)
    run.log({"weights": Histogram(generator.normal(step / 10, 1, 1000))}, step=step)
run.log({
    "sound": Audio(np.zeros(800, np.float32), rate=8000), "film": Video(np.zeros((3, 8, 8, 3), np.uint8), fps=2),
    "rows": Table([[at, f"row {at}", at / 7] for at in range(120)], columns=["id", "name", "score"]),
    "words": Text("# Title\\n\\nIt **is** `code`.\\n\\n- one\\n- two", markdown=True),
    "cloud": Mesh(np.eye(3), faces=[[0, 1, 2]]),
    "page": Html("<h1>A page</h1><script>parent.hacked = 1; document.body.textContent = 'it ran'</script>"),
}, step=40)
run.alert("Loss is high", "It is above one.", level="warning", step=10)
run.notice("odd", "Something odd happened.")
open(f"{name}.pt", "wb").write(b"weights")
run.checkpoint(f"{name}.pt", step=40, metrics={"val/acc": 0.8})
run.save("train.py", name="code/train.py")
for line in range(1200):
    print(f"line {line} of {name}")
print("\\x1b[32mgreen\\x1b[0m and plain")
print("to stderr", file=sys.stderr)
while not (recorded := epochal.get_run(run.folder)).system_metrics or not recorded.environment:
    time.sleep(0.05)
run.finish()
"""


def record(folder: Path) -> Path:
    """Record two trainings, started in a repository with changes that differ, and a hostile run; return the root."""
    root, code = folder / "epochal-runs", folder / "code"
    code.mkdir(parents=True)
    (code / ".gitignore").write_text("*.pt\n")
    (code / "train.py").write_text(_TRAINING)
    _git(code, "init", "--quiet", "--initial-branch=main")
    _git(code, "add", ".")
    _git(code, "commit", "--quiet", "--message=first")
    variables = {name: value for name, value in environment().items() if name != "EPOCHAL_COMPANION"}
    for name, lr in (("quiet-otter", 0.1), ("brave-lynx", 0.2)):
        (code / "train.py").write_text(_TRAINING.replace('"seed": 1', f'"seed": {int(lr * 10)}') + f"\n# {name}\n")
        subprocess.run(
            [sys.executable, "train.py", name, str(lr), str(root)],
            cwd=code, env=variables, check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    hostile(root)
    return root


def until(holds: Callable[[], Any]) -> Any:
    """Wait until something holds, and return what it gave; a test that waits in vain fails."""
    for _ in range(1200):
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("what was waited for did not come")


def hostile(root: Path) -> Any:
    """Record a run whose names and texts are all markup."""
    saved = root.parent / "saved.svg"
    saved.write_text(f'<svg xmlns="http://www.w3.org/2000/svg"><script>{MARKUP}</script></svg>')
    settings = {MARKUP: MARKUP, "nested": {MARKUP: [MARKUP, {MARKUP: MARKUP}]}}
    run = epochal.init("vision", name=f"hostile {MARKUP}", dir=root, config=settings, tags=[MARKUP[:60]], notes=MARKUP)
    text = Text(f"[x](javascript:window.hacked=1) {MARKUP} ![i](https://example.com/i.png)", markdown=True)
    run.log({MARKUP: 1.0, f"media {MARKUP}": text, "words": Text(MARKUP, caption=MARKUP)}, step=1)
    run.log({"rows": Table({MARKUP: [MARKUP, None]}, caption=MARKUP)}, step=1)
    run.log({"page": Html(f"<p>{MARKUP}</p><script>parent.hacked=1;top.hacked=1</script>")}, step=1)
    run.alert(MARKUP, MARKUP, level="error")
    run.notice("odd", MARKUP)
    run.save(saved, name="<b>saved</b>.svg")
    print(MARKUP)
    run.finish()
    return run


def key_of(root: Path, name: str) -> str:
    """Return the key of a run by the beginning of its name."""
    entry = next(entry for entry in epochal.runs(root).entries if entry.name.startswith(name))
    return "/".join(entry.path.parts[-2:])


def address(served: Served, path: str, **query: str | int) -> str:
    """Return the link that opens a page of the dashboard for the first time: it carries the key."""
    token = served.link.rpartition("token=")[2]
    return f"{served.url}{path}?{urlencode({'token': token, **query}, quote_via=quote)}"


def visitor(root: Path, served: Served, open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Return what opens a part of a run: `visit("media", media="weights")`, `view=` being for `open_page`."""

    def visit(part: str = "", *, run: str = "quiet-otter", view: dict[str, Any] | None = None, **query: Any) -> Any:
        path = f"/run/{key_of(root, run)}" + (f"/{part}" if part else "")
        page = open_page(address(served, path, **query), **(view or {}))
        page.wait_for_selector(".run-head")
        return page

    return visit


def card(page: Any, title: str) -> Any:
    """Return a part of the overview by its heading."""
    return page.locator(".run-card", has=page.get_by_role("heading", name=re.compile(rf"^{title}")))


def sound(page: Any) -> None:
    """Check that axe finds nothing, and that the page is not wider than the screen."""
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
