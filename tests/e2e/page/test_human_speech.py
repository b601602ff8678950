"""The page with the default model and a human voice.

The README's picture comes from here, by a machine that has the font Inter:
`SCREENSHOTS=tests/e2e/page pytest tests/e2e/page/test_human_speech.py -k wide`
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.page.browser import PHONE, WIDE, Launch, Screenshot, lines_of, wait_until_ready
from e2e.page.real_server import StreamerServe, microphone, opened
from e2e.page.words import word_errors
from playwright.sync_api import Page, ViewportSize, expect

from streamer.cli.demo import sample_path
from streamer.models.assets import find
from streamer.models.catalogue import MOONSHINE
from streamer.models.errors import AssetMissingError

SAID = sample_path().with_suffix(".txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def server() -> Iterator[StreamerServe]:
    try:
        find(MOONSHINE)
    except AssetMissingError as error:
        pytest.skip(str(error))
    server = StreamerServe("moonshine")
    server.start()
    yield server
    assert server.end() == 0


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return microphone(sample_path(), tmp_path_factory.mktemp("microphone") / "sample.wav")


def test_the_sample_gives_its_words(server: StreamerServe, launch: Launch, wav: Path) -> None:
    with opened(launch, wav, server) as page:
        expect(page.locator("#about")).to_contain_text("Model: moonshine-base-en.")
        expect(page.locator("#demonstration")).to_be_hidden()
        page.click("#sample")
        page.wait_for_selector("#lines li:nth-child(2)[data-state=final]")
        page.wait_for_selector("#connection[data-state=ready]", timeout=60_000)
        assert word_errors(" ".join(SAID), " ".join(lines_of(page))) <= 0.05


@pytest.mark.parametrize(
    ("viewport", "name"),
    [(WIDE, "microphone-page"), (PHONE, "microphone-page-phone")],
    ids=["wide", "phone"],
)
def test_the_microphone_gives_what_was_said(
    server: StreamerServe,
    launch: Launch,
    wav: Path,
    screenshot: Screenshot,
    viewport: ViewportSize,
    name: str,
) -> None:
    with opened(launch, wav, server, viewport) as page:
        page.click("#record")
        page.mouse.move(0, 0)
        wait_for_words(page, 3, 6)
        screenshot(page, name)
        page.wait_for_selector("#lines li:nth-child(3)[data-state=final]")
        page.click("#record")
        wait_until_ready(page)
        assert word_errors(" ".join(SAID[:3]), " ".join(lines_of(page)[:3])) <= 0.1


def wait_for_words(page: Page, line: int, count: int) -> None:
    """Wait until the promised part of a line, before its faint rest, has so many words."""
    page.wait_for_function(
        """([line, count]) => {
            const text = document.querySelector(`#lines li:nth-child(${line}) p`);
            const rest = text?.querySelector(".faint")?.textContent;
            return rest && text.textContent.split(" ").length >= count;
        }""",
        arg=[line, count],
    )
