"""Packs: the modules of a page as one script, with what functions in place of modules must keep."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.needs import need

httpx = need("httpx")
need("starlette")

from epochal.errors import EpochalError  # noqa: E402
from epochal_server import pages_ahead  # noqa: E402
from epochal_server.packs import functional, pack  # noqa: E402
from epochal_server.pages_ahead import APART, APP, PAGES, entries, imports_of, modules_of  # noqa: E402
from tests.server.conftest import Served  # noqa: E402

MODULES = sorted(path.relative_to(PAGES).as_posix() for path in (PAGES / "js").rglob("*.js"))
DEFINED = re.compile(r'^define\("([^"]+)"', re.MULTILINE)


@pytest.mark.parametrize("page", entries())
def test_a_pack_holds_each_module_of_its_page_once_but_for_what_stays_apart(page: str) -> None:
    text = pack(f"{page}.js")
    assert text is not None
    found = DEFINED.findall(text)
    assert sorted(found) == [name for name in modules_of(entries()[page]) if name not in APART]
    assert {APP, entries()[page]} < set(found)
    assert text.rstrip().endswith('need("js/app.js");')


@pytest.mark.parametrize("page", entries())
def test_a_pack_of_a_module_runs_nothing_by_itself(page: str) -> None:
    text = pack(entries()[page])
    assert text is not None
    assert DEFINED.findall(text) == [n for n in modules_of(entries()[page], frame=False) if n not in APART]
    assert text.rstrip().endswith("}));")


def test_a_pack_holds_whatever_its_modules_need_at_once() -> None:
    later = {path for name in MODULES for path in _imports(name, at_once=False)} - APART
    assert set(entries().values()) < later
    for name in [*(f"{page}.js" for page in entries()), *later]:
        text = pack(name)
        assert text is not None, name
        assert set(re.findall(r'\$need\("([^"]+)"\)', text)) <= set(DEFINED.findall(text)), name


@pytest.mark.parametrize(
    "name",
    ["none.js", "js/none.js", "../app.js", "none.css", "js/app.css", "vendor/echarts.js", "js/../js/app.js", "js/app"],
)
def test_there_are_packs_of_pages_and_modules_alone(name: str) -> None:
    assert pack(name) is None


@pytest.mark.parametrize(
    ("text", "body", "exported"),
    [
        ('import {a, b as c} from "./x.js";', 'const {a: a, b: c} = $need("js/x.js");', {}),
        ('import{a as b}from"../vendor/x.js";b()', 'const {a: b} = $need("vendor/x.js");b()', {}),
        ('import x from "./x.js";', 'const {default: x} = $need("js/x.js");', {}),
        ('import x, {y} from "./x.js";', 'const {y: y, default: x} = $need("js/x.js");', {}),
        ('import {\n  a,\n  b,\n} from "./x.js";', 'const {a: a, b: b} = $need("js/x.js");', {}),
        ('import "./x.js";', '$need("js/x.js");', {}),
        (
            'export {a, b as c} from "./x.js";',
            '$need("js/x.js");',
            {"a": '$need("js/x.js").a', "c": '$need("js/x.js").b'},
        ),
        ("let a=1;export{a as b,c};", "let a=1;", {"b": "a", "c": "c"}),
        ("export const a = 1;\nexport function b() {}", "const a = 1;\nfunction b() {}", {"a": "a", "b": "b"}),
        ("export async function a() {}", "async function a() {}", {"a": "a"}),
        ("export class A {}", "class A {}", {"A": "A"}),
        ("export default function(s){}", "const $default = function(s){}", {"default": "$default"}),
        ('go(() => import("./x.js"))', 'go(() => $load("js/x.js"))', {}),
        ('import("../vendor/echarts.js")', '$load("vendor/echarts.js", true)', {}),
        ("new URL(a, import.meta.url)", "new URL(a, $here)", {}),
        ('// how we import from "a"\nconst exported = 1;', '// how we import from "a"\nconst exported = 1;', {}),
    ],
)
def test_a_module_becomes_a_function(text: str, body: str, exported: dict[str, str]) -> None:
    assert functional("js/m.js", text) == (body, exported)


@pytest.mark.parametrize(
    "text", ['export * from "./x.js";', 'import * as x from "./x.js";', "export let a = 1;", "export const {a} = b;"]
)
def test_what_it_does_not_understand_is_refused_by_name(text: str) -> None:
    with pytest.raises(EpochalError, match=r"js/m\.js imports or exports in a way"):
        functional("js/m.js", text)


def test_no_modules_import_one_another_in_a_circle() -> None:
    at_once = {name: _imports(name, at_once=True) for name in [*MODULES, *_vendored()]}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join([*above[above.index(name) :], name])
        if name not in done:
            for each in at_once[name]:
                visit(each, (*above, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def _vendored() -> list[str]:
    return [path.relative_to(PAGES).as_posix() for path in (PAGES / "vendor").rglob("*.js")]


def _imports(name: str, *, at_once: bool) -> list[str]:
    return [path for path, later in imports_of(name) if later is not at_once]


def test_imports_are_found_whatever_stands_around_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_ahead, "PAGES", tmp_path)
    lines = [
        'import {a} from "./a.js";', "import b from '../b.js'", 'import{c}from"./c.js";', 'import "./d.js";',
        'export {e} from "./e.js";', 'const f = () => import("./f.js");', 'import (\n  "./g.js"\n)',
        'import {\n  h,\n} from\n  "./h.js";', "// as in x",
        'const from = "./none.js"; reimport("./none.js"); xfrom("./none.js");', 'import {none} from "none";',
    ]  # fmt: skip
    (tmp_path / "js").mkdir()
    (tmp_path / "js/odd.js").write_text("\n".join(lines))
    found = imports_of("js/odd.js")
    assert [path for path, later in found if not later] == ["js/a.js", "b.js", *(f"js/{each}.js" for each in "cdeh")]
    assert [path for path, later in found if later] == ["js/f.js", "js/g.js"]


def test_packs_are_served_beside_the_files(serve: Callable[..., Served]) -> None:
    served = serve()
    with httpx.Client(base_url=served.url, headers=served.headers) as client:
        found = re.search(r'<script type="module" src="([^"]+)"', client.get("/").text)
        assert found is not None
        answer = client.get(found[1])
        assert answer.status_code == 200
        assert answer.text == pack("runs.js")
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(found[1].replace("runs.js", "none.js")).status_code == 404
