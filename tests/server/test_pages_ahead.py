"""A page names all that it will ask for; files come from memory, and no answer waits for the one before."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

import pytest

from tests.needs import need

httpx = need("httpx")
need("starlette")

from epochal_server.listening import listen  # noqa: E402
from epochal_server.pages_ahead import PAGES  # noqa: E402
from tests.server.conftest import Served  # noqa: E402

NAMED = re.compile(
    r'<(link rel="(?:stylesheet|modulepreload|preload" as="script)" href|script type="module" src)="([^"]+)"'
)
HELD = re.compile(r'data-holds="([^"]+)"')
#: Addresses, their packs, and one style sheet that only pages like theirs need.
SHOWN = {
    "/": ("runs", "css/grid.css"),
    "/run/a/b": ("run", "css/run_media.css"),
    "/compare?runs=a/b": ("compare", "css/compare.css"),
    "/reports": ("reports", "css/report.css"),
    "/report/a": ("report", "css/report_edit.css"),
}


@pytest.mark.parametrize("address", SHOWN)
def test_a_page_names_its_scripts_and_styles_and_each_is_there(serve: Callable[..., Served], address: str) -> None:
    served = serve()
    with httpx.Client(base_url=served.url, headers=served.headers) as client:
        text = client.get(address).text
        found = NAMED.findall(text)
        assert "{{" not in text
        names = [href.split("/", 3)[3] for _, href in found]
        assert len(names) == len(set(names))
        pack, sheet = SHOWN[address]
        assert {f"pack/{pack}.css", f"pack/{pack}.js"} < {*names, ""}
        held = HELD.findall(text)[0].split()
        assert sheet in held
        assert len(held) == len(set(held))
        assert ("vendor/slickgrid/slickgrid.js" in names) == (address == "/")
        assert ("vendor/zrender.js" in names) == (address != "/reports")
        assert "vendor/echarts.js" not in names, "few panels are no line panels"
        assert not any("katex" in name for name in names), "a formula is seldom"
        for kind, href in found:
            answer = client.get(href)
            assert answer.status_code == 200, href
            assert answer.headers["content-type"].startswith("text/css" if "stylesheet" in kind else "text/javascript")
            assert "immutable" in answer.headers["cache-control"]


def test_a_pack_of_styles_holds_each_sheet_and_those_that_it_stands_on_before_it(serve: Callable[..., Served]) -> None:
    served = serve()
    with httpx.Client(base_url=served.url, headers=served.headers) as client:
        text = client.get("/").text
        held = HELD.findall(text)[0].split()
        href = next(href for kind, href in NAMED.findall(text) if "stylesheet" in kind)
        packed = client.get(href).text
    assert held.index("css/charts-panels.css") < held.index("css/charts.css")
    assert "@import" not in packed
    at = 0
    for name in held:
        sheet = re.sub(r"@import [^;]+;\n", "", (PAGES / name).read_text("utf-8"))
        at = packed.index(sheet, at) + len(sheet)
    assert at == len(packed)
    # what it refers to would be looked for beside the pack
    assert not re.search(r"url\((?!['\"]?data:)", packed)


@pytest.mark.parametrize("name", ["js/none.js", "../app.py", "%2e%2e/app.py", "js", "", "js/../../app.py"])
def test_no_other_file_is_served(serve: Callable[..., Served], name: str) -> None:
    served = serve()
    with httpx.Client(base_url=served.url, headers=served.headers) as client:
        (_, href) = NAMED.findall(client.get("/").text)[0]
        answer = client.get(f"/static/{href.split('/')[2]}/{name}")
        assert answer.status_code == 404
        assert "Route" not in answer.text


def test_asyncio_turns_nagles_algorithm_off_since_the_socket_says_that_it_is_tcp() -> None:
    with listen("127.0.0.1", 0, first=0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
