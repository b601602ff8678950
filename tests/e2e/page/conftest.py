"""A real browser with a fake microphone, looking at the page as a server serves it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile
from e2e.page.fake_server import FakeServer, running
from e2e.page.tones import tones

if TYPE_CHECKING:  # the test modules skip themselves where playwright is not installed
    from e2e.page.browser import Launch, OpenPage, Screenshot
    from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    """Starts Chromium with a microphone that hears a WAV file, from its start in each recording."""
    # Of module scope, so that its event loop is gone before other tests start theirs.
    from e2e.page.browser import CHROMIUM, flags_with
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        pytest.skip("the page's tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        yield lambda microphone: playwright.chromium.launch(
            executable_path=CHROMIUM, args=flags_with(microphone)
        )


@pytest.fixture(scope="module")
def browser(launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    microphone = tmp_path_factory.mktemp("microphone") / "tones.wav"
    soundfile.write(microphone, tones(6), 48_000, subtype="PCM_16")
    browser = launch(microphone)
    yield browser
    browser.close()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    from e2e.page import browser

    with running() as server:
        server.behaviour.sample = browser.flac(1)
        yield server


@pytest.fixture
def open_page(browser: Browser, server: FakeServer) -> Iterator[OpenPage]:
    """Opens pages, and holds them to having nothing to complain of in the console.

    They close before the server does. ``expected`` is a part of the complaints that a test
    brings about on purpose.
    """
    from e2e.page.browser import WIDE

    complaints: list[str] = []
    pages: list[Page] = []

    def open_page(
        url: str,
        *,
        viewport: ViewportSize | None = None,
        dark: bool = False,
        script: str = "",
        expected: str = "nothing",
    ) -> Page:
        context = browser.new_context(
            viewport=viewport or WIDE,
            color_scheme="dark" if dark else "light",
            permissions=["clipboard-read", "clipboard-write", "microphone"],
            accept_downloads=True,
        )
        context.set_default_timeout(15_000)
        if script:
            context.add_init_script(script)
        page = context.new_page()

        def listen(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and expected not in message.text:
                complaints.append(message.text)

        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        pages.append(page)
        page.goto(url)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def screenshot() -> Screenshot:
    """Takes a picture where ``SCREENSHOTS`` names a folder for them."""
    folder = os.environ.get("SCREENSHOTS")

    def take(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")

    return take
