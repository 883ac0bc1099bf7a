"""Who gets in: the token and its cookie, host names, other sites' pages; and what every answer says to the browser."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.needs import need

httpx = need("httpx")

from .conftest import TOKEN, Served  # noqa: E402


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


def test_without_the_token_nothing_is_told(served: Served) -> None:
    for path in ("/", "/api/server", "/api/openapi.json", "/static/x/js/app.js", "/nowhere", "/run/a/b"):
        answer = httpx.get(served.url + path)
        assert (answer.status_code, answer.json()["title"]) == (401, "no token")
        assert "epochal ui" in answer.json()["detail"]


def test_the_link_sets_a_cookie_and_takes_the_token_out_of_the_address(served: Served) -> None:
    with httpx.Client() as client:
        answer = client.get(f"{served.url}/run/a/b/charts?x=step&token={TOKEN.text}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/run/a/b/charts?x=step")
        cookie = answer.headers["set-cookie"]
        assert f"epochal-{urlsplit(served.url).port}=" in cookie
        assert TOKEN.text not in cookie
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert client.get(served.url + "/api/server").status_code == 200


def test_the_redirect_stays_on_this_server(served: Served) -> None:
    for path in ("//elsewhere.example/", "/\\elsewhere.example/"):
        answer = httpx.get(f"{served.url}{path}?token={TOKEN.text}")
        assert answer.headers["location"].startswith("/elsewhere")


@pytest.mark.parametrize("given", ["wrong", "", "a-token", "ä"])
def test_a_wrong_token_is_none(served: Served, given: str) -> None:
    assert httpx.get(served.url + "/", params={"token": given}).status_code == 401
    assert httpx.get(served.url + "/", headers={"Authorization": b"Bearer x" + given.encode()}).status_code == 401
    cookie = f"epochal-{urlsplit(served.url).port}=x{len(given)}"
    assert httpx.get(served.url + "/", headers={"Cookie": cookie}).status_code == 401


def test_programs_bring_the_token_in_a_header(served: Served) -> None:
    answer = httpx.get(served.url + "/api/server", headers=served.headers)
    assert answer.json()["root"] == str(served.root)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7707", "127.0.0.1.evil.example", "localhost.evil.example", ""]
)
def test_a_name_that_is_not_this_server_s_is_refused(served: Served, host: str) -> None:
    answer = httpx.get(served.url + "/api/server", headers={**served.headers, "Host": host})
    assert answer.status_code == 421 if host else answer.status_code in (400, 421)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:9999", "127.0.0.1:1", "[::1]:80", "192.0.2.7", "trusted.example"]
)
def test_names_of_this_machine_addresses_and_allowed_names_are_served(serve: Callable[..., Served], host: str) -> None:
    served = serve(hosts=["trusted.example"])
    answer = httpx.get(served.url + "/api/server", headers={**served.headers, "Host": host})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_pages_of_other_sites_are_refused(served: Served, headers: dict[str, str]) -> None:
    answer = httpx.get(served.url + "/api/server", headers={**served.headers, **headers})
    assert (answer.status_code, answer.json()["title"]) == (403, "another site")


def test_a_link_from_elsewhere_and_the_own_pages_are_let_in(served: Served) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "same-origin", "Origin": served.url},
        {"Sec-Fetch-Site": "none"},
    ):
        assert httpx.get(served.url + "/api/server", headers={**served.headers, **headers}).status_code == 200


def test_every_answer_binds_the_page_to_this_server(served: Served) -> None:
    for path in ("/", "/api/server", "/nowhere"):
        headers = httpx.get(served.url + path, headers=served.headers).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_pages_hold_no_script_and_no_style_of_their_own(served: Served) -> None:
    page = httpx.get(served.url + "/", headers=served.headers).text
    assert page.count("<script") == page.count("<script src=") + page.count('<script type="module" src=')
    assert "<style" not in page
    assert " style=" not in page
    assert "://" not in page


def test_nothing_outside_of_the_pages_is_served(served: Served) -> None:
    page = httpx.get(served.url + "/", headers=served.headers).text
    base = page.partition('src="')[2].partition("js/")[0]
    for path in ("../app.py", "..%2fapp.py", "js/../../app.py", "%2e%2e/app.py", "/etc/passwd", "js/..%5c..%5capp.py"):
        url = httpx.URL(served.url).copy_with(raw_path=(base + path).encode())
        assert httpx.get(url, headers=served.headers).status_code in (400, 404)
