"""A browser that looks at the dashboard and bears no error in its console, and the folders that several files look at.

What costs a test most is a page that loads for the first time: some sixty modules, each asked for, sent and compiled.
So all tests share one browser and, for the first page that each of them opens, one context, whose cache keeps them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.needs import need, required
from tests.server.conftest import Served, serving

HERE = Path(__file__).parent
#: The first has no window, and takes less time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
#: What runs of these tests record they record by themselves: a process beside each of them costs more than the test.
_ALONE = ("EPOCHAL_COMPANION", "off")
#: What a page may keep in a browser, but for the files that its cache holds.
_KEPT = "cookies,local_storage,indexeddb,cache_storage,service_workers"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run these tests last: Playwright keeps an event loop in this thread, beside which asyncio starts no other."""
    items.sort(key=lambda item: item.path.is_relative_to(HERE))


@pytest.fixture(scope="session", autouse=True)
def alone_in_fixtures() -> Iterator[None]:
    """Let runs that fixtures record start no companion."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(*_ALONE)
        yield


@pytest.fixture(autouse=True)
def alone(own_folders: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs that tests record start no companion."""
    monkeypatch.setenv(*_ALONE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a Chromium: Debian's, else what Playwright has."""
    need("playwright")
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        try:
            browser = playwright.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
            )
        except Error as error:
            if "chromium" in required():
                raise
            pytest.skip(
                f"no browser can be started ({error.message.splitlines()[0]}): install Debian's package chromium, or"
                " run `playwright install chromium`"
            )
        yield browser
        browser.close()


class Watched:
    """A page of the browser, and what its console said."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.said: list[str] = []
        page.on("console", lambda message: self._console(message))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")


class Shared:
    """A context that tests share, one after the other: only the files in its cache outlive a test."""

    def __init__(self, browser: Any) -> None:
        self.context = browser.new_context()
        self._blank = self.context.new_page()
        self._browser = self.context.new_cdp_session(self._blank)

    def open(self, *, width: int, height: int, dark: bool) -> Any:
        """Return a new page of a screen."""
        page = self.context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        return page

    def forget(self, link: str) -> None:
        """Close all pages, and forget what those of a server have kept."""
        for page in self.context.pages:
            if page is not self._blank:
                page.close()
        address = urlsplit(link)
        origin = f"{address.scheme}://{address.netloc}"
        self._browser.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": _KEPT})
        self.context.clear_cookies()


@pytest.fixture(scope="session")
def shared(browser: Any) -> Iterator[Shared]:
    """Return the context that tests share."""
    found = Shared(browser)
    yield found
    found.context.close()


@pytest.fixture
def open_page(browser: Any, shared: Shared) -> Iterator[Callable[..., Any]]:
    """Return what opens an address in a browser that knows nothing of it: `open_page(link, width=1440, dark=False)`.

    The second page of a test shares nothing with its first; one that asks for `more` than a size and a theme has a
    context of its own as well. The test fails if a page's console said an error or a warning that no text in
    `expected=` is part of.
    """
    watched: list[tuple[Watched, tuple[str, ...]]] = []
    contexts = []
    links: list[str] = []

    def opened(
        link: str,
        *,
        width: int = 1440,
        height: int = 900,
        dark: bool = False,
        expected: tuple[str, ...] = (),
        **more: Any,
    ) -> Any:
        if links or more:
            look = {"color_scheme": "dark" if dark else "light", "reduced_motion": "reduce"}
            context = browser.new_context(viewport={"width": width, "height": height}, **{**look, **more})
            contexts.append(context)
            page = context.new_page()
        else:
            links.append(link)
            page = shared.open(width=width, height=height, dark=dark)
        page.set_default_timeout(60_000)
        watched.append((Watched(page), expected))
        page.goto(link)
        return page

    yield opened
    for context in contexts:
        context.close()
    for link in links:
        shared.forget(link)
    told = [text for each, expected in watched for text in each.said if not any(part in text for part in expected)]
    assert told == []


@pytest.fixture(scope="session")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server of eight runs, for tests that change nothing on disk."""
    from .pages import make_runs

    root = tmp_path_factory.mktemp("eight") / "runs"
    make_runs(root)
    with serving(root) as found:
        yield found


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a `charts_page.Board` of lines, for tests that change nothing on disk; other files show others."""
    from .charts_page import board, make_line_runs

    root = tmp_path_factory.mktemp("boards")
    make_line_runs(root)
    with board(root) as made:
        yield made


@pytest.fixture(scope="session")
def trainings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return a server of two trainings and a hostile run, for tests that change nothing on disk."""
    from .run_folder import record

    with serving(record(tmp_path_factory.mktemp("trainings"))) as found:
        yield found


@pytest.fixture
def visit(trainings: Served, open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Return what opens a part of one of the trainings: `visit("media", media="weights")`."""
    from .run_folder import visitor

    return visitor(trainings.root, trainings, open_page)
