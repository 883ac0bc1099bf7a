"""The page that documents the HTTP API: every operation, in both themes and at phone width, nothing amiss for axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.needs import need

httpx = need("httpx")
need("axe_core_python")

from ..conftest import Served  # noqa: E402
from .pages import violations  # noqa: E402


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_it_shows_every_operation(
    serve: Callable[..., Served], open_page: Callable[..., Any], width: int, dark: bool
) -> None:
    served = serve()
    page = open_page(served.link.replace("/?", "/api/docs?"), width=width, dark=dark)
    page.wait_for_selector("h2")
    document = httpx.get(served.url + "/api/openapi.json", headers=served.headers).json()
    told = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert {" ".join(text.split()) for text in page.locator("h2").all_inner_texts()} == told
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
