"""Tricks with paths in every address and every parameter: nothing outside of the runs folder ever comes back."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

import epochal
from tests.needs import need

httpx = need("httpx")
need("PIL")

from epochal.media import Text  # noqa: E402

from .api_client import until  # noqa: E402
from .conftest import Served, serving  # noqa: E402
from .detail_runs import key, url  # noqa: E402

#: Stands in each file that nobody may read.
SECRET = "nobody-may-read-this"
MARKUP = "<img src=x onerror=alert(1)>\"'&\u202e\u0007\u001b[31m"
LONG = "x" * 5000
RUN = "/api/runs/{project}/{run}"


class Folder:
    """A runs folder beside files that are none of its own, with every kind of link into them."""

    def __init__(self, folder: Path) -> None:
        self.root, self.outside = folder / "runs", folder / "outside"
        self.outside.mkdir(parents=True)
        (self.outside / "secret.txt").write_text(SECRET)
        (self.outside / "journal").mkdir()
        self.root.mkdir()
        (self.root / "secret.txt").write_text(SECRET)  # in the folder, and still no run's
        self.run = self.record("inside")
        foreign = self.record("foreign", root=self.outside / "runs")
        # folders that are links: to a run elsewhere, to a project elsewhere, to anything at all
        (self.root / "p" / "linked").symlink_to(foreign.folder)
        (self.root / "linked").symlink_to(self.outside)
        (self.root / "p" / "..hidden").mkdir()
        self.replaced = self.record("replaced")
        self._replace(Path(self.replaced.folder))

    def record(self, id: str, *, root: Path | None = None) -> Any:
        saved = self.outside / "saved.txt"
        saved.write_text("saved")
        with epochal.init("p", id=id, dir=root or self.root, name=MARKUP, config={"secret": id}) as run:
            run.log({"words": Text("long " * 2000)}, step=1)
            run.log({"loss": 1.0}, step=1)
            print("printed")
            run.save(saved, name="notes/saved.txt")
            run.checkpoint(saved, step=1, copy=True)
        return run

    def _replace(self, folder: Path) -> None:
        """Put a link to the secret in the place of each file of a run, and one in the place of a folder."""
        for path in [path for path in folder.rglob("*") if path.is_file() and "journal" not in path.parts]:
            path.unlink()
            path.symlink_to(self.outside / "secret.txt")
        (folder / "journal" / "main-0.epochal").symlink_to(self.outside / "secret.txt")

    def tricks(self) -> list[str]:
        secret = os.fspath(self.outside / "secret.txt")
        up = "../" * 12
        return [
            "..", ".", "../outside/secret.txt", "../../outside/secret.txt", "../secret.txt", "../../secret.txt",
            up + secret.lstrip("/"), secret, f"//{secret}", f"file://{secret}", "..\\..\\outside\\secret.txt",
            "....//....//secret.txt", "notes/../../../../../outside/secret.txt", "secret.txt", "secret.txt\0.txt", "\0",
            "%2e%2e%2fsecret.txt", "..%00", "~", "$HOME", "C:\\secret.txt", "\\\\host\\share", "/etc/passwd",
            "linked/secret.txt", MARKUP, LONG, "\r\nSet-Cookie: a=b", "\u2028",
        ]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    place = tmp_path_factory.mktemp("paths")
    with pytest.MonkeyPatch.context() as patch:
        for name, text in (("COMPANION", "off"), ("QUIET", "1"), ("CACHE_DIR", str(place / "cache"))):
            patch.setenv(f"EPOCHAL_{name}", text)
        return Folder(place)


@pytest.fixture(scope="module")
def served(folder: Folder) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EPOCHAL_CACHE_DIR", str(folder.root.parent / "cache"))
        with serving(folder.root) as found:
            yield found


class Answer(NamedTuple):
    """What the server has answered.

    Attributes:
        status: of the answer.
        type: its media type.
        text: its body.
    """

    status: int
    type: str
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


Ask = Callable[..., Answer]


@pytest.fixture
def ask(served: Served) -> Iterator[Ask]:
    """Return what sends an address as it stands, untidied, and checks that the answer gives nothing away."""
    connection = http.client.HTTPConnection(served.url.partition("//")[2], timeout=60)

    def asked(address: str, body: Any = None) -> Answer:
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**served.headers, **({} if sent is None else {"Content-Type": "application/json"})}
        connection.request("GET" if sent is None else "POST", address, sent, headers)
        found = connection.getresponse()
        text = found.read().decode("utf-8", "replace")
        answer = Answer(found.status, found.headers["content-type"] or "", text)
        assert SECRET not in text, (address, body)
        assert "root:x:0" not in text, (address, body)
        assert found.headers["set-cookie"] is None
        assert answer.status < 500, (address, body, text)
        if answer.status >= 400:
            assert answer.type == "application/problem+json", (address, body, text)
            assert answer.json()["status"] == answer.status
        return answer

    yield asked
    connection.close()


def parts(served: Served) -> list[tuple[str, list[str], list[str]]]:
    """Return path, parameters in the path and texts in the query of all that can be got."""
    document = httpx.get(served.url + "/api/openapi.json", headers=served.headers).json()
    found = []
    for path, methods in document["paths"].items():
        if "get" in methods and path != "/api/events":
            told = [each for each in methods["get"].get("parameters", []) if each["schema"].get("type") == "string"]
            found.append((path, *([each["name"] for each in told if each["in"] == kind] for kind in ("path", "query"))))
    return found


def test_in_every_segment_of_every_address(folder: Folder, served: Served, ask: Ask) -> None:
    real = dict(zip(("project", "run"), key(folder.run).split("/"), strict=True))
    for path, segments, _ in parts(served):
        for name in segments:
            for trick in folder.tricks() if path in (RUN, f"{RUN}/blob/{{sha}}") else folder.tricks()[:5]:
                for spelt in {quote(trick, safe=""), quote(trick, safe="/")}:
                    given = {**{each: real.get(each, "0" * 64) for each in segments}, name: spelt}
                    assert ask(path.format(**given)).status in (400, 404, 405), given


def test_in_every_text_of_every_query(folder: Folder, served: Served, ask: Ask) -> None:
    needed = {"path": "a", "name": "a", "key": "words"}
    for path, segments, names in parts(served):
        # all files of this one are links to the secret
        project, id = key(folder.replaced).split("/")
        base = path.format(project=project, run=id, sha="0" * 64, name="a") if segments else path
        for name in names:
            others = "".join(f"&{each}={text}" for each, text in needed.items() if each in names and each != name)
            for trick in folder.tricks():
                ask(f"{base}?{name}={quote(trick, safe='')}{others}")


def test_in_every_text_of_every_body(folder: Folder, ask: Ask) -> None:
    good = key(folder.run)
    for trick in folder.tricks():
        for name in (trick, f"p/{trick}", f"{trick}/inside"):
            assert ask("/api/runs/delete", {"keys": [name], "confirm": True}).json().get("deleted", []) == []
            assert ask("/api/runs/edit", {"keys": [name], "notes": "changed"}).json().get("changed", []) == []
            ask("/api/curves", {"runs": [name], "series": [{"metric": "loss"}]})
        keys = [good, f"p/{trick}"]
        ask("/api/compare", {"keys": keys})
        ask("/api/metrics", {"keys": keys})
        ask("/api/importance", {"keys": keys, "metric": trick})
        if trick in (MARKUP, LONG, folder.tricks()[2]):
            ask("/api/runs/edit", {"keys": [good], "name": trick, "add_tags": [trick], "notes": trick})
        ask("/api/curves", {"runs": [good], "series": [{"metric": trick}], "x": f"metric:{trick}"})
        ask("/api/curves", {"runs": [good], "series": [{"formula": trick}], "group": {"by": [trick]}})
        ask("/api/points", {"run": trick, "metric": trick, "around": 0})
        for name in ("project", "where", "search"):
            ask("/api/runs/query", {name: trick})
        ask("/api/runs/query", {"columns": [f"config.{trick}"], "group": [f"summary.{trick}"], "within": [trick]})
        ask("/api/where/complete", {"where": trick, "project": trick})
    assert Path(folder.run.folder).is_dir()
    assert (folder.outside / "secret.txt").read_text() == SECRET


def test_halves_of_surrogate_pairs_are_refused(ask: Ask) -> None:
    """JSON can say what UTF-8 cannot: an answer that repeats it could not be sent."""
    half = "\ud800"
    for path, body in (
        ("runs/edit", {"keys": [half], "notes": "x"}), ("runs/edit", {"keys": ["p/inside"], "name": half}),
        ("runs/delete", {"keys": [half], "confirm": True}), ("compare", {"keys": [half, "p/inside"]}),
        ("curves", {"runs": [half], "series": [{"metric": half}]}), ("metrics", {"keys": [half]}),
        ("curves", {"runs": ["p/inside"], "series": [{"formula": half}]}), ("runs/query", {"where": half}),
        ("points", {"run": half, "metric": "a", "around": 0}), ("runs/query", {half: 1}),
        ("runs/query", {"columns": [f"config.{half}"]}), ("where/check", {"where": half}),
        ("where/complete", {"where": half}), ("importance", {"metric": half}),
        ("runs/query", {"filters": [{"column": "name", "op": "=", "value": half}]}),
    ):  # fmt: skip
        assert ask(f"/api/{path}", body).status == 400, (path, body)


def test_what_json_says_in_odd_ways_is_no_fault(ask: Ask) -> None:
    deep, digits = "[" * 50_000 + "]" * 50_000, "9" * 400
    lines = '"runs": ["p/inside"], "series": [{"metric": "loss"}]'
    for path, body in (
        *((path, body) for path in ("runs/query", "curves", "points", "importance")
          for body in (deep, "9" * 10_000, "1e999", "", "\ufeff{}", '{"a": 1, "a": 2}', "[]", "null")),
        *(("runs/query", body) for body in (
            '{"limit": 1e999}', f'{{"limit": {digits}}}', f'{{"within": {deep}}}', '{"limit": 1.5}', '{"limit": true}',
            f'{{"filters": [{{"column": "name", "op": "=", "value": {deep}}}]}}', '{"offset": -0.0}',
            f'{{"filters": [{{"column": "config.lr", "op": ">", "value": {digits}}}]}}',
        )),
        *(("curves", f"{{{lines}, {more}}}") for more in (
            '"range": [1e308, 1e999]', '"range": [-1e308, 1e308], "logx": true', f'"range": [{digits}, {digits}]',
            '"range": [0, 5e-324], "width": 50', f'"smoothing": {digits}',
        )),
        ("points", '{"run": "p/inside", "metric": "loss", "around": -1e999, "count": 10000}'),
        ("points", f'{{"run": "p/inside", "metric": "loss", "around": {digits}}}'),
    ):  # fmt: skip
        ask(f"/api/{path}", body.encode())
    assert ask("/api/runs/query", b" " * (1 << 20) + b"{}").status == 413


def test_links_that_lead_out_are_no_runs_and_no_files(folder: Folder, ask: Ask) -> None:
    """A link that stands for a whole run leads out of the folder as any other does; within a run none is followed."""
    listed = ask("/api/runs/query", {"columns": ["name"]}).json()["keys"]
    assert "p/inside" in listed
    assert not [each for each in listed if each.startswith("linked/") or each == "p/linked"], listed
    for path in ("", "/console", "/files", "/media?key=words"):
        assert ask(f"/api/runs/p/linked{path}").status == 404
    assert ask("/api/points", {"run": "p/linked", "metric": "loss", "around": 1}).status == 404
    assert "there is no such run" in ask("/api/curves", {"runs": ["p/linked"], "series": [{"metric": "loss"}]}).text
    base = url(folder.replaced)
    files = ask(base + "/files").json()["files"]
    assert [each["name"] for each in files] == ["notes/saved.txt"]
    assert ask(base + "/file?name=notes%2Fsaved.txt").status in (404, 409)
    (media,) = ask(base + "/media?key=words").json()["items"]
    assert ask(media["url"]).status in (404, 409)
    (checkpoint,) = ask(base).json()["checkpoints"]
    assert ask(f"{base}/checkpoint?path={quote(checkpoint['path'])}").status in (404, 409)
    assert "printed" not in ask(base + "/console").text


def test_a_project_and_a_run_whose_names_are_tricks(folder: Folder, ask: Ask) -> None:
    """What a training may call its project is shown by that name, and found by the key that the list gives."""
    for project in ("..", "a/b", "<script>", "ü %2e%2e", "%2e%2e", "a,b", "x" * 200, "."):
        try:
            with epochal.init(project, id="it", dir=folder.root):
                pass
        except epochal.EpochalError:
            continue
    begun = len([run for run in epochal.runs(folder.root) if run.id == "it"])
    assert begun >= 4
    found = until(
        lambda: ask("/api/runs/query", {"columns": ["project", "name"], "limit": 1000}).json(),
        lambda now: sum(name.endswith("/it") for name in now["keys"]) == begun,
    )
    assert {"<script>", "%2e%2e"} <= set(found["columns"]["project"])
    for name in found["keys"]:
        overview = ask("/api/runs/" + "/".join(quote(part, safe="") for part in name.split("/")))
        assert (overview.status, overview.json()["key"]) == (200, name)
        assert "metrics" in ask("/api/metrics", {"keys": [name]}).json()
