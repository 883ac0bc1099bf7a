"""A fuzz of the HTTP API by its own description: no request is a fault, and every answer is as it was promised."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from tests.needs import need

httpx = need("httpx")
schemathesis = need("schemathesis")
need("PIL")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi import checks  # noqa: E402

from epochal.media import Histogram, Image, Table, Text  # noqa: E402

from .conftest import Served, serving  # noqa: E402

#: Of each operation: as its description has it, and in other ways than that.
_EXAMPLES = {GenerationMode.POSITIVE: 16, GenerationMode.NEGATIVE: 8}
_CHECKS = [
    not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_schema_conformance,
]  # fmt: skip
#: The stream of events has no end: tests of its own ask it.
_ENDLESS = "/api/events"
_RUN = "/api/runs/{project}/{run}"
#: What the runs here have not got: a problem is the right answer.
_ABSENT = tuple(_RUN + part for part in ("/checkpoint", "/patch", "/packages", "/script"))
_DOOMED = [f"sweep/doomed-{number}" for number in range(3)]
_KEYS = ["media/all", *(f"sweep/run-{number}" for number in range(3))]
#: Reports, and some that are deleted or renamed.
_REPORTS = ["lr", "notes.v2"]
_GONE = [f"gone-{number}" for number in range(40)]
#: Names that mean something here, by what they are given as: nobody guesses them, and without them little is asked.
_NEEDED = ("around", "confirm", "op", "value")
_SPARED = ("formula", "x", "sort", "where")
_KNOWN: Mapping[str, Sequence[Any]] = {
    "keys": _KEYS, "runs": _KEYS, "run": _KEYS, "metric": ["loss", "val/acc", "epoch", "words", "a"],
    "formula": ["loss * 2", "loss - `val/acc`", "log(loss) +"], "x": ["step", "relative", "time", "metric:epoch"],
    "key": ["image", "histogram", "table", "text", "loss"], "name": ["notes/saved.txt", "name"], "by": ["config.lr"],
    "column": ["name", "config.lr", "config.model.odd", "summary.loss", "started", "tags", "duration", "count"],
    "columns": ["name", "config.lr", "config.model", "summary.val/acc", "host", "config.nothing"],
    "group": ["config.model.name", "state", "tags"], "sort": ["count", "name", "config.lr", "asc", "desc"],
    "where": ["config.lr > 1e-3", "name contains 'run'", "state ==", "duration > 3", '"', "tags contains 'a'"],
    "q": ["{}", '{"where": "config.lr > 0"}', '{"columns": ["config.lr", "duration"]}', "[", '{"limit": 1e999}'],
    "parts": ["config", "summary", "code"], "metrics": ["loss"], "search": ["run", "a"], "project": ["sweep"],
    "add_tags": ["x"], "remove_tags": ["a"],
    "series": [{"metric": "loss"}, {"metric": "val/acc"}, {"formula": "loss * 2"}, {"formula": "log(loss) +"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a folder with a run that holds media, some that compare with one another, and some to be deleted."""
    folder = tmp_path_factory.mktemp("fuzz")
    root = folder / "runs"
    (folder / "saved.txt").write_text("saved")
    with pytest.MonkeyPatch.context() as patch:
        for name, text in (("COMPANION", "off"), ("QUIET", "1"), ("CACHE_DIR", str(folder / "cache"))):
            patch.setenv(f"EPOCHAL_{name}", text)
        with epochal.init("media", dir=root, id="all") as run:
            picture = Image(np.zeros((4, 5, 3), np.uint8), caption="a <i>picture</i>")
            run.log({"image": [picture, picture], "histogram": Histogram(np.arange(9.0)), "text": Text("t")}, step=1)
            run.log({"table": Table({"a": [3, None], "b": ["x", "<script>"], "c": [picture, None]})}, step=2)
            run.log({"histogram": Histogram(np.array([np.nan, np.inf, 1.0]))}, step=2)
        for key in (*_KEYS[1:], *_DOOMED):
            number = int(key.rpartition("-")[2])
            config = {"lr": 10.0**-number, "model": {"name": "resnet", "odd": [1, None, "x"], "nan": float("nan")}}
            with epochal.init("sweep", id=key.partition("/")[2], dir=root, config=config, tags=["a", "<b>"]) as run:
                run.define_metric("val/acc", step="epoch", goal="max")
                for step in range(30):
                    run.log({"loss": number / (step + 1), "epoch": step // 10, "words": f"at {step}"}, step=step)
                    run.log({"val/acc": float("nan") if step % 7 == 0 else step / 30}, step=step)
                run.save(folder / "saved.txt", name="notes/saved.txt")
        (root / "reports" / "figures").mkdir(parents=True)
        for name in (*_REPORTS, *_GONE):
            (root / "reports" / f"{name}.md").write_text("# A title\n\n```epochal\n{}\n```\n")
        (root / "reports" / "figures" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        with serving(root) as found:
            yield found


@pytest.fixture(scope="module")
def schema(served: Served) -> Any:
    """Return what schemathesis makes of the API's description."""
    document = httpx.get(served.url + "/api/openapi.json", headers=served.headers).json()
    del document["security"]  # test_security.py is about that: here every request brings the token
    found = schemathesis.openapi.from_dict(document)
    found.config.update(base_url=served.url)
    return found


def operations() -> list[tuple[str, str]]:
    """Return method and path of all that the API has: what is added to it is fuzzed as well."""
    from epochal_server.api import State
    from epochal_server.api_further import api
    from epochal_server.openapi import describe
    from epochal_server.roster import Roster

    paths = describe(api(State(Path("nowhere"), True, Roster("nowhere"))))["paths"]
    return [(method, path) for path, methods in paths.items() for method in methods if path != _ENDLESS]


@pytest.mark.parametrize("mode", list(_EXAMPLES), ids=lambda mode: str(mode.value))
@pytest.mark.parametrize(("method", "path"), operations())
def test_no_request_is_a_fault_of_the_server(served: Served, schema: Any, method: str, path: str, mode: Any) -> None:
    operation = schema[path][method.upper()]
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
        pytest.skip("nothing can be wrong with it")
    known = {**_KNOWN, **_known_at(path, served.root)}
    statuses: Counter[int] = Counter()

    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    @settings(
        max_examples=_EXAMPLES[mode], derandomize=True, database=None, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any, data: Any) -> None:
        _name(case, data, known)
        answer = case.call(headers=served.headers, timeout=60)
        statuses[answer.status_code] += 1
        if 400 <= answer.status_code < 500:
            assert answer.headers["content-type"] == ["application/problem+json"], (case, answer.text)
            told = answer.json()
            assert (told["type"], told["status"]) == ("about:blank", answer.status_code)
            assert told["title"]
        else:
            assert answer.status_code < 300, (answer.text, case.as_curl_command())
            case.validate_response(answer, checks=_CHECKS)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ask()
    if mode is GenerationMode.POSITIVE and path not in _ABSENT:
        assert statuses[200], statuses  # else the fuzz has seen nothing


def _known_at(path: str, root: Path) -> dict[str, Sequence[Any]]:
    """Return names that mean something at one address alone."""
    if path == "/api/runs/delete":
        return {"keys": _DOOMED}
    blobs = [part.name.partition(".")[0] for part in root.glob("media/all/files/**/*") if part.is_file()]
    part = path.rpartition("/")[2]
    media = {"table": ["table"], "histograms": ["histogram"], "media": ["image", "text"], "{sha}": ["image"]}
    if path.startswith("/api/reports"):
        versions = [hashlib.sha256(file.read_bytes()).hexdigest() for file in root.glob("reports/*.md")]
        return {"version": [*versions, None], "path": ["figures/a.png"], "to": _GONE}
    if part not in media:
        return {}
    return {"sha": blobs, "key": media[part], "keys": ["media/all", "sweep/run-0"]}


def _name(case: Any, data: Any, known: Mapping[str, Sequence[Any]]) -> None:
    """Put names that mean something where a request has texts: in half of all requests everywhere, and little else."""
    sensible = data.draw(st.booleans(), label="sensible")
    some = st.just(True) if sensible else st.integers(0, 3).map(bool)
    few = st.integers(0, 3).map(bool) if sensible else st.just(False)

    def named(value: Any, name: str) -> Any:
        if name in known and isinstance(value, (str, dict)) and data.draw(some, label=name):
            return data.draw(st.sampled_from(known[name]), label=name)
        if isinstance(value, dict):
            dropped = {each for each in value if (each in _SPARED or each not in known) and each not in _NEEDED}
            dropped = {each for each in sorted(dropped) if data.draw(few, label=f"without {each}")}
            return {each: named(part, each) for each, part in value.items() if each not in dropped}
        if isinstance(value, list):
            return [named(each, name) for each in value]
        return value

    if case.path_parameters and "run" in case.path_parameters and data.draw(some, label="run"):
        project, run = data.draw(st.sampled_from(known["keys"]), label="run").split("/")
        case.path_parameters.update(project=project, run=run)
        if "sha" in case.path_parameters:
            case.path_parameters["sha"] = data.draw(st.sampled_from(known["sha"]))
    if case.path_parameters and "name" in case.path_parameters and data.draw(some, label="name"):
        gone = case.method == "DELETE" or "rename" in case.path
        case.path_parameters["name"] = data.draw(st.sampled_from(_GONE if gone else _REPORTS), label="name")
    if case.query:
        case.query = named(dict(case.query), "")
    if isinstance(case.body, dict):
        case.body = named(case.body, "")
