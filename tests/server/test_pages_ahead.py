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
from epochal_server.pages_ahead import IMPORT, PAGES  # noqa: E402
from tests.server.conftest import Served  # noqa: E402

NAMED = re.compile(r'<link rel="(stylesheet|modulepreload)" href="([^"]+)"')
#: Addresses, and one module and one style sheet that only pages like theirs need.
SHOWN = {
    "/": ("js/runs/grid.js", "css/grid.css"),
    "/run/a/b": ("js/run/console.js", "css/run_media.css"),
    "/compare?runs=a/b": ("js/compare/page.js", "css/compare.css"),
    "/reports": ("js/report/list.js", "css/report.css"),
    "/report/a": ("js/report/edit_blocks.js", "css/report_edit.css"),
}


@pytest.mark.parametrize("address", SHOWN)
def test_a_page_names_its_modules_and_styles_and_each_is_there(serve: Callable[..., Served], address: str) -> None:
    served = serve()
    with httpx.Client(base_url=served.url, headers=served.headers) as client:
        text = client.get(address).text
        found = NAMED.findall(text)
        assert "{{" not in text
        names = [href.split("/", 3)[3] for _, href in found]
        assert len(names) == len(set(names))
        assert set(SHOWN[address]) < set(names)
        assert ("vendor/echarts.js" in names) == (address != "/reports")
        assert not any("katex" in name for name in names), "a formula is seldom"
        for kind, href in found:
            answer = client.get(href)
            assert answer.status_code == 200, href
            assert answer.headers["content-type"].startswith("text/css" if kind == "stylesheet" else "text/javascript")
            assert "immutable" in answer.headers["cache-control"]


def test_what_a_named_module_imports_at_once_is_named_too(serve: Callable[..., Served]) -> None:
    served = serve()
    text = httpx.get(served.url + "/run/a/b", headers=served.headers).text
    names = {href.split("/", 3)[3] for kind, href in NAMED.findall(text) if kind == "modulepreload"}
    for name in names - {"vendor/echarts.js"}:
        folder = (PAGES / name).parent
        for found in IMPORT.finditer((PAGES / name).read_text("utf-8")):
            if "(" not in found[1]:
                assert (folder / found[3]).resolve().relative_to(PAGES).as_posix() in names, (name, found[3])


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
