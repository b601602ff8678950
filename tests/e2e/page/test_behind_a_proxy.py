"""The page behind nginx's documented example, which hides the page's address from the server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from e2e.page.browser import Launch, wait_until_ready
from e2e.page.real_server import StreamerServe
from e2e.page.tones import tones
from e2e.proxies import documented_nginx, free_port
from playwright.sync_api import Page, expect


@pytest.fixture(scope="module")
def server() -> Iterator[StreamerServe]:
    server = StreamerServe("embedded")
    server.start()
    yield server
    server.end()


@pytest.fixture
def page(launch: Launch, tmp_path: Path) -> Iterator[Page]:
    soundfile.write(tmp_path / "tones.wav", tones(1), 48_000, subtype="PCM_16")
    browser = launch(tmp_path / "tones.wav")
    yield browser.new_page()
    browser.close()


def test_its_own_websocket_is_let_in(server: StreamerServe, page: Page, tmp_path: Path) -> None:
    with documented_nginx(f"localhost:{server.port}", tmp_path, free_port()) as url:
        page.goto(url)
        wait_until_ready(page)
        page.click("#record")
        page.wait_for_selector("#connection[data-state=open]")


def test_it_says_in_words_that_it_is_not_let_in(
    server: StreamerServe, page: Page, tmp_path: Path
) -> None:
    silent = ';\nproxy_set_header Sec-Fetch-Site ""'
    with documented_nginx(f"localhost:{server.port}", tmp_path, free_port(), silent) as url:
        page.goto(url)
        said = page.locator("body")
        expect(said).to_contain_text(f"The server does not let this page in: pages of {url}")
        expect(said).to_contain_text("--public-url")
